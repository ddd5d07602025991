/** The same in production, for who asks for it: whoever opens the page can then see and change its states. */
export type { Dock } from "./host/preferences.ts"
export type { PanelView } from "./panel/PanelView.ts"
export type { ServedRuntime } from "./protocol/served.ts"
export { SluiceDevtools, type SluiceDevtoolsProps } from "./SluiceDevtools.tsx"
