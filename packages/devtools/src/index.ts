/** Devtools for Sluice: a panel in the page, in development. */
import { SluiceDevtools as Present } from "./SluiceDevtools.tsx"

export type { Dock } from "./host/preferences.ts"
export type { PanelView } from "./panel/PanelView.ts"
export type { ServedRuntime } from "./protocol/served.ts"
export type { SluiceDevtoolsProps } from "./SluiceDevtools.tsx"

/** Bundlers put the value in its place, as they do for React. */
declare const process: { readonly env: { readonly NODE_ENV?: string } }

/**
 * Shows what happens in a runtime, and travels through it. In a build for production it renders nothing, serves
 * nothing and adds nothing to the bundle: who wants it there imports it from `@sluice/devtools/production`.
 *
 * It records commits from when it mounts, open or not; renders nothing on a server; and is a React root of its own in
 * a shadow root at the end of `body`, so that neither it nor the app can restyle, re-render or break the other.
 */
export const SluiceDevtools: typeof Present = process.env.NODE_ENV === "production" ? () => null : Present
