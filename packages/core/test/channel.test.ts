import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { isDone, type LaneRuntime, startLane, stepper } from "./lane.ts"
import { idle } from "./support.ts"

/** Two consumers of `a`, x and y, and one of `b`, z; each of capacity 1 and stepped by hand. */
const three = () => {
  const [x, y, z] = [stepper(), stepper(), stepper()]
  const lane = startLane(($) =>
    Effect.gen(function* () {
      yield* $.onAction("a").run(x.handler, { name: "x" })
      yield* $.onAction("a").run(y.handler, { name: "y" })
      yield* $.onAction("b").run(z.handler, { name: "z" })
    })
  )
  return { ...lane, x, y, z }
}

/** x and y each with one action in its handler and one in the FIFO: 1 and 2. */
const threeFull = async () => {
  const lane = three()
  await lane.runtime.runPromise(lane.it.actions.a(1))
  await Promise.all([lane.x.started(1), lane.y.started(1)])
  await lane.runtime.runPromise(lane.it.actions.a(2))
  return lane
}

/** One consumer of `a`, x. */
const one = (capacity: number) => {
  const x = stepper()
  const lane = startLane(($) => $.onAction("a").run(x.handler, { name: "x" }), { capacity })
  return { ...lane, x }
}

const oneFull = async () => {
  const lane = one(1)
  await lane.runtime.runPromise(lane.it.actions.a(1))
  await lane.x.started(1)
  await lane.runtime.runPromise(lane.it.actions.a(2))
  return lane
}

describe("C2", () => {
  it("C2 every action reaches every matching consumer exactly once, in commit order, from sync and Effect callers", async () => {
    const seen: Array<number> = []
    const odd: Array<number> = []
    const {
      it: lane,
      runtime,
      log
    } = startLane(
      ($) =>
        Effect.gen(function* () {
          yield* $.onAction().run((n) => Effect.sync(() => seen.push(n)))
          yield* $.onAction((action) => action.payload % 2 === 1).run((n) => Effect.sync(() => odd.push(n)))
        }),
      { capacity: 2 }
    )
    const callers: Array<Fiber.Fiber<void>> = []
    for (let n = 1; n <= 200; n++) {
      if (n % 3 === 0) lane.unsafe.dispatch({ _tag: "a", payload: n })
      else if (n % 3 === 1) callers.push(runtime.run(lane.actions.b(n)))
      else void lane.unsafe.dispatchPromise({ _tag: "c", payload: n })
    }
    await runtime.runPromise(Fiber.awaitAll(callers))
    await idle()
    expect(log()).toHaveLength(200)
    expect(new Set(log()).size).toBe(200)
    expect(seen).toEqual(log())
    expect(odd).toEqual(log().filter((n) => n % 2 === 1))
  })

  it("C2 an action that changes nothing reaches its consumers too", async () => {
    const seen: Array<number> = []
    const { it: lane } = startLane(($) => $.onAction("a").run((n) => Effect.sync(() => seen.push(n))))
    for (const payload of [0, 1, 0]) lane.unsafe.dispatch({ _tag: "a", payload })
    await idle()
    expect(seen).toEqual([0, 1, 0])
    expect(lane.unsafe.getVersion()).toBe(1)
  })

  it("C2 a consumer gets what was committed after it subscribed, and nothing from before", async () => {
    const { it: lane, runtime } = startLane(() => Effect.void)
    lane.unsafe.dispatch({ _tag: "a", payload: 1 })
    const two = runtime.run(Stream.runCollect(Stream.take(lane.actionStream("a"), 2)))
    lane.unsafe.dispatch({ _tag: "a", payload: 2 })
    lane.unsafe.dispatch({ _tag: "b", payload: 9 })
    const last = runtime.run(Stream.runCollect(Stream.take(lane.actionStream(), 1)))
    lane.unsafe.dispatch({ _tag: "a", payload: 3 })
    const got = await runtime.runPromise(Fiber.join(two))
    expect(got.map(({ payload }) => payload)).toEqual([2, 3])
    expect(await runtime.runPromise(Fiber.join(last))).toEqual([{ _tag: "a", payload: 3 }])
  })

  it("C2 the actions of a batch reach a consumer one by one, in their order", async () => {
    const seen: Array<string> = []
    const { it: lane } = startLane(
      ($) => $.onAction(["a", "c"]).run((n, { _tag }) => Effect.sync(() => seen.push(`${_tag}${n}`))),
      { capacity: 8 }
    )
    lane.unsafe.dispatchBatch([
      { _tag: "c", payload: 1 },
      { _tag: "b", payload: 2 },
      { _tag: "a", payload: 3 },
      { _tag: "a", payload: 4 }
    ])
    await idle()
    expect(seen).toEqual(["c1", "a3", "a4"])
  })

  it("C2 what a rolled-back batch held reaches nobody", async () => {
    const seen: Array<number> = []
    const { it: lane, log } = startLane(($) => $.onAction().run((n) => Effect.sync(() => seen.push(n))))
    const batch = [1, -1, 2].map((payload) => ({ _tag: "a", payload }) as const)
    expect(() => lane.unsafe.dispatchBatch(batch)).toThrow("below zero")
    await idle()
    expect({ seen, log: log() }).toEqual({ seen: [], log: [] })
  })
})

describe("C3", () => {
  it("C3 an Effect caller waits while a matching consumer is full, and enters when a slot is freed", async () => {
    const { x, it: lane, call, gauge, log } = await oneFull()
    const caller = call(lane.actions.a(3))
    expect(isDone(caller)).toBe(false)
    expect(gauge("x")).toMatchObject({ depth: 1, inFlight: 1, waiting: 1, overflow: 0 })
    x.finish()
    expect(isDone(caller)).toBe(true)
    expect(log()).toEqual([1, 2, 3])
    expect(gauge("x")).toMatchObject({ depth: 1, inFlight: 1, waiting: 0, overflow: 0 })
  })

  it("C3 while a caller waits there is no draft, no state change and no notification", async () => {
    const { x, it: lane, call, log } = await oneFull()
    let told = 0
    lane.unsafe.subscribe(() => told++)
    const version = lane.unsafe.getVersion()
    const caller = call(lane.actions.a(3))
    await idle()
    expect({ told, version: lane.unsafe.getVersion(), log: log() }).toEqual({ told: 0, version, log: [1, 2] })
    // Others use the instance meanwhile.
    lane.unsafe.transact("other", (tx) => tx.update(({ log }) => ({ log: [...log, 0] })))
    expect(log()).toEqual([1, 2, 0])
    x.finish()
    expect(isDone(caller)).toBe(true)
    expect({ told, log: log() }).toEqual({ told: 2, log: [1, 2, 0, 3] })
  })

  it("C3 a caller stands in the line of every full consumer at once, and holds each slot it is granted", async () => {
    const { x, y, it: lane, call, gauge, log } = await threeFull()
    const caller = call(lane.actions.a(3))
    expect([gauge("x").waiting, gauge("y").waiting]).toEqual([1, 1])
    x.finish()
    // A held slot counts as taken.
    expect(gauge("x")).toMatchObject({ depth: 1, waiting: 0 })
    expect(gauge("y")).toMatchObject({ depth: 1, waiting: 1 })
    const second = call(lane.actions.a(4))
    expect([gauge("x").waiting, gauge("y").waiting]).toEqual([1, 2])
    expect(isDone(caller)).toBe(false)
    y.finish()
    expect([isDone(caller), isDone(second)]).toEqual([true, false])
    expect(log()).toEqual([1, 2, 3])
  })

  it("C3 whoever frees the last slot runs the window, then resumes the caller", async () => {
    const { x, it: lane, call } = await oneFull()
    const events: Array<string> = []
    lane.unsafe.subscribe(() => events.push("told"))
    call(
      Effect.andThen(
        lane.actions.a(3),
        Effect.sync(() => events.push("resumed"))
      )
    )
    events.push("freeing")
    x.finish()
    events.push("freed")
    expect(events).toEqual(["freeing", "told", "resumed", "freed"])
  })

  it("C3 callers are served first come, first served", async () => {
    const { x, it: lane, call, log } = await oneFull()
    const callers = [3, 4, 5, 6].map((n) => call(lane.actions.a(n)))
    const done: Array<number> = []
    for (let i = 0; i < 4; i++) {
      x.finish()
      done.push(callers.filter(isDone).length)
    }
    expect(done).toEqual([1, 2, 3, 4])
    expect(log()).toEqual([1, 2, 3, 4, 5, 6])
  })

  it("C3 a caller of one consumer does not overtake one that waits for it and another", async () => {
    const [x, y] = [stepper(), stepper()]
    const {
      it: lane,
      call,
      log
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction(["a", "c"]).run(x.handler, { name: "x" })
        yield* $.onAction(["b", "c"]).run(y.handler, { name: "y" })
      })
    )
    for (const n of [1, 2])
      lane.unsafe.dispatchBatch([
        { _tag: "a", payload: n },
        { _tag: "b", payload: n }
      ])
    await Promise.all([x.started(1), y.started(1)])
    const both = call(lane.actions.c(3))
    const onlyX = call(lane.actions.a(4))
    x.finish()
    expect([isDone(both), isDone(onlyX)]).toEqual([false, false])
    x.finish()
    expect([isDone(both), isDone(onlyX)]).toEqual([false, false])
    y.finish()
    expect([isDone(both), isDone(onlyX)]).toEqual([true, false])
    await x.started(3)
    expect([isDone(both), isDone(onlyX)]).toEqual([true, true])
    expect(log().slice(4)).toEqual([3, 4])
  })

  it("C3 interrupted in line, a caller leaves its place and commits nothing", async () => {
    const { x, it: lane, call, gauge, log, runtime } = await oneFull()
    const first = call(lane.actions.a(3))
    const second = call(lane.actions.a(4))
    await runtime.runPromise(Fiber.interrupt(first))
    expect(gauge("x").waiting).toBe(1)
    x.finish()
    expect(isDone(second)).toBe(true)
    expect(log()).toEqual([1, 2, 4])
    x.finish()
    expect(gauge("x")).toMatchObject({ depth: 0, waiting: 0 })
  })

  it("C3 interrupted with slots in hand, a caller gives them on", async () => {
    const { x, y, it: lane, call, gauge, log, runtime } = await threeFull()
    const first = call(lane.actions.a(3))
    const second = call(lane.actions.a(4))
    x.finish()
    expect([gauge("x").waiting, gauge("y").waiting]).toEqual([1, 2])
    await runtime.runPromise(Fiber.interrupt(first))
    // The second holds the slot of x now.
    expect(gauge("x")).toMatchObject({ depth: 1, waiting: 0 })
    expect(gauge("y")).toMatchObject({ depth: 1, waiting: 1 })
    y.finish()
    expect(isDone(second)).toBe(true)
    expect(log()).toEqual([1, 2, 4])
  })

  it("C3 interruption of the last that stands before a complete caller lets it enter", async () => {
    const { x, it: lane, call, log, runtime } = one(3)
    const waiting = { _tag: "a" } as const
    await runtime.runPromise(lane.actions.a(1))
    await x.started(1)
    await runtime.runPromise(lane.dispatchBatch([2, 3].map((payload) => ({ ...waiting, payload }))))
    // It needs three slots and holds the one that is free.
    const batch = call(lane.dispatchBatch([4, 5, 6].map((payload) => ({ ...waiting, payload }))))
    const single = call(lane.actions.a(7))
    expect([isDone(batch), isDone(single)]).toEqual([false, false])
    await runtime.runPromise(Fiber.interrupt(batch))
    expect(isDone(single)).toBe(true)
    expect(log()).toEqual([1, 2, 3, 7])
  })

  it("C3 waiting and interruption leak nothing", async () => {
    const { x, y, it: lane, call, backlog, log, runtime } = await threeFull()
    for (let n = 0; n < 50; n++) {
      const callers = [10, 11, 12].map((m) => call(lane.actions.a(m)))
      await runtime.runPromise(Fiber.interruptAll(callers))
    }
    for (let n = 0; n < 2; n++) {
      x.finish()
      y.finish()
    }
    expect(log()).toEqual([1, 2])
    for (const gauge of backlog().consumers) {
      expect(gauge).toMatchObject({ depth: 0, inFlight: 0, waiting: 0, overflow: 0 })
    }
    const after = call(lane.actions.a(3))
    expect(isDone(after)).toBe(true)
  })

  it("C3 tags with no full consumer are not held up", async () => {
    const { it: lane, call, z, log } = await threeFull()
    const held = call(lane.actions.a(3))
    const free = call(lane.actions.b(4))
    const nobody = call(lane.actions.c(5))
    const update = call(lane.transact("t", (tx) => tx.update(({ log }) => ({ log: [...log, 6] }))))
    expect([held, free, nobody, update].map(isDone)).toEqual([false, true, true, true])
    await z.started(1)
    expect(log()).toEqual([1, 2, 4, 5, 6])
  })

  it("C3 a full consumer whose predicate refuses the action does not hold it up", async () => {
    const x = stepper()
    const { it: lane, call } = startLane(($) =>
      $.onAction(({ payload }) => payload < 10).run(x.handler, { name: "x" })
    )
    for (const payload of [1, 2]) lane.unsafe.dispatch({ _tag: "a", payload })
    await x.started(1)
    expect([call(lane.actions.a(10)), call(lane.actions.a(3))].map(isDone)).toEqual([true, false])
  })

  it("C3 a batch takes as many slots as it has actions, and waits for all of them", async () => {
    const { x, it: lane, call, gauge, log, runtime } = one(3)
    await runtime.runPromise(lane.actions.a(1))
    await x.started(1)
    for (const n of [2, 3, 4]) await runtime.runPromise(lane.actions.a(n))
    const batch = call(
      lane.dispatchBatch([
        { _tag: "a", payload: 5 },
        { _tag: "a", payload: 6 }
      ])
    )
    const single = call(lane.actions.a(7))
    x.finish()
    expect(gauge("x")).toMatchObject({ depth: 3, waiting: 2 })
    expect([isDone(batch), isDone(single)]).toEqual([false, false])
    x.finish()
    expect([isDone(batch), isDone(single)]).toEqual([true, false])
    x.finish()
    expect(isDone(single)).toBe(true)
    expect(log()).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(gauge("x").overflow).toBe(0)
  })

  it("C3 a batch larger than a capacity is admitted when that FIFO is empty; the excess is overflow", async () => {
    const { x, it: lane, call, gauge, log, runtime } = one(2)
    await runtime.runPromise(lane.actions.a(1))
    await x.started(1)
    await runtime.runPromise(lane.actions.a(2))
    const batch = call(lane.dispatchBatch([3, 4, 5, 6, 7].map((payload) => ({ _tag: "a", payload }))))
    expect(isDone(batch)).toBe(false)
    x.finish()
    expect(isDone(batch)).toBe(true)
    expect(gauge("x")).toMatchObject({ depth: 5, inFlight: 1, overflow: 3, waiting: 0 })
    const later = call(lane.actions.a(8))
    for (let n = 0; n < 3; n++) {
      x.finish()
      expect(isDone(later)).toBe(false)
    }
    x.finish()
    expect(isDone(later)).toBe(true)
    for (let n = 0; n < 3; n++) x.finish()
    expect(x.seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(log()).toEqual(x.seen)
    expect(gauge("x")).toMatchObject({ depth: 0, overflow: 3 })
  })

  it("C3 a caller whose entry rolls back gives its slots on, and gets its error", async () => {
    const { x, it: lane, call, gauge, log } = await oneFull()
    const bad = call(Effect.exit(lane.actions.a(-1)))
    const next = call(lane.actions.a(3))
    x.finish()
    expect([isDone(bad), isDone(next)]).toEqual([true, true])
    expect(bad.pollUnsafe()).toMatchObject({ value: { _tag: "Failure" } })
    expect(log()).toEqual([1, 2, 3])
    expect(gauge("x")).toMatchObject({ depth: 1, waiting: 0 })
  })

  it("C3 a consumer that closes is waited for no more", async () => {
    const { it: lane, call, runtime, log } = startLane(() => Effect.void)
    // It takes one action and keeps it.
    const reader = runtime.run(Stream.runForEach(lane.actionStream("a"), () => Effect.never))
    for (const payload of [1, 2]) lane.unsafe.dispatch({ _tag: "a", payload })
    await idle()
    const caller = call(lane.actions.a(3))
    expect(isDone(caller)).toBe(false)
    await runtime.runPromise(Fiber.interrupt(reader))
    expect(isDone(caller)).toBe(true)
    expect(log()).toEqual([1, 2, 3])
    expect(lane.unsafe.backlog().consumers).toEqual([])
  })

  it("C3 a caller that waits also takes its place at a consumer that is opened meanwhile", async () => {
    const { x, it: lane, call, runtime, log, backlog } = await oneFull()
    const caller = call(lane.actions.a(3))
    const got: Array<number> = []
    const reader = runtime.run(
      Stream.runForEach(lane.actionStream("a"), ({ payload }) => {
        got.push(payload)
        return payload === 10 ? Effect.never : Effect.void
      })
    )
    // The slot is the caller's, so these are in the ingress.
    for (const n of [10, 11]) lane.unsafe.dispatch({ _tag: "a", payload: n })
    expect(backlog()).toMatchObject({ ingress: 4, consumers: [{ waiting: 1 }, { depth: 1, waiting: 0 }] })
    for (let n = 0; n < 3; n++) x.finish()
    expect(isDone(caller)).toBe(true)
    await idle()
    expect(got).toEqual([10])
    await runtime.runPromise(Fiber.interrupt(reader))
    expect(log()).toEqual([1, 2, 10, 11, 3])
  })

  it("C3 callers that wait while a consumer is opened do not wait for each other in a circle", async () => {
    const { x, it: lane, call, runtime, log } = await oneFull()
    const first = call(lane.actions.a(3))
    const seen: Array<number> = []
    runtime.run(
      Stream.runForEach(lane.actionStream("a"), ({ payload }) => Effect.sync(() => seen.push(payload)))
    )
    const second = call(lane.actions.a(4))
    x.finish()
    expect([isDone(first), isDone(second)]).toEqual([true, false])
    x.finish()
    await idle()
    expect([isDone(first), isDone(second)]).toEqual([true, true])
    expect(log()).toEqual([1, 2, 3, 4])
    expect(seen).toEqual([3, 4])
  })

  it("C3 never an error, never a drop: many callers over a small channel", async () => {
    const seen: Array<number> = []
    const {
      it: lane,
      runtime,
      log,
      gauge,
      errors
    } = startLane(
      ($) =>
        $.onAction("a").run(
          (n) =>
            Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => seen.push(n))
            ),
          {
            name: "x"
          }
        ),
      { capacity: 3 }
    )
    const caller = (from: number) =>
      Effect.forEach([0, 1, 2, 3, 4], (n) => lane.actions.a(from * 10 + n), { discard: true })
    await runtime.runPromise(
      Effect.forEach(
        Array.from({ length: 40 }, (_, i) => i + 1),
        caller,
        { concurrency: "unbounded", discard: true }
      )
    )
    await idle()
    expect(log()).toHaveLength(200)
    expect(new Set(seen).size).toBe(200)
    expect(seen).toEqual(log())
    expect(gauge("x")).toMatchObject({ depth: 0, waiting: 0, overflow: 0, inFlight: 0 })
    expect(errors).toEqual([])
  })

  it("C3 waiting is outside the window: a transaction of another caller opens meanwhile, on any instance", async () => {
    const { it: lane, call } = await oneFull()
    call(lane.actions.a(3))
    const exit = call(Effect.exit(lane.transact("nested", Effect.succeed(1))))
    const result = exit.pollUnsafe()
    expect(result !== undefined && Exit.isSuccess(result) && result.value).toEqual(Exit.succeed(1))
  })
})

const payloadsOf = (lane: LaneRuntime, n: number) =>
  Effect.map(Stream.runCollect(Stream.take(lane.actionStream(), n)), (all) =>
    all.map(({ payload }) => payload)
  )

describe("actionStream", () => {
  it("C1 an actionStream has a bounded FIFO: callers wait for its reader", async () => {
    const { it: lane, call, runtime } = startLane(() => Effect.void)
    const gate = Promise.withResolvers<void>()
    const reader = runtime.run(
      Stream.runForEach(lane.actionStream(), ({ payload }) =>
        payload === 1 ? Effect.promise(() => gate.promise) : Effect.void
      )
    )
    const callers = [1, 2, 3].map((n) => call(lane.actions.a(n)))
    await idle()
    expect(callers.map(isDone)).toEqual([true, true, false])
    gate.resolve()
    await idle()
    expect(callers.map(isDone)).toEqual([true, true, true])
    expect(isDone(reader)).toBe(false)
  })

  it("C2 each run of an actionStream is a consumer of its own", async () => {
    const { it: lane, runtime, backlog } = startLane(() => Effect.void, { capacity: 8 })
    const readers = [1, 2].map(() => runtime.run(payloadsOf(lane, 3)))
    expect(backlog().consumers).toHaveLength(2)
    for (const n of [1, 2, 3]) lane.unsafe.dispatch({ _tag: "a", payload: n })
    for (const reader of readers) expect(await runtime.runPromise(Fiber.join(reader))).toEqual([1, 2, 3])
    await idle()
    expect(backlog().consumers).toEqual([])
  })

  it("C2 an actionStream of an unknown tag is refused", async () => {
    const { it: lane, runtime } = startLane(() => Effect.void)
    const exit = await runtime.runPromise(
      Effect.exit(Stream.runDrain(lane.actionStream("nope" as unknown as "a")))
    )
    expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({
      _tag: "UnknownAction",
      tag: "nope"
    })
  })
})
