/** A small app, served, and panels that connect to it. */
import { Collection, Module, Runtime, type Trace } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { onTestFinished } from "vitest"
import { messagePort, pair } from "../../src/adapters/index.ts"
import {
  connect,
  type ConnectOptions,
  type Cursor,
  type Payload,
  type CallTag,
  type Port,
  type RemoteAdapter,
  type Row,
  serve,
  type ServeOptions,
  type Success
} from "../../src/protocol/index.ts"

const Flight = Schema.Struct({ id: Schema.String, delay: Schema.Number, note: Schema.String })

export const Desk = Module.make("Desk", {
  state: Schema.Struct({
    flights: Collection.schema(Flight, "id"),
    count: Schema.Int,
    due: Schema.Date,
    marks: Schema.Array(Schema.String)
  }),
  actions: {
    add: Schema.Number,
    delay: Schema.Struct({ id: Schema.String, by: Schema.Number }),
    touch: Schema.Void,
    fail: Schema.String,
    /** Its reducer reads a clock. */
    stamp: Schema.Void
  },
  reducers: {
    add: (state, by) => ({ ...state, count: state.count + by }),
    delay: (state, { by, id }) => ({
      ...state,
      flights: state.flights.update(id, (flight) => ({ ...flight, delay: flight.delay + by }))
    }),
    stamp: (state) => ({ ...state, marks: [...state.marks, `at ${performance.now()}`] }),
    fail: (_, reason) => {
      throw new Error(reason)
    }
  }
})

export const Log = Module.make("Log", {
  state: Schema.Struct({ lines: Schema.Array(Schema.String) }),
  actions: { write: Schema.String },
  reducers: { write: (state, line) => ({ lines: [...state.lines, line] }) }
})

export interface AppOptions {
  readonly trace?: Trace.TraceOptions
  readonly label?: string
  readonly flights?: number
  /** Of each flight's note, in characters. */
  readonly note?: number
}

export const makeApp = ({
  flights = 3,
  label = "desk",
  note = 0,
  trace = { level: "full" }
}: AppOptions = {}) => {
  const rows = Array.from({ length: flights }, (_, i) => ({ id: `F${i}`, delay: 0, note: "x".repeat(note) }))
  const DeskLive = Desk.implement({
    initial: {
      flights: Collection.make("id", rows),
      count: 0,
      due: new Date(0),
      marks: []
    }
  })
  const runtime = Runtime.make([DeskLive, Log.implement({ initial: { lines: [] } })], {
    label,
    trace,
    onError: () => {}
  })
  onTestFinished(() => runtime.dispose())
  const desk = runtime.resolve(Desk.tag)
  return {
    runtime,
    desk,
    log: runtime.resolve(Log.tag),
    add: (by: number) => desk.unsafe.dispatch({ _tag: "add", payload: by }),
    fail: (reason: string) => {
      try {
        desk.unsafe.dispatch({ _tag: "fail", payload: reason })
      } catch {
        // It is told by the trace.
      }
    },
    count: () => desk.unsafe.getState().count
  }
}

export const serving = (runtimes: Parameters<typeof serve>[0], options?: ServeOptions) => {
  const served = serve(runtimes, options)
  onTestFinished(() => served.close())
  return served
}

/** Each port of a pair of its own, through a MessageChannel or in the page. */
export const portsThrough = {
  "a MessageChannel": (): readonly [Port, Port] => {
    const { port1, port2 } = new MessageChannel()
    return [messagePort(port1), messagePort(port2)]
  },
  "the page": pair
}

export interface Panel {
  readonly remote: RemoteAdapter
  readonly ask: <Tag extends CallTag>(tag: Tag, payload: Payload<Tag>) => Promise<Success<Tag>>
  /** What the request fails with. */
  readonly refused: <Tag extends CallTag>(tag: Tag, payload: Payload<Tag>) => Promise<unknown>
  readonly end: () => Promise<void>
}

/** Connected until the test has finished. */
export const open = async (port: Port, options?: ConnectOptions): Promise<Panel> => {
  const scope = Scope.makeUnsafe()
  const end = () => Effect.runPromise(Scope.close(scope, Exit.void))
  onTestFinished(end)
  const remote = await Effect.runPromise(Effect.provideService(connect(port, options), Scope.Scope, scope))
  return {
    remote,
    ask: (tag, payload) => Effect.runPromise(remote.request(tag, payload)),
    refused: (tag, payload) => Effect.runPromise(Effect.flip(remote.request(tag, payload))),
    end
  }
}

/** A panel of this app by a pair of ports. */
export const openPanel = async (
  served: ReturnType<typeof serve>,
  [page, panel] = portsThrough["a MessageChannel"]()
): Promise<Panel> => {
  served.accept(page)
  return open(panel)
}

/** The rows that come until there are so many, with what was missed meanwhile. */
export const takeRows = async (
  { remote }: Panel,
  runtime: string,
  after: Cursor | undefined,
  count: number
): Promise<{ readonly rows: ReadonlyArray<Row>; readonly missed: number }> => {
  const rows: Array<Row> = []
  let missed = 0
  const enough = Stream.runForEachWhile(remote.rows(runtime, after), (batch) =>
    Effect.sync(() => {
      rows.push(...batch.rows)
      missed += batch.gap.commits
      return rows.length + missed < count
    })
  )
  await Effect.runPromise(enough)
  return { rows, missed }
}

/** Every page, oldest first. */
export const allPages = async ({ ask }: Panel, runtime: string, limit: number) => {
  const rows: Array<Row> = []
  let pages = 0
  for (let more = true; more; pages++) {
    const [first] = rows
    const page = await ask("Page", { runtime, limit, ...(first === undefined ? {} : { before: first.at }) })
    rows.unshift(...page.rows)
    more = page.more
  }
  return { rows, pages }
}
