export const channelsStyles = `
.channels .consumer { display: grid; grid-template-columns: minmax(0, 1fr) 190px; align-items: center; gap: 2px 12px; padding: 6px 8px; border: 1px solid var(--line); border-radius: 8px; margin-block-end: 6px; }
.channels .consumer.idle .series { height: 16px; }
.channels .consumer.closed { opacity: 0.6; }
.panel .channels h4 { margin: 0; font: 600 11.5px/1.6 var(--mono); overflow-wrap: anywhere; }
.channels h4 em { margin-inline-start: 8px; font-weight: 400; color: var(--muted); }
.channels .series { grid-column: 1 / -1; width: 100%; height: 56px; background: var(--raised); border-radius: 4px; overflow: visible; }
.channels .consumer .figures, .channels .warning { grid-column: 1 / -1; }
.channels .ingress { font-weight: 400; color: var(--muted); } .channels .ingress.high { color: var(--warn); }
.series path, .series line { fill: none; vector-effect: non-scaling-stroke; }
.series .area { fill: var(--action); fill-opacity: 0.22; }
.series .depth { stroke: var(--action); stroke-width: 1.5; }
.series .flight { stroke: var(--callback); stroke-width: 1; }
.series .waiting { stroke: var(--update); stroke-width: 1; stroke-dasharray: 2 2; }
.series .capacity { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 5 4; }
.series .overflow { stroke: var(--bad); stroke-width: 2; }
.series .skipped { stroke: var(--update); stroke-width: 2; }
.legend .depth::before { border-color: var(--action); } .legend .flight::before { border-color: var(--callback); }
.legend .waiting::before { border-color: var(--update); border-top-style: dashed; } .legend .capacity::before { border-top-style: dashed; }
.legend .overflow::before { border-color: var(--bad); } .legend .skipped::before { border-color: var(--update); }
.panel .warning { display: block; color: var(--warn); background: var(--warn-ground); border-radius: 6px; padding: 4px 8px; }
`
