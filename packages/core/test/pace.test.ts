import { Runtime } from "@sluice/core"
import type { ModuleIdentity } from "@sluice/core"
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { collectWarnings, empty, gaugeOf, isDone, Lane, type LaneContext, stepper } from "./lane.ts"
import { collectErrors, disposing, entriesOf, idle } from "./support.ts"

const a = (payload: number) => ({ _tag: "a", payload }) as const

/** A lane whose time stands until `pass`. */
const clocked = (
  setup: ($: LaneContext) => Effect.Effect<unknown, unknown, Scope.Scope | ModuleIdentity<"Lane">>,
  capacity = 8
) => {
  const { warnings, layer } = collectWarnings()
  const { errors, infos, onError } = collectErrors()
  const runtime = disposing(
    Runtime.make(
      Lane.implement({ initial: empty, logics: [Lane.logic("l", setup)], channel: { capacity } }),
      { layer: Layer.merge(layer, TestClock.layer()), onError, trace: { level: "full" } }
    )
  )
  const lane = runtime.resolve(Lane.tag)
  return {
    runtime,
    lane,
    errors,
    infos,
    warnings,
    gauge: (name = "x") => gaugeOf(lane.unsafe.backlog(), name),
    skipped: () =>
      runtime.trace
        .snapshot()
        .events.flatMap((event) => (event.kind === "skipped" ? [`${event.txnId} ${event.reason}`] : [])),
    /** All that is due then has run. */
    pass: async (ms: number) => {
      await idle()
      await runtime.runPromise(
        Effect.flatMap(Clock.Clock, (clock) => (clock as TestClock.TestClock).adjust(ms))
      )
      await idle()
    },
    send: async (...payloads: ReadonlyArray<number>) => {
      for (const payload of payloads) lane.unsafe.dispatch(a(payload))
      await idle()
    }
  }
}

describe("debounce", () => {
  it("C2 passes the last value after the quiet time; those before are taken, counted and traced", async () => {
    const seen: Array<number> = []
    const { gauge, pass, send, skipped } = clocked(($) =>
      $.onAction("a")
        .debounce("100 millis")
        .run((n) => Effect.sync(() => seen.push(n)), { name: "x" })
    )
    await send(1, 2)
    expect(gauge()).toMatchObject({ depth: 0, skipped: { debounce: 1 } })
    await pass(99)
    await send(3)
    await pass(99)
    expect(seen).toEqual([])
    await pass(1)
    expect(seen).toEqual([3])
    expect(gauge()).toMatchObject({ depth: 0, inFlight: 0, skipped: { debounce: 2 } })
    expect(skipped()).toEqual(["Lane#1::t1 debounce", "Lane#1::t2 debounce"])
    await send(4)
    await pass(100)
    expect(seen).toEqual([3, 4])
  })

  it("C3 under run, nothing is taken while the handler runs, and callers wait as for any slow handler", async () => {
    const x = stepper()
    const { gauge, lane, pass, runtime, send } = clocked(
      ($) => $.onAction("a").debounce(10).run(x.handler, { name: "x" }),
      1
    )
    await send(1)
    await pass(10)
    expect(x.running).toEqual([1])
    await send(2)
    const waits = runtime.run(lane.actions.a(3))
    await idle()
    expect(gauge()).toMatchObject({ depth: 1, inFlight: 1, waiting: 1 })
    x.finish()
    await Effect.runPromise(Fiber.await(waits))
    await pass(10)
    expect(x.seen).toEqual([1, 3])
    expect(gauge()).toMatchObject({ depth: 0, waiting: 0, skipped: { debounce: 1 } })
  })

  it("C2 under runLatest, values are taken while the handler runs, and one that passes interrupts it", async () => {
    const x = stepper()
    const { gauge, pass, send } = clocked(($) =>
      $.onAction("a").debounce(10).runLatest(x.handler, { name: "x" })
    )
    await send(1)
    await pass(10)
    await send(2, 3)
    expect(x.running).toEqual([1])
    expect(gauge()).toMatchObject({ depth: 0, inFlight: 1, skipped: { debounce: 1 } })
    await pass(10)
    expect(x.seen).toEqual([1, 3])
    expect(x.running).toEqual([3])
  })

  it("T7 a handler's entries are caused by the action that passed", async () => {
    const { pass, runtime, send } = clocked(($) =>
      $.onAction("a")
        .debounce(10)
        .run((n) => $.actions.b(n))
    )
    await send(1, 2)
    await pass(10)
    expect(entriesOf(runtime).map(({ cause, txnId, tags }) => [txnId, tags[0], cause])).toEqual([
      ["Lane#1::t1", "a", undefined],
      ["Lane#1::t2", "a", undefined],
      ["Lane#1::t3", "b", "Lane#1::t2"]
    ])
  })

  it("C7 what is held when the instance closes never passes, and is traced", async () => {
    const seen: Array<number> = []
    const { lane, runtime, send, skipped, warnings } = clocked(($) =>
      $.onAction("a")
        .debounce(10)
        .run((n) => Effect.sync(() => seen.push(n)))
    )
    await send(1)
    await runtime.evict(lane.instanceId)
    expect({ seen, skipped: skipped(), warnings }).toEqual({
      seen: [],
      skipped: ["Lane#1::t1 closed"],
      warnings: []
    })
  })
})

describe("throttle", () => {
  it("C2 passes the first at once, then the newest of each period; those between are counted and traced", async () => {
    const seen: Array<number> = []
    const { gauge, pass, send, skipped } = clocked(($) =>
      $.onAction("a")
        .throttle("100 millis")
        .run((n) => Effect.sync(() => seen.push(n)), { name: "x" })
    )
    await send(1)
    expect(seen).toEqual([1])
    await send(2, 3)
    await pass(50)
    await send(4)
    await pass(49)
    expect(seen).toEqual([1])
    await pass(1)
    expect(seen).toEqual([1, 4])
    expect(gauge().skipped).toEqual({ throttle: 2 })
    expect(skipped()).toEqual(["Lane#1::t2 throttle", "Lane#1::t3 throttle"])
    await send(5)
    expect(seen).toEqual([1, 4])
    await pass(100)
    expect(seen).toEqual([1, 4, 5])
    await pass(100)
    await send(6)
    expect(seen).toEqual([1, 4, 5, 6])
  })
})

describe("steps", () => {
  const orders: ReadonlyArray<
    readonly [
      string,
      ReadonlyArray<number>,
      Record<string, number>,
      ($: LaneContext) => ReturnType<LaneContext["onAction"]>
    ]
  > = [
    [
      "filter before debounce",
      [2],
      { filter: 1 },
      ($) =>
        $.onAction()
          .filter((n) => n % 2 === 0)
          .debounce(10)
    ],
    [
      "debounce before filter",
      [],
      { debounce: 1, filter: 1 },
      ($) =>
        $.onAction()
          .debounce(10)
          .filter((n) => n % 2 === 0)
    ]
  ]
  for (const [name, passed, counts, flow] of orders) {
    it(`C2 apply in the order in which they are written: ${name}`, async () => {
      const seen: Array<number> = []
      const { gauge, pass, send } = clocked(($) =>
        flow($).run((n) => Effect.sync(() => seen.push(n)), { name: "x" })
      )
      await send(2, 3)
      await pass(10)
      expect(seen).toEqual(passed)
      expect(gauge().skipped).toEqual(counts)
    })
  }

  it("C2 map before and after debounce, and a throttle behind it", async () => {
    const seen: Array<string> = []
    const { gauge, pass, send } = clocked(($) =>
      $.onAction("a")
        .map((n) => n * 10)
        .debounce(10)
        .map((n) => `v${n}`)
        .throttle(100)
        .run((line) => Effect.sync(() => seen.push(line)), { name: "x" })
    )
    for (const n of [1, 2, 3]) {
      await send(n)
      await pass(10)
    }
    expect(seen).toEqual(["v10"])
    await pass(90)
    expect(seen).toEqual(["v10", "v30"])
    expect(gauge().skipped).toEqual({ throttle: 1 })
  })

  it("C6 a step behind a debounce that throws is reported, and the next value passes", async () => {
    const seen: Array<number> = []
    const { errors, infos, pass, send } = clocked(($) =>
      $.onAction("a")
        .debounce(10)
        .map((n) => {
          if (n === 1) throw new Error("map")
          return n
        })
        .run((n) => Effect.sync(() => seen.push(n)), { name: "x" })
    )
    for (const n of [1, 2]) {
      await send(n)
      await pass(10)
    }
    expect(seen).toEqual([2])
    expect(errors).toMatchObject([{ message: "map" }])
    expect(infos).toMatchObject([{ during: "handler", entry: "x", tag: "a", txnId: "Lane#1::t1" }])
  })

  it("C2 a flow run twice holds its values apart", async () => {
    const seen: Array<string> = []
    const { pass, send } = clocked(($) => {
      const flow = $.onAction("a").debounce(10)
      const to = (name: string) => flow.run((n) => Effect.sync(() => seen.push(`${name}${n}`)))
      return Effect.andThen(to("x"), to("y"))
    })
    await send(1, 2)
    await pass(10)
    expect(seen.toSorted()).toEqual(["x2", "y2"])
  })

  it("C2 debounce and throttle pass what a from-scratch model says, at any times", async () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(gaps, fc.constantFrom("debounce" as const, "throttle" as const), async (waits, by) => {
        const seen: Array<readonly [number, number]> = []
        let now = 0
        const { gauge, pass, runtime, send } = clocked(($) => {
          const flow = $.onAction("a")
          return (by === "debounce" ? flow.debounce(10) : flow.throttle(10)).run(
            (n) => Effect.sync(() => seen.push([now, n])),
            { name: "x" }
          )
        }, 64)
        for (const [n, wait] of waits.entries()) {
          await send(n)
          for (let i = 0; i < wait; i++) {
            now++
            await pass(1)
          }
        }
        for (let i = 0; i < 20; i++) {
          now++
          await pass(1)
        }
        const { skipped } = gauge()
        await runtime.dispose()
        const times = waits.map((_, n) => waits.slice(0, n).reduce((sum, wait) => sum + wait, 0))
        const expected = by === "debounce" ? debounced(times) : throttled(times)
        expect(seen).toEqual(expected)
        expect(skipped[by] ?? 0).toBe(times.length - expected.length)
      }),
      { numRuns: 15 }
    )
  }, 60_000)
})

const debounced = (times: ReadonlyArray<number>) =>
  times.flatMap((at, n) =>
    (times[n + 1] ?? Number.POSITIVE_INFINITY) - at >= 10 ? [[at + 10, n] as const] : []
  )

const throttled = (times: ReadonlyArray<number>) => {
  const passed: Array<readonly [number, number]> = []
  let opens = Number.NEGATIVE_INFINITY
  for (let n = 0; n < times.length;) {
    const first = times[n] ?? 0
    const at = Math.max(first, opens)
    // Of those that came by then, the newest.
    if (first < opens) while ((times[n + 1] ?? Number.POSITIVE_INFINITY) < at) n++
    passed.push([at, n])
    opens = at + 10
    n++
  }
  return passed
}

describe("streams", () => {
  it("C1 debounce loses no value of a stream, and its end lets the last pass", async () => {
    const seen: Array<number> = []
    const queue = Effect.runSync(Queue.make<number, Cause.Done>())
    const { pass } = clocked(($) =>
      $.on(Stream.fromQueue(queue))
        .debounce(10)
        .run((n) => Effect.sync(() => seen.push(n)))
    )
    for (const n of [1, 2]) Queue.offerUnsafe(queue, n)
    await pass(9)
    expect(seen).toEqual([])
    await pass(1)
    expect(seen).toEqual([2])
    Queue.offerUnsafe(queue, 3)
    await idle()
    Effect.runSync(Queue.end(queue))
    await idle()
    expect(seen).toEqual([2, 3])
  })

  it("C1 a stream that fails behind a debounce is reported, after what it held", async () => {
    const seen: Array<number> = []
    const { errors } = clocked(($) =>
      $.on(Stream.concat(Stream.make(1), Stream.fail("broken")))
        .debounce(10)
        .run((n) => Effect.sync(() => seen.push(n)))
    )
    await idle()
    expect({ seen, errors }).toEqual({ seen: [1], errors: ["broken"] })
  })

  it("C1 onState with debounce gives the newest selection after the quiet time", async () => {
    const seen: Array<number> = []
    const { pass, send } = clocked(($) =>
      $.onState(({ log }) => log.length)
        .debounce(10)
        .run((n) => Effect.sync(() => seen.push(n)))
    )
    for (const n of [1, 2, 3]) await send(n)
    await pass(10)
    expect(seen).toEqual([3])
  })

  it("C4 a handler behind a debounce that fills the stream it comes from is let in, not stuck", async () => {
    const done: Array<number> = []
    const { lane, pass, runtime, warnings } = clocked(
      ($) =>
        Effect.gen(function* () {
          const own = yield* $.use(Lane)
          const more = Effect.forEach([2, 3, 4, 5], (n) => Effect.andThen(own.actions.a(n), Effect.yieldNow))
          yield* $.on(own.actionStream("a"))
            .debounce(10)
            .run(({ payload }) =>
              Effect.andThen(
                payload === 1 ? more : Effect.void,
                Effect.sync(() => done.push(payload))
              )
            )
        }),
      1
    )
    const caller = runtime.run(lane.actions.a(1))
    await pass(10)
    expect(isDone(caller)).toBe(true)
    expect(done).toEqual([1])
    expect(warnings).toHaveLength(1)
    await pass(10)
    expect(done).toEqual([1, 5])
  })
})
