/**
 * A page with two runtimes and, asked for by `?frame=<address>`, a frame of that address. With `?closed` it lets no
 * extension in; with `?invite=<origin>` only the panel in the window around it or the one that opened it.
 */
import { Module, Runtime } from "@sluice/core"
import { inviteWindow } from "@sluice/devtools/adapters"
import { SluiceDevtools } from "@sluice/devtools/production"
import { serve } from "@sluice/devtools/protocol"
import * as Schema from "effect/Schema"
import { createRoot } from "react-dom/client"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Int }),
  actions: { add: Schema.Int },
  reducers: { add: (state, by) => ({ count: state.count + by }) }
})
const query = new URLSearchParams(location.search)
const frame = query.get("frame")
const invite = query.get("invite")

const labels = location.hostname === "localhost" ? ["Chart"] : ["Shop", "Cart"]
const runtimes = labels.map((label) =>
  Runtime.make(Counter.implement({ initial: { count: 0 } }), { label, trace: { level: "full" } })
)
const counters = Object.fromEntries(
  runtimes.map((runtime) => [runtime.label, runtime.resolve(Counter.tag).unsafe])
)

export interface TestPage {
  readonly add: (label: string, by: number) => void
  readonly count: (label: string) => number | undefined
  /** Whether it was shown again out of the back/forward cache. */
  cameBack: boolean
}

declare global {
  interface Window {
    testPage: TestPage
  }
}

window.testPage = {
  add: (label, by) => counters[label]?.dispatch({ _tag: "add", payload: by }),
  count: (label) => counters[label]?.getState().count,
  cameBack: false
}
addEventListener("pageshow", ({ persisted }) => {
  window.testPage.cameBack = persisted
})

if (frame !== null) {
  const element = document.createElement("iframe")
  element.src = frame
  document.body.append(element)
}

if (invite === null) {
  createRoot(document.body.appendChild(document.createElement("div"))).render(
    <SluiceDevtools runtime={runtimes} panel={false} extension={!query.has("closed")} />
  )
} else {
  const other: unknown = window.opener ?? window.parent
  // A page that it has opened, or that it is in.
  inviteWindow(serve(runtimes), other as Window, { origin: invite })
}
