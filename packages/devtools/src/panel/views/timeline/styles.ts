export const styles = `
.timeline { container: timeline / inline-size; }
.heads, .row { display: grid; align-items: center; gap: 8px; padding: 0 10px 0 13px; white-space: nowrap; grid-template-columns: minmax(64px, 0.8fr) minmax(100px, 2fr) minmax(0, 58px); }
.rows { scrollbar-gutter: stable; }
.heads { flex: none; min-height: 20px; font-size: 11px; color: var(--muted); border-bottom: 1px solid var(--line); overflow: hidden; scrollbar-gutter: stable; }
.heads > span { overflow: hidden; text-overflow: ellipsis; }
.heads .axis, .heads .duration { text-align: end; }
.heads .axis { font-family: var(--mono); }
.heads .time, .heads .origin, .heads .cause, .heads .axis, .row .time, .row .origin, .row .cause, .row .track { display: none; }
@container timeline (min-width: 440px) {
  .heads, .row { grid-template-columns: minmax(60px, 0.8fr) minmax(110px, 2fr) 50px minmax(52px, 84px) minmax(0, 54px); }
  .heads .origin, .row .origin, .heads .axis, .row .track { display: block; }
}
@container timeline (min-width: 540px) {
  .heads, .row { grid-template-columns: minmax(60px, 0.8fr) minmax(110px, 2fr) 50px minmax(0, 74px) minmax(60px, 0.9fr) minmax(0, 54px); }
  .heads .cause, .row .cause { display: block; }
}
@container timeline (min-width: 720px) {
  .heads, .row { grid-template-columns: 86px minmax(60px, 0.7fr) minmax(140px, 2fr) 50px minmax(0, 84px) minmax(100px, 1fr) minmax(0, 58px); }
  .heads .time, .row .time { display: block; }
}
.row .payload { font: 11.5px/1 var(--mono); color: var(--muted); font-weight: 400; }
.row .payload.error { color: var(--bad); padding: 0; }
.row .what { display: block; }
.row em.alike { color: var(--text); background: var(--chosen); border-color: transparent; font-weight: 600; }
.row em.wait { color: var(--warn); background: var(--warn-ground); border-color: transparent; }
.row em.load { color: var(--source); }
.row em.load.failure, .row em.failed { color: var(--bad); background: var(--bad-ground); border-color: transparent; }
.row .instance.closed { text-decoration: line-through; }
.row.unknown { color: var(--muted); }
.row.gap { grid-template-columns: 1fr; text-align: center; font-size: 11.5px; color: var(--warn); background: repeating-linear-gradient(-45deg, var(--warn-ground) 0 6px, transparent 6px 12px); }
.row.gap::before { display: none; }
.row.gap > span { justify-self: center; padding: 0 8px; background: var(--ground); border-radius: 8px; }
.row.together::after { content: ""; position: absolute; inset: 0 auto 0 10px; width: 4px; border: 2px solid var(--accent); border-inline-end: 0; border-block: 0; }
.row.together.first::after { top: 45%; border-top: 2px solid var(--accent); border-start-start-radius: 4px; }
.row.together.last::after { bottom: 45%; border-bottom: 2px solid var(--accent); border-end-start-radius: 4px; }
.row.together { padding-inline-start: 19px; }
.row .track { position: relative; height: 14px; border-inline: 1px solid color-mix(in srgb, var(--line) 60%, transparent); }
.track i { position: absolute; top: 4px; height: 6px; min-width: 2px; border-radius: 2px; background: var(--kind); }
.track i.load { top: 1px; height: 12px; background: color-mix(in srgb, var(--source) 34%, transparent); border: 1px solid var(--source); }
.track i.handlers { background: color-mix(in srgb, var(--callback) 55%, transparent); }
.track i.wait { background: repeating-linear-gradient(-45deg, var(--warn) 0 2px, transparent 2px 4px); }
.track i.failed { background: var(--bad); border-color: var(--bad); }
.track i.open { border-start-end-radius: 0; border-end-end-radius: 0; mask-image: linear-gradient(to right, black 60%, transparent); }
.panel .beginning { position: absolute; inset: 0 0 auto 0; display: grid; place-content: center; font-size: 11.5px; color: var(--muted); }
.panel .beginning.lost { color: var(--warn); background: repeating-linear-gradient(-45deg, var(--warn-ground) 0 6px, transparent 6px 12px); }
.panel .pinned { flex: none; list-style: none; max-height: 30%; overflow: auto; border-bottom: 1px solid var(--line); background: var(--raised); }
.pinned li { display: flex; align-items: center; }
.pinned .pin { flex: 1; min-width: 0; display: flex; gap: 8px; padding: 3px 10px; border: 0; background: none; text-align: start; white-space: nowrap; cursor: pointer; }
.pinned .pin[aria-current=true] { background: var(--chosen); }
.pinned .pin > span { overflow: hidden; text-overflow: ellipsis; }
.pinned .time, .pinned .instance, .pinned .payload { font-family: var(--mono); font-size: 11.5px; color: var(--muted); }
.pinned .what { flex: 1; font-weight: 550; }
.pinned .rollback .what { color: var(--bad); }
.pinned .payload { font-weight: 400; }
.panel .pinned .icon { color: var(--warn); height: 24px; }
.timeline .tools { position: relative; }
.filters { flex: none; }
.popover { position: absolute; z-index: 3; top: calc(100% + 2px); inset-inline-end: 8px; display: grid; gap: 6px; width: max-content; max-width: min(320px, calc(100% - 16px)); max-height: min(60vh, 420px); overflow: auto; padding: 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--ground); box-shadow: 0 6px 20px rgb(0 0 0 / 0.2); white-space: normal; }
.popover fieldset { display: flex; flex-wrap: wrap; gap: 2px 12px; margin: 0; padding: 0 0 4px; border: 0; }
.popover legend { padding: 0; color: var(--muted); font-size: 11.5px; }
.popover label { display: inline-flex; align-items: center; gap: 4px; min-height: 24px; }
.panel .leave { display: none; }
@container panel (max-width: 479px) {
  .view:has(> .timeline + .unasked) { grid: minmax(0, 1fr) / minmax(0, 1fr); }
  .timeline + .unasked { display: none; }
  .panel .leave { display: grid; }
}
.panel .details h3 { padding: 10px 0 3px; font-weight: 650; }
.panel .details .action { padding-inline-start: 17px; }
.panel .causes { list-style: none; margin: 0; padding: 0; }
.causes li { padding: 2px 0; overflow-wrap: anywhere; }
.causes li[aria-current=true] > .link { font-weight: 700; text-decoration: none; color: var(--text); }
.causes li.rollback > .link { color: var(--bad); }
.causes small, .causes .by { color: var(--muted); font: 11.5px/1.4 var(--mono); }
.causes .run { display: block; color: var(--muted); font-size: 11.5px; }
.causes .run.failure { color: var(--bad); }
@container timeline (max-width: 439px) { .heads { display: none; } .popover { max-height: 200px; } .timeline .tools { flex-wrap: wrap; padding-block: 4px; } .timeline .tools .filter { flex-basis: 100%; } }
`
