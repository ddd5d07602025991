/** Section 1: modules added to a running runtime. */
import { Module, Root, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "vitest"
import { collectErrors, Counter, disposing, idle, rejection, thrown, zero } from "./support.ts"

class Name extends Context.Service<Name, string>()("test/add/Name") {}

const CounterLive = Counter.implement({ initial: zero })
const Chart = Module.make("Chart", {
  state: Schema.Number,
  actions: { plot: Schema.Number },
  reducers: { plot: (_, to) => to }
})
const plots = Chart.logic("plots", ($) =>
  Effect.gen(function* () {
    const counter = yield* $.use(Counter)
    yield* $.on(counter.actionStream("increment")).run(() => $.actions.plot(1))
  })
)
const ChartLive = Chart.implement({ initial: 0, logics: [plots] })

/** A module whose layer waits for `finish`. */
const waiting = () => {
  const gate = Deferred.makeUnsafe<string, string>()
  const events: Array<string> = []
  const note = (line: string) => Effect.sync(() => void events.push(line))
  const layer = Layer.effect(
    Name,
    Effect.acquireRelease(Deferred.await(gate), () => note("released"), { interruptible: true })
  )
  const logic = Chart.logic("lives", ($) =>
    Effect.gen(function* () {
      yield* note(`starts with ${yield* $.use(Name)}`)
      yield* Effect.addFinalizer(() => note("ends"))
    })
  )
  const Live = Chart.implement({ initial: 0, logics: [logic], imports: [layer] })
  const reported = collectErrors()
  const runtime = disposing(Runtime.make(CounterLive, { onError: reported.onError, label: "app" }))
  return { runtime, Live, gate, events, reported }
}

describe("1 add", () => {
  test("1 what is added is started, resolved, provided to what runs from now on, and the root's", async () => {
    const runtime = disposing(Runtime.make(CounterLive))
    let told = 0
    runtime.subscribe(() => told++)
    const grown = await runtime.add(ChartLive)
    expect(grown).toBe(runtime)
    expect(told).toBe(1)
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Counter#1", "Chart#1"])
    await grown.runPromise(Effect.flatMap(Counter.tag, (counter) => counter.actions.increment()))
    const chart = await grown.runPromise(Chart.tag)
    expect(chart).toBe(runtime.resolve(Chart.tag))
    expect(await runtime.runPromise(Root.resolve(Chart.tag))).toBe(chart)
    await idle()
    expect(chart.unsafe.getState()).toBe(1)
  })

  test("1 where no layer waits it is there at once, and local instances find it", async () => {
    const runtime = disposing(Runtime.make(CounterLive))
    const adding = runtime.add(ChartLive)
    expect(runtime.resolve(Chart.tag).unsafe.getState()).toBe(0)
    const seen: Array<string> = []
    const looks = Counter.logic("looks", ($) =>
      Effect.map($.use(Chart), ({ instanceId }) => void seen.push(instanceId))
    )
    const grown = await adding
    grown.local(CounterLive.withLogic(looks)).mount()
    expect(seen).toEqual(["Chart#1"])
  })

  test("1 with all that it imports, and without what is there", async () => {
    const runtime = disposing(Runtime.make(CounterLive))
    const counter = runtime.resolve(Counter.tag)
    const Top = Module.make("Top", { state: Schema.Number, actions: {} })
    const TopLive = Top.implement({ initial: 0, imports: [CounterLive, Chart.implement({ initial: 3 })] })
    await runtime.add(TopLive)
    await runtime.add(TopLive)
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Counter#1", "Chart#1", "Top#1"])
    expect(runtime.resolve(Counter.tag)).toBe(counter)
  })

  test("1 another implementation under an id that is there: DuplicateModule, and nothing is added", async () => {
    const runtime = disposing(Runtime.make(CounterLive))
    const other = Counter.implement({ initial: zero })
    expect(await rejection(runtime.add([ChartLive, other]))).toMatchObject({
      _tag: "DuplicateModule",
      moduleId: "Counter"
    })
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Counter#1"])
    expect(thrown(() => runtime.resolve(Chart.tag))).toMatchObject({
      _tag: "ModuleNotProvided",
      provided: ["Counter"]
    })
  })

  test("1 the same module added twice at once is one instance", async () => {
    const { runtime, Live, gate, events } = waiting()
    const both = Promise.all([runtime.add(Live), runtime.add(Live)])
    await idle()
    Deferred.doneUnsafe(gate, Effect.succeed("Ada"))
    await both
    expect(events).toEqual(["starts with Ada"])
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Counter#1", "Chart#1"])
  })

  test("1 two that import one module, added at once: one instance of it", async () => {
    const { runtime, Live, gate, events } = waiting()
    const importing = (id: string) =>
      Module.make(id, { state: Schema.Number, actions: {} }).implement({ initial: 0, imports: [Live] })
    const both = Promise.all([runtime.add(importing("A")), runtime.add(importing("B"))])
    await idle()
    Deferred.doneUnsafe(gate, Effect.succeed("Ada"))
    await both
    expect(events).toEqual(["starts with Ada"])
    expect(runtime.instances().map(({ id }) => id)).toEqual(["Counter", "Chart", "A", "B"])
  })

  test("1 a layer that fails: nothing is added, and the next try works", async () => {
    const { runtime, events } = waiting()
    let tries = 0
    const acquired = Layer.effectDiscard(
      Effect.acquireRelease(
        Effect.sync(() => void events.push("acquired")),
        () => Effect.sync(() => void events.push("released"))
      )
    )
    const flaky = Layer.effect(
      Name,
      Effect.suspend(() => (tries++ === 0 ? Effect.fail("offline") : Effect.succeed("Ada")))
    )
    const Live = Chart.implement({ initial: 0, imports: [acquired, flaky] })
    expect(await rejection(runtime.add([Live]))).toBe("offline")
    expect(events).toEqual(["acquired", "released"])
    expect(runtime.instances().map(({ id }) => id)).toEqual(["Counter"])
    expect(runtime.status).toBe("ready")
    await runtime.add(Live)
    expect(runtime.instances().map(({ id }) => id)).toEqual(["Counter", "Chart"])
  })

  test("1 an initial state that does not fit: nothing is added", async () => {
    const runtime = disposing(Runtime.make([]))
    const Wrong = Module.make("Wrong", { state: Schema.Finite, actions: {} })
    expect(
      await rejection(runtime.add([CounterLive, Wrong.implement({ initial: Number.NaN })]))
    ).toMatchObject({
      _tag: "InvalidState",
      instanceId: "Wrong#1"
    })
    expect(runtime.instances()).toEqual([])
    expect(thrown(() => runtime.resolve(Counter.tag))).toMatchObject({ _tag: "ModuleNotProvided" })
  })

  test("1 added while the app is being built: it waits for that", async () => {
    const gate = Deferred.makeUnsafe<string>()
    const runtime = disposing(Runtime.make(CounterLive, { layer: Layer.effect(Name, Deferred.await(gate)) }))
    const adding = runtime.add(ChartLive)
    expect(runtime.instances()).toEqual([])
    Deferred.doneUnsafe(gate, Effect.succeed("Ada"))
    await adding
    expect(runtime.instances().map(({ id }) => id)).toEqual(["Counter", "Chart"])
  })

  test("C7 disposed of meanwhile: interrupted and released; it never starts", async () => {
    const { runtime, Live, events, reported } = waiting()
    const adding = rejection(runtime.add(Live))
    await idle()
    await runtime.dispose()
    expect(await adding).toMatchObject({ _tag: "RuntimeDisposed", label: "app" })
    expect(events).toEqual([])
    expect(runtime.instances()).toEqual([])
    expect(reported.errors).toEqual([])
    expect(await rejection(runtime.add(ChartLive))).toMatchObject({ _tag: "RuntimeDisposed" })
  })

  test("C7 what was added is closed with the rest, last first", async () => {
    const { runtime, Live, gate, events } = waiting()
    Deferred.doneUnsafe(gate, Effect.succeed("Ada"))
    await runtime.add(Live)
    await runtime.dispose()
    expect(events).toEqual(["starts with Ada", "ends", "released"])
  })

  test("1 evicted and added again it is a new instance", async () => {
    const runtime = disposing(Runtime.make(CounterLive))
    await runtime.add(ChartLive)
    runtime.resolve(Chart.tag).unsafe.dispatch({ _tag: "plot", payload: 5 })
    await runtime.evict("Chart#1")
    const grown = await runtime.add(ChartLive)
    const chart = await grown.runPromise(Chart.tag)
    expect([chart.instanceId, chart.unsafe.getState()]).toEqual(["Chart#2", 0])
  })

  test("1 what it imports is added again as well, if that was evicted", async () => {
    const Top = Module.make("Top", { state: Schema.Number, actions: {} })
    const TopLive = Top.implement({ initial: 0, imports: [CounterLive] })
    const runtime = disposing(Runtime.make(TopLive))
    await runtime.evict("Counter#1")
    await runtime.add(TopLive)
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Top#1", "Counter#2"])
  })

  test("1 added to a scope it is that scope's alone", async () => {
    const runtime = disposing(Runtime.make(CounterLive))
    const scope = runtime.scope([])
    await scope.add(ChartLive)
    expect(scope.resolve(Chart.tag).instanceId).toBe("Chart#1")
    expect(thrown(() => runtime.resolve(Chart.tag))).toMatchObject({ _tag: "ModuleNotProvided" })
  })
})
