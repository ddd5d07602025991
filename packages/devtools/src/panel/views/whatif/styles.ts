export const styles = `
.whatif, .outcome-details { display: flex; flex-direction: column; min-height: 0; min-width: 0; }
.whatif:only-child { grid-area: 1 / 1 / -1 / -1; }
.panel .whatif .hint { padding: 0; }
.outcome-details { border-top: 1px solid var(--line); }
.whatif .changes-made { border: 0; margin: 0; min-width: 0; flex: none; display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; padding: 6px 10px; border-bottom: 1px solid var(--line); }
.whatif .changes-made label { display: flex; align-items: center; gap: 5px; }
.whatif .chip { display: inline-flex; align-items: center; gap: 6px; border: 1px solid var(--line); border-radius: 999px; padding: 1px 4px 1px 10px; font: 11.5px/1.6 var(--mono); max-width: 100%; overflow-wrap: anywhere; }
.whatif .chip button { border: 0; background: none; color: var(--muted); cursor: pointer; min-width: 24px; min-height: 24px; border-radius: 999px; }
.whatif .sums { padding: 4px 10px; color: var(--muted); font-size: 11.5px; border-bottom: 1px solid var(--line); }
.whatif .sums b { color: var(--text); font-family: var(--mono); }
.outcomes { flex: 1; min-height: 0; overflow: auto; position: relative; contain: strict; }
.outcomes ol { position: relative; list-style: none; margin: 0; padding: 0; }
.outcome { position: absolute; inset: 0 0 auto 0; display: grid; grid-template-columns: 22px minmax(0, 1.4fr) minmax(0, 1fr) 92px; align-items: center; gap: 8px; padding: 0 10px; border-bottom: 1px solid color-mix(in srgb, var(--line) 45%, transparent); white-space: nowrap; }
.outcome:hover { background: var(--hover); }
.outcome.chosen { background: var(--chosen); }
.outcome .name { border: 0; background: none; padding: 0; text-align: start; overflow: hidden; text-overflow: ellipsis; cursor: pointer; min-height: 24px; font-weight: 550; }
.outcome .of { overflow: hidden; text-overflow: ellipsis; font: 11.5px/1 var(--mono); color: var(--muted); }
.outcome .badge, .outcome .toggle { justify-self: end; }
.outcome .badge { font: 10.5px/1.5 var(--mono); padding: 0 5px; border-radius: 4px; border: 1px solid var(--line); color: var(--muted); }
.outcome.recomputed .badge { color: var(--accent); border-color: var(--accent); }
.outcome.conflict .badge, .outcome.failed .badge { color: var(--bad); background: var(--bad-ground); border-color: transparent; }
.outcome[aria-current=true] { box-shadow: inset 3px 0 var(--accent); }
.outcome.skipped .name { text-decoration: line-through; color: var(--muted); font-weight: 400; }
.outcome.unchanged .name { font-weight: 400; }
.outcome-details .body { display: grid; gap: 8px; align-content: start; }
.panel .outcome-details h3 { font: 600 11.5px/1.6 var(--mono); }
.outcome-details .acts { display: flex; flex-wrap: wrap; gap: 6px; }
.outcome-details .sides { display: grid; gap: 10px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr)); }
@container panel (min-width: 900px) { .whatif:only-child { grid-area: 1 / 1 / -1 / -1; }
.panel .whatif .hint { padding: 0; }
.outcome-details { border-top: 0; border-left: 1px solid var(--line); } }
@media (pointer: coarse) { .outcome .name { min-height: 32px; } }
`
