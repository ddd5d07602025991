/** The panel at a side of the page: loaded when it is first opened. */
import { type ReactNode, useLayoutEffect, useState } from "react"
import { Panel } from "../panel/Panel.tsx"
import type { PanelView } from "../panel/PanelView.ts"
import { openSession, type PanelSession } from "../panel/session.ts"
import type { Connections } from "../panel/Page.ts"
import { adoptStyles, dockStyles } from "../panel/ui/styles.ts"
import { useMediaQuery } from "../panel/ui/useMediaQuery.ts"
import { DockButtons } from "./DockButtons.tsx"
import {
  defaultPreferences,
  type Dock,
  type Preferences,
  readPreferences,
  writePreferences
} from "./preferences.ts"
import { Resizer } from "./Resizer.tsx"

export interface DockedPanelProps {
  readonly label: string
  readonly connections: Connections
  /** Gives the session that outlives the panel where it must; made when there is none. */
  readonly keep: (make: () => PanelSession) => PanelSession
  readonly views: ReadonlyArray<PanelView> | undefined
  readonly initialDock: Dock
  readonly root: ShadowRoot
  readonly takeFocus: boolean
  readonly onClose: () => void
}

const DockedPanel = ({
  connections,
  initialDock,
  keep,
  label,
  onClose,
  root,
  takeFocus,
  views
}: DockedPanelProps): ReactNode => {
  const [session] = useState(() => keep(() => openSession(connections)))
  const [preferences, setPreferences] = useState(() =>
    readPreferences({ ...defaultPreferences, dock: initialDock })
  )
  const isNarrow = useMediaQuery("(max-width: 640px)")
  const dock = isNarrow ? "bottom" : preferences.dock
  const isSide = dock !== "bottom"
  useLayoutEffect(() => adoptStyles(root, dockStyles), [root])

  const change = (changes: Partial<Preferences>) => {
    const next = { ...preferences, ...changes }
    setPreferences(next)
    writePreferences(next)
  }
  return (
    <section
      className={`dock ${dock}`}
      aria-label={`Sluice devtools for ${label}`}
      style={isSide ? { width: preferences.width } : { height: preferences.height }}
    >
      <Resizer
        dock={dock}
        size={isSide ? preferences.width : preferences.height}
        onResize={(size) => change(isSide ? { width: size } : { height: size })}
      />
      <Panel
        session={session}
        root={root}
        takeFocus={takeFocus}
        {...(views === undefined ? {} : { views })}
        corner={
          <>
            {isNarrow ? null : <DockButtons dock={dock} onDock={(dock) => change({ dock })} />}
            <button
              type="button"
              className="icon"
              aria-label="Close devtools"
              title="Close"
              onClick={onClose}
            >
              ✕
            </button>
          </>
        }
      />
    </section>
  )
}

// React.lazy takes the default export.
export default DockedPanel
