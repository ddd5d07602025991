import { Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { collectWarnings, empty, isDone, Lane, laneOf, startLane, stepper } from "./lane.ts"
import { collectErrors, disposing, idle } from "./support.ts"

const a = (payload: number) => ({ _tag: "a", payload }) as const
const b = (payload: number) => ({ _tag: "b", payload }) as const

describe("onAction", () => {
  it("C1 takes a tag, tags, a predicate, or all; a handler gets the payload and the action", async () => {
    const seen: Array<string> = []
    const { it: lane } = startLane(
      ($) =>
        Effect.gen(function* () {
          const note = (name: string) => (n: number, action: { readonly _tag: string }) =>
            Effect.sync(() => seen.push(`${name} ${action._tag}${n}`))
          yield* $.onAction("a").run(note("tag"))
          yield* $.onAction(["a", "b"]).run(note("tags"))
          yield* $.onAction(({ payload }) => payload === 3).run(note("predicate"))
          yield* $.onAction((action) => action._tag === "c").run(note("refinement"))
          yield* $.onAction().run(note("all"))
        }),
      { capacity: 8 }
    )
    lane.unsafe.dispatch(a(1))
    lane.unsafe.dispatch(b(2))
    lane.unsafe.dispatch({ _tag: "c", payload: 3 })
    await idle()
    expect(seen.toSorted()).toEqual(
      [
        "tag a1",
        "tags a1",
        "tags b2",
        "predicate c3",
        "refinement c3",
        "all a1",
        "all b2",
        "all c3"
      ].toSorted()
    )
  })

  it("C1 nothing is subscribed before run", () => {
    const { backlog } = startLane(($) =>
      Effect.sync(() =>
        $.onAction("a")
          .filter((n) => n > 1)
          .map((n) => n + 1)
      )
    )
    expect(backlog().consumers).toEqual([])
  })

  it("C1 a flow run twice is two consumers", async () => {
    const seen: Array<number> = []
    const { it: lane } = startLane(($) => {
      const flow = $.onAction("a").run((n) => Effect.sync(() => seen.push(n)))
      return Effect.andThen(flow, flow)
    })
    lane.unsafe.dispatch(a(1))
    await idle()
    expect(seen).toEqual([1, 1])
  })

  it("C6 a predicate that throws is reported, and its consumer does not get the action", async () => {
    const seen: Array<number> = []
    const {
      it: lane,
      infos,
      errors
    } = startLane(($) =>
      $.onAction(({ payload }) => {
        if (payload === 2) throw new Error("odd predicate")
        return true
      }).run((n) => Effect.sync(() => seen.push(n)))
    )
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    await idle()
    expect(seen).toEqual([1, 3])
    expect(errors).toMatchObject([{ message: "odd predicate" }])
    expect(infos).toMatchObject([{ during: "predicate", tag: "a" }])
  })
})

describe("a predicate that throws", () => {
  /** Two flows: one that is stepped by hand, and one whose predicate always throws. */
  const throwing = (level: "off" | "light" | "full") => {
    const { layer } = collectWarnings()
    const { errors, infos, onError } = collectErrors()
    const x = stepper()
    const logic = Lane.logic("l", ($) =>
      Effect.gen(function* () {
        yield* $.onAction("a").run(x.handler, { name: "x" })
        yield* $.onAction((): boolean => {
          throw new Error("predicate")
        }).run(() => Effect.void, { name: "y" })
      })
    )
    const module = Lane.implement({ initial: empty, logics: [logic], channel: { capacity: 1 } })
    const runtime = disposing(Runtime.make(module, { layer, onError, trace: { level } }))
    return { runtime, lane: runtime.resolve(Lane.tag), x, errors, infos }
  }

  for (const level of ["off", "light", "full"] as const) {
    it(`C6 is reported once for each committed action, also when its caller waited (trace: ${level})`, async () => {
      const { runtime, lane, x, errors, infos } = throwing(level)
      lane.unsafe.dispatch(a(1))
      await x.started(1)
      await runtime.runPromise(lane.actions.a(2))
      expect(errors).toHaveLength(2)
      const waits = runtime.run(lane.actions.a(3))
      expect(isDone(waits)).toBe(false)
      expect(errors).toHaveLength(2)
      x.finish()
      await x.started(2)
      expect(isDone(waits)).toBe(true)
      expect(errors).toHaveLength(3)
      expect(infos).toMatchObject(infos.map(() => ({ during: "predicate", entry: "y", tag: "a" })))
    })

    it(`C6 is reported for each action of a batch (trace: ${level})`, async () => {
      const { runtime, lane, errors, infos } = throwing(level)
      lane.unsafe.dispatchBatch([a(1), b(2), b(2)])
      expect(infos.map(({ tag }) => tag)).toEqual(["a", "b", "b"])
      await runtime.runPromise(lane.dispatchBatch([b(3), b(4)]))
      expect(errors).toHaveLength(5)
    })

    it(`C6 is not reported for one that rolled back (trace: ${level})`, async () => {
      const { runtime, lane, infos } = throwing(level)
      await runtime.runPromise(Effect.exit(lane.actions.b(-1)))
      expect(infos.map(({ during }) => during)).toEqual(["entry"])
    })
  }
})

describe("filter and map", () => {
  it("C2 what filter passes over has reached the flow: it is counted by reason", async () => {
    const seen: Array<number> = []
    const { it: lane, gauge } = startLane(
      ($) =>
        $.onAction("a")
          .filter((n) => n % 2 === 0)
          .run((n) => Effect.sync(() => seen.push(n)), { name: "x" }),
      { capacity: 8 }
    )
    for (let n = 1; n <= 5; n++) lane.unsafe.dispatch(a(n))
    await idle()
    expect(seen).toEqual([2, 4])
    expect(gauge("x")).toMatchObject({ skipped: { filter: 3 }, depth: 0, overflow: 0 })
  })

  it("C2 what is passed over is traced with its transaction and reason", async () => {
    const { warnings, layer } = collectWarnings()
    const runtime = disposing(
      Runtime.make(
        Lane.implement({
          initial: empty,
          logics: [
            Lane.logic("f", ($) =>
              $.onAction("a")
                .filter((n) => n > 1)
                .run(() => Effect.void)
            )
          ]
        }),
        { trace: { level: "full" }, layer }
      )
    )
    const lane = runtime.resolve(Lane.tag)
    lane.unsafe.dispatch(a(1))
    lane.unsafe.dispatch(a(2))
    await idle()
    const events = runtime.trace.snapshot().events.filter((event) => event.instanceId === lane.instanceId)
    expect(events.filter(({ kind }) => kind === "skipped")).toMatchObject([
      { reason: "filter", tag: "a", consumer: "f: a", txnId: `${lane.instanceId}::t1` }
    ])
    expect(events.filter(({ kind }) => kind === "delivery")).toHaveLength(2)
    expect(warnings).toEqual([])
  })

  it("C2 filter and map apply in the order in which they are written, and see the action", async () => {
    const seen: Array<string> = []
    const { it: lane } = startLane(
      ($) =>
        $.onAction(["a", "b"])
          .map((n, action) => `${action._tag}${n * 2}`)
          .filter((line, action) => line !== "a4" && action.payload < 4)
          .map((line) => `<${line}>`)
          .run((line) => Effect.sync(() => seen.push(line))),
      { capacity: 8 }
    )
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    for (const n of [2, 4]) lane.unsafe.dispatch(b(n))
    await idle()
    expect(seen).toEqual(["<a2>", "<b4>"])
  })

  it("C6 a filter or map that throws is a failing handler: reported, and the next action is handled", async () => {
    const seen: Array<number> = []
    const {
      it: lane,
      errors,
      infos,
      gauge
    } = startLane(
      ($) =>
        $.onAction("a")
          .map((n) => {
            if (n === 1) throw new Error("map")
            return n
          })
          .run((n) => Effect.sync(() => seen.push(n)), { name: "x" }),
      { capacity: 4 }
    )
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    await idle()
    expect(seen).toEqual([2])
    expect(errors).toMatchObject([{ message: "map" }])
    expect(infos).toMatchObject([{ during: "handler", entry: "x", tag: "a" }])
    expect(gauge("x")).toMatchObject({ inFlight: 0, skipped: {} })
  })
})

describe("run", () => {
  it("C2 run handles one after another, in commit order", async () => {
    const x = stepper()
    const { it: lane, gauge } = startLane(($) => $.onAction("a").run(x.handler, { name: "x" }), {
      capacity: 4
    })
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    await x.started(1)
    expect([x.seen, x.running]).toEqual([[1], [1]])
    expect(gauge("x")).toMatchObject({ depth: 2, inFlight: 1 })
    x.finish()
    expect([x.seen, x.running]).toEqual([[1, 2], [2]])
    x.finish()
    x.finish()
    expect(gauge("x")).toMatchObject({ depth: 0, inFlight: 0 })
  })

  it("C6 a failing handler does not end its flow: onError gets the cause with tag and transaction", async () => {
    const x = stepper()
    const {
      it: lane,
      errors,
      infos
    } = startLane(($) => $.onAction(["a", "b"]).run(x.handler, { name: "x" }), {
      capacity: 8
    })
    lane.unsafe.dispatch(a(1))
    lane.unsafe.dispatch(b(2))
    lane.unsafe.dispatch(a(3))
    await x.started(1)
    x.fail("typed failure")
    await x.started(2)
    x.fail(new Error("second"))
    await x.started(3)
    expect(x.seen).toEqual([1, 2, 3])
    expect(errors).toMatchObject(["typed failure", { message: "second" }])
    expect(infos).toEqual([
      {
        instanceId: "Lane#1",
        moduleId: "Lane",
        during: "handler",
        entry: "x",
        tag: "a",
        txnId: "Lane#1::t1"
      },
      { instanceId: "Lane#1", moduleId: "Lane", during: "handler", entry: "x", tag: "b", txnId: "Lane#1::t2" }
    ])
  })

  for (const [name, failing] of [
    ["fails", () => Effect.fail(new Error("1"))],
    ["dies", () => Effect.die(new Error("1"))],
    [
      "throws before it gives an Effect",
      (): Effect.Effect<void> => {
        throw new Error("1")
      }
    ]
  ] as const) {
    for (const strategy of ["run", "runLatest", "runExhaust", "runParallel"] as const) {
      it(`C6 ${strategy}: a handler that ${name} is reported, and the next action is handled`, async () => {
        const seen: Array<number> = []
        const {
          it: lane,
          errors,
          gauge
        } = startLane(($) => {
          const handler = (n: number): Effect.Effect<unknown, Error> =>
            n === 1 ? failing() : Effect.sync(() => seen.push(n))
          const flow = $.onAction("a")
          return strategy === "runParallel"
            ? flow.runParallel({ concurrency: 2, name: "x" }, handler)
            : flow[strategy](handler, { name: "x" })
        })
        for (const n of [1, 2]) {
          lane.unsafe.dispatch(a(n))
          await idle()
        }
        expect(seen).toEqual([2])
        expect(errors).toMatchObject([{ message: "1" }])
        expect(gauge("x")).toMatchObject({ inFlight: 0, depth: 0 })
      })
    }
  }

  it("C6 a handler that interrupts itself ends alone: nothing to report, and the next action is handled", async () => {
    const seen: Array<number> = []
    const { it: lane, errors } = startLane(($) =>
      $.onAction("a").run((n) => (n === 1 ? Effect.interrupt : Effect.sync(() => seen.push(n))))
    )
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    await idle()
    expect({ seen, errors }).toEqual({ seen: [2], errors: [] })
  })

  it("C2 a handler has the services of the setup that opened its flow", async () => {
    class Name extends Context.Service<Name, { readonly name: string }>()("test/Name") {}
    const seen: Array<string> = []
    const NameLive = Layer.succeed(Name, { name: "service " })
    const runtime = disposing(
      Runtime.make(
        Lane.implement({
          initial: empty,
          logics: [
            Lane.logic("x", ($) =>
              $.onAction("a").run((n) => Effect.map(Name, ({ name }) => void seen.push(`${name}${n}`)))
            )
          ],
          imports: [NameLive]
        })
      )
    )
    runtime.resolve(Lane.tag).unsafe.dispatch(a(1))
    await idle()
    expect(seen).toEqual(["service 1"])
  })
})

describe("runLatest", () => {
  it("C2 a newer action interrupts the handler of the one before; each was handled, none is skipped", async () => {
    const x = stepper()
    const interrupted: Array<number> = []
    const {
      it: lane,
      gauge,
      errors
    } = startLane(($) =>
      $.onAction("a").runLatest(
        (n) => Effect.onInterrupt(x.handler(n), () => Effect.sync(() => interrupted.push(n))),
        { name: "x" }
      )
    )
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    await x.started(3)
    expect({ seen: x.seen, running: x.running, interrupted }).toEqual({
      seen: [1, 2, 3],
      running: [3],
      interrupted: [1, 2]
    })
    expect(gauge("x")).toMatchObject({ depth: 0, inFlight: 1, skipped: {} })
    x.finish()
    expect(gauge("x").inFlight).toBe(0)
    lane.unsafe.dispatch(a(4))
    await x.started(4)
    x.finish()
    expect(interrupted).toEqual([1, 2])
    expect(errors).toEqual([])
  })

  it("C2 the finalizers of the interrupted handler end before the newer one starts", async () => {
    const events: Array<string> = []
    const { it: lane } = startLane(($) =>
      $.onAction("a").runLatest((n) =>
        Effect.gen(function* () {
          events.push(`start ${n}`)
          yield* Effect.never
        }).pipe(
          Effect.ensuring(
            Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => events.push(`end ${n}`))
            )
          )
        )
      )
    )
    for (const n of [1, 2]) {
      lane.unsafe.dispatch(a(n))
      await idle()
    }
    expect(events).toEqual(["start 1", "end 1", "start 2"])
  })
})

describe("runExhaust", () => {
  it("C2 what comes while the handler runs is taken and counted as skipped", async () => {
    const x = stepper()
    const { it: lane, gauge, call } = startLane(($) => $.onAction("a").runExhaust(x.handler, { name: "x" }))
    lane.unsafe.dispatch(a(1))
    await x.started(1)
    const callers = [2, 3, 4].map((n) => call(lane.actions.a(n)))
    await idle()
    expect(callers.every(isDone)).toBe(true)
    expect(gauge("x")).toMatchObject({ depth: 0, inFlight: 1, skipped: { exhaust: 3 } })
    x.finish()
    lane.unsafe.dispatch(a(5))
    await x.started(2)
    expect(x.seen).toEqual([1, 5])
    expect(gauge("x").skipped).toEqual({ exhaust: 3 })
  })

  it("C2 filter and exhaust are counted apart", async () => {
    const x = stepper()
    const { it: lane, gauge } = startLane(
      ($) =>
        $.onAction("a")
          .filter((n) => n < 10)
          .runExhaust(x.handler, { name: "x" }),
      { capacity: 8 }
    )
    lane.unsafe.dispatch(a(11))
    await idle()
    lane.unsafe.dispatch(a(1))
    await x.started(1)
    lane.unsafe.dispatch(a(2))
    await idle()
    x.finish()
    lane.unsafe.dispatch(a(12))
    await idle()
    expect(gauge("x").skipped).toEqual({ filter: 2, exhaust: 1 })
  })
})

describe("runParallel", () => {
  it("C2 at most so many handlers run, started in commit order; the FIFO is taken from when one ends", async () => {
    const x = stepper()
    const { it: lane, gauge } = startLane(($) =>
      $.onAction("a").runParallel({ concurrency: 2, name: "x", capacity: 4 }, x.handler)
    )
    for (let n = 1; n <= 5; n++) lane.unsafe.dispatch(a(n))
    await x.started(2)
    expect(gauge("x")).toMatchObject({ depth: 3, inFlight: 2, capacity: 4 })
    x.finish(2)
    await x.started(3)
    expect(x.running).toEqual([1, 3])
    x.finish(1)
    x.finish(3)
    await x.started(5)
    expect(x.seen).toEqual([1, 2, 3, 4, 5])
    expect(gauge("x")).toMatchObject({ depth: 0, inFlight: 2 })
    x.finish()
    x.finish()
    expect(gauge("x").inFlight).toBe(0)
  })
})

describe("onState", () => {
  it("C1 onState is conflated: the current selection, then the newest, and no action is consumed", async () => {
    const x = stepper()
    const { it: lane, backlog } = startLane(($) => $.onState(({ log }) => log.length).run(x.handler))
    await x.started(1)
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    await idle()
    x.finish()
    await x.started(2)
    x.finish()
    expect(x.seen).toEqual([0, 3])
    expect(backlog()).toEqual({ consumers: [], ingress: 0 })
  })

  it("C1 onState does not fire for what its equals calls equal, nor for another field", async () => {
    const seen: Array<number> = []
    const { it: lane } = startLane(($) =>
      $.onState(
        ({ log }) => log.length,
        (p, q) => Math.floor(p / 2) === Math.floor(q / 2)
      ).run((n) => Effect.sync(() => seen.push(n)))
    )
    for (const n of [1, 2, 3]) {
      lane.unsafe.dispatch(a(n))
      await idle()
    }
    expect(seen).toEqual([0, 2])
  })

  it("C1 onState handlers have filter, map and the strategies, and may write", async () => {
    const { it: lane, log } = startLane(($) =>
      $.onState(({ log }) => log.length)
        .filter((n) => n < 4)
        .map((n) => n + 100)
        .run((n) => $.state.update(({ log }) => ({ log: [...log, n] })))
    )
    await idle()
    expect(log()).toEqual([100, 101, 102, 103])
    lane.unsafe.dispatch(a(9))
    await idle()
    expect(log()).toHaveLength(5)
  })

  it("C6 a failing onState handler is reported, and the next selection is handled", async () => {
    const seen: Array<number> = []
    const {
      it: lane,
      errors,
      infos
    } = startLane(($) =>
      $.onState(({ log }) => log.length).run((n) =>
        n === 0 ? Effect.fail("first") : Effect.sync(() => seen.push(n))
      )
    )
    await idle()
    lane.unsafe.dispatch(a(1))
    await idle()
    expect({ seen, errors }).toEqual({ seen: [1], errors: ["first"] })
    expect(infos).toMatchObject([{ during: "handler" }])
  })
})

describe("on(stream)", () => {
  it("C1 run handles each value in order, with filter and map, and ends with the stream", async () => {
    const seen: Array<string> = []
    startLane(($) =>
      $.on(Stream.make(1, 2, 3, 4))
        .filter((n) => n !== 2)
        .map((n) => `v${n}`)
        .run((line) =>
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => seen.push(line))
          )
        )
    )
    await idle()
    expect(seen).toEqual(["v1", "v3", "v4"])
  })

  it("C1 the subscribing line does not wait for the stream", async () => {
    const events: Array<string> = []
    const queue = Effect.runSync(Queue.unbounded<number>())
    startLane(($) =>
      Effect.gen(function* () {
        yield* $.on(Stream.fromQueue(queue)).run((n) => Effect.sync(() => events.push(`value ${n}`)))
        events.push("next line")
      })
    )
    expect(events).toEqual(["next line"])
    Queue.offerUnsafe(queue, 7)
    await idle()
    expect(events).toEqual(["next line", "value 7"])
  })

  for (const strategy of ["runLatest", "runExhaust", "runParallel"] as const) {
    it(`C1 ${strategy}: a handler that runs when the stream ends goes on to its end`, async () => {
      const x = stepper()
      const done: Array<number> = []
      startLane(($) => {
        const flow = $.on(Stream.make(1))
        const handler = (n: number) =>
          Effect.andThen(
            x.handler(n),
            Effect.sync(() => done.push(n))
          )
        return strategy === "runParallel"
          ? flow.runParallel({ concurrency: 2 }, handler)
          : flow[strategy](handler)
      })
      await x.started(1)
      await idle()
      x.finish()
      await idle()
      expect(done).toEqual([1])
    })
  }

  it("C6 a stream that fails is reported and ends its flow, and no other", async () => {
    const seen: Array<number> = []
    const {
      it: lane,
      errors,
      infos
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.on(Stream.concat(Stream.make(1), Stream.fail("broken"))).run((n) =>
          Effect.sync(() => seen.push(n))
        )
        yield* $.onAction("a").run((n) => Effect.sync(() => seen.push(n)))
      })
    )
    await idle()
    lane.unsafe.dispatch(a(2))
    await idle()
    expect({ seen, errors }).toEqual({ seen: [1, 2], errors: ["broken"] })
    expect(infos).toMatchObject([{ during: "handler", entry: "logic 1: on(stream)" }])
  })

  it("C6 a failing handler does not end its stream", async () => {
    const seen: Array<number> = []
    const { errors } = startLane(($) =>
      $.on(Stream.make(1, 2, 3)).run((n) => (n === 2 ? Effect.fail("two") : Effect.sync(() => seen.push(n))))
    )
    await idle()
    expect({ seen, errors }).toEqual({ seen: [1, 3], errors: ["two"] })
  })

  it("C7 closing the instance ends the stream's scope", async () => {
    const events: Array<string> = []
    const stream = Stream.concat(Stream.make(1), Stream.never).pipe(
      Stream.ensuring(Effect.sync(() => events.push("closed")))
    )
    const { it: lane, runtime } = startLane(($) =>
      $.on(stream).run((n) => Effect.sync(() => events.push(`${n}`)))
    )
    await idle()
    expect(events).toEqual(["1"])
    await runtime.evict(lane.instanceId)
    expect(events).toEqual(["1", "closed"])
  })

  it("C2 another module's actionStream can be a flow's source, lossless", async () => {
    const Other = laneOf("Other")
    const seen: Array<number> = []
    const runtime = disposing(
      Runtime.make([
        Other.implement({ initial: empty, channel: { capacity: 1 } }),
        Lane.implement({
          initial: empty,
          logics: [
            Lane.logic("listen", ($) =>
              Effect.gen(function* () {
                const other = yield* $.use(Other)
                yield* $.on(other.actionStream("a")).run(({ payload }) =>
                  Effect.andThen(
                    Effect.yieldNow,
                    Effect.sync(() => seen.push(payload))
                  )
                )
              })
            )
          ]
        })
      ])
    )
    const other = runtime.resolve(Other.tag)
    await runtime.runPromise(Effect.forEach([1, 2, 3, 4, 5], (n) => other.actions.a(n), { discard: true }))
    await idle()
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })
})

describe("$.afterCommit", () => {
  it("T6 outside a body it starts at once in the instance's scope, with its services, and its error is reported", async () => {
    const events: Array<string> = []
    const {
      it: lane,
      errors,
      infos,
      runtime
    } = startLane(($) =>
      $.onAction("a").run((n) =>
        Effect.gen(function* () {
          yield* $.afterCommit(
            n === 1
              ? Effect.fail("late")
              : Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push("interrupted")))
          )
          events.push(`handled ${n}`)
        })
      )
    )
    lane.unsafe.dispatch(a(1))
    await idle()
    lane.unsafe.dispatch(a(2))
    await idle()
    expect(events).toEqual(["handled 1", "handled 2"])
    expect(errors).toEqual(["late"])
    expect(infos).toMatchObject([{ during: "afterCommit" }])
    await runtime.evict(lane.instanceId)
    expect(events).toEqual(["handled 1", "handled 2", "interrupted"])
  })

  it("T6 inside a body it starts after publication and may dispatch; after a rollback it does not start", async () => {
    const {
      it: lane,
      log,
      errors
    } = startLane(
      ($) =>
        $.onAction("a").run((n) =>
          Effect.exit(
            $.transact("body", (tx) =>
              Effect.gen(function* () {
                yield* $.afterCommit($.actions.b(n + 10))
                tx.update(({ log }) => ({ log: [...log, n + 100] }))
                if (n === 2) yield* Effect.fail("no")
              })
            )
          )
        ),
      { capacity: 4 }
    )
    lane.unsafe.dispatch(a(1))
    await idle()
    lane.unsafe.dispatch(a(2))
    await idle()
    expect(log()).toEqual([1, 101, 11, 2])
    expect(errors).toEqual(["no"])
  })

  it("C3 what afterCommit dispatches waits like any Effect caller", async () => {
    const x = stepper()
    const {
      it: lane,
      log,
      gauge,
      warnings
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction("a").run((n) => Effect.andThen($.afterCommit($.actions.a(n + 10)), x.handler(n)), {
          name: "x"
        })
      })
    )
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    await x.started(1)
    await idle()
    expect(gauge("x")).toMatchObject({ waiting: 1, overflow: 0, depth: 1 })
    x.finish()
    await idle()
    expect(log()).toEqual([1, 2, 11])
    expect(gauge("x")).toMatchObject({ waiting: 1, overflow: 0 })
    expect(warnings).toEqual([])
  })
})
