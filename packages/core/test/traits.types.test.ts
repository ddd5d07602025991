/** Section 5 of the contract, by type. As in types.test.ts, the checks are the compiler's. */
import { Collection, Module, type ModuleRuntime, Root, Runtime, type Trait } from "@sluice/core"
import * as Persist from "@sluice/core/Persist"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { describe, expectTypeOf, test } from "vitest"

class Api extends Context.Service<Api, string>()("traits/Api") {}
class Clock extends Context.Service<Clock, number>()("traits/Clock") {}

const Row = Schema.Struct({ id: Schema.Number, name: Schema.String })
const state = Schema.Struct({
  count: Schema.Number,
  double: Schema.Number,
  size: Schema.Literals(["small", "large"]),
  pair: Schema.Tuple([Schema.Number, Schema.Number]),
  path: Schema.Struct({ a: Schema.Struct({ b: Schema.String }) }),
  first: Schema.String,
  rows: Collection.schema(Row, "id"),
  user: AsyncResult.Schema({ success: Schema.String, error: Schema.Number })
})

const Full = Module.make("Full", {
  state,
  actions: { add: Schema.Number },
  traits: (t) => ({
    double: t.computed((s) => s.count * 2),
    // Literals and tuples are taken as the field says.
    size: t.computed((s) => (s.count > 10 ? "large" : "small")),
    pair: t.computed((s) => [s.count, s.double], { equals: (a, b) => a[0] === b[0] }),
    first: t.link((s) => s.path.a.b),
    user: t.source({
      key: (s) => (s.count > 0 ? { id: s.count } : undefined),
      load: ({ id }) => Effect.flatMap(Api, (api) => (id > 1 ? Effect.fail(1) : Effect.succeed(api))),
      retry: Schedule.recurs(2),
      staleTime: "1 minute",
      concurrency: "exhaust"
    })
  }),
  reducers: {
    // A reducer gives the whole state.
    add: (s, by) => ({ ...s, count: s.count + by })
  }
})
type Base = Pick<typeof state.Type, "count" | "path" | "rows">
const initial: Base = { count: 1, path: { a: { b: "x" } }, rows: state.fields.rows.empty }
const FullLive = Full.implement({ initial })

const compiles = (_program: () => unknown): void => {}

describe("5 traits by type", () => {
  test("5 initial leaves derived fields out", () => {
    compiles(() => {
      Full.implement({ initial: (count: number) => ({ ...initial, count }) })
      // @ts-expect-error a derived field is not given
      Full.implement({ initial: { count: 1, path: { a: { b: "x" } }, rows: initial.rows, double: 2 } })
      // @ts-expect-error a base field is missing
      Full.implement({ initial: { count: 1, rows: initial.rows } })
    })
  })

  test("5 drafts have derived fields read-only", () => {
    compiles(() => {
      const runtime = Runtime.make(FullLive, { layer: Layer.succeed(Api, "") })
      const full = runtime.resolve(Full.tag)
      full.transact("x", (tx) => {
        expectTypeOf(tx.get()).toEqualTypeOf<typeof state.Type>()
        tx.mutate((draft) => {
          draft.count++
          draft.path.a.b = "y"
          draft.rows.set({ id: 1, name: "" })
          expectTypeOf(draft.double).toEqualTypeOf<number>()
          expectTypeOf(draft.user).toEqualTypeOf<AsyncResult.AsyncResult<string, number>>()
          // @ts-expect-error it follows from count
          draft.double = 2
          // @ts-expect-error it is loaded
          draft.user = AsyncResult.initial()
        })
      })
      full.unsafe.transact("x", (tx) =>
        tx.mutate((draft) => {
          // @ts-expect-error it follows from count
          draft.double = 2
        })
      )
      runtime.local(FullLive).ref.unsafe.transact("x", (tx) =>
        tx.mutate((draft) => {
          // @ts-expect-error it follows from count
          draft.double = 2
        })
      )
      Effect.gen(function* () {
        const root = yield* Root.resolve(Full.tag)
        const tagged = yield* Full.tag
        expectTypeOf(root).toEqualTypeOf<typeof tagged>()
        yield* tagged.transact("x", (tx) =>
          tx.mutate((draft) => {
            // @ts-expect-error it follows from count
            draft.double = 2
          })
        )
      })
      Full.logic("x", ($) =>
        $.state.mutate((draft) => {
          draft.count++
          // @ts-expect-error it follows from count
          draft.double = 2
        })
      )
    })
  })

  test("5 refresh takes the fields that hold an AsyncResult, and gives their value", () => {
    compiles(() => {
      const runtime = Runtime.make(FullLive, { layer: Layer.succeed(Api, "") })
      const full = runtime.resolve(Full.tag)
      expectTypeOf(full.refresh("user")).toEqualTypeOf<
        Effect.Effect<AsyncResult.AsyncResult<string, number>>
      >()
      // @ts-expect-error no source
      full.refresh("double")
      // @ts-expect-error no field
      full.refresh("nobody")
      Full.logic("x", ($) => $.refresh("user"))
      // @ts-expect-error no source
      Full.logic("x", ($) => $.refresh("count"))
      const Plain = Module.make("Plain", { state: Schema.Struct({ a: Schema.Number }), actions: {} })
      const plain = Runtime.make(Plain.implement({ initial: { a: 1 } })).resolve(Plain.tag)
      // @ts-expect-error a module without sources has nothing to refresh
      plain.refresh("a")
    })
  })

  test("5 what loads need flows to the module", () => {
    compiles(() => {
      // @ts-expect-error Api is needed
      Runtime.make(FullLive)
      // @ts-expect-error nor with a layer of something else
      Runtime.make(FullLive, { layer: Layer.succeed(Clock, 1) })
      Runtime.make(FullLive, { layer: Layer.succeed(Api, "") })
      Runtime.make(FullLive.withLayer(Layer.succeed(Api, "")))
      Runtime.make(Full.implement({ initial, imports: [Layer.succeed(Api, "")] }))
      const Two = Module.make("Two", {
        state: Schema.Struct({ a: Schema.Any, b: Schema.Any, c: Schema.Any }),
        actions: {},
        traits: (t) => ({
          a: t.source({ key: () => 1, load: () => Api }),
          b: t.source({ key: () => 1, load: () => Effect.map(Clock, (n) => n) }),
          c: t.source({ key: () => 1, load: () => Effect.addFinalizer(() => Effect.void) })
        })
      }).implement({ initial: {} })
      // @ts-expect-error both are needed
      Runtime.make(Two, { layer: Layer.succeed(Api, "") })
      Runtime.make(Two, { layer: Layer.merge(Layer.succeed(Api, ""), Layer.succeed(Clock, 1)) })
    })
  })

  test("5 a trait's name is a field, and its value fits", () => {
    compiles(() => {
      const small = Schema.Struct({ a: Schema.Number, b: Schema.String })
      Module.make("M", {
        state: small,
        actions: {},
        // @ts-expect-error c is no field of the state
        traits: (t) => ({ c: t.computed((s) => s.a) })
      })
      Module.make("M", {
        state: small,
        actions: {},
        // @ts-expect-error b is a string
        traits: (t) => ({ b: t.computed((s) => s.a) })
      })
      Module.make("M", {
        state: small,
        actions: {},
        // @ts-expect-error b is a string
        traits: (t) => ({ b: t.link((s) => s.a) })
      })
      Module.make("M", {
        state: small,
        actions: {},
        // @ts-expect-error a source's field holds an AsyncResult
        traits: (t) => ({ b: t.source({ key: () => 1, load: () => Effect.succeed("") }) })
      })
      Module.make("M", {
        state,
        actions: {},
        // @ts-expect-error the answer is a string
        traits: (t) => ({ user: t.source({ key: () => 1, load: () => Effect.succeed(1) }) })
      })
      Module.make("M", {
        state,
        actions: {},
        // @ts-expect-error the error is a number
        traits: (t) => ({ user: t.source({ key: () => 1, load: () => Effect.fail("no") }) })
      })
      Module.make("M", {
        state,
        actions: {},
        traits: (t) => ({
          user: t.source({
            key: (s) => (s.count > 0 ? s.count : null),
            load: (key) => {
              expectTypeOf(key).toEqualTypeOf<number>()
              return Effect.succeed("")
            }
          })
        })
      })
      Module.make("M", {
        state: small,
        actions: {},
        // @ts-expect-error b is in both
        traits: (t) => t.merge({ b: t.link((s) => s.b) }, { b: t.computed((s) => s.b) })
      })
    })
  })

  test("5 persist takes base fields alone", () => {
    compiles(() => {
      Persist.pick(Full, ["count", "rows"])
      // @ts-expect-error a derived field is never stored
      Persist.pick(Full, ["double"])
      // @ts-expect-error there is no such field
      Persist.pick(Full, ["none"])
    })
  })

  test("5 what an editor shows is short", () => {
    const Short = Module.make("Short", {
      state: Schema.Struct({ a: Schema.Number, b: Schema.Number }),
      actions: { go: Schema.Void },
      traits: (t) => ({ b: t.computed((s) => s.a) })
    })
    interface State {
      readonly a: number
      readonly b: number
    }
    interface Traits {
      readonly b: Trait.Computed<number>
    }
    expectTypeOf(Short).toEqualTypeOf<
      Module.ModuleDef<"Short", State, { readonly go: void }, unknown, Traits>
    >()
    const Plain = Module.make("Plain", { state: Schema.Number, actions: {} })
    expectTypeOf(Plain).toEqualTypeOf<Module.ModuleDef<"Plain", number, {}>>()
    compiles(() => {
      const short = Runtime.make(Short.implement({ initial: { a: 1 } })).resolve(Short.tag)
      // Who does not know of the traits takes it all the same.
      expectTypeOf(short).toExtend<ModuleRuntime<State, { readonly go: void }>>()
    })
  })
})
