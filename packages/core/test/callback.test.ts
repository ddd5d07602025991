import { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import {
  collectWarnings,
  countUnhandledRejections,
  empty,
  isDone,
  Lane,
  type LaneContext,
  startLane,
  stepper
} from "./lane.ts"
import { disposing, idle, rejection, thrown } from "./support.ts"

const a = (payload: number) => ({ _tag: "a", payload }) as const

/** One consumer x of `a`, capacity 1, stepped by hand; and callbacks of every sort. */
const stepped = (capacity = 1) => {
  const x = stepper()
  let grabbed: LaneContext | undefined
  const lane = startLane(
    ($) =>
      Effect.andThen(
        Effect.sync(() => {
          grabbed = $
        }),
        $.onAction("a").run(x.handler, { name: "x" })
      ),
    { capacity }
  )
  if (grabbed === undefined) throw new Error("The setup has not run")
  return { ...lane, x, $: grabbed }
}

const full = async () => {
  const lane = stepped()
  lane.it.unsafe.dispatch(a(1))
  await lane.x.started(1)
  lane.it.unsafe.dispatch(a(2))
  return lane
}

/** Which of the promises have settled so far. */
const watch = (promises: ReadonlyArray<Promise<void>>) => {
  const settled: Array<number> = []
  promises.forEach((promise, i) => {
    void promise.then(
      () => settled.push(i),
      () => settled.push(-i)
    )
  })
  return settled
}

describe("C5", () => {
  it("C5 a synchronous entry commits at once, however full its consumers are", async () => {
    const { it: lane, log, backlog, gauge } = await full()
    for (const n of [3, 4, 5]) {
      lane.unsafe.dispatch(a(n))
      expect(log().at(-1)).toBe(n)
    }
    lane.unsafe.dispatchBatch([a(6), a(7)])
    expect(log()).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(backlog().ingress).toBe(5)
    expect(gauge("x")).toMatchObject({ depth: 1, overflow: 0, waiting: 0 })
  })

  it("C5 deliveries without a slot wait in order, and get slots as they come free", async () => {
    const { it: lane, x, backlog, gauge } = await full()
    for (const n of [3, 4, 5]) lane.unsafe.dispatch(a(n))
    const ingress: Array<number> = []
    for (let n = 0; n < 5; n++) {
      ingress.push(backlog().ingress)
      x.finish()
    }
    expect(ingress).toEqual([3, 2, 1, 0, 0])
    expect(x.seen).toEqual([1, 2, 3, 4, 5])
    expect(gauge("x")).toMatchObject({ depth: 0, inFlight: 0, overflow: 0 })
  })

  it("C5 the ingress is gauged over all consumers of the instance", async () => {
    const { it: lane, backlog } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction("a").run(() => Effect.never, { name: "x", capacity: 1 })
        yield* $.onAction().run(() => Effect.never, { name: "y", capacity: 3 })
      })
    )
    for (let n = 1; n <= 6; n++) lane.unsafe.dispatch(a(n))
    expect(backlog().ingress).toBe(5 + 3)
    await idle()
    expect(backlog().ingress).toBe(4 + 2)
  })

  it("C5 later Effect callers queue behind the ingress", async () => {
    const { it: lane, x, call, log } = await full()
    lane.unsafe.dispatch(a(3))
    const caller = call(lane.actions.a(4))
    x.finish()
    expect(isDone(caller)).toBe(false)
    x.finish()
    expect(isDone(caller)).toBe(true)
    expect(log()).toEqual([1, 2, 3, 4])
    x.finish()
    expect(x.seen).toEqual([1, 2, 3, 4])
  })

  it("C5 an entry that commits goes before callers that stand in line", async () => {
    const { it: lane, x, call, log } = await full()
    const caller = call(lane.actions.a(3))
    lane.unsafe.dispatch(a(4))
    x.finish()
    expect(isDone(caller)).toBe(false)
    expect(log()).toEqual([1, 2, 4])
    x.finish()
    expect(isDone(caller)).toBe(true)
    expect(log()).toEqual([1, 2, 4, 3])
    x.finish()
    x.finish()
    expect(x.seen).toEqual(log())
  })

  it("C5 FIFO order is commit order even when a waiting caller already holds a slot", async () => {
    const [x, y] = [stepper(), stepper()]
    const {
      it: lane,
      call,
      log,
      gauge,
      backlog
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction(["a", "c"]).run(x.handler, { name: "x" })
        yield* $.onAction(["b", "c"]).run(y.handler, { name: "y" })
      })
    )
    for (const payload of [1, 2]) lane.unsafe.dispatch({ _tag: "b", payload })
    lane.unsafe.dispatch(a(9))
    await Promise.all([x.started(1), y.started(1)])
    // Holds x's slot, and waits for y.
    const caller = call(lane.actions.c(3))
    expect(gauge("x")).toMatchObject({ depth: 1, waiting: 0 })
    const settled = watch([4, 5].map((n) => lane.unsafe.dispatchPromise(a(n))))
    expect(backlog().ingress).toBe(2)
    y.finish()
    expect(isDone(caller)).toBe(true)
    expect(log()).toEqual([1, 2, 9, 4, 5, 3])
    // The slot it held is that of the oldest without one.
    expect(gauge("x")).toMatchObject({ depth: 1, overflow: 0 })
    expect(backlog().ingress).toBe(2)
    await idle()
    expect(settled).toEqual([0])
    x.finish()
    await idle()
    expect(settled).toEqual([0, 1])
    for (let n = 0; n < 3; n++) x.finish()
    expect(x.seen).toEqual([9, 4, 5, 3])
    expect(gauge("x")).toMatchObject({ depth: 0, overflow: 0 })
  })

  it("C5 dispatchPromise settles exactly when all its deliveries have slots", async () => {
    const [x, y] = [stepper(), stepper()]
    const { it: lane, log } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction("a").run(x.handler, { name: "x" })
        yield* $.onAction("a").run(y.handler, { name: "y" })
      })
    )
    const tickets = [lane.unsafe.dispatchPromise(a(1))]
    await Promise.all([x.started(1), y.started(1)])
    for (const n of [2, 3, 4]) tickets.push(lane.unsafe.dispatchPromise(a(n)))
    expect(log()).toEqual([1, 2, 3, 4])
    const settled = watch(tickets)
    await idle()
    expect(settled).toEqual([0, 1])
    x.finish()
    await idle()
    // 3 has its slot at x, not at y.
    expect(settled).toEqual([0, 1])
    y.finish()
    await idle()
    expect(settled).toEqual([0, 1, 2])
    y.finish()
    x.finish()
    await idle()
    expect(settled).toEqual([0, 1, 2, 3])
  })

  it("C5 the Promise of an action that nobody consumes settles at once", async () => {
    const { it: lane } = await full()
    await lane.unsafe.dispatchPromise({ _tag: "c", payload: 1 })
    expect(lane.unsafe.getState().log).toEqual([1, 2, 1])
  })

  it("C5 the Promise does not wait for handlers", async () => {
    const { it: lane, x, gauge } = stepped()
    await lane.unsafe.dispatchPromise(a(1))
    await x.started(1)
    await lane.unsafe.dispatchPromise(a(2))
    expect(gauge("x")).toMatchObject({ depth: 1, inFlight: 1 })
  })

  it("C5 a consumer that ends lets the Promises that waited for it settle", async () => {
    const { it: lane, runtime } = startLane(() => Effect.void)
    const reader = runtime.run(Stream.runForEach(lane.actionStream("a"), () => Effect.never))
    const tickets = [lane.unsafe.dispatchPromise(a(1))]
    await idle()
    for (const n of [2, 3]) tickets.push(lane.unsafe.dispatchPromise(a(n)))
    const settled = watch(tickets)
    await idle()
    expect(settled).toEqual([0, 1])
    await runtime.runPromise(Fiber.interrupt(reader))
    await Promise.all(tickets)
  })

  it("C5 a Promise rejects with what its entry threw, and an ignored one makes no noise", async () => {
    const unhandled = countUnhandledRejections()
    const { it: lane, errors } = stepped()
    expect(await rejection(lane.unsafe.dispatchPromise(a(-1)))).toMatchObject({ _tag: "ReducerFailed" })
    void lane.unsafe.dispatchPromise(a(-2))
    const unknown = { _tag: "nope", payload: 1 } as unknown as { _tag: "a"; payload: number }
    void lane.unsafe.dispatchPromise(unknown)
    await idle()
    expect(unhandled).toEqual([])
    expect(errors).toHaveLength(2)
    expect(await rejection(lane.unsafe.dispatchPromise(unknown))).toMatchObject({ _tag: "UnknownAction" })
  })

  it("C5 a Promise made by a subscriber settles for its own later entry, with its error if it fails", async () => {
    const { it: lane, log } = stepped(8)
    const tickets: Array<Promise<void>> = []
    const stop = lane.unsafe.subscribe(({ log }) => {
      if (log.length !== 1) return
      tickets.push(lane.unsafe.dispatchPromise(a(2)), lane.unsafe.dispatchPromise(a(-1)))
      expect(lane.unsafe.getState().log).toEqual([1])
    })
    lane.unsafe.dispatch(a(1))
    stop()
    expect(log()).toEqual([1, 2])
    const settled = await Promise.allSettled(tickets)
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected"])
  })

  it("C5 one warning when the ingress reaches 10 times a capacity, and no second", async () => {
    const { it: lane, warnings, backlog } = stepped(2)
    for (let n = 1; n <= 21; n++) lane.unsafe.dispatch(a(n))
    expect(backlog().ingress).toBe(19)
    await idle()
    expect(warnings).toEqual([])
    for (let n = 22; n <= 80; n++) lane.unsafe.dispatch(a(n))
    await idle()
    expect(warnings).toEqual([expect.stringContaining("x of Lane#1")])
  })

  it("C5 the warning counts what has no slot, not what came", async () => {
    const { it: lane, warnings } = startLane(($) => $.onAction("a").run(() => Effect.void), { capacity: 2 })
    for (let round = 0; round < 20; round++) {
      for (let n = 1; n <= 10; n++) lane.unsafe.dispatch(a(n))
      await idle()
    }
    expect(warnings).toEqual([])
  })
})

describe("$.callback", () => {
  it("C5 callback(tag) is an entry of origin service-callback that carries the action, and settles as a ticket", async () => {
    const { $, it: lane, x, log, runtime } = await full()
    const arrived = $.callback("a")
    const settled = watch([arrived(3), arrived(4)])
    expect(log()).toEqual([1, 2, 3, 4])
    await idle()
    expect(settled).toEqual([])
    x.finish()
    await idle()
    expect(settled).toEqual([0])
    x.finish()
    await idle()
    expect(settled).toEqual([0, 1])
    expect(x.seen).toEqual([1, 2, 3])
    const origins = runtime.trace
      .snapshot()
      .events.flatMap((event) =>
        event.kind === "entry" ? [[event.origin.kind, event.origin.name, ...event.tags]] : []
      )
    expect(origins.slice(-2)).toEqual([
      ["service-callback", "a", "a"],
      ["service-callback", "a", "a"]
    ])
    expect(lane.unsafe.getVersion()).toBe(4)
  })

  it("C5 callback(name, write) is one that carries no action: it never waits for consumers", async () => {
    const { $, log, runtime, backlog } = await full()
    const put = $.callback("put two", (state, one: number, two: number) => ({
      log: [...state.log, one, two]
    }))
    const before = backlog()
    await put(7, 8)
    expect(log()).toEqual([1, 2, 7, 8])
    expect(backlog()).toEqual(before)
    const last = runtime.trace.snapshot().events.at(-1)
    expect(last).toMatchObject({
      kind: "entry",
      origin: { kind: "service-callback", name: "put two" },
      tags: []
    })
  })

  it("C5 a callback's payload is checked: it comes from outside typed code", async () => {
    const { $, log, errors } = stepped()
    const error = await rejection($.callback("a")("seven" as unknown as number))
    expect(error).toMatchObject({ _tag: "InvalidPayload", tag: "a", instanceId: "Lane#1" })
    expect({ log: log(), errors }).toEqual({ log: [], errors: [error] })
  })

  it("C5 a callback that fails rejects, reports, and makes no noise if it is ignored", async () => {
    const unhandled = countUnhandledRejections()
    const { $, log, errors } = stepped()
    const broken = $.callback("broken", (): never => {
      throw new Error("write failed")
    })
    void broken()
    expect(await rejection(broken())).toMatchObject({ message: "write failed" })
    void $.callback("a")(-1)
    await idle()
    expect({ unhandled, log: log() }).toEqual({ unhandled: [], log: [] })
    expect(errors).toHaveLength(3)
  })

  it("C5 a callback awaited by its service slows the service, and nothing else", async () => {
    const { $, it: lane, x, log, call, gauge } = stepped()
    const arrived = $.callback("a")
    const service = (async () => {
      for (let n = 1; n <= 6; n++) await arrived(n)
    })()
    await x.started(1)
    for (let n = 1; n <= 6; n++) {
      await idle()
      // One in the handler, one in its slot, and one whose Promise is awaited.
      expect(log()).toHaveLength(Math.min(6, n + 2))
      expect(gauge("x").depth).toBeLessThanOrEqual(1)
      expect(isDone(call(lane.actions.b(0)))).toBe(true)
      x.finish()
    }
    await service
    expect(x.seen).toEqual([1, 2, 3, 4, 5, 6])
  })

  it("C5 a callback inside a transaction is refused, and the transaction stands", async () => {
    const { $, it: lane, log } = stepped()
    const refused: Array<Promise<unknown>> = []
    lane.unsafe.transact("outer", (tx) => {
      refused.push(rejection($.callback("a")(1)))
      tx.update(({ log }) => ({ log: [...log, 9] }))
    })
    expect(await refused[0]).toMatchObject({ _tag: "EntryInTransaction" })
    expect(log()).toEqual([9])
  })

  it("C5 callback of an unknown tag without a write rejects", async () => {
    const { $ } = stepped()
    expect(await rejection($.callback("nope" as "a")(1))).toMatchObject({ _tag: "UnknownAction" })
  })

  it("C5 callbacks called while the setup runs commit, and are kept", async () => {
    const { layer } = collectWarnings()
    const seen: Array<number> = []
    const runtime = disposing(
      Runtime.make(
        Lane.implement({
          initial: empty,
          logics: [
            Lane.logic("x", ($) =>
              Effect.gen(function* () {
                const arrived = $.callback("a")
                yield* Effect.promise(async () => {
                  for (const n of [1, 2, 3]) await arrived(n)
                })
                yield* $.onAction("a").run((n) => Effect.sync(() => seen.push(n)))
              })
            )
          ]
        }),
        { layer }
      )
    )
    await idle()
    expect(seen).toEqual([1, 2, 3])
    expect(thrown(() => runtime.resolve(Lane.tag).unsafe.dispatch(a(-1)))).toMatchObject({
      _tag: "ReducerFailed"
    })
  })
})
