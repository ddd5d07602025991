export const ringStyles = `
.ring .bars { width: 40%; }
.panel .ring tbody th { overflow-wrap: break-word; }
@container panel (max-width: 479px) { .ring .bars { width: 22%; } }
.ring .bad { color: var(--bad); }
.panel .ring .why { margin: 4px 0 0; padding: 0 0 0 16px; color: var(--muted); }
.ring .current { background: var(--chosen); }
.ring .meter { max-width: 480px; padding-block: 2px 6px; }
.ring code { overflow-wrap: anywhere; }
`
