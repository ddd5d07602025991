/** What an app mounts: small, so that the panel itself is loaded when it is opened. */
import { useEffect } from "react"
import { createRoot } from "react-dom/client"
import { directAdapter, type DevtoolsRuntime } from "./adapter.ts"
import { defaultHistoryCapacity, History } from "./session/history.ts"
import type { Dock } from "./preferences.ts"
import { Shell } from "./Shell.tsx"

export interface SluiceDevtoolsProps {
  readonly runtime: DevtoolsRuntime
  /** How many commits can be looked at and returned to. Default 5,000. Read when it mounts. */
  readonly history?: number
  /** Whether the panel is open at first. By default a button opens it. */
  readonly initialOpen?: boolean
  /** Where the panel is docked until the user has chosen. Default `right`. */
  readonly initialDock?: Dock
}

/**
 * Shows what happens in a runtime, and travels through it. It records commits from when it mounts, open or
 * not; renders nothing on a server; and is a React root of its own in a shadow root at the end of `body`, so
 * that neither it nor the app can restyle, re-render or break the other.
 */
export const SluiceDevtools = ({
  runtime,
  history: capacity = defaultHistoryCapacity,
  initialOpen = false,
  initialDock = "right"
}: SluiceDevtoolsProps): null => {
  useEffect(() => {
    const adapter = directAdapter(runtime)
    const history = new History(capacity)
    const stopRecording = adapter.onCommits((batch) => history.append(batch))

    const host = document.createElement("sluice-devtools")
    // An app's shortcuts are not meant for what is typed here.
    for (const type of ["keydown", "keyup", "keypress"])
      host.addEventListener(type, (event) => event.stopPropagation())
    document.body.append(host)
    const shadow = host.attachShadow({ mode: "open" })
    const root = createRoot(shadow)
    root.render(
      <Shell
        adapter={adapter}
        history={history}
        initialOpen={initialOpen}
        initialDock={initialDock}
        root={shadow}
      />
    )
    return () => {
      stopRecording()
      // Without a panel nothing would lead back.
      if (adapter.isTravelling()) adapter.live()
      host.remove()
      // Not now: React may be rendering, and then refuses.
      queueMicrotask(() => root.unmount())
    }
    // Only another runtime starts anew: what the others say holds for the mount.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [runtime])
  return null
}
