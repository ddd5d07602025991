import { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { collectWarnings, empty, gaugeOf, isDone, Lane, laneOf, startLane, stepper } from "./lane.ts"
import { collectErrors, disposing, entriesOf, idle } from "./support.ts"

const Second = laneOf("Second")
const Third = laneOf("Third")

const upTo = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i + 1)

/** All callers end, or the test times out. */
const dispatchAll = (
  lane: { readonly actions: { readonly a: (n: number) => Effect.Effect<void> } },
  n: number
) => Effect.forEach(upTo(n), (i) => lane.actions.a(i), { concurrency: "unbounded", discard: true })

describe("C4 on the own flow", () => {
  it("C4 a handler that dispatches to its own full flow is admitted beyond capacity", async () => {
    const {
      it: lane,
      runtime,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      $.onAction("a").run((n) => (n < 10 ? $.actions.a(n + 10) : Effect.void), { name: "x" })
    )
    await runtime.runPromise(dispatchAll(lane, 6))
    await idle()
    expect(log().toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16])
    expect(gauge("x")).toMatchObject({ depth: 0, waiting: 0, inFlight: 0 })
    expect(gauge("x").overflow).toBeGreaterThan(0)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain("beyond capacity")
  })

  it("C4 overflow counts exactly what is beyond capacity, and the warning comes once", async () => {
    const [done, start] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const {
      it: lane,
      gauge,
      warnings,
      log
    } = startLane(($) =>
      $.onAction("a").run(
        (n) =>
          n !== 1
            ? Effect.void
            : Effect.gen(function* () {
                yield* Effect.promise(() => start.promise)
                for (const m of [2, 3, 4, 5]) yield* $.actions.a(m)
                done.resolve()
              }),
        { name: "x" }
      )
    )
    lane.unsafe.dispatch({ _tag: "a", payload: 1 })
    await idle()
    start.resolve()
    await done.promise
    // 2 had the one slot.
    expect(gauge("x").overflow).toBe(3)
    await idle()
    expect(gauge("x")).toMatchObject({ depth: 0, overflow: 3 })
    expect(log()).toEqual([1, 2, 3, 4, 5])
    expect(warnings).toHaveLength(1)
  })

  it("C4 a batch of a handler to its own flow is admitted, however large", async () => {
    const {
      it: lane,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      $.onAction("a").run(
        (n) => (n === 1 ? Effect.suspend(() => lane.dispatchBatch([2, 3, 4].map(a))) : Effect.void),
        { name: "x" }
      )
    )
    for (const n of [1, 5]) lane.unsafe.dispatch(a(n))
    await idle()
    expect(log()).toEqual([1, 5, 2, 3, 4])
    expect(gauge("x")).toMatchObject({ depth: 0, inFlight: 0, waiting: 0, overflow: 3 })
    expect(warnings).toHaveLength(1)
  })

  it("C4 runParallel: the last of the handlers that could drain the flow is admitted, the others wait", async () => {
    const {
      it: lane,
      runtime,
      gauge,
      log
    } = startLane(($) =>
      $.onAction("a").runParallel({ concurrency: 2, name: "x" }, (n) =>
        n < 10 ? Effect.andThen($.actions.a(n + 10), $.actions.a(n + 20)) : Effect.void
      )
    )
    await runtime.runPromise(dispatchAll(lane, 8))
    await idle()
    expect(log()).toHaveLength(24)
    expect(gauge("x")).toMatchObject({ depth: 0, waiting: 0, inFlight: 0 })
  })

  it("C4 a reader of an actionStream that dispatches what it reads does not wait for itself", async () => {
    const { it: lane, runtime, log, backlog } = startLane(() => Effect.void)
    const reader = runtime.run(
      Stream.runForEach(Stream.take(lane.actionStream("a"), 12), ({ payload }) =>
        payload < 10 ? lane.actions.a(payload + 10) : Effect.void
      )
    )
    await runtime.runPromise(dispatchAll(lane, 6))
    await runtime.runPromise(Fiber.join(reader))
    expect(log()).toHaveLength(12)
    await idle()
    expect(backlog().consumers).toEqual([])
  })

  /** The handler of 1 reads one action of a stream and leaves it; that of 2 fills its own flow. */
  const readsOnce = () =>
    startLane(($) =>
      Effect.gen(function* () {
        const handle = yield* $.use(Lane.tag)
        yield* $.onAction("a").run((n) => {
          if (n === 1) {
            const once = Stream.runDrain(Stream.take(handle.actionStream("b"), 1))
            return Effect.andThen(once, $.actions.c(3))
          }
          return n === 2
            ? Effect.forEach([10, 11, 12], (m) => $.actions.a(m), { discard: true })
            : Effect.void
        })
      }).pipe((setup) => setup as Effect.Effect<void>)
    )

  it("C4 a handler that has read from an actionStream and left it is its flow's own again", async () => {
    const { it: lane, log, backlog, warnings } = readsOnce()
    lane.unsafe.dispatch(a(1))
    await idle()
    lane.unsafe.dispatch({ _tag: "b", payload: 5 })
    await idle()
    lane.unsafe.dispatch(a(2))
    await idle()
    expect(log()).toEqual([1, 5, 3, 2, 10, 11, 12])
    expect(backlog().consumers).toMatchObject([{ depth: 0, waiting: 0, inFlight: 0 }])
    expect(warnings).toHaveLength(1)
  })

  it("T7 and its entries are caused by what it handles, not by what it read", async () => {
    const { it: lane, runtime } = readsOnce()
    for (const action of [a(1), { _tag: "b", payload: 5 } as const, a(2)]) {
      lane.unsafe.dispatch(action)
      await idle()
    }
    const causes = entriesOf(runtime).map(({ txnId, cause }) => [txnId, cause])
    expect(causes).toEqual([
      ["Lane#1::t1", undefined],
      ["Lane#1::t2", undefined],
      ["Lane#1::t3", "Lane#1::t1"],
      ["Lane#1::t4", undefined],
      ["Lane#1::t5", "Lane#1::t4"],
      ["Lane#1::t6", "Lane#1::t4"],
      ["Lane#1::t7", "Lane#1::t4"]
    ])
  })

  it("C4 runLatest and runExhaust take while a handler waits, so their own entries never overflow", async () => {
    const {
      it: lane,
      runtime,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction("a").runExhaust((n) => (n < 10 ? $.actions.a(n + 10) : Effect.void), { name: "x" })
        yield* $.onAction("b").runLatest((n) => (n < 10 ? $.actions.b(n + 10) : Effect.void), { name: "y" })
      })
    )
    await runtime.runPromise(dispatchAll(lane, 6))
    await runtime.runPromise(
      Effect.forEach(upTo(6), (n) => lane.actions.b(n), { concurrency: "unbounded", discard: true })
    )
    await idle()
    expect(log().length).toBeGreaterThan(12)
    expect([gauge("x").overflow, gauge("y").overflow, warnings]).toEqual([0, 0, []])
    expect([gauge("x").depth, gauge("y").depth]).toEqual([0, 0])
  })
})

const a = (payload: number) => ({ _tag: "a", payload }) as const

describe("C4 over modules", () => {
  /** Lane a -> Second a -> (Third a ->) Lane b -> Second b ..., each at capacity 1, until `hops` are done. */
  const ring = (capacity: number, hops: number, modules: 2 | 3, concurrency = 1) => {
    const { warnings, layer } = collectWarnings()
    const { errors, onError } = collectErrors()
    const options = { initial: empty, channel: { capacity } }
    const strategy = { concurrency, name: "x" }
    const forward = (n: number) => n + 1000
    const runtime = disposing(
      Runtime.make(
        [
          Lane.implement({
            ...options,
            logics: [
              Lane.logic("to Second", ($) =>
                Effect.gen(function* () {
                  const next = yield* $.use(Second)
                  yield* $.onAction("a").runParallel(strategy, (n) =>
                    n < hops * 1000 ? next.actions.a(forward(n)) : Effect.void
                  )
                })
              )
            ]
          }),
          Second.implement({
            ...options,
            logics: [
              Second.logic("onwards", ($) =>
                Effect.gen(function* () {
                  const lane = yield* $.use(Lane)
                  const third = yield* $.use(Third)
                  const next = modules === 2 ? lane : third
                  yield* $.onAction("a").runParallel(strategy, (n) =>
                    n < hops * 1000 ? next.actions.a(forward(n)) : Effect.void
                  )
                })
              )
            ]
          }),
          Third.implement({
            ...options,
            logics: [
              Third.logic("back", ($) =>
                Effect.gen(function* () {
                  const next = yield* $.use(Lane)
                  yield* $.onAction("a").runParallel(strategy, (n) =>
                    n < hops * 1000 ? next.actions.a(forward(n)) : Effect.void
                  )
                })
              )
            ]
          })
        ],
        { onError, layer }
      )
    )
    const lanes = [Lane, Second, Third].map((def) => runtime.resolve(def.tag as typeof Lane.tag))
    return { runtime, lanes, lane: runtime.resolve(Lane.tag), warnings, errors }
  }

  for (const modules of [2, 3] as const) {
    for (const concurrency of [1, 2]) {
      for (const capacity of [1, 2]) {
        it(`C4 a ring of ${modules} modules, capacity ${capacity}, concurrency ${concurrency}: no deadlock, every action once`, async () => {
          const hops = 7
          const callers = 12
          const { runtime, lane, lanes, errors, warnings } = ring(capacity, hops, modules, concurrency)
          await runtime.runPromise(dispatchAll(lane, callers))
          await idle()
          const all = lanes.flatMap((each) => each.unsafe.getState().log)
          expect(all).toHaveLength(callers * (hops + 1))
          expect(new Set(all).size).toBe(all.length)
          for (const each of lanes) {
            for (const gauge of each.unsafe.backlog().consumers) {
              expect(gauge).toMatchObject({ depth: 0, waiting: 0, inFlight: 0 })
            }
          }
          expect(errors).toEqual([])
          const overflow = lanes.map((each) => gaugeOf(each.unsafe.backlog(), "x").overflow)
          expect(overflow.some((n) => n > 0)).toBe(true)
          expect(warnings.length).toBeGreaterThan(0)
          expect(warnings.length).toBeLessThanOrEqual(modules)
        })
      }
    }
  }

  /** Lane's handler x dispatches to Second as told; Second's handler y is stepped, or dispatches to Lane. */
  const pair = (answer: (n: number) => boolean) => {
    const { warnings, layer } = collectWarnings()
    const [x, y] = [stepper(), stepper()]
    const options = { initial: empty, channel: { capacity: 1 } }
    const runtime = disposing(
      Runtime.make(
        [
          Lane.implement({
            ...options,
            logics: [
              Lane.logic("lane", ($) =>
                Effect.gen(function* () {
                  const second = yield* $.use(Second)
                  yield* $.onAction("a").run((n) => Effect.andThen(x.handler(n), second.actions.a(n)), {
                    name: "x"
                  })
                })
              )
            ]
          }),
          Second.implement({
            ...options,
            logics: [
              Second.logic("second", ($) =>
                Effect.gen(function* () {
                  const lane = yield* $.use(Lane)
                  yield* $.onAction(["a", "b"]).run(
                    (n) => Effect.andThen(y.handler(n), answer(n) ? lane.actions.a(n) : Effect.void),
                    { name: "y" }
                  )
                })
              )
            ]
          })
        ],
        { layer }
      )
    )
    const lane = runtime.resolve(Lane.tag)
    const second = runtime.resolve(Second.tag)
    return {
      runtime,
      x,
      y,
      lane,
      second,
      warnings,
      gaugeX: () => gaugeOf(lane.unsafe.backlog(), "x"),
      gaugeY: () => gaugeOf(second.unsafe.backlog(), "y")
    }
  }

  it("C4 a handler that waits for another module's full flow waits: that is no cycle", async () => {
    const { lane, second, x, y, gaugeX, gaugeY, warnings } = pair(() => false)
    for (const n of [1, 2]) second.unsafe.dispatch(a(n))
    for (const n of [3, 4]) lane.unsafe.dispatch(a(n))
    await Promise.all([x.started(1), y.started(1)])
    x.finish()
    expect(gaugeY()).toMatchObject({ depth: 1, waiting: 1, overflow: 0 })
    expect(gaugeX()).toMatchObject({ depth: 1, inFlight: 1 })
    y.finish()
    expect(gaugeY()).toMatchObject({ depth: 1, waiting: 0, overflow: 0 })
    expect(second.unsafe.getState().log).toEqual([1, 2, 3])
    expect(warnings).toEqual([])
  })

  it("C4 two handlers that wait for each other's full flows: the second is admitted beyond capacity", async () => {
    const { lane, second, x, y, gaugeX, gaugeY, warnings } = pair(() => true)
    for (const n of [1, 2]) second.unsafe.dispatch(a(n))
    for (const n of [3, 4]) lane.unsafe.dispatch(a(n))
    await Promise.all([x.started(1), y.started(1)])
    x.finish()
    expect(gaugeY()).toMatchObject({ waiting: 1, overflow: 0 })
    y.finish()
    // y's 1 went in beyond capacity, so y took 2, and x's 3 got its slot.
    expect(gaugeX()).toMatchObject({ overflow: 1, inFlight: 1 })
    expect(gaugeY()).toMatchObject({ waiting: 0, overflow: 0 })
    expect(lane.unsafe.getState().log).toEqual([3, 4, 1])
    expect(second.unsafe.getState().log).toEqual([1, 2, 3])
    await idle()
    expect(warnings).toHaveLength(1)
  })

  it("C4 a cycle through an external caller that holds a slot in between is seen", async () => {
    const [x, y] = [stepper(), stepper()]
    const {
      it: lane,
      call,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction(["a", "c"]).run(
          (n) => Effect.andThen(x.handler(n), n === 1 ? $.actions.b(7) : Effect.void),
          {
            name: "x"
          }
        )
        yield* $.onAction(["b", "c"]).run(y.handler, { name: "y" })
      })
    )
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    await x.started(1)
    // Holds y's only slot, and waits for x.
    const external = call(lane.actions.c(5))
    expect([gauge("x").waiting, gauge("y").depth, gauge("y").waiting]).toEqual([1, 1, 0])
    // x's handler now needs y, and would wait for the external caller, which waits for x.
    x.finish()
    expect(log()).toEqual([1, 2, 7, 5])
    expect(isDone(external)).toBe(true)
    expect(gauge("y").overflow).toBe(1)
    await idle()
    expect(warnings).toHaveLength(1)
  })

  it("C4 an external caller that holds a slot and waits for a third flow is no cycle", async () => {
    const [x, y, z] = [stepper(), stepper(), stepper()]
    const {
      it: lane,
      call,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction("a").run((n) => Effect.andThen(x.handler(n), $.actions.b(n + 6)), { name: "x" })
        yield* $.onAction(["b", "c"]).run(y.handler, { name: "y" })
        yield* $.onAction("c").run(z.handler, { name: "z" })
      })
    )
    lane.unsafe.dispatch(a(1))
    for (const n of [2, 3]) lane.unsafe.dispatch({ _tag: "c", payload: n })
    await Promise.all([x.started(1), y.started(1), z.started(1)])
    y.finish()
    y.finish()
    // Holds y's only slot, and waits for z.
    const external = call(lane.actions.c(5))
    x.finish()
    expect(isDone(external)).toBe(false)
    expect(gauge("y")).toMatchObject({ depth: 1, waiting: 1, overflow: 0 })
    z.finish()
    expect(isDone(external)).toBe(true)
    await y.started(3)
    expect(log()).toEqual([1, 2, 3, 5, 7])
    expect([gauge("y").overflow, warnings]).toEqual([0, []])
  })

  it("C4 with a free handler in runParallel, one that waits for its own flow waits", async () => {
    const x = stepper()
    const {
      it: lane,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      $.onAction("a").runParallel({ concurrency: 2, name: "x" }, (n) =>
        Effect.andThen(x.handler(n), n === 1 ? $.actions.a(9) : Effect.void)
      )
    )
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    await x.started(2)
    x.finish(1)
    expect(gauge("x")).toMatchObject({ waiting: 1, overflow: 0, depth: 1 })
    x.finish(2)
    await x.started(3)
    expect(log()).toEqual([1, 2, 3, 9])
    expect([gauge("x").overflow, warnings]).toEqual([0, []])
  })

  it("C4 one handler that makes two entries at once is one handler: the other still drains the flow", async () => {
    const [x, y] = [stepper(), stepper()]
    const {
      it: lane,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction("a").runParallel({ concurrency: 2, name: "x" }, (n) =>
          Effect.andThen(
            x.handler(n),
            n === 1 ? Effect.all([$.actions.b(8), $.actions.a(9)], { concurrency: 2 }) : Effect.void
          )
        )
        yield* $.onAction("b").run(y.handler, { name: "y" })
      })
    )
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    for (const payload of [4, 5]) lane.unsafe.dispatch({ _tag: "b", payload })
    await Promise.all([x.started(2), y.started(1)])
    x.finish(1)
    // Both wait; the handler of 2 will end and take 3.
    expect(gauge("x")).toMatchObject({ waiting: 1, overflow: 0 })
    expect(gauge("y")).toMatchObject({ waiting: 1, overflow: 0 })
    x.finish(2)
    y.finish()
    await idle()
    expect(log().slice(0, 5)).toEqual([1, 2, 3, 4, 5])
    expect(
      log()
        .slice(5)
        .toSorted((a, b) => a - b)
    ).toEqual([8, 9])
    expect([gauge("x").overflow, gauge("y").overflow, warnings]).toEqual([0, 0, []])
  })

  it("C4 what a handler forked and left behind waits like anyone", async () => {
    const x = stepper()
    const gate = Promise.withResolvers<void>()
    const {
      it: lane,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        yield* $.onAction("a").run(
          (n) =>
            n === 1
              ? Effect.forkIn(
                  Effect.andThen(
                    Effect.promise(() => gate.promise),
                    $.actions.a(9)
                  ),
                  scope
                )
              : x.handler(n),
          { name: "x" }
        )
      })
    )
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    await x.started(1)
    gate.resolve()
    await idle()
    expect(gauge("x")).toMatchObject({ waiting: 1, depth: 1, overflow: 0 })
    x.finish()
    expect(log()).toEqual([1, 2, 3, 9])
    expect(gauge("x")).toMatchObject({ waiting: 0, overflow: 0 })
    expect(warnings).toEqual([])
  })

  it("C4 a wait that outlives its handler does not make its flow look stuck", async () => {
    const [x, y] = [stepper(), stepper()]
    const {
      it: lane,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        // The handler of 1 ends, and its child goes on waiting for y.
        yield* $.onAction("a").run(
          (n) => (n === 1 ? Effect.forkIn($.actions.b(7), scope, { startImmediately: true }) : x.handler(n)),
          { name: "x" }
        )
        yield* $.onAction("b").run(
          (n) => Effect.andThen(y.handler(n), n === 4 ? $.actions.a(9) : Effect.void),
          { name: "y" }
        )
      })
    )
    for (const payload of [4, 5]) lane.unsafe.dispatch({ _tag: "b", payload })
    await y.started(1)
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    await x.started(1)
    expect([gauge("y").waiting, gauge("x").inFlight, gauge("x").depth]).toEqual([1, 1, 1])
    // y's handler now waits for x, whose handler of 2 runs on its own.
    y.finish()
    expect(gauge("x")).toMatchObject({ waiting: 1, overflow: 0 })
    x.finish()
    await idle()
    expect(log()).toEqual([4, 5, 1, 2, 3, 9, 7])
    expect([gauge("x").overflow, gauge("y").overflow, warnings]).toEqual([0, 0, []])
  })

  it("C4 a handler that awaits the Promise of a callback into its own full flow does not wait for itself", async () => {
    const {
      it: lane,
      gauge,
      log
    } = startLane(($) =>
      Effect.gen(function* () {
        const arrived = $.callback("a")
        yield* $.onAction("a").run((n) => (n === 1 ? Effect.promise(() => arrived(9)) : Effect.void), {
          name: "x"
        })
      })
    )
    lane.unsafe.dispatchBatch([a(1), a(2)])
    await idle()
    expect(log()).toEqual([1, 2, 9])
    expect(gauge("x")).toMatchObject({ depth: 0, inFlight: 0, overflow: 1 })
  })

  it("C4 an interrupted runLatest handler whose finalizer dispatches to its own full flow does not stop it", async () => {
    const x = stepper()
    const {
      it: lane,
      gauge,
      log
    } = startLane(($) =>
      $.onAction("a").runLatest(
        (n) => (n < 10 ? Effect.onInterrupt(x.handler(n), () => $.actions.a(n + 10)) : Effect.void),
        { name: "x" }
      )
    )
    lane.unsafe.dispatch(a(1))
    await x.started(1)
    for (const n of [2, 3, 4]) lane.unsafe.dispatch(a(n))
    await idle()
    expect(log().slice(0, 4)).toEqual([1, 2, 3, 4])
    expect(
      log()
        .slice(4)
        .toSorted((a, b) => a - b)
    ).toEqual([11, 12, 13, 14])
    expect(gauge("x")).toMatchObject({ depth: 0, waiting: 0 })
  })
})

describe("C4 with setups", () => {
  it("C4 a setup that waits for a flow whose handler waits for the setup's kept actions is no deadlock", async () => {
    const { warnings, layer } = collectWarnings()
    const options = { initial: empty, channel: { capacity: 1 } }
    const runtime = disposing(
      Runtime.make(
        [
          Second.implement({
            ...options,
            logics: [
              Second.logic("echo", ($) =>
                Effect.gen(function* () {
                  const lane = yield* $.use(Lane)
                  yield* $.onAction("a").run((n) => lane.actions.a(n), { name: "y" })
                })
              )
            ]
          }),
          Lane.implement({
            ...options,
            logics: [
              Lane.logic("load", ($) =>
                Effect.gen(function* () {
                  const second = yield* $.use(Second)
                  yield* Effect.forEach(upTo(6), (n) => Effect.andThen(Effect.yieldNow, second.actions.a(n)))
                })
              )
            ]
          })
        ],
        { layer }
      )
    )
    await idle()
    expect(runtime.resolve(Second.tag).unsafe.getState().log).toEqual(upTo(6))
    expect(runtime.resolve(Lane.tag).unsafe.getState().log).toEqual(upTo(6))
    expect(warnings.length).toBeLessThanOrEqual(1)
  })
})

// ---------------------------------------------------------------------------------------------------------
// Random networks of modules, whose handlers dispatch to each other

const networkTags = ["a", "b", "c"] as const
type NetworkTag = (typeof networkTags)[number]
interface Target {
  readonly module: number
  readonly tag: NetworkTag
}

const target: fc.Arbitrary<Target> = fc.record({ module: fc.nat(2), tag: fc.constantFrom(...networkTags) })
const network = fc.record({
  capacities: fc.tuple(
    fc.integer({ min: 1, max: 2 }),
    fc.integer({ min: 1, max: 2 }),
    fc.integer({ min: 1, max: 2 })
  ),
  strategies: fc.array(fc.constantFrom("run" as const, "parallel" as const), { minLength: 3, maxLength: 3 }),
  /** Where the handler of each module and tag dispatches to. */
  routes: fc.array(fc.array(target, { maxLength: 2 }), { minLength: 9, maxLength: 9 }),
  atOnce: fc.boolean(),
  sink: fc.option(fc.record({ capacity: fc.integer({ min: 1, max: 2 }), to: target }), { nil: undefined }),
  callers: fc.array(fc.tuple(target, fc.integer({ min: 1, max: 4 }), fc.boolean()), {
    minLength: 1,
    maxLength: 12
  })
})

describe("C4 over random networks", () => {
  it("C4 never a deadlock: every caller ends, and every action is handled once, whatever dispatches to what", async () => {
    await fc.assert(
      fc.asyncProperty(network, async ({ atOnce, callers, capacities, routes, sink, strategies }) => {
        const { layer } = collectWarnings()
        const { errors, onError } = collectErrors()
        const defs = [Lane, Second, Third] as const
        const handled = new Map<string, number>()
        const expected = new Map<string, number>()
        const count = (counts: Map<string, number>, module: number, tag: string) =>
          counts.set(`${module}${tag}`, (counts.get(`${module}${tag}`) ?? 0) + 1)
        const targetsOf = (module: number, tag: NetworkTag) =>
          routes[module * 3 + networkTags.indexOf(tag)] ?? []
        // A payload is how many more times it is passed on; what a sink makes is not passed on again by it.
        const expectRoute = (module: number, tag: NetworkTag, left: number): void => {
          count(expected, module, tag)
          if (sink !== undefined && left < 100) expectRoute(sink.to.module, sink.to.tag, 100)
          if (left % 100 > 1)
            for (const to of targetsOf(module, tag)) expectRoute(to.module, to.tag, left - 1)
        }
        const impls = defs.map((def, module) =>
          def.implement({
            initial: empty,
            channel: { capacity: capacities[module] ?? 1 },
            logics: [
              def.logic("route", ($) =>
                Effect.gen(function* () {
                  const flow = $.onAction()
                  const handler = (left: number, { _tag }: { readonly _tag: NetworkTag }) =>
                    Effect.gen(function* () {
                      count(handled, module, _tag)
                      if (left % 100 <= 1) return
                      yield* Effect.forEach(
                        targetsOf(module, _tag),
                        (to) => dispatchTo(to, left - 1),
                        atOnce ? { concurrency: "unbounded" } : {}
                      )
                    })
                  yield* strategies[module] === "parallel"
                    ? flow.runParallel({ concurrency: 2, name: "x" }, handler)
                    : flow.run(handler, { name: "x" })
                })
              )
            ]
          })
        )
        const runtime = Runtime.make(impls, { onError, layer })
        const lanes = defs.map((def) => runtime.resolve(def.tag as typeof Lane.tag))
        const dispatchTo = (to: Target, left: number): Effect.Effect<void> =>
          Effect.suspend(() => lanes[to.module]?.dispatch({ _tag: to.tag, payload: left }) ?? Effect.void)
        if (sink !== undefined) {
          runtime.attach({
            name: "sink",
            capacity: sink.capacity,
            onCommit: (batch) =>
              Effect.forEach(
                batch.flatMap(({ actions }) => actions),
                ({ payload }) => (Number(payload) < 100 ? dispatchTo(sink.to, 100) : Effect.void),
                { discard: true }
              )
          })
        }
        const fibers: Array<Fiber.Fiber<void>> = []
        for (const [to, left, isSync] of callers) {
          expectRoute(to.module, to.tag, left)
          if (isSync) lanes[to.module]?.unsafe.dispatch({ _tag: to.tag, payload: left })
          else fibers.push(runtime.run(dispatchTo(to, left)))
        }
        const total = [...expected.values()].reduce((sum, n) => sum + n, 0)
        for (let turn = 0; turn < 20; turn++) {
          if ([...handled.values()].reduce((sum, n) => sum + n, 0) === total) break
          await idle()
        }
        await idle()
        expect(Object.fromEntries(handled)).toEqual(Object.fromEntries(expected))
        expect(fibers.every(isDone)).toBe(true)
        for (const lane of lanes) {
          const gauge = gaugeOf(lane.unsafe.backlog(), "x")
          expect(gauge).toMatchObject({ depth: 0, waiting: 0, inFlight: 0 })
        }
        expect(errors).toEqual([])
        await runtime.dispose()
      }),
      { numRuns: 200 }
    )
  }, 60_000)
})
