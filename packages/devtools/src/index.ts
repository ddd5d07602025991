/** Devtools for Sluice: a panel in the page. */
export type { Dock } from "./host/preferences.ts"
export type { PanelView } from "./panel/PanelView.ts"
export type { ServedRuntime } from "./protocol/served.ts"
export { SluiceDevtools, type SluiceDevtoolsProps } from "./SluiceDevtools.tsx"
