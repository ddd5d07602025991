export const styles = `
.dispatch-main { display: flex; flex-direction: column; min-height: 0; min-width: 0; }
.dispatch-main .bar { flex-wrap: wrap; padding-block: 3px; }
.panel .payload textarea { width: 100%; }
.panel .payload ul.error { list-style: none; margin: 0; padding: 0; }
.sends .waits { color: var(--warn); } .sends .sent { color: var(--good); }
.panel .recent ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 4px; }
.recent li { display: flex; align-items: center; gap: 6px; min-width: 0; }
.panel .recent .taken { flex: 1; min-width: 0; min-height: 28px; padding: 3px 6px; border: 0; border-radius: 6px; background: none; text-align: start; cursor: pointer; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.panel .recent .taken:hover { background: var(--hover); }
.recent small { color: var(--muted); font: 11px/1.4 var(--mono); }
@container panel (max-width: 899px) {
  .view:has(> .dispatch-main) { grid: minmax(0, 1fr) fit-content(40%) / minmax(0, 1fr); }
  .dispatch-main + .details { max-height: 26vh; }
}
`
