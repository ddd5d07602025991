export const styles = `
.sessions { grid-area: 1 / 1 / -1 / -1; overflow: auto; padding: 10px; display: grid; gap: 14px; align-content: start; }
.sessions.dropping { outline: 2px dashed var(--accent); outline-offset: -6px; }
.sessions section { display: grid; gap: 8px; min-width: 0; }
.panel .sessions h3 { font: 650 12.5px/1.4 system-ui, sans-serif; }
.sessions .choices { border: 0; margin: 0; padding: 0; min-width: 0; display: flex; flex-wrap: wrap; gap: 6px; }
.sessions .choices button { text-align: start; }
.sessions .choices small { color: var(--muted); margin-inline-start: 6px; }
.sessions .acts { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.sessions .leave-out { display: flex; align-items: center; gap: 8px; }
.sessions .leave-out input { flex: 1; min-width: 0; height: 28px; padding: 0 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); font: 11.5px/1 var(--mono); }
.panel .sessions p.hint { padding: 0; }
.sessions .partial { color: var(--warn); background: var(--warn-ground); padding: 4px 8px; border-radius: 6px; }
.sessions .good { color: var(--good); background: var(--good-ground); padding: 6px 8px; border-radius: 6px; }
.sessions .bad { color: var(--bad); background: var(--bad-ground); padding: 6px 8px; border-radius: 6px; display: grid; gap: 4px; overflow-wrap: anywhere; }
.sessions progress { width: 160px; accent-color: var(--accent); }
.sessions textarea { min-height: 44px; padding: 6px 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); color: inherit; font: 11.5px/1.4 var(--mono); resize: vertical; }
.sessions .files { display: grid; grid-template-columns: minmax(80px, auto) minmax(0, 1fr); gap: 6px 10px; align-items: center; }
.sessions .files input, .sessions .files select { height: 28px; min-width: 0; padding: 0 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); font: 11.5px/1 var(--mono); }
.panel .sessions pre { margin: 0; padding: 8px; overflow: auto; max-height: 340px; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); font: 11.5px/1.5 var(--mono); }
@media (max-width: 640px) { .sessions .files input, .sessions .files select { height: 34px; } }
`
