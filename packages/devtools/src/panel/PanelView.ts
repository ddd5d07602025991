import type { ComponentType } from "react"

/** What the panel shows under one of its tabs. */
export interface PanelView {
  /** Other than those of the other views. Kept, to open the panel at this view again. */
  readonly id: string
  /** The tab's text. */
  readonly label: string
  /** Rendered while the tab is selected. It asks with `useAnswer` and `usePage`, and reads the panel's modules. */
  readonly Component: ComponentType
  /** Adopted by the panel's shadow root. */
  readonly styles?: string
}
