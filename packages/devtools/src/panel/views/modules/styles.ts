export const modulesStyles = `
.modules .parts { flex: 1; min-height: 0; display: grid; grid: minmax(0, auto) minmax(0, 1fr) / minmax(0, 1fr); overflow: hidden; }
.modules .map { overflow: auto; padding: 10px; max-height: 230px; border-bottom: 1px solid var(--line); }
.modules .about { overflow: auto; padding: 10px; display: grid; gap: 12px; align-content: start; grid-auto-rows: max-content; grid-template-columns: minmax(0, 1fr); }
.modules .about > h3 { font-size: 13px; }
.graph { overflow: auto; padding: 2px; }
.plane { position: relative; }
.panel .plane:focus-visible { outline: none; }
.plane:focus-visible .vertex[aria-selected=true] { outline: 2px solid var(--accent); }
.plane svg { position: absolute; inset: 0; }
.plane path { fill: none; stroke: var(--line); stroke-width: 1.5; }
.plane path.caused { stroke-dasharray: 4 4; stroke: var(--muted); }
.plane path.near { stroke: var(--accent); stroke-width: 2; }
.vertex { position: absolute; display: grid; align-content: center; padding: 2px 8px; border: 1px solid var(--line); border-inline-start: 3px solid var(--of, var(--init)); border-radius: 6px; background: var(--raised); cursor: pointer; overflow: hidden; }
.vertex b, .vertex small { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font: 600 11.5px/1.4 var(--mono); }
.vertex small { font: 11px/1.4 system-ui, sans-serif; color: var(--muted); }
.vertex.module { --of: var(--accent); } .vertex.computed { --of: var(--source); } .vertex.link { --of: var(--callback); } .vertex.source { --of: var(--update); } .vertex.failing { --of: var(--bad); }
.vertex[aria-selected=true] { background: var(--chosen); border-color: var(--accent); }
.modules .legend { margin-block-start: 8px; }
.modules .legend .caused::before { border-top-style: dashed; }
.modules .tag { display: inline-block; margin: 0 6px 2px 0; padding: 0 6px; border: 1px solid var(--line); border-radius: 4px; }
.modules .tag em { margin-inline-start: 5px; color: var(--muted); }
.modules .facts .toggle { margin: 0 4px 2px 0; }
.modules .link { border: 0; padding: 0; background: none; color: var(--accent); font: inherit; cursor: pointer; text-align: start; }
.modules .current { background: var(--chosen); }
.modules output.hint { display: block; }
.modules code { overflow-wrap: anywhere; }
@container panel (min-width: 760px) {
  .modules .parts { grid: minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1.1fr); }
  .modules .map { max-height: none; border-bottom: 0; border-inline-end: 1px solid var(--line); }
}
`
