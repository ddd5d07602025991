export const styles = `
.diff { grid-area: 1 / 1 / -1 / -1; display: flex; flex-direction: column; min-height: 0; min-width: 0; }
.panel .diff .moments { flex-wrap: wrap; padding-block: 4px; gap: 6px 14px; }
.moment { display: flex; align-items: center; gap: 6px; min-width: 0; }
.moment label { font-weight: 650; }
.moment small { font: 11px/1.4 var(--mono); color: var(--muted); overflow: hidden; text-overflow: ellipsis; }
.panel .moment input { width: 82px; height: 26px; padding: 0 6px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); font: 11.5px/1 var(--mono); }
.panel .diff h3, .panel .diff h4 { margin: 0; font: 600 11.5px/1.6 var(--mono); }
.panel .diff h4 { color: var(--muted); padding: 6px 0 3px; overflow-wrap: anywhere; }
.panel .fold { border: 0; padding: 2px 0; background: none; color: inherit; font: inherit; cursor: pointer; min-height: 24px; text-align: start; }
.side .fold .label::after { content: ":"; }
.differing { padding-bottom: 10px; }
`
