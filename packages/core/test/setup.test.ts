import { Runtime } from "@sluice/core"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it } from "vitest"
import { collectWarnings, empty, isDone, Lane, laneOf, startLane, stepper } from "./lane.ts"
import { disposing, idle } from "./support.ts"

const gateOf = () => Deferred.makeUnsafe<void>()
const open = (gate: Deferred.Deferred<void>) => Deferred.doneUnsafe(gate, Effect.void)
const a = (payload: number) => ({ _tag: "a", payload }) as const
const keptName = "(until every setup has ended)"

describe("C1 consumers", () => {
  it("C1 onAction flows and actionStreams each have a FIFO of the module's capacity, or of their own", async () => {
    const {
      it: lane,
      runtime,
      gauge
    } = startLane(
      ($) =>
        Effect.gen(function* () {
          yield* $.onAction("a").run(() => Effect.never, { name: "own", capacity: 2 })
          yield* $.onAction("a").run(() => Effect.never, { name: "module's" })
        }),
      { capacity: 5 }
    )
    runtime.run(Stream.runForEach(lane.actionStream("a"), () => Effect.never))
    for (let n = 1; n <= 10; n++) lane.unsafe.dispatch(a(n))
    await idle()
    expect(gauge("own")).toMatchObject({ capacity: 2, depth: 2, inFlight: 1 })
    expect(gauge("module's")).toMatchObject({ capacity: 5, depth: 5, inFlight: 1 })
    expect(gauge("actionStream(a)")).toMatchObject({ capacity: 5, depth: 5 })
    expect(lane.unsafe.backlog().ingress).toBe(7 + 4 + 4)
  })

  it("C1 a capacity that is not given is 256", () => {
    const lane = Lane.implement({
      initial: empty,
      logics: [Lane.logic("x", ($) => $.onAction().run(() => Effect.void))]
    })
    const runtime = disposing(Runtime.make(lane))
    expect(runtime.resolve(Lane.tag).unsafe.backlog().consumers).toMatchObject([{ capacity: 256 }])
  })

  it("C1 changes and changesOf are conflated: the current value, then the newest", async () => {
    const { it: lane, runtime } = startLane(() => Effect.void)
    lane.unsafe.dispatch(a(1))
    const gate = gateOf()
    const slow = (first: boolean) => (first ? Deferred.await(gate) : Effect.void)
    const sizes: Array<number> = []
    const states: Array<number> = []
    runtime.run(
      Stream.runForEach(
        lane.changesOf(({ log }) => log.length),
        (n) =>
          Effect.andThen(
            Effect.sync(() => sizes.push(n)),
            slow(sizes.length === 0)
          )
      )
    )
    runtime.run(
      Stream.runForEach(lane.changes, ({ log }) =>
        Effect.andThen(
          Effect.sync(() => states.push(log.length)),
          slow(states.length === 0)
        )
      )
    )
    await idle()
    for (const n of [2, 3, 4]) lane.unsafe.dispatch(a(n))
    await idle()
    open(gate)
    await idle()
    lane.unsafe.dispatch(a(5))
    await idle()
    expect(sizes).toEqual([1, 4, 5])
    expect(states).toEqual([1, 4, 5])
  })

  it("C1 a slow reader of changes never makes callers wait", async () => {
    const {
      it: lane,
      call,
      runtime,
      log
    } = startLane(($) => $.onState(({ log }) => log.length).run(() => Effect.never))
    runtime.run(Stream.runForEach(lane.changes, () => Effect.never))
    const callers = [1, 2, 3, 4].map((n) => call(lane.actions.a(n)))
    expect(callers.map(isDone)).toEqual([true, true, true, true])
    expect(log()).toEqual([1, 2, 3, 4])
    expect(lane.unsafe.backlog()).toEqual({ consumers: [], ingress: 0 })
    await idle()
  })

  it("C1 changesOf compares with its equals, and ends with the instance", async () => {
    const { it: lane, runtime } = startLane(() => Effect.void)
    const all = runtime.run(
      Stream.runCollect(
        lane.changesOf(
          ({ log }) => log.length,
          (a, b) => Math.floor(a / 2) === Math.floor(b / 2)
        )
      )
    )
    await idle()
    for (const n of [1, 2, 3, 4]) {
      lane.unsafe.dispatch(a(n))
      await idle()
    }
    await runtime.evict(lane.instanceId)
    await idle()
    expect(all.pollUnsafe()).toMatchObject({ value: [0, 2, 4] })
  })

  it("C1 on(stream) pulls: the next value is asked for when the handler has ended", async () => {
    const x = stepper()
    const pulled: Array<number> = []
    startLane(($) =>
      $.on(
        Stream.tap(Stream.make(1, 2, 3).pipe(Stream.rechunk(1)), (n) => Effect.sync(() => pulled.push(n)))
      ).run(x.handler)
    )
    await x.started(1)
    expect(pulled).toEqual([1])
    x.finish()
    await x.started(2)
    expect(pulled).toEqual([1, 2])
  })
})

describe("C1 setups", () => {
  it("C1 entries commit from the moment the instance is made, while setups run", () => {
    const gate = gateOf()
    const { it: lane, log, call } = startLane(() => Deferred.await(gate), { capacity: 4 })
    lane.unsafe.dispatch(a(1))
    expect(isDone(call(lane.actions.a(2)))).toBe(true)
    expect(log()).toEqual([1, 2])
  })

  it("C1 a flow opened in a setup receives the kept actions first, then the later ones", async () => {
    const gate = gateOf()
    const seen: Array<string> = []
    const note = (name: string) => (n: number) => Effect.sync(() => seen.push(`${name}${n}`))
    const { it: lane } = startLane(
      [
        ($) =>
          Effect.gen(function* () {
            yield* $.onAction("a").run(note("early"))
            yield* Deferred.await(gate)
            yield* $.onAction("a").run(note("late"))
          }),
        () => Effect.void
      ],
      { capacity: 4 }
    )
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    lane.unsafe.dispatch({ _tag: "b", payload: 9 })
    await idle()
    expect(seen).toEqual(["early1", "early2"])
    open(gate)
    lane.unsafe.dispatch(a(3))
    await idle()
    expect(seen.filter((line) => line.startsWith("early"))).toEqual(["early1", "early2", "early3"])
    expect(seen.filter((line) => line.startsWith("late"))).toEqual(["late1", "late2", "late3"])
  })

  it("C1 actions are kept until every setup has ended, not only the first", async () => {
    const [one, two] = [gateOf(), gateOf()]
    const seen: Array<number> = []
    const { it: lane, backlog } = startLane(
      [
        () => Deferred.await(one),
        ($) =>
          Effect.andThen(
            Deferred.await(two),
            $.onAction("a").run((n) => Effect.sync(() => seen.push(n)))
          )
      ],
      { capacity: 4 }
    )
    lane.unsafe.dispatch(a(1))
    open(one)
    lane.unsafe.dispatch(a(2))
    await idle()
    expect(backlog().consumers).toMatchObject([{ name: keptName, depth: 2, capacity: 4 }])
    open(two)
    await idle()
    expect(seen).toEqual([1, 2])
    expect(backlog().consumers.map(({ name }) => name)).toEqual(["logic 2: a"])
  })

  it("C1 more kept actions than a flow's capacity reach it too, in order", async () => {
    const gate = gateOf()
    const seen: Array<number> = []
    const { it: lane, log } = startLane(
      ($) =>
        Effect.andThen(
          Deferred.await(gate),
          $.onAction("a").run((n) => Effect.sync(() => seen.push(n)))
        ),
      { capacity: 2 }
    )
    for (let n = 1; n <= 7; n++) lane.unsafe.dispatch(a(n))
    open(gate)
    lane.unsafe.dispatch(a(8))
    await idle()
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(log()).toEqual(seen)
  })

  it("C1 a flow opened after the setups gets nothing that was kept", async () => {
    const seen: Array<number> = []
    const gate = gateOf()
    const { it: lane } = startLane(
      ($) =>
        Effect.forkScoped(
          Effect.andThen(
            Deferred.await(gate),
            $.onAction("a").run((n) => Effect.sync(() => seen.push(n)))
          )
        ),
      { capacity: 4 }
    )
    lane.unsafe.dispatch(a(1))
    open(gate)
    await idle()
    lane.unsafe.dispatch(a(2))
    await idle()
    expect(seen).toEqual([2])
  })

  it("C2 an actionStream that others open while setups run gets what is committed from then on", async () => {
    const gate = gateOf()
    const { it: lane, runtime } = startLane(() => Deferred.await(gate), { capacity: 4 })
    lane.unsafe.dispatch(a(1))
    const got: Array<number> = []
    runtime.run(
      Stream.runForEach(lane.actionStream("a"), ({ payload }) => Effect.sync(() => got.push(payload)))
    )
    lane.unsafe.dispatch(a(2))
    open(gate)
    lane.unsafe.dispatch(a(3))
    await idle()
    expect(got).toEqual([2, 3])
  })

  it("C1 at capacity kept actions, Effect callers wait until the setups have ended", async () => {
    const gate = gateOf()
    const { it: lane, call, log, gauge } = startLane(() => Deferred.await(gate), { capacity: 2 })
    const callers = [1, 2, 3, 4].map((n) => call(lane.actions.a(n)))
    expect(callers.map(isDone)).toEqual([true, true, false, false])
    expect(gauge(keptName)).toMatchObject({ depth: 2, waiting: 2, capacity: 2 })
    expect(log()).toEqual([1, 2])
    open(gate)
    await idle()
    expect(callers.map(isDone)).toEqual([true, true, true, true])
    expect(log()).toEqual([1, 2, 3, 4])
  })

  it("C1 a caller that waits for setups can be interrupted, and leaves nothing", async () => {
    const gate = gateOf()
    const { it: lane, call, log, runtime, backlog } = startLane(() => Deferred.await(gate), { capacity: 1 })
    call(lane.actions.a(1))
    const caller = call(lane.actions.a(2))
    await runtime.runPromise(Fiber.interrupt(caller))
    open(gate)
    await idle()
    expect(log()).toEqual([1])
    expect(backlog()).toEqual({ consumers: [], ingress: 0 })
  })

  it("C1 sync callers never wait for setups; their Promise settles when the actions are no longer kept", async () => {
    const gate = gateOf()
    const { it: lane, log, backlog } = startLane(() => Deferred.await(gate), { capacity: 1 })
    const settled: Array<number> = []
    for (const n of [1, 2, 3]) void lane.unsafe.dispatchPromise(a(n)).then(() => settled.push(n))
    await idle()
    expect(log()).toEqual([1, 2, 3])
    expect(settled).toEqual([1])
    expect(backlog()).toMatchObject({ ingress: 2 })
    open(gate)
    await idle()
    expect(settled).toEqual([1, 2, 3])
  })

  it("C1 setups do not wait for the actions kept for them", async () => {
    const { log, backlog } = startLane(
      ($) =>
        Effect.gen(function* () {
          for (const n of [1, 2, 3, 4, 5]) yield* $.actions.a(n)
        }),
      { capacity: 1 }
    )
    await idle()
    expect(log()).toEqual([1, 2, 3, 4, 5])
    expect(backlog()).toEqual({ consumers: [], ingress: 0 })
  })

  it("C1 own handlers do not wait for the actions kept for setups", async () => {
    const gate = gateOf()
    const { it: lane, log } = startLane(
      ($) =>
        Effect.gen(function* () {
          yield* $.onAction("a").run((n) => Effect.andThen($.actions.b(n + 10), $.actions.c(n + 20)))
          yield* Deferred.await(gate)
        }),
      { capacity: 1 }
    )
    lane.unsafe.dispatch(a(1))
    lane.unsafe.dispatch(a(2))
    await idle()
    expect(log()).toEqual([1, 2, 11, 21, 12, 22])
  })

  it("C1 setups of two modules that dispatch to each other do not wait for each other", async () => {
    const Other = laneOf("Other")
    const options = { initial: empty, channel: { capacity: 1 } }
    const runtime = disposing(
      Runtime.make([
        Lane.implement({
          ...options,
          logics: [
            Lane.logic("to Other", ($) =>
              Effect.gen(function* () {
                const other = yield* $.use(Other)
                for (const n of [1, 2, 3]) yield* other.actions.a(n)
              })
            )
          ]
        }),
        Other.implement({
          ...options,
          logics: [
            Other.logic("to Lane", ($) =>
              Effect.gen(function* () {
                const lane = yield* $.use(Lane)
                for (const n of [1, 2, 3]) yield* lane.actions.a(n)
              })
            )
          ]
        })
      ])
    )
    await idle()
    expect(runtime.resolve(Lane.tag).unsafe.getState().log).toEqual([1, 2, 3])
    expect(runtime.resolve(Other.tag).unsafe.getState().log).toEqual([1, 2, 3])
  })

  it("C1 a setup's forked loop is no part of the setup", async () => {
    const {
      log,
      backlog,
      it: lane,
      call
    } = startLane(($) => Effect.forkScoped(Effect.forever(Effect.andThen(Effect.never, $.actions.a(1)))))
    expect(backlog().consumers).toEqual([])
    expect([1, 2, 3].map((n) => call(lane.actions.a(n))).every(isDone)).toBe(true)
    expect(log()).toEqual([1, 2, 3])
    await idle()
  })

  it("C1 a setup that fails has ended: it is reported, and the others go on", async () => {
    const seen: Array<number> = []
    const {
      it: lane,
      errors,
      infos,
      backlog
    } = startLane([
      () => Effect.fail("no config"),
      ($) => $.onAction("a").run((n) => Effect.sync(() => seen.push(n)))
    ])
    lane.unsafe.dispatch(a(1))
    await idle()
    expect(errors).toEqual(["no config"])
    expect(infos).toMatchObject([{ during: "setup", entry: "logic 1", instanceId: lane.instanceId }])
    expect(seen).toEqual([1])
    expect(backlog().consumers.map(({ name }) => name)).toEqual(["logic 2: a"])
  })

  it("C1 a setup that subscribes and returns does not block the next line", async () => {
    const seen: Array<string> = []
    startLane(
      ($) =>
        Effect.gen(function* () {
          yield* $.onAction("a").run((n) => Effect.sync(() => seen.push(`handled ${n}`)))
          seen.push("next line")
          yield* $.actions.a(1)
          seen.push("dispatched")
        }),
      { capacity: 2 }
    )
    expect(seen).toEqual(["next line", "dispatched"])
    await idle()
    expect(seen).toEqual(["next line", "dispatched", "handled 1"])
  })
})

describe("C1 the warning", () => {
  const clocked = (setups: number, gate: Deferred.Deferred<void>) => {
    const { warnings, layer } = collectWarnings()
    const runtime = disposing(
      Runtime.make(
        Lane.implement({
          initial: empty,
          logics: Array.from({ length: setups }, (_, i) =>
            Lane.logic(`loop ${i + 1}`, () => (i === 0 ? Deferred.await(gate) : Effect.void))
          )
        }),
        { layer: Layer.merge(layer, TestClock.layer()) }
      )
    )
    const adjust = async (ms: number) => {
      await runtime.runPromise(
        Effect.flatMap(Clock.Clock, (clock) => (clock as TestClock.TestClock).adjust(ms))
      )
      await idle()
    }
    return { runtime, warnings, adjust }
  }

  it("C1 a setup still running after 5 s gives one warning that says to fork its loop", async () => {
    const { warnings, adjust } = clocked(2, gateOf())
    await adjust(4999)
    expect(warnings).toEqual([])
    await adjust(1)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain("loop 1")
    expect(warnings[0]).not.toContain("loop 2")
    expect(warnings[0]).toContain("forkScoped")
    await adjust(60_000)
    expect(warnings).toHaveLength(1)
  })

  it("C1 a setup that ends within 5 s gives none", async () => {
    const gate = gateOf()
    const { warnings, adjust } = clocked(1, gate)
    await adjust(4999)
    open(gate)
    await idle()
    await adjust(60_000)
    expect(warnings).toEqual([])
  })

  it("C1 an instance closed before gives none", async () => {
    const { runtime, warnings, adjust } = clocked(1, gateOf())
    const [instance] = runtime.instances()
    await runtime.evict(instance?.instanceId ?? "")
    await adjust(60_000)
    expect(warnings).toEqual([])
  })
})
