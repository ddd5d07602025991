/** Section 1: local instances for programs, what is told of an evicted one, and time by the app's clock. */
import { Local, Module, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, test } from "vitest"
import { collectErrors, Counter, disposing, idle, rejection, statesOf, thrown, zero } from "./support.ts"

class Name extends Context.Service<Name, string>()("test/acquire/Name") {}

const CounterLive = Counter.implement({ initial: zero })

/** One row of a table: made by its key. */
const Row = Module.make("Row", {
  state: Schema.Struct({ id: Schema.String, seen: Schema.Number }),
  actions: { see: Schema.Void },
  reducers: { see: (state) => ({ ...state, seen: state.seen + 1 }) }
})
const rows = () => {
  const events: Array<string> = []
  const logic = Row.logic("lives", ($) =>
    Effect.gen(function* () {
      const { id } = yield* $.state.get
      events.push(`${id} starts`)
      yield* Effect.addFinalizer(() => Effect.sync(() => void events.push(`${id} ends`)))
    })
  )
  const RowLive = Row.implement({ initial: (id: string) => ({ id, seen: 0 }), logics: [logic] })
  return { events, RowLive }
}

describe("1 Local.acquire", () => {
  test("1 it is made of typed input, started, and closed with the scope", async () => {
    const { events, RowLive } = rows()
    const runtime = disposing(Runtime.make([]))
    const state = await runtime.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const row = yield* Local.acquire(RowLive, { input: "a" })
          yield* row.actions.see()
          expect(runtime.instances()).toEqual([row])
          return yield* row.getState
        })
      )
    )
    expect(state).toEqual({ id: "a", seen: 1 })
    expect(events).toEqual(["a starts", "a ends"])
    expect(runtime.instances()).toEqual([])
  })

  test("1 by key it is shared, also with those who have it mounted; the last to leave ends it", async () => {
    const { events, RowLive } = rows()
    const runtime = disposing(Runtime.make([]))
    const scopes = [Scope.makeUnsafe(), Scope.makeUnsafe()]
    const acquire = (scope: Scope.Scope, input: string) =>
      runtime.runPromise(Scope.provide(Local.acquire(RowLive, { key: "k", input }), scope))
    const first = await acquire(scopes[0]!, "a")
    const second = await acquire(scopes[1]!, "b")
    expect(second).toBe(first)
    const mounted = runtime.local(RowLive, { key: "k", input: "c" })
    expect(mounted.ref).toBe(first)
    const release = mounted.mount()
    expect(runtime.list()).toMatchObject([{ local: { key: "k", mounts: 3 } }])
    for (const scope of scopes) await runtime.runPromise(Scope.close(scope, Exit.void))
    expect(events).toEqual(["a starts"])
    release()
    await expect.poll(() => events).toEqual(["a starts", "a ends"])
  })

  test("1 a logic makes one for each row; they end with the instance whose logic it is, and before it", async () => {
    const { events, RowLive } = rows()
    const Table = Module.make("Table", {
      state: Schema.Number,
      actions: { open: Schema.String, see: Schema.String }
    })
    const opens = Table.logic("opens", ($) =>
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => Effect.sync(() => void events.push("table ends")))
        const scope = yield* Effect.scope
        const row = (id: string) => Local.acquire(RowLive, { key: id, input: id })
        yield* $.onAction("open").run((id) => Scope.provide(row(id), scope))
        yield* $.onAction("see").run((id) =>
          Effect.scoped(Effect.flatMap(row(id), ({ actions }) => actions.see()))
        )
      })
    )
    const TableLive = Table.implement({ initial: 0, logics: [opens] })
    const runtime = disposing(Runtime.make(TableLive))
    const { actions } = runtime.resolve(Table.tag)
    await runtime.runPromise(
      Effect.all([actions.open("a"), actions.open("b"), actions.open("a"), actions.see("a")])
    )
    await idle()
    expect(statesOf(runtime).slice(1)).toEqual([
      ["Row#1", { id: "a", seen: 1 }],
      ["Row#2", { id: "b", seen: 0 }]
    ])
    await runtime.evict("Table#1")
    expect(events).toEqual(["a starts", "b starts", "b ends", "a ends", "table ends"])
    expect(runtime.instances()).toEqual([])
  })

  test("1 it finds the nearest modules of the scope that it is acquired in, and the services of its caller", async () => {
    const seen: Array<unknown> = []
    const looks = Counter.logic("looks", ($) =>
      Effect.gen(function* () {
        seen.push((yield* $.use(Row)).instanceId, yield* $.use(Name))
      })
    )
    const runtime = disposing(Runtime.make(Row.implement({ initial: { id: "root", seen: 0 } })))
    const scope = runtime.scope(Row.implement({ initial: { id: "inner", seen: 0 } }))
    const acquire = Effect.scoped(Local.acquire(Counter.implement({ initial: zero, logics: [looks] })))
    await runtime.runPromise(Effect.provideService(acquire, Name, "one"))
    await scope.runPromise(Effect.provideService(acquire, Name, "two"))
    expect(seen).toEqual(["Row#1", "one", "Row#2", "two"])
  })

  test("1 a module's own layer is built before it is given, and released when it ends", async () => {
    const events: Array<string> = []
    const layer = Layer.effect(
      Name,
      Effect.acquireRelease(Effect.delay(Effect.succeed("late"), "1 millis"), () =>
        Effect.sync(() => void events.push("released"))
      )
    )
    const uses = Counter.logic("uses", ($) => Effect.map($.use(Name), (name) => void events.push(name)))
    const runtime = disposing(Runtime.make([]))
    const Live = Counter.implement({ initial: zero, logics: [uses], imports: [layer] })
    await runtime.runPromise(Effect.scoped(Effect.map(Local.acquire(Live), () => void events.push("given"))))
    expect(events).toEqual(["late", "given", "released"])
  })

  test("1 a layer that fails: it dies with the reason, and nothing is left", async () => {
    const reported = collectErrors()
    const runtime = disposing(Runtime.make([], { onError: reported.onError }))
    const Live = Counter.implement({ initial: zero, imports: [Layer.effect(Name, Effect.fail("offline"))] })
    expect(await rejection(runtime.runPromise(Effect.scoped(Local.acquire(Live))))).toBe("offline")
    expect(reported.infos).toMatchObject([{ during: "build", entry: "local instance" }])
    expect(runtime.instances()).toEqual([])
  })

  test("1 outside of any runtime: ModuleNotProvided", async () => {
    const outside = Effect.runPromise(Effect.scoped(Local.acquire(CounterLive)))
    expect(await rejection(outside)).toMatchObject({ _tag: "ModuleNotProvided", moduleId: "Counter" })
  })
})

describe("1 an evicted local instance", () => {
  test("1 those who have it mounted are told, once, and a key gives a new one", async () => {
    const { events, RowLive } = rows()
    const runtime = disposing(Runtime.make([]))
    const options = { key: "k", input: "a" }
    const told: Array<string> = []
    const first = runtime.local(RowLive, options)
    first.mount(() => told.push("one"))
    first.mount(() => told.push(`two, now ${runtime.local(RowLive, options).ref.instanceId}`))
    first.mount(() => told.push("three"))()
    await runtime.evict("Row#1")
    await runtime.evict("Row#1")
    expect(told).toEqual(["one", "two, now Row#2"])
    expect(first.closed()).toBe(true)
    expect(events).toEqual(["a starts", "a ends"])
  })

  test("C7 with what it imports, and entries that wait there are told", async () => {
    const Gate = Module.make("Gate", { state: Schema.Number, actions: { pass: Schema.Void } })
    const never = Gate.logic("never", ($) => $.onAction("pass").run(() => Effect.never))
    const GateLive = Gate.implement({ initial: 0, logics: [never], channel: { capacity: 1 } })
    const { RowLive } = rows()
    const runtime = disposing(Runtime.make([]))
    const Top = Module.make("Top", { state: Schema.Number, actions: {} })
    const local = runtime.local(Top.implement({ initial: 0, imports: [GateLive] }))
    local.mount()
    runtime.local(RowLive, { input: "stays" }).mount()
    const gate = runtime.instances().find(({ id }) => id === "Gate")!
    const pass = () => runtime.runPromise(gate.dispatch({ _tag: "pass" }))
    await pass()
    await idle()
    await pass()
    const waiting = rejection(pass())
    await idle()
    expect(gate.unsafe.backlog().consumers[0]?.waiting).toBe(1)
    await runtime.evict(local.ref.instanceId)
    expect(await waiting).toMatchObject({ _tag: "InstanceClosed", instanceId: "Gate#1" })
    expect(runtime.instances().map(({ id }) => id)).toEqual(["Row"])
  })

  test("1 the end of a scope tells nobody: there is no other to ask for", async () => {
    const runtime = disposing(Runtime.make([]))
    const told: Array<string> = []
    const local = runtime.local(CounterLive)
    local.mount(() => told.push("evicted"))
    await runtime.dispose()
    expect(local.closed()).toBe(true)
    expect(told).toEqual([])
  })

  test("1 a scope's local instances end with it", async () => {
    const { events, RowLive } = rows()
    const runtime = disposing(Runtime.make([]))
    const scope = runtime.scope([])
    const local = scope.local(RowLive, { key: "k", input: "a" })
    local.mount()
    expect(runtime.local(RowLive, { key: "k", input: "a" }).ref).not.toBe(local.ref)
    await scope.dispose()
    expect(events).toEqual(["a starts", "a ends"])
    expect(thrown(() => scope.local(RowLive, { input: "b" }))).toMatchObject({ _tag: "RuntimeDisposed" })
  })
})

describe("1 gcTime by the app's clock", () => {
  test("1 on a TestClock it passes when the test says so; it may be a Duration", async () => {
    const { events, RowLive } = rows()
    const runtime = disposing(Runtime.make([], { layer: TestClock.layer() }))
    runtime.local(RowLive, { input: "a", gcTime: "1 hour" }).mount()()
    runtime.local(RowLive, { input: "b", gcTime: 1000 }).mount()()
    await runtime.runPromise(TestClock.adjust("59 minutes"))
    await idle()
    expect(events).toEqual(["a starts", "b starts", "b ends"])
    await runtime.runPromise(TestClock.adjust("1 minute"))
    await idle()
    expect(events).toEqual(["a starts", "b starts", "b ends", "a ends"])
  })

  test("1 a keyed one that nothing mounts is forgotten after 5 seconds of it", async () => {
    const { RowLive } = rows()
    const runtime = disposing(Runtime.make([], { layer: TestClock.layer() }))
    const find = () => runtime.local(RowLive, { key: "k", input: "a" }).ref
    const rendered = find()
    await runtime.runPromise(TestClock.adjust(4999))
    await idle()
    expect(find()).toBe(rendered)
    await runtime.runPromise(TestClock.adjust(1))
    await idle()
    expect(find()).not.toBe(rendered)
  })

  test("1 acquired again before it has passed, it goes on", async () => {
    const { events, RowLive } = rows()
    const runtime = disposing(Runtime.make([], { layer: TestClock.layer() }))
    const see = Effect.scoped(
      Effect.flatMap(Local.acquire(RowLive, { key: "k", input: "a", gcTime: "10 seconds" }), (row) =>
        Effect.andThen(row.actions.see(), row.getState)
      )
    )
    const seen = await runtime.runPromise(
      Effect.gen(function* () {
        yield* see
        yield* TestClock.adjust("9 seconds")
        const again = yield* see
        yield* TestClock.adjust("9 seconds")
        return again.seen
      })
    )
    expect(seen).toBe(2)
    expect(events).toEqual(["a starts"])
    await runtime.runPromise(TestClock.adjust("1 seconds"))
    await idle()
    expect(events).toEqual(["a starts", "a ends"])
  })
})

describe("C7 Local.acquire while the module's layer waits", () => {
  const waiting = () => {
    const events: Array<string> = []
    const hanging = Layer.effectDiscard(
      Effect.onInterrupt(Effect.never, () => Effect.sync(() => void events.push("interrupted")))
    )
    const reported = collectErrors()
    const runtime = disposing(Runtime.make([], { onError: reported.onError }))
    const Live = CounterLive.withLayer(hanging)
    const acquired = rejection(runtime.runPromise(Effect.scoped(Local.acquire(Live, { key: "a" }))))
    return { acquired, events, reported, runtime, Live }
  }

  test("C7 the runtime is disposed of: it is told, and the layer is interrupted", async () => {
    const { acquired, events, reported, runtime } = waiting()
    await idle()
    await runtime.dispose()
    expect(await acquired).toMatchObject({ _tag: "InstanceClosed", entry: "Local.acquire" })
    expect(events).toEqual(["interrupted"])
    expect(reported.errors).toEqual([])
  })

  test("C7 it is evicted: it is told, and the layer goes on for those who share it", async () => {
    const { acquired, events, reported, runtime, Live } = waiting()
    const other = runtime.local(Live)
    other.mount()
    await idle()
    // It has not started, so that no list has it.
    await runtime.evict(runtime.local(Live, { key: "a" }).ref.instanceId)
    expect(await acquired).toMatchObject({ _tag: "InstanceClosed", instanceId: "Counter#1" })
    expect([events, other.closed(), reported.errors]).toEqual([[], false, []])
  })
})
