/** Puts a panel into an element. */
import { createRoot } from "react-dom/client"
import type { Connections } from "./Page.ts"
import { Panel } from "./Panel.tsx"
import type { PanelView } from "./PanelView.ts"
import { openSession } from "./session.ts"

export interface MountPanelOptions {
  /** How the page is reached, again and again: see `connections` of `@sluice/devtools/protocol`. */
  readonly connections: Connections
  /** Default: `builtInViews`. */
  readonly views?: ReadonlyArray<PanelView>
  /** What the panel says until the first page is connected. */
  readonly waiting?: string
}

/**
 * The panel fills the element, which must have a size. It is light or dark as the browser prefers, or as `data-scheme` of
 * the element says. Returns the function that takes it out and disconnects.
 */
export const mountPanel = (
  element: HTMLElement,
  { connections, ...shown }: MountPanelOptions
): (() => Promise<void>) => {
  const session = openSession(connections)
  const shadow = element.shadowRoot ?? element.attachShadow({ mode: "open" })
  const root = createRoot(shadow)
  root.render(<Panel session={session} root={shadow} {...shown} />)
  return () => {
    root.unmount()
    return session.dispose()
  }
}
