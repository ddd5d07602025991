/** What an app mounts: small, so that the panel itself is loaded when it is opened. */
import { statusOf } from "@sluice/core/Devtools"
import * as Effect from "effect/Effect"
import { type ReactNode, useEffect, useState } from "react"
import { createRoot } from "react-dom/client"
import { acceptExtension } from "./adapters/acceptExtension.ts"
import { pair } from "./adapters/pair.ts"
import type { Dock } from "./host/preferences.ts"
import { Shell, type Travels } from "./host/Shell.tsx"
import type { PanelView } from "./panel/PanelView.ts"
import { connections } from "./protocol/reconnect.ts"
import { serve, type Served } from "./protocol/serve.ts"
import type { ServedRuntime, ServeOptions } from "./protocol/served.ts"

export interface SluiceDevtoolsProps {
  /** One, or several of the same page: the panel has a choice of them. Another array of the same ones is the same. */
  readonly runtime: ServedRuntime | ReadonlyArray<ServedRuntime>
  /** How many commits of each can be looked at and returned to. Default 5,000. Read when it mounts. */
  readonly history?: number
  /** What no panel and no file is to have: see `redact` of `serve`. Read when it mounts. */
  readonly redact?: ServeOptions["redact"]
  /** Whether a session survives a reload: see `keep` of `serve`. Default false. Read when it mounts. */
  readonly keep?: ServeOptions["keep"]
  /** Whether to keep where in the code each entry was made, which costs 3 to 10 µs an entry. Read when it mounts. */
  readonly callSites?: boolean
  /** Opens a place of the code: see `editor` of `serve`. Default: that of the Vite plugin. Read when it mounts. */
  readonly editor?: string
  /** `false`: none in the page; the extension is let in all the same. Read when it mounts. */
  readonly panel?: boolean
  /** Whether the panel of the browser extension is let in. Default `true`. Read when it mounts. */
  readonly extension?: boolean
  /** Whether the panel is open at first. By default a button opens it. */
  readonly initialOpen?: boolean
  /** Where the panel is docked until the user has chosen. Default `right`. */
  readonly initialDock?: Dock
  /** What the panel shows. Default: `builtInViews` of `@sluice/devtools/panel`. Read when it mounts. */
  readonly views?: ReadonlyArray<PanelView>
}

/**
 * Shows what happens in a runtime, and travels through it. It records commits from when it mounts, open or
 * not; renders nothing on a server; and is a React root of its own in a shadow root at the end of `body`, so
 * that neither it nor the app can restyle, re-render or break the other.
 */
export const SluiceDevtools = ({
  callSites = false,
  editor,
  extension = true,
  history,
  initialDock = "right",
  initialOpen = false,
  keep,
  panel = true,
  redact,
  runtime,
  views
}: SluiceDevtoolsProps): null => {
  const runtimes = useSame("length" in runtime ? runtime : [runtime])
  useEffect(() => {
    const served = serve(runtimes, {
      callSites,
      ...(editor === undefined ? {} : { editor }),
      ...(history === undefined ? {} : { history }),
      ...(keep === undefined ? {} : { keep }),
      ...(redact === undefined ? {} : { redact })
    })
    const endExtension = extension ? acceptExtension(served) : undefined
    const removePanel = panel
      ? showPanel((root) => (
          <Shell
            label={runtimes.map(({ label }) => label).join(", ")}
            travels={travelsOf(runtimes)}
            connections={connections(pairedWith(served))}
            views={views}
            initialOpen={initialOpen}
            initialDock={initialDock}
            root={root}
          />
        ))
      : undefined
    return () => {
      endExtension?.()
      served.close()
      removePanel?.()
    }
    // Only other runtimes start anew: what the others say holds for the mount.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [runtimes])
  return null
}

/** The first array of the same ones. */
const useSame = <A,>(given: ReadonlyArray<A>): ReadonlyArray<A> => {
  const [known, setKnown] = useState(given)
  if (known.length === given.length && known.every((each, index) => each === given[index])) return known
  setKnown(given)
  return given
}

const pairedWith = (served: Served) =>
  Effect.sync(() => {
    const [page, panel] = pair()
    served.accept(page)
    return panel
  })

/** Returns the function that removes it. */
const showPanel = (render: (root: ShadowRoot) => ReactNode): (() => void) => {
  const host = document.createElement("sluice-devtools")
  // An app's shortcuts are not meant for what is typed here.
  for (const type of ["keydown", "keyup", "keypress"])
    host.addEventListener(type, (event) => event.stopPropagation())
  document.body.append(host)
  const shadow = host.attachShadow({ mode: "open" })
  const root = createRoot(shadow)
  root.render(render(shadow))
  return () => {
    host.remove()
    // Not now: React may be rendering, and then refuses.
    queueMicrotask(() => root.unmount())
  }
}

const travelsOf = (runtimes: ReadonlyArray<ServedRuntime>): Travels => ({
  standing: () => {
    if (!runtimes.some(({ travel }) => travel.active())) return "live"
    const isPast = runtimes.some((each) => each.list().some(({ runtime }) => statusOf(runtime).travelled))
    return isPast ? "past" : "locked"
  },
  subscribe: (listener) => {
    const ends = runtimes.map(({ travel }) => travel.subscribe(listener))
    return () => {
      for (const end of ends) end()
    }
  }
})
