/** Section 1 of the contract: definitions, implementations, and how logic comes to what it uses. */
import { Collection, Errors, Module, Root, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "vitest"
import {
  collectErrors,
  Counter,
  type CounterRuntime,
  type CounterState,
  disposing,
  idle,
  plus,
  thrown,
  zero
} from "./support.ts"

const CounterLive = Counter.implement({ initial: zero })

class Name extends Context.Service<Name, string>()("test/Name") {}

const Reader = Module.make("Reader", {
  state: Schema.Struct({ seen: Schema.Array(Schema.String) }),
  actions: { see: Schema.String },
  reducers: { see: (state, what) => ({ seen: [...state.seen, what] }) }
})
const empty = { initial: { seen: [] } }

describe("1 definitions", () => {
  test("1 the example of the contract", async () => {
    const Counter = Module.make("Counter", {
      state: Schema.Struct({ count: Schema.Number }),
      actions: { increment: Schema.Void, add: Schema.Number },
      reducers: {
        increment: (s) => ({ ...s, count: s.count + 1 }),
        add: (s, by) => ({ ...s, count: s.count + by })
      }
    })
    const audited: Array<unknown> = []
    const CounterLogic = Counter.logic("audit", ($) =>
      Effect.gen(function* () {
        yield* $.onAction("add").run((by, action) => Effect.sync(() => audited.push(by, action)))
        audited.push("the next line")
      })
    )
    const CounterLive = Counter.implement({
      initial: { count: 0 },
      logics: [CounterLogic],
      imports: [],
      channel: { capacity: 256 }
    })
    const runtime = disposing(
      Runtime.make(CounterLive, {
        layer: Layer.empty,
        onError: () => {},
        trace: { level: "light", capacity: 16 },
        label: "example"
      })
    )
    await runtime.runPromise(
      Effect.gen(function* () {
        const counter = yield* Counter.tag
        yield* counter.actions.increment()
        yield* counter.dispatch({ _tag: "add", payload: 2 })
        expect(yield* counter.getState).toEqual({ count: 3 })
      })
    )
    await idle()
    expect(audited).toEqual(["the next line", 2, { _tag: "add", payload: 2 }])
    expect(runtime.label).toBe("example")
  })

  test("1 a definition, a module and their logics are values: nothing starts before Runtime.make", () => {
    const started: Array<string> = []
    const logic = Counter.logic("starts", () => Effect.sync(() => void started.push("setup")))
    const Live = Counter.implement({
      initial: () => {
        started.push("initial")
        return zero
      },
      logics: [logic]
    })
    expect(started).toEqual([])
    disposing(Runtime.make(Live))
    expect(started).toEqual(["initial", "setup"])
  })

  test("1 a reducer gets state, payload and action; an action without a reducer is one all the same", () => {
    const calls: Array<unknown> = []
    const Calls = Module.make("Calls", {
      state: Schema.Number,
      actions: { a: Schema.String, b: Schema.Void, none: Schema.Number },
      reducers: {
        a: (state, payload, action) => {
          calls.push([state, payload, action])
          return state + 1
        },
        b: (state, payload, action) => {
          calls.push([state, payload, action])
          return state
        }
      }
    })
    const ref = disposing(Runtime.make(Calls.implement({ initial: 0 }))).resolve(Calls.tag)
    ref.unsafe.dispatch({ _tag: "a", payload: "x" })
    ref.unsafe.dispatch({ _tag: "b" })
    ref.unsafe.dispatch({ _tag: "none", payload: 1 })
    expect(calls).toEqual([
      [0, "x", { _tag: "a", payload: "x" }],
      [1, undefined, { _tag: "b" }]
    ])
  })

  test("1 a state of any type, Collections too", async () => {
    const Rows = Module.make("Rows", {
      state: Schema.Struct({
        rows: Collection.schema(Schema.Struct({ id: Schema.String, n: Schema.Number }), "id")
      }),
      actions: { put: Schema.Struct({ id: Schema.String, n: Schema.Number }) },
      reducers: { put: (state, row) => ({ rows: state.rows.set(row) }) }
    })
    const rows = Collection.make((row: { readonly id: string; readonly n: number }) => row.id)
    const runtime = disposing(Runtime.make(Rows.implement({ initial: { rows }, validate: "commit" })))
    const ref = runtime.resolve(Rows.tag)
    ref.unsafe.dispatch({ _tag: "put", payload: { id: "a", n: 1 } })
    await runtime.runPromise(
      ref.transact("more", (tx) =>
        tx.mutate((draft) => {
          draft.rows.set({ id: "b", n: 2 })
          draft.rows.update("a", (row) => {
            row.n = 10
          })
        })
      )
    )
    expect(ref.unsafe.getState().rows.toArray()).toEqual([
      { id: "a", n: 10 },
      { id: "b", n: 2 }
    ])
  })

  test("a module says in which file it was made, where it was told", () => {
    const made = Module.make("Told", { state: Schema.String, actions: {}, source: import.meta.url })
    expect(made.source).toBe(import.meta.url)
    expect(made.implement({ initial: "" }).def.source).toBe(import.meta.url)
    expect(Counter.source).toBeUndefined()
  })
})

describe("1 what `use` and tags give", () => {
  test("1 $.use(module), $.use(def) and $.use(tag) give the same handle, never a new instance", () => {
    const handles: Array<unknown> = []
    const logic = Reader.logic("uses", ($) =>
      Effect.gen(function* () {
        handles.push(yield* $.use(CounterLive), yield* $.use(Counter), yield* $.use(Counter.tag))
      })
    )
    const runtime = disposing(
      Runtime.make(Reader.implement({ ...empty, imports: [CounterLive], logics: [logic] }))
    )
    expect(new Set(handles).size).toBe(1)
    expect(handles[0]).toMatchObject({ id: "Counter", instanceId: "Counter#1" })
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Counter#1", "Reader#1"])
  })

  test("1 a handle is the read-only view: its actions dispatch, and it has no way to write", async () => {
    const members: Array<ReadonlyArray<string>> = []
    const logic = Reader.logic("uses", ($) =>
      Effect.gen(function* () {
        const counter = yield* $.use(Counter)
        members.push(Object.keys(counter).sort())
        yield* $.onAction("see").run(() => counter.actions.increment())
      })
    )
    const runtime = disposing(
      Runtime.make(Reader.implement({ ...empty, imports: [CounterLive], logics: [logic] }))
    )
    expect(members).toEqual([
      ["actionStream", "actions", "changes", "changesOf", "getState", "id", "instanceId"].sort()
    ])
    await runtime.runPromise(runtime.resolve(Reader.tag).actions.see("x"))
    await idle()
    expect(runtime.resolve(Counter.tag).unsafe.getState().count).toBe(1)
  })

  test("1 a ref has all of them, and more", () => {
    const ref = disposing(Runtime.make(CounterLive)).resolve(Counter.tag)
    expect(Object.keys(ref)).toEqual(
      expect.arrayContaining([
        "id",
        "instanceId",
        "getState",
        "actions",
        "dispatch",
        "dispatchBatch",
        "reset",
        "transact",
        "changes",
        "changesOf",
        "actionStream",
        "backlog",
        "unsafe"
      ])
    )
    expect(Object.keys(ref.actions)).toEqual(["increment", "add", "note", "ping", "boom"])
  })

  test("1 $.use(Service) gives the service", () => {
    const names: Array<string> = []
    const logic = Counter.logic("uses", ($) => Effect.map($.use(Name), (name) => void names.push(name)))
    disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [logic] }), {
        layer: Layer.succeed(Name, "Ada")
      })
    )
    expect(names).toEqual(["Ada"])
  })

  test("1 yield* tag is the runtime of the current scope: in the app, the root's", async () => {
    const runtime = disposing(Runtime.make(CounterLive))
    const [tagged, root] = await runtime.runPromise(Effect.all([Counter.tag, Root.resolve(Counter.tag)]))
    expect(tagged).toBe(runtime.resolve(Counter.tag))
    expect(root).toBe(tagged)
    expect(runtime.instances()).toEqual([tagged])
  })

  test("1 within a local instance tag and use are the local one's, Root.resolve is the root's", () => {
    const seen: Array<ReadonlyArray<string>> = []
    const logic = Counter.logic("looks", ($) =>
      Effect.gen(function* () {
        const tagged = yield* Counter.tag
        const handle = yield* $.use(Counter)
        const root = yield* Root.resolve(Counter.tag)
        seen.push([tagged.instanceId, handle.instanceId, root.instanceId])
      })
    )
    const Live = CounterLive.withLogic(logic)
    const runtime = disposing(Runtime.make(Live))
    runtime.local(Live).mount()
    expect(seen).toEqual([
      ["Counter#1", "Counter#1", "Counter#1"],
      ["Counter#2", "Counter#2", "Counter#1"]
    ])
  })

  test("1 Runtime.make(module) is Runtime.make(module.impl), alone or in a list", () => {
    for (const runtime of [
      Runtime.make(CounterLive),
      Runtime.make(CounterLive.impl),
      Runtime.make([CounterLive]),
      Runtime.make([CounterLive.impl])
    ]) {
      const ref: CounterRuntime = disposing(runtime).resolve(Counter.tag)
      expect(ref.unsafe.getState()).toBe(zero)
    }
  })

  test("1 ModuleNotProvided lists what is provided", async () => {
    const reported = collectErrors()
    // Its needs are cast away: its types would not let this logic run.
    const logic = Counter.logic("uses", ($) => $.use(Reader) as Effect.Effect<unknown>)
    const Other = Module.make("Other", { state: Schema.Number, actions: {} })
    const runtime = disposing(
      Runtime.make([Counter.implement({ initial: zero, logics: [logic] }), Other.implement({ initial: 0 })], {
        onError: reported.onError
      })
    )
    const expected = { _tag: "ModuleNotProvided", moduleId: "Reader", provided: ["Counter", "Other"] }
    expect(reported.errors).toMatchObject([expected])
    expect(String(reported.errors[0])).toContain("Provided: Counter, Other")
    expect(thrown(() => runtime.resolve(Reader.tag))).toMatchObject(expected)
    expect(
      await runtime.runPromise(
        Effect.catchDefect(Root.resolve(Reader.tag), (defect) => Effect.succeed(defect))
      )
    ).toMatchObject(expected)
  })
})

describe("1 extend", () => {
  const Extended = Module.make("Extended", {
    state: Schema.Struct({ count: Schema.Number }),
    actions: { add: Schema.Number },
    reducers: { add: ({ count }, by) => ({ count: count + by }) },
    extend: (handle) => ({
      twice: (by: number) => Effect.andThen(handle.actions.add(by), handle.actions.add(by)),
      doubled: Effect.map(handle.getState, ({ count }) => count * 2)
    })
  })

  test("1 what it returns is on the handle and on the ref", async () => {
    const fromHandle: Array<number> = []
    const logic = Reader.logic("uses", ($) =>
      Effect.gen(function* () {
        const extended = yield* $.use(Extended)
        yield* extended.twice(2)
        fromHandle.push(yield* extended.doubled)
      })
    )
    const runtime = disposing(
      Runtime.make(
        Reader.implement({
          ...empty,
          imports: [Extended.implement({ initial: { count: 1 } })],
          logics: [logic]
        })
      )
    )
    expect(fromHandle).toEqual([10])
    const ref = runtime.resolve(Extended.tag)
    await runtime.runPromise(ref.twice(5))
    expect(await runtime.runPromise(ref.doubled)).toBe(30)
    expect((await runtime.runPromise(Extended.tag)).twice).toBe(ref.twice)
  })

  test("1 each instance has its own", async () => {
    const Live = Extended.implement({ initial: { count: 0 } })
    const runtime = disposing(Runtime.make(Live))
    const { ref } = runtime.local(Live)
    await runtime.runPromise(ref.twice(1))
    expect(await runtime.runPromise(ref.doubled)).toBe(4)
    expect(await runtime.runPromise(runtime.resolve(Extended.tag).doubled)).toBe(0)
  })
})

describe("1 imports and layers", () => {
  const greets = Reader.logic("greets", ($) =>
    Effect.gen(function* () {
      yield* $.actions.see(yield* $.use(Name))
    })
  )
  const seenBy = (runtime: Runtime.AnyRuntime) => runtime.resolve(Reader.tag).unsafe.getState().seen

  test("1 an app's modules are those it lists and all that they import, imports first", () => {
    const started: Array<string> = []
    const named = (id: string) => {
      const def = Module.make(id, { state: Schema.Number, actions: {} })
      return { def, logic: def.logic("starts", () => Effect.sync(() => void started.push(id))) }
    }
    const [a, b, c] = [named("A"), named("B"), named("C")]
    const C = c.def.implement({ initial: 0, logics: [c.logic] })
    const B = b.def.implement({ initial: 0, logics: [b.logic], imports: [C] })
    const A = a.def.implement({ initial: 0, logics: [a.logic], imports: [B, C] })
    const runtime = disposing(Runtime.make([A, C]))
    expect(started).toEqual(["C", "B", "A"])
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["C#1", "B#1", "A#1"])
    expect(runtime.resolve(c.def.tag).id).toBe("C")
  })

  test("1 a module imported twice is one instance", () => {
    const handles: Array<unknown> = []
    const user = (id: string) => {
      const def = Module.make(id, { state: Schema.Number, actions: {} })
      const logic = def.logic("uses", ($) =>
        Effect.map($.use(Counter), (handle) => void handles.push(handle))
      )
      return def.implement({ initial: 0, imports: [CounterLive], logics: [logic] })
    }
    const runtime = disposing(Runtime.make([user("A"), user("B"), CounterLive]))
    expect(handles.length).toBe(2)
    expect(handles[0]).toBe(handles[1])
    expect(runtime.instances().map(({ id }) => id)).toEqual(["Counter", "A", "B"])
  })

  test.each([
    [
      "its imports",
      () =>
        Runtime.make(Reader.implement({ ...empty, logics: [greets], imports: [Layer.succeed(Name, "Ada")] }))
    ],
    [
      "withLayer",
      () =>
        Runtime.make(Reader.implement({ ...empty, logics: [greets] }).withLayer(Layer.succeed(Name, "Ada")))
    ],
    [
      "the runtime",
      () =>
        Runtime.make(Reader.implement({ ...empty, logics: [greets] }), { layer: Layer.succeed(Name, "Ada") })
    ],
    [
      "withLogic, then withLayer",
      () => Runtime.make(Reader.implement(empty).withLogic(greets).withLayer(Layer.succeed(Name, "Ada")))
    ]
  ])("1 a logic's service comes from a layer of %s", (_, make) => {
    expect(seenBy(disposing(make()))).toEqual(["Ada"])
  })

  test("1 a module's own layer wins over the app's", () => {
    const runtime = Runtime.make(
      Reader.implement({ ...empty, logics: [greets], imports: [Layer.succeed(Name, "own")] }),
      { layer: Layer.succeed(Name, "app's") }
    )
    expect(seenBy(disposing(runtime))).toEqual(["own"])
  })

  test("1 a module's layer is not seen by its importers", () => {
    const Importer = Module.make("Importer", { state: Schema.Number, actions: {} })
    const names: Array<string> = []
    const looks = Importer.logic("looks", ($) => Effect.map($.use(Name), (name) => void names.push(name)))
    disposing(
      Runtime.make(
        Importer.implement({
          initial: 0,
          logics: [looks],
          imports: [Reader.implement({ ...empty, imports: [Layer.succeed(Name, "the reader's")] })]
        }),
        { layer: Layer.succeed(Name, "the app's") }
      )
    )
    expect(names).toEqual(["the app's"])
  })

  test("1 withLogic and withLayer leave the module they are called on as it was", () => {
    const Plain = Reader.implement(empty)
    const runtime = disposing(Runtime.make(Plain))
    Plain.withLogic(greets).withLayer(Layer.succeed(Name, "Ada"))
    expect(seenBy(runtime)).toEqual([])
  })

  test("1 logics start in the order in which they are listed and added", () => {
    const started: Array<string> = []
    const named = (name: string) => Counter.logic(name, () => Effect.sync(() => void started.push(name)))
    disposing(
      Runtime.make(
        Counter.implement({ initial: zero, logics: [named("a"), named("b")] }).withLogic(named("c"))
      )
    )
    expect(started).toEqual(["a", "b", "c"])
  })

  test("1 a layer is built once, however many modules list it, and released after the instances", async () => {
    const events: Array<string> = []
    const layer = Layer.effect(
      Name,
      Effect.acquireRelease(
        Effect.sync(() => {
          events.push("built")
          return "Ada"
        }),
        () => Effect.sync(() => void events.push("released"))
      )
    )
    const closes = Counter.logic("closes", () =>
      Effect.addFinalizer(() => Effect.sync(() => void events.push("closed")))
    )
    const runtime = disposing(
      Runtime.make(
        [
          Reader.implement({ ...empty, logics: [greets], imports: [layer] }),
          Counter.implement({ initial: zero, logics: [closes], imports: [layer] })
        ],
        { layer }
      )
    )
    expect(events).toEqual(["built"])
    await runtime.dispose()
    expect(events).toEqual(["built", "closed", "released"])
  })

  test("1 a layer may use the app's modules", async () => {
    const layer = Layer.effect(
      Name,
      Effect.gen(function* () {
        const counter = yield* Counter.tag
        yield* counter.actions.add(3)
        return `counted ${(yield* counter.getState).count}`
      })
    )
    const runtime = disposing(
      Runtime.make(Reader.implement({ ...empty, logics: [greets], imports: [CounterLive, layer] }))
    )
    expect(seenBy(runtime)).toEqual(["counted 3"])
  })
})

describe("1 a module's identity is its id", () => {
  const Same = Module.make("Counter", { state: Schema.Number, actions: {} })

  test.each([
    ["two definitions of one id", [CounterLive, Same.implement({ initial: 0 })]],
    ["two implementations of one definition", [CounterLive, Counter.implement({ initial: zero })]],
    [
      "a module and the same withLogic",
      [CounterLive, CounterLive.withLogic(Counter.logic("more", () => Effect.void))]
    ]
  ])("1 %s in one app are DuplicateModule", (_, modules) => {
    const reported = collectErrors()
    const runtime = disposing(Runtime.make(modules, { onError: reported.onError }))
    expect(runtime.status).toBe("failed")
    const error = thrown(() => runtime.resolve(Counter.tag))
    expect(error).toBeInstanceOf(Errors.DuplicateModule)
    expect(error).toMatchObject({ moduleId: "Counter" })
    expect(reported.errors).toEqual([error])
    expect(reported.infos).toMatchObject([{ during: "build" }])
    expect(runtime.instances()).toEqual([])
  })

  test("1 one of them being imported makes no difference", () => {
    const runtime = disposing(
      Runtime.make([Reader.implement({ ...empty, imports: [CounterLive] }), Same.implement({ initial: 0 })], {
        onError: () => {}
      })
    )
    expect(runtime.failure).toBeDefined()
    expect(thrown(() => runtime.resolve(Counter.tag))).toMatchObject({ _tag: "DuplicateModule" })
  })

  test("1 the same value twice is no duplicate", () => {
    const runtime = disposing(Runtime.make([CounterLive, CounterLive, CounterLive.impl]))
    expect(runtime.instances().length).toBe(1)
  })

  test("1 two runtimes have an instance each", () => {
    const [one, two] = [disposing(Runtime.make(CounterLive)), disposing(Runtime.make(CounterLive))]
    one.resolve(Counter.tag).unsafe.transact("set", (tx) => tx.update(plus(1)))
    const count = (runtime: typeof one): CounterState => runtime.resolve(Counter.tag).unsafe.getState()
    expect([count(one).count, count(two).count]).toEqual([1, 0])
  })
})
