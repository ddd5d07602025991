/**
 * Section 1 of the contract, by type: everything is inferred, and what must not compile does not. The checks
 * are the compiler's; the tests only hold them, so most of their programs are never run.
 */
import { Local, Module, Root, Runtime } from "@sluice/core"
import type { Action, Backlog, Dispatchers, ModuleHandle, ModuleRuntime } from "@sluice/core"
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import * as Stream from "effect/Stream"
import { describe, expectTypeOf, test } from "vitest"

class Name extends Context.Service<Name, string>()("types/Name") {}
class Port extends Context.Service<Port, number>()("types/Port") {}

interface State {
  readonly count: number
  readonly tags: ReadonlyArray<string>
}
interface Actions {
  readonly increment: void
  readonly add: number
  readonly tag: string
}

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number, tags: Schema.Array(Schema.String) }),
  actions: { increment: Schema.Void, add: Schema.Number, tag: Schema.String },
  extend: (handle) => ({ plusTwo: handle.actions.add(2) })
})
const initial: State = { count: 0, tags: [] }
const CounterLive = Counter.implement({ initial })

/** Holds a program that is compiled and never run. */
const compiles = (_program: () => unknown): void => {}

describe("1 definitions", () => {
  test("1 reducers take their types from the schemas", () => {
    Module.make("M", {
      state: Schema.Struct({ count: Schema.Number }),
      actions: { increment: Schema.Void, add: Schema.Number, set: Schema.Struct({ to: Schema.Number }) },
      reducers: {
        increment: (state, payload, action) => {
          expectTypeOf(state).toEqualTypeOf<{ readonly count: number }>()
          expectTypeOf(payload).toEqualTypeOf<void>()
          expectTypeOf(action).toEqualTypeOf<{ readonly _tag: "increment"; readonly payload?: undefined }>()
          return state
        },
        add: (state, by, action) => {
          expectTypeOf(by).toEqualTypeOf<number>()
          expectTypeOf(action).toEqualTypeOf<{ readonly _tag: "add"; readonly payload: number }>()
          return { count: state.count + by }
        },
        set: (_, { to }) => ({ count: to })
      },
      extend: (handle) => {
        expectTypeOf(handle.getState).toEqualTypeOf<Effect.Effect<{ readonly count: number }>>()
        expectTypeOf(handle.actions.add).toEqualTypeOf<(payload: number) => Effect.Effect<void>>()
        return {}
      }
    })
  })

  test("1 literals in what a reducer gives are those of the state", () => {
    const Status = Schema.Literals(["idle", "busy"])
    const Shape = Schema.Union([
      Schema.Struct({ kind: Schema.Literal("circle"), radius: Schema.Number }),
      Schema.Struct({ kind: Schema.Literal("square"), side: Schema.Number })
    ])
    compiles(() => [
      Module.make("M", {
        state: Schema.Struct({ status: Status, n: Schema.Number }),
        actions: { start: Schema.Void, set: Schema.Number },
        reducers: {
          start: (state) => ({ ...state, status: "busy" }),
          set: (state, n) => (n > 0 ? { n, status: "idle" } : state)
        }
      }),
      Module.make("M", {
        state: Shape,
        actions: { circle: Schema.Number },
        reducers: { circle: (_, radius) => ({ kind: "circle", radius }) }
      }),
      Module.make("M", {
        state: Schema.Struct({ status: Status }),
        actions: { start: Schema.Void },
        // @ts-expect-error not one of them
        reducers: { start: (state) => ({ ...state, status: "over" }) }
      })
    ])
  })

  test("1 reducers that do not fit do not compile", () => {
    compiles(() => {
      Module.make("M", {
        state: Schema.Number,
        actions: { add: Schema.Number },
        // @ts-expect-error a reducer returns the state
        reducers: { add: (state) => `${state}` }
      })
      Module.make("M", {
        state: Schema.Number,
        actions: { add: Schema.Number },
        // @ts-expect-error the payload is a number
        reducers: { add: (state, by: string) => state + by.length }
      })
    })
  })

  test("1 Standard Schemas give their output types", () => {
    const standard = <A>(): StandardSchemaV1<unknown, A> => ({
      "~standard": { version: 1, vendor: "types", validate: (value) => ({ value: value as A }) }
    })
    const Standard = Module.make("Standard", {
      state: standard<{ readonly x: number }>(),
      actions: { move: standard<"left" | "right">(), stop: standard<void>() },
      reducers: {
        move: (state, to) => {
          expectTypeOf(state).toEqualTypeOf<{ readonly x: number }>()
          expectTypeOf(to).toEqualTypeOf<"left" | "right">()
          return state
        }
      }
    })
    compiles(() => {
      const runtime = Runtime.make(Standard.implement({ initial: { x: 1 } }))
      const { actions } = runtime.resolve(Standard.tag)
      expectTypeOf(actions.move).toEqualTypeOf<(payload: "left" | "right") => Effect.Effect<void>>()
      expectTypeOf(actions.stop).toEqualTypeOf<() => Effect.Effect<void>>()
    })
  })

  test("1 a transformation gives its Type side", () => {
    compiles(() => {
      const Decoded = Module.make("Decoded", {
        state: Schema.Struct({ n: Schema.NumberFromString }),
        actions: { set: Schema.NumberFromString }
      })
      Decoded.implement({ initial: { n: 1 } })
      // @ts-expect-error the state has the schema's Type, not its encoding
      Decoded.implement({ initial: { n: "1" } })
    })
  })

  test("1 initial fits the state, or makes it of an input", () => {
    compiles(() => {
      const FromInput = Counter.implement({ initial: (count: number) => ({ count, tags: [] }) })
      const runtime = Runtime.make([])
      runtime.local(FromInput, { input: 1 })
      // @ts-expect-error the input is a number
      runtime.local(FromInput, { input: "1" })
      // @ts-expect-error a field is missing
      Counter.implement({ initial: { count: 0 } })
      // @ts-expect-error a field is wrong
      Counter.implement({ initial: { count: "0", tags: [] } })
    })
  })
})

describe("1 refs and handles", () => {
  test("1 tag, use and resolve give the types of the definition, with what extend adds", () => {
    compiles(() => {
      const runtime = Runtime.make(CounterLive)
      const ref = runtime.resolve(Counter.tag)
      interface Added {
        readonly plusTwo: Effect.Effect<void>
      }
      expectTypeOf(ref).toExtend<ModuleRuntime<State, Actions> & Added>()
      expectTypeOf(ref.plusTwo).toEqualTypeOf<Effect.Effect<void>>()
      expectTypeOf(ref.actions).toEqualTypeOf<Dispatchers<Actions, Effect.Effect<void>>>()
      expectTypeOf(ref.actions.increment).toEqualTypeOf<() => Effect.Effect<void>>()
      expectTypeOf(ref.actions.add).toEqualTypeOf<(payload: number) => Effect.Effect<void>>()
      expectTypeOf(ref.getState).toEqualTypeOf<Effect.Effect<State>>()
      expectTypeOf(ref.backlog).toEqualTypeOf<Effect.Effect<Backlog>>()
      expectTypeOf(ref.changesOf((state) => state.count)).toEqualTypeOf<Stream.Stream<number>>()
      expectTypeOf(ref.actionStream()).toEqualTypeOf<Stream.Stream<Action<Actions>>>()
      expectTypeOf(ref.actionStream("add", "tag")).toEqualTypeOf<
        Stream.Stream<
          | { readonly _tag: "add"; readonly payload: number }
          | { readonly _tag: "tag"; readonly payload: string }
        >
      >()
      expectTypeOf(ref.unsafe.subscribeTo).parameter(1).toBeFunction()
      Effect.gen(function* () {
        expectTypeOf(yield* Counter.tag).toEqualTypeOf<typeof ref>()
        expectTypeOf(yield* Root.resolve(Counter.tag)).toEqualTypeOf<typeof ref>()
      })
      // @ts-expect-error the payload is a number
      ref.actions.add("1")
      // @ts-expect-error the payload is missing
      ref.actions.add()
      // @ts-expect-error there is no payload
      ref.actions.increment(1)
      // @ts-expect-error there is no such action
      void ref.actions.remove
      ref.dispatch({ _tag: "increment" })
      // @ts-expect-error the payload is missing
      ref.dispatch({ _tag: "add" })
      // @ts-expect-error there is no such action
      ref.dispatch({ _tag: "remove" })
      // @ts-expect-error the payload is a string
      ref.dispatchBatch([{ _tag: "increment" }, { _tag: "tag", payload: 1 }])
      // @ts-expect-error there is no such action
      ref.actionStream("remove")
    })
  })

  test("1 a handle is read-only", () => {
    compiles(() =>
      Counter.logic("x", ($) =>
        Effect.gen(function* () {
          const handle = yield* $.use(Counter)
          expectTypeOf(handle).toExtend<ModuleHandle<State, Actions>>()
          expectTypeOf(handle.plusTwo).toEqualTypeOf<Effect.Effect<void>>()
          expectTypeOf(yield* $.use(CounterLive)).toEqualTypeOf<typeof handle>()
          expectTypeOf(yield* $.use(Counter.tag)).toEqualTypeOf<typeof handle>()
          expectTypeOf(yield* $.use(Name)).toEqualTypeOf<string>()
          // @ts-expect-error a handle does not write
          void handle.transact
          // @ts-expect-error nor has it synchronous access
          void handle.unsafe
        })
      )
    )
  })

  test("1 transactions: the body's result, error and services", () => {
    compiles(() => {
      const ref = Runtime.make(CounterLive).resolve(Counter.tag)
      ref.transact("x", (tx) => {
        expectTypeOf(tx.get()).toEqualTypeOf<State>()
        tx.mutate((draft) => {
          expectTypeOf(draft.count).toEqualTypeOf<number>()
          draft.count++
          draft.tags.push("a")
          // @ts-expect-error the field is a number
          draft.count = "1"
        })
        // @ts-expect-error the state is not a number
        tx.set(1)
      })
      const body = ref.transact("x", () =>
        Effect.flatMap(Name, (name) =>
          name === "" ? Effect.fail("empty" as const) : Effect.succeed(name.length)
        )
      )
      expectTypeOf(body).toEqualTypeOf<Effect.Effect<number, "empty", Name>>()
    })
  })

  test("T2 a body that answers later does not compile", () => {
    compiles(() => {
      const runtime = Runtime.make(CounterLive)
      const ref = runtime.resolve(Counter.tag)
      const later = () => Promise.resolve(1)
      // @ts-expect-error it gives a Promise
      ref.transact("x", later)
      // @ts-expect-error nor where it cannot be waited for
      ref.unsafe.transact("x", later)
      // @ts-expect-error nor in a group
      runtime.transact([ref], "x", later)
      // @ts-expect-error nor there
      runtime.unsafe.transact([ref], "x", later)
      ref.unsafe.transact("x", (tx) => tx.get().count)
      runtime.unsafe.transact([ref], "x", (tx) => tx.update((state) => state))
      runtime.unsafe.transact([ref], "x", () => Effect.void)
    })
  })
})

describe("1 logic", () => {
  test("1 handlers get the payload and action of what they asked for", () => {
    compiles(() =>
      Counter.logic("x", ($) =>
        Effect.gen(function* () {
          yield* $.onAction("add").run((by, action) => {
            expectTypeOf(by).toEqualTypeOf<number>()
            expectTypeOf(action).toEqualTypeOf<{ readonly _tag: "add"; readonly payload: number }>()
            return Effect.void
          })
          yield* $.onAction("increment").run((payload) => {
            expectTypeOf(payload).toEqualTypeOf<void>()
            return Effect.void
          })
          yield* $.onAction(["add", "tag"]).run((payload, action) => {
            expectTypeOf(payload).toEqualTypeOf<number | string>()
            expectTypeOf(action).toEqualTypeOf<Action<Actions, "add" | "tag">>()
            return action._tag === "add"
              ? Effect.succeed(action.payload + 1)
              : Effect.succeed(action.payload.length)
          })
          yield* $.onAction().run((_, action) => {
            expectTypeOf(action).toEqualTypeOf<Action<Actions>>()
            return Effect.void
          })
          yield* $.onAction((action) => action._tag === "add").run((by, action) => {
            expectTypeOf(by).toEqualTypeOf<number>()
            expectTypeOf(action._tag).toEqualTypeOf<"add">()
            return Effect.void
          })
          yield* $.onAction("tag")
            .filter((tag) => tag.length > 1)
            .map((tag) => tag.length)
            .runParallel({ concurrency: 2 }, (length) => {
              expectTypeOf(length).toEqualTypeOf<number>()
              return Effect.void
            })
          yield* $.onState((state) => state.tags).runLatest((tags) => {
            expectTypeOf(tags).toEqualTypeOf<ReadonlyArray<string>>()
            return Effect.void
          })
          yield* $.onAction("tag")
            .debounce("1 second")
            .throttle(50)
            .run((tag) => {
              expectTypeOf(tag).toEqualTypeOf<string>()
              return Effect.void
            })
          yield* $.onAction("add").run(() => Effect.void, { capacity: 4 })
          // @ts-expect-error it has no FIFO
          yield* $.onState((state) => state.count).run(() => Effect.void, { capacity: 4 })
          // @ts-expect-error nor has a stream
          yield* $.on(Stream.make(1)).runParallel({ capacity: 4, concurrency: 2 }, () => Effect.void)
          // @ts-expect-error there is no such action
          void $.onAction("remove")
          // @ts-expect-error nor here
          void $.onAction(["add", "remove"])
          // @ts-expect-error a handler gives an Effect
          void $.onAction("add").run((by) => by)
        })
      )
    )
  })

  test("1 a task's writes take their types from its effect", () => {
    class Refused extends Data.TaggedError("Refused")<{ readonly by: string }> {}
    const post = (by: number): Effect.Effect<{ readonly total: number }, Refused, Name> =>
      Effect.map(Name, () => ({ total: by }))
    const logic = Counter.logic("x", ($) =>
      $.onAction(["add", "increment"])
        .map((by) => by ?? 1)
        .runTask({
          capacity: 4,
          strategy: { concurrency: 2, key: (by, action) => [by.toFixed(), action._tag] },
          pending: (state, by, action) => {
            expectTypeOf(state).toEqualTypeOf<State>()
            expectTypeOf(by).toEqualTypeOf<number>()
            expectTypeOf(action).toEqualTypeOf<Action<Actions, "add" | "increment">>()
            return state
          },
          effect: (by) => post(by),
          success: (state, { total }, by) => {
            expectTypeOf(total).toEqualTypeOf<number>()
            expectTypeOf(by).toEqualTypeOf<number>()
            return { ...state, count: total }
          },
          failure: (state, cause) => {
            expectTypeOf(cause).toEqualTypeOf<Cause.Cause<Refused>>()
            return state
          }
        })
    )
    expectTypeOf(logic).toEqualTypeOf<Module.Logic<State, Actions, Name>>()
    compiles(() =>
      Counter.logic("y", ($) =>
        Effect.gen(function* () {
          // @ts-expect-error a write gives a state
          yield* $.onAction("add").runTask({ effect: post, success: (state) => state.count })
          // @ts-expect-error of runs that overlap, a key says which write to the same place
          yield* $.onAction("add").runTask({ effect: post, strategy: { concurrency: 2 } })
          // @ts-expect-error a selection has no FIFO
          yield* $.onState((state) => state.count).runTask({ capacity: 4, effect: post })
        })
      )
    )
  })

  test("1 state, actions and callbacks", () => {
    compiles(() =>
      Counter.logic("x", ($) =>
        Effect.gen(function* () {
          expectTypeOf(yield* $.state.get).toEqualTypeOf<State>()
          yield* $.state.mutate((draft) => {
            expectTypeOf(draft.tags).toEqualTypeOf<Array<string>>()
          })
          yield* $.actions.add(1)
          expectTypeOf($.callback("add")).toEqualTypeOf<(payload: number) => Promise<void>>()
          expectTypeOf($.callback("increment")).toEqualTypeOf<() => Promise<void>>()
          const arrived = $.callback("arrived", (state, by: number, tag: string) => ({
            count: state.count + by,
            tags: [tag]
          }))
          expectTypeOf(arrived).toEqualTypeOf<(by: number, tag: string) => Promise<void>>()
          // @ts-expect-error the payload is a number
          void $.callback("add")("1")
          // @ts-expect-error a name that is no action needs a write
          void $.callback("arrived")
          // @ts-expect-error the state does not fit
          yield* $.state.update(() => ({ count: 1 }))
        })
      )
    )
  })

  test("1 a logic needs what its setup and handlers use, and no Scope", () => {
    const needsName = Counter.logic("x", ($) => Effect.asVoid($.use(Name)))
    expectTypeOf(needsName).toExtend<Module.Logic<State, Actions, Name>>()
    const inHandler = Counter.logic("x", ($) =>
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => Effect.void)
        yield* $.onAction("add").run(() => Effect.andThen(Name, Port))
      })
    )
    type Needs<L> = L extends Module.Logic<State, Actions, infer R> ? R : never
    expectTypeOf<Needs<typeof inHandler>>().toEqualTypeOf<Name | Port>()
  })
})

describe("1 what an app needs", () => {
  const needsName = Counter.logic("x", ($) => Effect.asVoid($.use(Name)))
  const needsPort = Counter.logic("x", ($) => $.onAction("add").run(() => Port))
  const NameLive = Layer.succeed(Name, "Ada")
  const PortLive = Layer.succeed(Port, 80)
  const PortFromName = Layer.effect(
    Port,
    Effect.map(Name, (name) => name.length)
  )

  test("1 Runtime.make without the layer that its modules need does not compile", () => {
    compiles(() => {
      const Needy = Counter.implement({ initial, logics: [needsName] })
      // @ts-expect-error Name is needed
      Runtime.make(Needy)
      // @ts-expect-error nor with options that lack it
      Runtime.make(Needy, { label: "x" })
      // @ts-expect-error nor with a layer of something else
      Runtime.make(Needy, { layer: PortLive })
      Runtime.make(Needy, { layer: NameLive })
      Runtime.make(Needy, { layer: Layer.merge(NameLive, PortLive) })
      Runtime.make(Needy.withLayer(NameLive))
      Runtime.make(Counter.implement({ initial, logics: [needsName], imports: [NameLive] }))
    })
  })

  test("1 a module that is missing is asked for, whatever the layer", () => {
    compiles(() => {
      const Other = Module.make("Other", { state: Schema.Number, actions: {} })
      const uses = Other.logic("uses", ($) => Effect.asVoid(Effect.all([$.use(Counter), $.use(Name)])))
      const Lacking = Other.implement({ initial: 0, logics: [uses] })
      // @ts-expect-error Counter and Name are missing
      Runtime.make(Lacking)
      // @ts-expect-error no layer gives a module
      Runtime.make(Lacking, { layer: NameLive })
      // @ts-expect-error nor may an array lack it
      Runtime.make([Lacking], { layer: NameLive })
      Runtime.make([Lacking, CounterLive], { layer: NameLive })
    })
  })

  test("1 needs add up over logics, withLogic and the modules of an app", () => {
    compiles(() => {
      const Both = Counter.implement({ initial, logics: [needsName, needsPort] })
      // @ts-expect-error Port is needed, too
      Runtime.make(Both, { layer: NameLive })
      Runtime.make(Both, { layer: Layer.merge(NameLive, PortLive) })
      Runtime.make(Both.withLayer(PortLive), { layer: NameLive })
      const Grown = CounterLive.withLogic(needsName)
      // @ts-expect-error Name is needed
      Runtime.make(Grown)
      const Other = Module.make("Other", { state: Schema.Number, actions: {} }).implement({ initial: 0 })
      // @ts-expect-error Name is needed by one of them
      Runtime.make([Other, Grown])
      Runtime.make([Other, Grown], { layer: NameLive })
    })
  })

  test("1 what a module's own layers give is not asked for again, and is nobody else's", () => {
    compiles(() => {
      const WithName = Counter.implement({ initial, imports: [NameLive] })
      const runtime = Runtime.make(WithName.withLogic(needsName))
      // @ts-expect-error Name is that module's own
      void runtime.runPromise(Name)
      Runtime.make(CounterLive.withLayer(NameLive).withLogic(needsName))
      Runtime.make(WithName.withLayer(PortFromName).withLogic(needsPort))
      // @ts-expect-error Port is still needed
      Runtime.make(WithName.withLogic(needsPort))
      const Other = Module.make("Other", { state: Schema.Number, actions: {} })
      const OtherNeeds = Other.logic("x", ($) => Effect.asVoid($.use(Name)))
      // @ts-expect-error an import's own services are not the importer's
      Runtime.make(Other.implement({ initial: 0, logics: [OtherNeeds], imports: [WithName] }))
      Runtime.make([]).local(WithName.withLogic(needsName))
    })
  })

  test("1 extend may not give what every instance has", () => {
    compiles(() => {
      const state = Schema.Number
      Module.make("A", { state, actions: {}, extend: () => ({ louder: 1 }) })
      // @ts-expect-error every instance has it
      Module.make("A", { state, actions: {}, extend: () => ({ getState: 1 }) })
      // @ts-expect-error every ref has it
      Module.make("A", { state, actions: {}, extend: () => ({ louder: 1, runtime: 2 }) })
    })
  })

  test("1 a layer brings its own needs", () => {
    compiles(() => {
      const Derived = Counter.implement({ initial, logics: [needsPort], imports: [PortFromName] })
      // @ts-expect-error PortFromName needs Name
      Runtime.make(Derived)
      Runtime.make(Derived, { layer: NameLive })
      // @ts-expect-error and so by withLayer
      Runtime.make(Counter.implement({ initial, logics: [needsPort] }).withLayer(PortFromName))
    })
  })

  test("1 a module that a logic uses must be imported, or listed in the app", () => {
    compiles(() => {
      const Other = Module.make("Other", { state: Schema.Number, actions: {} })
      const uses = Other.logic("uses", ($) => Effect.asVoid($.use(Counter)))
      const Alone = Other.implement({ initial: 0, logics: [uses] })
      // @ts-expect-error Counter is not there
      Runtime.make(Alone)
      // @ts-expect-error a service's layer does not help
      Runtime.make(Alone, { layer: NameLive })
      Runtime.make([Alone, CounterLive])
      Runtime.make(Other.implement({ initial: 0, logics: [uses], imports: [CounterLive] }))
      // Its own module it may always use.
      Runtime.make(
        Counter.implement({ initial, logics: [Counter.logic("own", ($) => Effect.asVoid($.use(Counter)))] })
      )
    })
  })

  test("1 a logic is of its own module", () => {
    compiles(() => {
      const Other = Module.make("Other", { state: Schema.Number, actions: {} })
      // @ts-expect-error it is of Counter
      Other.implement({ initial: 0, logics: [Counter.logic("x", () => Effect.void)] })
    })
  })

  test("1 run admits what the app provides, and nothing else", () => {
    compiles(() => {
      const runtime = Runtime.make(CounterLive, { layer: NameLive })
      expectTypeOf(runtime.runSync(Name)).toEqualTypeOf<string>()
      expectTypeOf(runtime.runPromise(Effect.flatMap(Counter.tag, (ref) => ref.getState))).toEqualTypeOf<
        Promise<State>
      >()
      // @ts-expect-error Port is not provided
      void runtime.runPromise(Port)
      const Other = Module.make("Other", { state: Schema.Number, actions: {} })
      // @ts-expect-error Other is not in the app
      void runtime.runPromise(Other.tag)
    })
  })

  test("1 what is imported is provided, also by an import's import", () => {
    compiles(() => {
      const Middle = Module.make("Middle", { state: Schema.Number, actions: {} })
      const Top = Module.make("Top", { state: Schema.Number, actions: {} })
      const runtime = Runtime.make(
        Top.implement({ initial: 0, imports: [Middle.implement({ initial: 0, imports: [CounterLive] })] })
      )
      void runtime.runPromise(Effect.all([Top.tag, Middle.tag, Counter.tag]))
    })
  })

  test("1 a scope provides what it has and what its parent has, and needs no more than that", () => {
    compiles(() => {
      const Other = Module.make("Other", { state: Schema.Number, actions: {} })
      const uses = Other.logic("uses", ($) =>
        Effect.asVoid(Effect.all([$.use(Counter), $.use(Name), $.use(Port)]))
      )
      const OtherLive = Other.implement({ initial: 0, logics: [uses] })
      const runtime = Runtime.make(CounterLive, { layer: NameLive })
      const scope = runtime.scope(OtherLive, { layer: PortLive })
      void scope.runPromise(Effect.all([Other.tag, Counter.tag, Name, Port]))
      expectTypeOf(runtime.scope([]).runSync(Name)).toEqualTypeOf<string>()
      const again = scope.scope([OtherLive], { label: "x" })
      void again.runPromise(Port)
      // @ts-expect-error Port is not provided
      runtime.scope(OtherLive)
      // @ts-expect-error nor by these options
      runtime.scope([OtherLive], { label: "x" })
      // @ts-expect-error the parent does not have what the scope has
      void runtime.runPromise(Port)
      expectTypeOf(scope).toExtend<Runtime.AnyRuntime>()
    })
  })

  test("1 add gives a runtime of what it has now, and asks for what it lacks", () => {
    compiles(async () => {
      const Other = Module.make("Other", { state: Schema.Number, actions: {} })
      const OtherLive = Other.implement({
        initial: 0,
        logics: [Other.logic("uses", ($) => Effect.asVoid($.use(Counter)))]
      })
      const grown = await Runtime.make(CounterLive).add(OtherLive)
      void grown.runPromise(Effect.all([Other.tag, Counter.tag]))
      // @ts-expect-error Counter is not there
      void Runtime.make([]).add(OtherLive)
      void Runtime.make([]).add([OtherLive, CounterLive])
      // @ts-expect-error one that needs an input can only be local
      void grown.add(Counter.implement({ initial: (count: number) => ({ count, tags: [] }) }))
    })
  })

  test("1 a local instance needs what its module needs; what it imports it has", () => {
    compiles(() => {
      const Other = Module.make("Other", { state: Schema.Number, actions: {} })
      const uses = Other.logic("uses", ($) => Effect.asVoid(Effect.all([$.use(Counter), $.use(Name)])))
      const OtherLive = Other.implement({ initial: 0, logics: [uses] })
      const Whole = Other.implement({ initial: 0, logics: [uses], imports: [CounterLive, NameLive] })
      const runtime = Runtime.make(CounterLive, { layer: NameLive })
      expectTypeOf(runtime.local(OtherLive).ref.getState).toEqualTypeOf<Effect.Effect<number>>()
      runtime.local(OtherLive.impl, { key: "x", gcTime: "1 minute" })
      Runtime.make([]).local(Whole)
      // @ts-expect-error Counter and Name are not there
      Runtime.make([]).local(OtherLive)
      // @ts-expect-error Name is not there
      Runtime.make(CounterLive).local(OtherLive)
    })
  })

  test("1 Local.acquire needs a scope and what its module needs, and its input", () => {
    compiles(() => {
      const logic = Counter.logic("uses", ($) => Effect.asVoid($.use(Name)))
      const FromInput = Counter.implement({
        initial: (count: number) => ({ count, tags: [] }),
        logics: [logic]
      })
      const acquired = Local.acquire(FromInput, { key: "a", input: 1 })
      expectTypeOf<Effect.Services<typeof acquired>>().toEqualTypeOf<Name | Scope.Scope>()
      expectTypeOf<Effect.Success<typeof acquired>["plusTwo"]>().toEqualTypeOf<Effect.Effect<void>>()
      // @ts-expect-error the input is missing
      Local.acquire(FromInput)
      // @ts-expect-error the input is a number
      Local.acquire(FromInput, { input: "1" })
      Local.acquire(CounterLive)
    })
  })

  test("1 an app's type is a Runtime of what it provides", () => {
    compiles(() => {
      const runtime = Runtime.make(CounterLive, { layer: NameLive })
      expectTypeOf(runtime).toExtend<Runtime.AnyRuntime>()
      expectTypeOf(runtime.resolve(Counter.tag).id).toEqualTypeOf<string>()
    })
  })
})
