/** The panel's styles. They live in its shadow root: none of the app's reach in, none of these reach out. */

/** Adds the sheet to the root. A constructed sheet needs no leave from a content security policy. */
export const adoptStyles = (root: ShadowRoot, css: string): (() => void) => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  return () => {
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((adopted) => adopted !== sheet)
  }
}

const dark = `
  --ground: #12151a; --raised: #1a1e25; --line: #2c323c; --hover: #1f252e;
  --text: #e4e8ee; --muted: #9ba6b5; --accent: #82b1ff; --on-accent: #0c1422; --chosen: #1d3050;
  --warn: #f2c36b; --warn-ground: #33280f; --bad: #ff9c9c; --bad-ground: #3a1919; --good: #84dfa2; --good-ground: #12301f;
  --string: #8fdca8; --number: #93bcff; --boolean: #d0a8f5;
  --action: #5c94f5; --source: #b184f2; --callback: #2fb5a8; --update: #dd9a35; --devtools: #f070b0; --init: #8693a5; --hydrate: #86bb5c;
`

/** Text on its background has a contrast of at least 4.5 to 1 in both schemes; bars and outlines 3 to 1. */
const colours = `
:host {
  all: initial;
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f5f6f8; --line: #dde1e7; --hover: #eef2f8;
  --text: #1b222c; --muted: #566070; --accent: #1a59c7; --on-accent: #ffffff; --chosen: #e1ebfb;
  --warn: #8a5200; --warn-ground: #fff3da; --bad: #a61b1b; --bad-ground: #fdeaea; --good: #14622e; --good-ground: #e5f5e9;
  --string: #14622e; --number: #1a4fb0; --boolean: #7a3ea8;
  --action: #2f6fde; --source: #8a4fd8; --callback: #0b877c; --update: #b26d05; --devtools: #c2347f; --init: #748295; --hydrate: #4d7f2a;
}
@media (prefers-color-scheme: dark) {
  :host(:not([data-scheme="light"])) { ${dark} }
}
:host([data-scheme="dark"]) { color-scheme: dark; ${dark} }
:host([data-scheme="light"]) { color-scheme: light; }
`

export const buttonStyles = `${colours}
.opener, .failure {
  position: fixed; inset: auto 12px 12px auto; z-index: 2147483000;
  font: 13px/1.4 system-ui, sans-serif; color: var(--text); background: var(--ground);
  border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 2px 10px rgb(0 0 0 / 0.18);
}
.opener { display: grid; place-items: center; width: 36px; height: 36px; padding: 0; color: var(--accent); cursor: pointer; }
.opener:hover { background: var(--hover); }
.opener.travelling { width: auto; padding: 0 12px 0 9px; grid-auto-flow: column; gap: 8px; color: var(--warn); background: var(--warn-ground); }
.opener:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.failure { display: flex; gap: 12px; padding: 10px 14px; max-width: min(480px, calc(100vw - 24px)); color: var(--bad); }
`

/** Of the place where a page's own panel is. */
export const dockStyles = `
.dock { position: fixed; z-index: 2147483000; box-sizing: border-box; background: var(--ground); box-shadow: 0 0 24px rgb(0 0 0 / 0.16); }
.dock.right { inset: 0 0 0 auto; border-left: 1px solid var(--line); min-width: 300px; max-width: 90vw; }
.dock.left { inset: 0 auto 0 0; border-right: 1px solid var(--line); min-width: 300px; max-width: 90vw; }
.dock.bottom { inset: auto 0 0 0; border-top: 1px solid var(--line); min-height: 180px; max-height: 90vh; max-height: 90dvh; }
.resizer { position: absolute; z-index: 2; touch-action: none; }
.resizer:hover, .resizer:focus-visible, .resizer:active { background: var(--accent); outline: none; }
.right .resizer, .left .resizer { inset-block: 0; width: 6px; cursor: ew-resize; }
.right .resizer { left: 0; } .left .resizer { right: 0; }
.bottom .resizer { inset-inline: 0; top: 0; height: 6px; cursor: ns-resize; }
@media (max-width: 640px) {
  .dock.bottom { width: 100%; min-height: 64vh; border-radius: 12px 12px 0 0; overflow: hidden; }
  .bottom .resizer { height: 14px; }
  .bottom .resizer::before { content: ""; position: absolute; inset: 5px 0 auto 50%; width: 36px; height: 4px; translate: -50%; border-radius: 2px; background: var(--muted); }
  .bottom .panel > .bar:first-of-type { padding-top: 10px; }
}
`

export const panelStyles = `${colours}
.panel {
  box-sizing: border-box; display: flex; flex-direction: column; height: 100%;
  container: panel / inline-size; overflow: hidden;
  font: 12.5px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--text); background: var(--ground);
  outline: none;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
.panel *, .panel *::before { box-sizing: border-box; }
.panel h3, .panel p, .panel ul, .panel dl, .panel dd { margin: 0; padding: 0; font: inherit; }
.panel button, .panel input, .panel select { font: inherit; color: inherit; }
.panel code, .panel kbd { font-family: var(--mono); font-size: 11.5px; }
.panel kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 4px; background: var(--raised); }
.panel :focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }

.bar { display: flex; align-items: center; gap: 8px; flex: none; padding: 0 10px; min-height: 34px; border-bottom: 1px solid var(--line); background: var(--raised); white-space: nowrap; }
.title { overflow: hidden; text-overflow: ellipsis; font-weight: 650; min-width: 0; flex: 0 2 auto; max-width: 40%; }
.space { flex: 1; }
.tabs { display: flex; align-self: stretch; flex: 0 1 auto; min-width: 0; overflow-x: auto; scrollbar-width: none; }
.tabs button { flex: none; border: 0; border-bottom: 2px solid transparent; border-top: 2px solid transparent; background: none; padding: 0 9px; min-height: 30px; color: var(--muted); cursor: pointer; }
.tabs button:hover { color: var(--text); }
.tabs button[aria-selected=true] { color: var(--text); border-bottom-color: var(--accent); font-weight: 600; }
.icon { display: grid; place-items: center; width: 28px; height: 28px; padding: 0; border: 0; border-radius: 6px; background: none; color: var(--muted); cursor: pointer; }
.icon:hover { background: var(--hover); color: var(--text); }
.panel .icon { color: var(--muted); }
.panel .icon[aria-pressed=true] { color: var(--accent); }
.docks { display: flex; margin: 0; padding: 0; border: 0; }
.panel abbr { text-decoration: none; }
.panel .primary { flex: none; border: 1px solid transparent; border-radius: 6px; padding: 2px 10px; min-height: 26px; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
.panel .primary[aria-disabled=true] { background: none; border-color: var(--line); color: var(--muted); cursor: default; }
.panel .primary:focus-visible { outline-offset: 2px; }
.panel .link { border: 0; padding: 0; margin-inline-end: 8px; background: none; color: var(--accent); text-decoration: underline; cursor: pointer; font-family: var(--mono); font-size: 11.5px; }
.panel .toggle { flex: none; border: 1px solid var(--line); border-radius: 6px; padding: 2px 9px; min-height: 26px; background: var(--ground); color: var(--muted); cursor: pointer; }
.panel .toggle[aria-pressed=true] { border-color: var(--accent); color: var(--accent); background: var(--chosen); }
.notice { display: flex; align-items: center; justify-content: space-between; gap: 12px; flex: none; padding: 5px 10px; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.notice.travelling { background: var(--warn-ground); color: var(--warn); }
.notice.paused { background: var(--hover); color: var(--muted); }
.bar.travel { gap: 6px; flex-wrap: wrap; padding-block: 3px; white-space: nowrap; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.toggle.speed { min-width: 44px; }
.bar.travel .icon:disabled { opacity: 0.45; cursor: default; }
.reach { flex: 1 1 160px; display: flex; align-items: center; gap: 6px; min-width: 120px; }
.reach input { flex: 1; min-width: 0; margin: 0; accent-color: var(--accent); }
.reach .base, .reach .moment { font: 11.5px/1 var(--mono); color: var(--muted); font-variant-numeric: tabular-nums; }
.reach .base { border-inline-start: 2px solid var(--muted); padding-inline-start: 4px; }
.reach .base.here { color: var(--warn); border-color: var(--warn); }
.reach .moment { min-width: 4ch; text-align: end; }
.bar.travel select, .travel-options select, .travel-options input:not([type=checkbox]) { height: 26px; padding: 0 6px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); min-width: 0; }
.travel-options { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; flex: none; padding: 6px 10px; border-bottom: 1px solid var(--line); background: var(--raised); }
.travel-options .orders { display: flex; gap: 6px; }
.travel-options .check { display: flex; align-items: center; gap: 5px; }
.condition { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; }
.travel-options .condition input { width: 110px; }
.panel .condition .error { padding: 0; }
.notice.failed { background: var(--bad-ground); color: var(--bad); }
.status { gap: 14px; min-height: 26px; border: 0; border-top: 1px solid var(--line); color: var(--muted); font-size: 11.5px; overflow-x: auto; scrollbar-width: none; }
.status b { font: 600 11.5px/1 var(--mono); color: var(--text); }
.status .lost { color: var(--warn); }

.view { flex: 1; min-height: 0; display: grid; grid: minmax(0, 1.15fr) minmax(0, 1fr) / minmax(0, 1fr); }
.timeline, .details { display: flex; flex-direction: column; min-height: 0; min-width: 0; }
.details { border-top: 1px solid var(--line); }
.filter { flex: 1; min-width: 60px; height: 26px; padding: 0 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); }
.filter::placeholder { color: var(--muted); opacity: 1; }
.count { font: 11.5px/1 var(--mono); color: var(--muted); }

.rows { flex: 1; min-height: 0; overflow: auto; position: relative; overflow-anchor: none; contain: strict; }
.rows > div { position: relative; }
.row {
  position: absolute; inset: 0 0 auto 0; display: grid; align-items: center; gap: 8px; padding: 0 10px 0 13px; cursor: default;
  grid-template-columns: minmax(70px, 1fr) minmax(90px, 1.5fr) 62px minmax(0, 64px); white-space: nowrap;
  border-bottom: 1px solid color-mix(in srgb, var(--line) 45%, transparent);
}
.row > span { overflow: hidden; text-overflow: ellipsis; }
.row::before { content: ""; position: absolute; inset: 3px auto 3px 4px; width: 4px; border-radius: 2px; background: var(--kind); }
.row.action { --kind: var(--action); } .row.source-refresh { --kind: var(--source); } .row.service-callback { --kind: var(--callback); }
.row.state-update { --kind: var(--update); } .row.devtools { --kind: var(--devtools); } .row.init { --kind: var(--init); } .row.hydrate { --kind: var(--hydrate); }
.row.unchanged::before { background: none; border: 1px solid var(--kind); }
.row.rollback::before { background: repeating-linear-gradient(var(--bad) 0 3px, transparent 3px 5px); }
.row:hover { background: var(--hover); }
.row[aria-selected=true] { background: var(--chosen); }
.rows:focus-visible { outline: none; }
.rows:focus-visible .row[aria-selected=true] { outline: 2px solid var(--accent); outline-offset: -2px; }
.rows:focus-visible:not([aria-activedescendant]) { outline: 2px solid var(--accent); outline-offset: -2px; }
.row.here { box-shadow: inset 0 -2px var(--warn); background: var(--warn-ground); }
.row.later .what, .row.later .instance { color: var(--muted); font-style: italic; }
.row .time, .row .duration, .row .cause, .row .instance { font-family: var(--mono); font-size: 11.5px; }
.row .time, .row .cause { display: none; }
.row .time, .row .origin, .row .cause, .row .duration, .row .instance { color: var(--muted); }
.row .duration { text-align: end; }
.row .what { font-weight: 550; }
.row.devtools .what { font-style: italic; }
.row.devtools .origin { color: var(--text); }
.row em { margin-inline-start: 6px; padding: 0 4px; border-radius: 4px; font: 10.5px/1.5 var(--mono); color: var(--muted); border: 1px solid var(--line); }
.row.rollback em { color: var(--bad); background: var(--bad-ground); border-color: transparent; }
.row.rollback .what { color: var(--bad); }
.panel .empty { position: absolute; inset: 0; display: grid; place-content: center; color: var(--muted); }
@container panel (min-width: 480px) {
  .row { grid-template-columns: 86px minmax(64px, 0.8fr) minmax(100px, 1.6fr) 54px minmax(0, 84px) minmax(0, 54px); }
  .row .time, .row .cause { display: block; }
}
@container panel (min-width: 900px) {
  .view { grid: minmax(0, 1fr) / minmax(0, 1.25fr) minmax(0, 1fr); }
  .details { border-top: 0; border-left: 1px solid var(--line); }
}

.subject { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; font-weight: 550; }
.subject small { font: 11.5px/1 var(--mono); color: var(--muted); margin-inline-start: 4px; }
.body { flex: 1; min-height: 0; overflow: auto; padding: 8px 10px; }
.panel .hint { color: var(--muted); padding: 6px 0; }
.panel .error { color: var(--bad); padding-bottom: 6px; overflow-wrap: anywhere; }
.choice { display: flex; align-items: center; gap: 8px; padding-bottom: 6px; color: var(--muted); }
.choice select { height: 26px; padding: 0 6px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); color: var(--text); font-family: var(--mono); font-size: 11.5px; max-width: 100%; }
.facts > div { display: grid; grid-template-columns: 90px minmax(0, 1fr); gap: 8px; padding: 3px 0; border-bottom: 1px solid color-mix(in srgb, var(--line) 55%, transparent); }
.facts dt { color: var(--muted); }
.facts dd { font-family: var(--mono); font-size: 11.5px; overflow-wrap: anywhere; }

.tree { font: 11.5px/1.6 var(--mono); }
.node { display: flex; gap: 5px; border-radius: 3px; cursor: default; min-height: 20px; min-width: 0; }
.node[aria-expanded] { cursor: pointer; }
.node:hover { background: var(--hover); }
.node[aria-selected=true] { background: var(--chosen); }
.node.more { color: var(--accent); cursor: pointer; }
.twist { flex: none; width: 12px; color: var(--muted); cursor: pointer; }
.label { flex: none; color: var(--muted); }
.node .label::after { content: ":"; }
.node .value { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.node[aria-expanded=true] > .value { color: var(--muted); }
.value.string { color: var(--string); } .value.number, .value.date { color: var(--number); } .value.boolean { color: var(--boolean); } .value.nothing { color: var(--muted); font-style: italic; }
@media (prefers-reduced-motion: no-preference) { .value.fresh { animation: fresh 1.2s ease-out; } }
@keyframes fresh { from { background: color-mix(in srgb, var(--warn) 24%, transparent); } }
.node .value.string { white-space: pre-wrap; overflow-wrap: anywhere; }

.panel .changes { list-style: none; display: grid; gap: 6px; font: 11.5px/1.6 var(--mono); }
.changes li { border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.changes .path { padding: 2px 8px; background: var(--raised); overflow-wrap: anywhere; font-weight: 600; }
.changes .sign { display: inline-block; width: 14px; font-weight: 700; }
.changes .added .sign { color: var(--good); } .changes .removed .sign { color: var(--bad); } .changes .changed .sign { color: var(--warn); }
.side { padding: 1px 8px 1px 22px; overflow-wrap: anywhere; }
.side.before { color: var(--bad); background: var(--bad-ground); }
.side.after { color: var(--good); background: var(--good-ground); }
.side .label { display: inline-block; min-width: 52px; color: inherit; }
.side > .label::after { content: ":"; }
.side .tree { margin-inline-start: -15px; }
.side .value, .side .label, .side .twist { color: inherit !important; }

.form { display: grid; gap: 6px; min-width: 0; }
.panel .group { min-width: 0; margin: 0; padding: 2px 8px 6px; border: 1px solid var(--line); border-radius: 6px; display: grid; gap: 5px; }
.panel .group legend { padding: 0 4px; font: 600 11.5px/1.5 var(--mono); }
.remark { color: var(--muted); font: 11px/1.4 system-ui, sans-serif; overflow-wrap: anywhere; }
.part { display: flex; align-items: start; gap: 6px; min-width: 0; }
.part > :first-child { flex: 1; min-width: 0; }
.field { display: grid; grid-template-columns: minmax(64px, 110px) minmax(0, 1fr); gap: 2px 8px; align-items: center; }
.field > label, .field > .absent { font: 11.5px/1.4 var(--mono); overflow: hidden; text-overflow: ellipsis; }
.field > .absent, .field > output { color: var(--muted); }
.field > .remark, .field > .error { grid-column: 2; padding: 0; }
.panel .form input, .panel .form select, .panel .form textarea { min-width: 0; width: 100%; min-height: 28px; padding: 3px 7px; border: 1px solid var(--muted); border-radius: 6px; background: var(--ground); color: inherit; font: 11.5px/1.45 var(--mono); }
.panel .form input[type=checkbox] { width: 18px; min-height: 18px; justify-self: start; accent-color: var(--accent); }
.panel .form [aria-invalid=true] { border-color: var(--bad); }
.form .error span { display: block; }
.form .toggle { justify-self: start; }
.inputs { display: flex; gap: 6px; min-width: 0; }
.entry { display: grid; gap: 4px; }
.member { display: grid; gap: 4px; min-width: 0; }
.panel .member > .choice { font: 11.5px/1.4 var(--mono); padding: 0; } .panel .member > .choice select { width: auto; }
.panel .sends { display: flex; align-items: center; gap: 10px; padding-top: 8px; flex-wrap: wrap; }
.panel .sends p { padding: 0; }
.sheet { grid-area: 1 / 1 / -1 / -1; display: flex; flex-direction: column; min-height: 0; min-width: 0; }
.sheet .content { flex: 1; min-height: 0; overflow: auto; padding: 10px; display: grid; gap: 14px; align-content: start; grid-auto-rows: max-content; grid-template-columns: minmax(0, 1fr); }
.panel .sheet h3 { display: flex; justify-content: space-between; padding: 0 2px 4px; font: 600 12px/1.4 var(--mono); }
.sheet .scroll { overflow-x: auto; }
.sheet table { width: 100%; border-collapse: collapse; }
.sheet th, .sheet td { padding: 4px 6px; text-align: start; border-bottom: 1px solid var(--line); font-weight: 400; vertical-align: top; }
.sheet thead th { color: var(--muted); font-size: 11.5px; vertical-align: bottom; white-space: nowrap; }
.sheet tbody th { font-family: var(--mono); font-size: 11.5px; overflow-wrap: anywhere; }
.sheet .number { text-align: end; font-family: var(--mono); font-size: 11.5px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.sheet thead .number { font-family: inherit; }
.sheet td.bars { vertical-align: middle; }
.sheet .share { display: block; height: 6px; border-radius: 3px; background: var(--action); min-width: 1px; }
.sheet .lost, .sheet .lost dd { color: var(--warn); font-weight: 600; }
.panel .figures { display: flex; flex-wrap: wrap; gap: 2px 18px; }
.figure { display: flex; gap: 6px; align-items: baseline; }
.figure dt { color: var(--muted); }
.figure dd { font-family: var(--mono); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.panel .note { color: var(--muted); overflow: hidden; text-overflow: ellipsis; }
.pick { display: flex; align-items: center; gap: 6px; color: var(--muted); }
.panel .bar .pick select { height: 26px; padding: 0 4px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); color: var(--text); max-width: none; }
.panel .legend { display: flex; flex-wrap: wrap; gap: 4px 14px; list-style: none; color: var(--muted); font-size: 11.5px; }
.legend li { display: flex; align-items: center; gap: 5px; }
.legend li::before { content: ""; width: 14px; border-top: 2px solid currentColor; }
.place { font-family: var(--mono); font-size: 11.5px; overflow-wrap: anywhere; }
.place a { color: var(--accent); }
.panel .sites { margin: 0; padding: 0 0 0 18px; }
.place em { display: block; color: var(--bad); }
.meter { display: flex; align-items: center; gap: 8px; font: 11.5px/1 var(--mono); }
.meter .track { flex: 1; min-width: 40px; height: 8px; border-radius: 4px; background: var(--hover); border: 1px solid var(--line); overflow: hidden; }
.meter .fill { display: block; height: 100%; background: var(--action); }
.meter.high .fill { background: var(--update); } .meter.full .fill { background: var(--bad); }
.meter .reading { min-width: 64px; text-align: end; }

@container panel (max-width: 719px) {
  header.bar { flex-wrap: wrap; row-gap: 0; }
  header.bar > .title { margin-block: 6px 3px; }
  header.bar > .tabs { order: 1; flex: 1 0 100%; flex-wrap: wrap; }
}
@container panel (max-width: 479px) {
  .sheet .content { padding-inline: 6px; }
  .sheet th, .sheet td { padding-inline: 3px; }
  .meter .track { display: none; }
}
@media (max-width: 640px) {
  .bar { gap: 6px; min-height: 40px; }
  .status { min-height: 30px; flex-wrap: wrap; gap: 2px 14px; padding-block: 4px; }
  .panel .primary, .panel .toggle, .filter { min-height: 32px; }
  .bar.travel { gap: 3px; }
  .bar.travel .icon { width: 32px; }
  .panel .bar.travel .toggle { padding-inline: 8px; }
  .bar.travel .reach { order: -1; flex-basis: 100%; min-height: 28px; }
  .bar.travel select, .travel-options select, .travel-options input:not([type=checkbox]) { height: 32px; }
  .icon { width: 36px; height: 34px; }
  .meter .reading { min-width: 0; }
}
@media (prefers-reduced-motion: no-preference) { .meter .fill { transition: width 90ms linear; } }
`
