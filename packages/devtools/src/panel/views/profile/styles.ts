export const profileStyles = `
.profile .measures thead button { border: 0; background: none; padding: 0; color: inherit; cursor: pointer; font: inherit; }
.profile .measures thead [aria-sort=ascending], .profile .measures thead [aria-sort=descending] { color: var(--text); }
.profile .measures small { color: var(--muted); }
.profile .kind { display: inline-block; min-width: 62px; color: var(--muted); }
.profile .kind::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-inline-end: 5px; border-radius: 2px; background: var(--init); }
.profile .kind.reducer::before, .bar-of.reducer { --of: var(--action); } .profile .kind.computed::before, .bar-of.computed { --of: var(--source); }
.profile .kind.listener::before, .bar-of.listener { --of: var(--callback); } .profile .kind.handler::before, .bar-of.handler { --of: var(--update); }
.profile .kind::before { background: var(--of, var(--init)); }
.profile .measures .share { margin-block-start: 3px; background: var(--accent); height: 4px; }
.flame { display: grid; gap: 8px; justify-items: start; }
.flame .bars { position: relative; width: 100%; overflow: hidden; background: var(--raised); border-radius: 4px; }
.bar-of { position: absolute; height: 21px; padding: 2px 4px; overflow: hidden; white-space: nowrap; text-overflow: clip; font: 11.5px/17px var(--mono); color: var(--text); background: color-mix(in srgb, var(--of, var(--init)) 38%, var(--ground)); border: 1px solid var(--ground); border-radius: 3px; cursor: pointer; }
.panel .flame .bars:focus-visible { outline: none; }
.bar-of[aria-selected=true] { outline: 1px solid var(--text); outline-offset: -1px; z-index: 1; }
.bars:focus-visible .bar-of[aria-selected=true] { outline: 2px solid var(--text); outline-offset: -2px; z-index: 1; }
@container panel (max-width: 479px) {
  .profile .measures .kind { display: block; }
  .profile .measures th:nth-child(5), .profile .measures td:nth-child(5) { display: none; }
}
`
