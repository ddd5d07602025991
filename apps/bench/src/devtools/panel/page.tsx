/**
 * A page of 5 MB of state, of which it shows two hundred rows and how often a row was raised. `?devtools=` says what
 * it has of them: `none`, `closed` in the page, `open` there, or `extension`, for a panel elsewhere.
 */
import { Collection, Module, Runtime } from "@sluice/core"
import { SluiceDevtools } from "@sluice/devtools/production"
import { RuntimeProvider, useModule, useSelector } from "@sluice/react"
import * as Schema from "effect/Schema"
import { createRoot } from "react-dom/client"
import { feed } from "../../react/feed.ts"
import { changedAt, idAt, makeRows, raised, Row, rowCount } from "../rows.ts"

const Table = Module.make("Table", {
  state: Schema.Struct({
    raises: Schema.Int,
    rows: Collection.schema(Row, "id")
  }),
  actions: { raise: Schema.String },
  reducers: { raise: ({ raises, rows }, id) => ({ raises: raises + 1, rows: rows.update(id, raised) }) }
})

const runtime = Runtime.make(
  Table.implement({ initial: { raises: 0, rows: Collection.make("id", makeRows(rowCount)) } }),
  { label: "bench", trace: { level: "light" } }
)
const table = runtime.resolve(Table.tag)

const shownRows = Array.from({ length: 200 }, (_, at) => idAt(at))

const Value = ({ id }: { readonly id: string }) => (
  <li>{useSelector(useModule(Table), ({ rows }) => rows.get(id)?.value)}</li>
)

const App = () => (
  <>
    <output id="raises">{useSelector(useModule(Table), ({ raises }) => raises)}</output>
    <ul>
      {shownRows.map((id) => (
        <Value key={id} id={id} />
      ))}
    </ul>
  </>
)

export interface Watched {
  /** Milliseconds between one animation frame and the next. */
  readonly frames: ReadonlyArray<number>
  readonly raises: number
}

export interface PanelBench {
  /** Raises so many rows, one after the other, at once. */
  readonly raise: (times: number) => void
  /** Of the state that is shown now; not of what is drawn. */
  readonly raises: () => number
  /** The page's own clock when it has drawn another number of raises than now, in milliseconds since 1970. */
  readonly drawn: () => Promise<number>
  /** Raises as many in each second. */
  readonly run: (perSecond: number, seconds: number) => Promise<Watched>
}

declare global {
  /** Written by this page. */
  var sluicePanelBench: PanelBench
}

let raises = 0
const raiseOne = () => table.unsafe.dispatch({ _tag: "raise", payload: idAt(changedAt(raises++, rowCount)) })

const drawnText = () => document.querySelector("#raises")?.textContent

globalThis.sluicePanelBench = {
  raise: (times) => {
    for (let time = 0; time < times; time++) raiseOne()
  },
  raises: () => table.unsafe.getState().raises,
  drawn: () =>
    new Promise((resolve) => {
      const before = drawnText()
      const { port1, port2 } = new MessageChannel()
      port1.addEventListener("message", () => resolve(performance.timeOrigin + performance.now()))
      port1.start()
      const look = () => {
        // A frame is drawn in one task with its callbacks; the message is the next.
        if (drawnText() === before) requestAnimationFrame(look)
        else port2.postMessage(undefined)
      }
      requestAnimationFrame(look)
    }),
  run: async (perSecond, seconds) => {
    const frames: Array<number> = []
    let isDone = false
    let last: number | undefined
    const watch = (now: number) => {
      if (last !== undefined) frames.push(now - last)
      last = now
      if (!isDone) requestAnimationFrame(watch)
    }
    requestAnimationFrame(watch)
    const worker = new Worker(URL.createObjectURL(new Blob([feed], { type: "text/javascript" })))
    const before = raises
    await new Promise<void>((resolve) => {
      worker.addEventListener("message", () => {
        raiseOne()
        if (raises - before === perSecond * seconds) resolve()
      })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
      worker.postMessage({ perSecond, seconds })
    })
    worker.terminate()
    isDone = true
    return { frames, raises: raises - before }
  }
}

const devtools = new URLSearchParams(location.search).get("devtools") ?? "none"

createRoot(document.querySelector("#main")!).render(
  <RuntimeProvider runtime={runtime}>
    <App />
    {devtools === "none" ? null : (
      <SluiceDevtools
        runtime={runtime}
        history={100_000}
        panel={devtools !== "extension"}
        extension={devtools === "extension"}
        initialOpen={devtools === "open"}
        initialDock="bottom"
      />
    )}
  </RuntimeProvider>
)
