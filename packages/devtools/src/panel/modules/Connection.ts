/** The page that the panel shows: whether it is there, which of its runtimes is chosen, and where that one stands. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import {
  Counts,
  Instance,
  type Notice,
  type RemoteAdapter,
  RuntimeInfo,
  TravelState
} from "../../protocol/index.ts"
import { Page } from "../Page.ts"

const State = Schema.Struct({
  /** `lost`: it was there, and is tried again. `failed`: it is not. */
  status: Schema.Literals(["connecting", "connected", "lost", "failed"]),
  problem: Schema.NullOr(Schema.String),
  /** Another one after each reload: what was known of the last is void. */
  page: Schema.NullOr(Schema.String),
  /** How many connections there were. */
  connections: Schema.Int,
  runtimes: Schema.Array(RuntimeInfo),
  /** The id of the one that is shown. */
  runtime: Schema.NullOr(Schema.String),
  instances: Schema.Array(Instance),
  counts: Schema.NullOr(Counts),
  travel: TravelState
})
export type ConnectionState = typeof State.Type

const atHome: TravelState = {
  travelling: false,
  travelled: [],
  locked: [],
  waiting: [],
  endsFirst: false
}

const choose = (state: ConnectionState, runtime: string | null): ConnectionState =>
  runtime === state.runtime
    ? state
    : { ...state, runtime, instances: [], counts: null, travel: { ...atHome } }

/** Of another page, that of the same name: most likely this one was loaded again. */
const chooseAlike = (state: ConnectionState, runtimes: ConnectionState["runtimes"]): ConnectionState => {
  const before = state.runtimes.find(({ id }) => id === state.runtime)
  const alike = runtimes.find(({ label }) => label === before?.label)
  // Not even one of the same id is the same.
  return choose(choose(state, null), alike?.id ?? null)
}

/** The chosen one as long as it is served, or else the first. */
const withRuntimes = (state: ConnectionState, runtimes: ConnectionState["runtimes"]): ConnectionState => {
  const isThere = runtimes.some(({ id }) => id === state.runtime)
  return choose({ ...state, runtimes }, isThere ? state.runtime : (runtimes[0]?.id ?? null))
}

const ofChosen =
  <A>(set: (state: ConnectionState, value: A) => ConnectionState) =>
  (state: ConnectionState, told: { readonly runtime: string; readonly value: A }): ConnectionState =>
    told.runtime === state.runtime ? set(state, told.value) : state

const ofRuntime = <A extends Schema.Top>(value: A) => Schema.Struct({ runtime: Schema.String, value })

export const Connection = Module.make("devtools/Connection", {
  state: State,
  actions: {
    connected: Schema.Struct({ page: Schema.String, runtimes: Schema.Array(RuntimeInfo) }),
    lost: Schema.Void,
    failed: Schema.String,
    runtimesTold: Schema.Array(RuntimeInfo),
    choose: Schema.String,
    travelTold: ofRuntime(TravelState),
    instancesTold: ofRuntime(Schema.Array(Instance)),
    counted: ofRuntime(Counts)
  },
  reducers: {
    connected: (state, { page, runtimes }) => ({
      ...withRuntimes(page === state.page ? state : chooseAlike(state, runtimes), runtimes),
      // Asked for anew.
      travel: { ...atHome },
      status: "connected",
      problem: null,
      page,
      connections: state.connections + 1
    }),
    lost: (state) => ({ ...state, status: "lost" }),
    failed: (state, problem) => ({ ...state, status: "failed", problem }),
    runtimesTold: withRuntimes,
    choose,
    travelTold: ofChosen((state, travel) => ({ ...state, travel })),
    instancesTold: ofChosen((state, instances) => ({ ...state, instances })),
    counted: ofChosen((state, counts) => ({ ...state, counts }))
  }
})

/** Another string for each connection to each runtime; `undefined` where there is none. */
export const linkOf = ({ connections, page, runtime, status }: ConnectionState): string | undefined =>
  status === "connected" && runtime !== null ? `${page} ${runtime} ${connections}` : undefined

const connecting = Connection.logic("connecting", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const told = $.callback("notice", (state: ConnectionState, notice: Notice): ConnectionState => {
      switch (notice._tag) {
        case "Changed":
          return notice.runtime === state.runtime ? { ...state, travel: notice.travel } : state
        case "Runtimes":
          return withRuntimes(state, notice.runtimes)
        case "Closed":
          return state
      }
    })
    // Written by `hold`.
    let remote: RemoteAdapter | undefined

    yield* $.onState(linkOf).run(() =>
      Effect.map($.state.get, ({ runtime }) => page.turnTo(remote, runtime ?? undefined))
    )

    // Which instances there are, and what the history has, is asked for whenever the page says that something is different.
    yield* $.onState(({ travel }) => travel).run(() =>
      Effect.gen(function* () {
        page.moved()
        const { runtime } = yield* $.state.get
        if (runtime === null) return
        const { instances } = yield* page.request("Instances", {})
        yield* $.actions.instancesTold({ runtime, value: instances })
        yield* $.actions.counted({ runtime, value: yield* page.request("Counts", {}) })
      }).pipe(
        // The next connection asks anew.
        Effect.catch(() => Effect.void)
      )
    )

    const hold = (given: RemoteAdapter) =>
      Effect.gen(function* () {
        remote = given
        yield* Effect.acquireRelease(
          Effect.sync(() => given.onNotice((notice) => void told(notice))),
          (end) => Effect.sync(end)
        )
        yield* $.actions.connected({ page: given.page, runtimes: given.runtimes() })
        yield* given.closed
        remote = undefined
        // Closed with the panel itself, perhaps: then there is nobody left to be told.
        yield* Effect.catchDefect($.actions.lost(), () => Effect.void)
      }).pipe(Effect.scoped)

    yield* $.on(
      page.connections.pipe(
        Stream.catch((error) => Stream.drain(Stream.fromEffect($.actions.failed(error.message))))
      )
    ).run(hold)
  })
)

export const ConnectionLive = Connection.implement({
  initial: {
    status: "connecting",
    problem: null,
    page: null,
    connections: 0,
    runtimes: [],
    runtime: null,
    instances: [],
    counts: null,
    travel: atHome
  },
  logics: [connecting]
})
