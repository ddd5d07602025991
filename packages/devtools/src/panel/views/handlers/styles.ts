export const styles = `
.handlers { display: flex; flex-direction: column; min-height: 0; min-width: 0; container: handlers / inline-size; }
.handlers .tools { flex-wrap: wrap; padding-block: 3px; gap: 6px; }
.handlers .tools select { height: 26px; padding: 0 4px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); min-width: 0; max-width: 150px; }
.handlers .kinds { display: flex; flex-wrap: wrap; gap: 4px; margin: 0; padding: 0; border: 0; min-width: 0; }
.handlers .kinds small { font: 11px/1 var(--mono); }
.handlers .counts { min-height: 26px; border: 0; border-top: 1px solid var(--line); font-size: 11.5px; gap: 12px; }
.handlers .counts b { font: 600 11.5px/1 var(--mono); color: var(--text); }
.handlers .lost { color: var(--warn); }
.told { position: absolute; inset: 0 0 auto 0; display: grid; align-items: center; gap: 8px; padding: 0 10px 0 13px; cursor: default; white-space: nowrap; grid-template-columns: minmax(64px, 0.8fr) minmax(80px, 1.6fr) minmax(0, 86px) minmax(0, 62px); border-bottom: 1px solid color-mix(in srgb, var(--line) 45%, transparent); }
.told > span { overflow: hidden; text-overflow: ellipsis; }
.told::before { content: ""; position: absolute; inset: 3px auto 3px 4px; width: 4px; border-radius: 2px; background: var(--kind); }
.told.Call { --kind: var(--action); } .told.Console { --kind: var(--init); } .told.Snapshot { --kind: var(--callback); } .told.Restart { --kind: var(--update); }
.told:hover { background: var(--hover); }
.told[aria-selected=true] { background: var(--chosen); }
.rows:focus-visible .told[aria-selected=true] { outline: 2px solid var(--accent); outline-offset: -2px; }
.told .time { display: none; }
.told .time, .told .teller, .told .cost { font-family: var(--mono); font-size: 11.5px; color: var(--muted); }
.told .teller small { font-size: 11px; }
.told .what { font-weight: 550; }
.told.Console .what { font: 11.5px/1.4 var(--mono); }
.told em { margin-inline-start: 6px; padding: 0 4px; border-radius: 4px; font: 10.5px/1.5 var(--mono); color: var(--muted); border: 1px solid var(--line); }
.told .badge { font-size: 11.5px; color: var(--muted); }
.told .badge.bad, .handler-details .bad { color: var(--bad); }
.told .cost { text-align: end; font-variant-numeric: tabular-nums; }
@container handlers (min-width: 520px) {
  .told { grid-template-columns: 86px minmax(90px, 0.8fr) minmax(100px, 1.6fr) 92px 66px; }
  .told .time { display: block; }
}
.handler-details .body { display: grid; gap: 12px; align-content: start; grid-template-columns: minmax(0, 1fr); }
.panel .handler-details h3 { display: flex; justify-content: space-between; gap: 8px; padding: 0 2px 4px; font: 600 12px/1.4 var(--mono); }
.handler-details h3 small { font-weight: 400; color: var(--muted); }
.handler-details .good { color: var(--good); }
.handler-details .said { white-space: pre-wrap; } .handler-details .said.warn { color: var(--warn); } .handler-details .said.error { color: var(--bad); }
.handler-details .scroll { overflow-x: auto; }
.handler-details table { width: 100%; border-collapse: collapse; }
.handler-details th, .handler-details td { padding: 3px 5px; text-align: start; border-bottom: 1px solid var(--line); font-weight: 400; }
.handler-details thead th { color: var(--muted); font-size: 11.5px; white-space: nowrap; }
.handler-details .number { text-align: end; font-family: var(--mono); font-size: 11.5px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.handler-details thead .number { font-family: inherit; }
.panel .letters ul { list-style: none; display: grid; gap: 6px; }
.letters li { padding: 6px 8px; border: 1px solid var(--line); border-inline-start: 3px solid var(--bad); border-radius: 6px; }
.letters .head { display: flex; align-items: start; gap: 8px; justify-content: space-between; }
.letters .name { min-width: 0; overflow-wrap: anywhere; }
.letters small { color: var(--muted); font: 11px/1.4 var(--mono); }
.panel .letters .error { padding: 2px 0 0; }
.panel .letters .payload { display: block; max-width: 100%; min-height: 24px; padding: 2px 0; border: 0; background: none; text-align: start; cursor: pointer; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.letters .payload:hover code { text-decoration: underline; }
.letters .done { display: block; color: var(--good); }
.panel .no-handlers h3 { font: 600 14px/1.4 system-ui, sans-serif; padding: 0; }
.no-handlers .content { max-width: 640px; gap: 8px; }
.panel .no-handlers ul { padding-inline-start: 18px; }
.no-handlers pre { margin: 0; padding: 8px 10px; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); }
@container panel (max-width: 479px) { .handler-details .wide { display: none; } .told { grid-template-columns: minmax(54px, 0.8fr) minmax(80px, 1.5fr) minmax(0, 84px) minmax(0, 56px); gap: 6px; } .told .teller small { display: none; } }
@media (max-width: 640px) { .handlers .tools select { height: 32px; flex: 1 1 90px; max-width: none; } }
`
