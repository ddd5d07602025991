export const styles = `
@container panel (max-width: 899px) {
  .view:has(> .state-main) { grid: minmax(0, 1fr) fit-content(45%) / minmax(0, 1fr); }
  .state-main + .details { max-height: 34vh; }
  .view:has(> .state-main):has(form.edit, .who) { grid-template-rows: minmax(0, 1fr) fit-content(62%); }
  .state-main + .details:has(form.edit, .who) { max-height: 50vh; }
}
.state-main { display: flex; flex-direction: column; min-height: 0; min-width: 0; }
.panel .bar select { height: 26px; min-width: 0; max-width: 46%; padding: 0 4px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); font-family: var(--mono); font-size: 11.5px; text-overflow: ellipsis; }
.state-main .bar { flex-wrap: wrap; padding-block: 3px; }
@container panel (max-width: 479px) { .panel .state-main + .details .subject { flex: 1 0 100%; } }
.state-main + .details .bar { flex-wrap: wrap; padding-block: 3px; }
.panel .pins { list-style: none; flex: none; max-height: 30%; overflow: auto; border-bottom: 1px solid var(--line); background: var(--raised); }
.pins li { display: flex; align-items: center; gap: 8px; padding: 0 4px 0 10px; min-height: 28px; font: 11.5px/1.5 var(--mono); }
.pins .value, .pins .hint { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.panel .pins .link { flex: 0 1 auto; max-width: 60%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-height: 24px; }
.raw, .chart { flex: 1; display: flex; flex-direction: column; min-height: 0; min-width: 0; }
.panel .raw pre { margin: 0; font: 11.5px/1.55 var(--mono); white-space: pre; tab-size: 2; }
.raw .body .toggle { display: block; margin-top: 8px; }
.canvas { flex: 1; min-height: 0; overflow: auto; touch-action: pan-x pan-y; }
.canvas svg { display: block; }
.chart .link { fill: none; stroke: var(--line); stroke-width: 1.5; }
.chart text { font: 11px var(--mono); fill: var(--text); }
.chart text.rest { fill: var(--muted); font-style: italic; }
.chart .dot { cursor: pointer; outline: none; }
.chart .dot rect { fill: transparent; stroke: none; }
.chart .dot:hover rect { fill: var(--hover); }
.chart .dot.marked rect { fill: var(--chosen); }
.chart .dot:focus-visible rect { stroke: var(--accent); stroke-width: 2; }
.chart .dot circle { fill: var(--ground); stroke: var(--muted); stroke-width: 1.5; }
.chart .dot[aria-expanded] circle { fill: var(--accent); stroke: var(--accent); }
.chart .dot[aria-expanded=true] circle { fill: var(--ground); }
.chart .name { font-weight: 600; }
.chart .value { fill: var(--muted); }
.chart .value.string { fill: var(--string); } .chart .value.number, .chart .value.date { fill: var(--number); } .chart .value.boolean { fill: var(--boolean); }
.panel .now { font: 11.5px/1.6 var(--mono); overflow-wrap: anywhere; padding-bottom: 8px; }
.panel .go-to { display: flex; align-items: center; flex-wrap: wrap; gap: 6px; padding-top: 6px; font: 12px/1.4 system-ui, sans-serif; }
.panel .go-to input { flex: 1; min-width: 60px; height: 28px; padding: 0 8px; border: 1px solid var(--muted); border-radius: 6px; background: var(--ground); font: 11.5px/1 var(--mono); }
.panel .who { list-style: none; margin: 0; padding: 0; display: grid; gap: 2px; }
.who li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px; align-items: baseline; }
.who li > :first-child { grid-column: 1 / -1; }
.panel .who li > button:first-child { text-align: start; border: 0; border-radius: 6px; background: none; padding: 3px 6px; cursor: pointer; min-height: 26px; }
.panel .who li > button:first-child:hover { background: var(--hover); } .panel .who button[aria-pressed=true] { background: var(--chosen); }
.who small, .who time { color: var(--muted); font: 11px/1.4 var(--mono); }
.who .step { font: 11.5px/1.5 var(--mono); padding: 0 6px 4px; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; overflow-wrap: anywhere; }
`
