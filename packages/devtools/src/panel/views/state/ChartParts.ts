/** What a chart has been told of the parts that are open in it. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Root, Step, type Success, Value } from "../../../protocol/messages.ts"
import { Page } from "../../Page.ts"
import { mayChange } from "../../ui/mayChange.ts"
import { pathKey } from "../../ui/path.ts"

/** Of one node; more would not be told apart. */
export const maxShown = 30
const maxOpen = 80

const Path = Schema.Array(Step)
const Part = Schema.Struct({ label: Schema.String, step: Step, value: Value })
const Told = Schema.Struct({ value: Value, parts: Schema.Array(Part) })

const State = Schema.Struct({
  root: Schema.NullOr(Root),
  opened: Schema.Array(Schema.String),
  /** By the key of their path. */
  told: Schema.Record(Schema.String, Told),
  failure: Schema.NullOr(Schema.String)
})
export type ChartState = typeof State.Type

const Chart = Module.make("devtools/Chart", {
  state: State,
  actions: {
    show: Schema.Struct({ root: Root, opened: Schema.Array(Schema.String) }),
    loaded: Schema.Record(Schema.String, Told),
    failed: Schema.String
  },
  reducers: {
    show: (state, { opened, root }) => ({ ...state, root, opened }),
    loaded: (state, told) => ({ ...state, told, failure: null }),
    failed: (state, failure) => ({ ...state, failure })
  }
})

const loading = Chart.logic("loading", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)

    const load = Effect.gen(function* () {
      const { opened, root } = yield* $.state.get
      if (root === null) return
      const told: Record<string, Success<"Inspect">> = {}
      const wanted = new Set(opened)
      let level: ReadonlyArray<typeof Path.Type> = [[]]
      // A level after the other: whether a part is still there, and open, is known from the one above it.
      while (level.length > 0 && Object.keys(told).length < maxOpen) {
        const answers = yield* Effect.forEach(
          level,
          (path) => page.request("Inspect", { root, path: [...path], from: 0, to: maxShown }),
          { concurrency: 8 }
        )
        const next: Array<typeof Path.Type> = []
        for (const [index, answer] of answers.entries()) {
          const path = level[index] ?? []
          told[pathKey(path)] = answer
          for (const { step, value } of answer.parts)
            if (value.size > 0 && wanted.has(pathKey([...path, step]))) next.push([...path, step])
        }
        level = next
      }
      yield* $.actions.loaded(told)
    }).pipe(Effect.catch((error) => $.actions.failed(error.message)))

    yield* $.onAction("show").runLatest(() => load)
    yield* $.on(page.moves)
      .throttle("100 millis")
      .run(() =>
        Effect.flatMap($.state.get, ({ root }) => (root !== null && mayChange(root) ? load : Effect.void))
      )
  })
)

export const ChartLive = Chart.implement({
  initial: { root: null, opened: [], told: {}, failure: null },
  logics: [loading]
})
