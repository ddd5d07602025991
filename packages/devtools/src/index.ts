/** Devtools for Sluice: a panel in the page. */
export type { DevtoolsRuntime } from "./adapter.ts"
export type { Dock } from "./preferences.ts"
export { SluiceDevtools, type SluiceDevtoolsProps } from "./SluiceDevtools.tsx"
