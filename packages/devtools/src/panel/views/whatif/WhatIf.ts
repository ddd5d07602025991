/** What is left out and what stands elsewhere, and what there would be then. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Success } from "../../../protocol/index.ts"
import { Connection, linkOf } from "../../modules/Connection.ts"
import { Sessions } from "../../modules/Sessions.ts"
import { Page } from "../../Page.ts"

/** An entry, as it is named here. */
const Named = Schema.Struct({ txnId: Schema.String, name: Schema.String })
export type Named = typeof Named.Type

/** The protocol has decoded it. */
const Result = Schema.declare(
  (given): given is Success<"Recompute"> => typeof given === "object" && given !== null
)

const Changes = Schema.Struct({
  skip: Schema.Array(Named),
  /** Whether what the handlers of those have caused is left out, too. */
  withCaused: Schema.Boolean,
  /** Without `before`, to the end. */
  move: Schema.NullOr(Schema.Struct({ ...Named.fields, before: Schema.NullOr(Named) }))
})

const State = Schema.Struct({
  changes: Changes,
  /** The entry that is to be put somewhere else. */
  moving: Schema.NullOr(Named),
  /** By its place in the list. */
  selected: Schema.NullOr(Schema.Int),
  result: Schema.NullOr(Result),
  progress: Schema.NullOr(Schema.Struct({ done: Schema.Int, of: Schema.Int })),
  failure: Schema.NullOr(Schema.String),
  /** Grows whenever it is to be computed again. */
  round: Schema.Int
})
type State = typeof State.Type

const unchanged: State["changes"] = { skip: [], withCaused: false, move: null }

const withChanges = (state: State, changes: Partial<State["changes"]>): State => ({
  ...state,
  changes: { ...state.changes, ...changes },
  moving: null
})

export const WhatIf = Module.make("devtools/WhatIf", {
  state: State,
  actions: {
    /** Leaves it out, or not any more. */
    toggle: Named,
    leaveOut: Schema.Array(Named),
    setWithCaused: Schema.Boolean,
    take: Schema.NullOr(Named),
    /** Before that entry, or at the end. */
    put: Schema.NullOr(Named),
    putBack: Schema.Void,
    clear: Schema.Void,
    again: Schema.Void,
    select: Schema.NullOr(Schema.Int),
    /** Shows the states after so many entries in the page. */
    show: Schema.Int,
    computed: Result,
    failed: Schema.String
  },
  reducers: {
    toggle: (state, entry) => {
      const { skip } = state.changes
      const isIn = skip.some(({ txnId }) => txnId === entry.txnId)
      return withChanges(state, {
        skip: isIn ? skip.filter(({ txnId }) => txnId !== entry.txnId) : [...skip, entry]
      })
    },
    leaveOut: (state, entries) => {
      const { skip } = state.changes
      const isNew = ({ txnId }: Named) => !skip.some((each) => each.txnId === txnId)
      return withChanges(state, { skip: [...skip, ...entries.filter(isNew)] })
    },
    setWithCaused: (state, withCaused) => withChanges(state, { withCaused }),
    take: (state, moving) => ({ ...state, moving }),
    put: (state, before) =>
      state.moving === null ? state : withChanges(state, { move: { ...state.moving, before } }),
    putBack: (state) => withChanges(state, { move: null }),
    clear: (state) => withChanges(state, unchanged),
    again: (state) => ({ ...state, round: state.round + 1 }),
    select: (state, selected) => ({ ...state, selected }),
    computed: (state, result) => ({
      ...state,
      result,
      progress: null,
      failure: null,
      selected: state.selected !== null && state.selected < result.entries ? state.selected : null
    }),
    failed: (state, failure) => ({ ...state, failure, progress: null })
  }
})

const computing = WhatIf.logic("computing", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const connection = yield* $.use(Connection)
    const sessions = yield* $.use(Sessions)
    const told = $.callback(
      "progress",
      (state: State, progress: { readonly done: number; readonly of: number }): State => ({
        ...state,
        progress
      })
    )

    const compute = Effect.gen(function* () {
      const { changes } = yield* $.state.get
      const { chosen } = yield* sessions.getState
      const { move, skip, withCaused } = changes
      const result = yield* page.request(
        "Recompute",
        {
          skip: skip.map(({ txnId }) => txnId),
          withCaused,
          ...(move === null
            ? {}
            : {
                move: {
                  txnId: move.txnId,
                  ...(move.before === null ? {} : { before: move.before.txnId })
                }
              }),
          ...(chosen === null ? {} : { session: chosen })
        },
        { onProgress: (progress) => void told(progress) }
      )
      yield* $.actions.computed(result)
    }).pipe(Effect.catch(({ message }) => $.actions.failed(message)))

    yield* $.onState(({ changes, round }) => ({ changes, round }), isSame).runLatest(() => compute)
    // Another session, or another page: what was left out there is none of it.
    yield* $.on(sessions.changesOf(({ chosen }) => chosen)).runLatest(() => $.actions.clear())
    yield* $.on(connection.changesOf(linkOf)).runLatest((link) =>
      link === undefined ? Effect.void : $.actions.clear()
    )
    yield* $.onAction("show").run((count) =>
      Effect.gen(function* () {
        const { result } = yield* $.state.get
        const { runtime } = yield* connection.getState
        if (result === null || runtime === null) return
        const travel = yield* page.request("Show", { recomputed: result.recomputed, count })
        yield* connection.actions.travelTold({ runtime, value: travel })
      }).pipe(Effect.catch(({ message }) => $.actions.failed(message)))
    )
  })
)

interface Wanted {
  readonly changes: State["changes"]
  readonly round: number
}
const isSame = (a: Wanted, b: Wanted): boolean => a.changes === b.changes && a.round === b.round

export const WhatIfLive = WhatIf.implement({
  initial: {
    changes: unchanged,
    moving: null,
    selected: null,
    result: null,
    progress: null,
    failure: null,
    round: 0
  },
  logics: [computing]
})
