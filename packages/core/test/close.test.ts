import { Errors, Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import {
  collectWarnings,
  countUnhandledRejections,
  empty,
  gaugeOf,
  Lane,
  laneOf,
  startLane,
  stepper
} from "./lane.ts"
import { disposing, idle, rejection, thrown } from "./support.ts"

const a = (payload: number) => ({ _tag: "a", payload }) as const

/** What a finished fiber failed with. */
const failureOf = (fiber: Fiber.Fiber<unknown, unknown>): unknown => {
  const exit = fiber.pollUnsafe()
  return exit !== undefined && Exit.isFailure(exit) ? Cause.squash(exit.cause) : exit
}

describe("C7", () => {
  it("C7 closing interrupts handlers, of every strategy, and their finalizers run", async () => {
    const events: Array<string> = []
    const forever = (name: string) => (n: number) =>
      Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push(`${name}${n}`)))
    const {
      it: lane,
      runtime,
      errors,
      backlog
    } = startLane(
      ($) =>
        Effect.gen(function* () {
          yield* $.onAction("a").run(forever("run"))
          yield* $.onAction("a").runLatest(forever("latest"))
          yield* $.onAction("a").runExhaust(forever("exhaust"))
          yield* $.onAction("a").runParallel({ concurrency: 2 }, forever("parallel"))
          yield* $.onState(({ log }) => log.length).run(forever("state"))
        }),
      { capacity: 4 }
    )
    lane.unsafe.dispatch(a(1))
    await idle()
    await runtime.evict(lane.instanceId)
    expect(events.toSorted()).toEqual(["exhaust1", "latest1", "parallel1", "run1", "state0"])
    expect(errors).toEqual([])
    expect(backlog()).toEqual({ consumers: [], ingress: 0 })
  })

  it("C7 finalizers run last first, over setups, flows and what they forked", async () => {
    const events: Array<string> = []
    const note = (line: string) => Effect.sync(() => events.push(line))
    const { it: lane, runtime } = startLane([
      ($) =>
        Effect.gen(function* () {
          yield* Effect.addFinalizer(() => note("1"))
          yield* $.onAction("a").run(() => Effect.onInterrupt(Effect.never, () => note("2 (handler)")))
          yield* Effect.addFinalizer(() => Effect.andThen(Effect.yieldNow, note("3")))
          yield* Effect.forkScoped(
            Effect.onInterrupt(Effect.never, () => note("4 (fork)")),
            {
              startImmediately: true
            }
          )
        }),
      () => Effect.addFinalizer(() => note("5"))
    ])
    lane.unsafe.dispatch(a(1))
    await idle()
    await runtime.evict(lane.instanceId)
    expect(events).toEqual(["5", "4 (fork)", "3", "2 (handler)", "1"])
  })

  it("C7 instances close last first: what was made of imports outlives its importer", async () => {
    const { layer } = collectWarnings()
    const events: Array<string> = []
    const Early = laneOf("Early")
    const noting = (line: string) => () => Effect.addFinalizer(() => Effect.sync(() => events.push(line)))
    const early = Early.implement({ initial: empty, logics: [Early.logic("e", noting("early"))] })
    const runtime = Runtime.make(
      Lane.implement({ initial: empty, imports: [early], logics: [Lane.logic("l", noting("late"))] }),
      { layer }
    )
    await runtime.dispose()
    expect(events).toEqual(["late", "early"])
  })

  it("C7 waiting callers are told InstanceClosed, those who hold slots too, and none of them commits", async () => {
    const [x, y] = [stepper(), stepper()]
    const {
      it: lane,
      runtime,
      call,
      log,
      errors
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction(["a", "b"]).run(x.handler, { name: "x" })
        yield* $.onAction(["a", "c"]).run(y.handler, { name: "y" })
      })
    )
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    await Promise.all([x.started(1), y.started(1)])
    // The first holds x and waits for y, the others wait for x behind it.
    const callers = [call(lane.actions.a(3)), call(lane.actions.b(4)), call(lane.actions.b(5))]
    x.finish()
    const before = log()
    let told = 0
    lane.unsafe.subscribe(() => told++)
    await runtime.evict(lane.instanceId)
    for (const caller of callers) {
      expect(failureOf(caller)).toBeInstanceOf(Errors.InstanceClosed)
      expect(failureOf(caller)).toMatchObject({ instanceId: lane.instanceId })
    }
    expect({ log: log(), told, errors }).toEqual({ log: before, told: 0, errors: [] })
  })

  it("C7 the error names the entry", async () => {
    const x = stepper()
    const { it: lane, runtime, call } = startLane(($) => $.onAction("a").run(x.handler))
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    await x.started(1)
    const caller = call(lane.actions.a(3))
    await runtime.evict(lane.instanceId)
    expect(failureOf(caller)).toMatchObject({ _tag: "InstanceClosed", entry: 'action "a"' })
  })

  it("C7 callers that wait for setups are told InstanceClosed", async () => {
    const { it: lane, runtime, call, log } = startLane(() => Effect.never)
    const callers = [1, 2].map((n) => call(lane.actions.a(n)))
    await runtime.evict(lane.instanceId)
    expect(callers.map((caller) => caller.pollUnsafe()?._tag)).toEqual(["Success", "Failure"])
    expect(callers[1] && failureOf(callers[1])).toBeInstanceOf(Errors.InstanceClosed)
    expect(log()).toEqual([1])
  })

  it("C7 tickets reject with InstanceClosed, and make no noise if they are ignored", async () => {
    const unhandled = countUnhandledRejections()
    const x = stepper()
    const { it: lane, runtime } = startLane(($) => $.onAction("a").run(x.handler))
    const tickets = [lane.unsafe.dispatchPromise(a(1))]
    await x.started(1)
    for (const n of [2, 3]) tickets.push(lane.unsafe.dispatchPromise(a(n)))
    await runtime.evict(lane.instanceId)
    const settled = await Promise.allSettled(tickets)
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"])
    expect(settled[2]).toMatchObject({ reason: { _tag: "InstanceClosed" } })
    await idle()
    expect(unhandled).toEqual([])
  })

  it("C7 tickets of an actionStream that is read in the instance's own scope reject too, and its rest is counted", async () => {
    const reading = Promise.withResolvers<void>()
    const { layer, warnings } = collectWarnings()
    const readerOf = Lane.logic("reader", ($) =>
      Effect.gen(function* () {
        const handle = yield* $.use(Lane)
        yield* $.on(handle.actionStream("a")).run(() =>
          Effect.andThen(
            Effect.sync(() => reading.resolve()),
            Effect.never
          )
        )
      })
    )
    const module = Lane.implement({ initial: empty, logics: [readerOf], channel: { capacity: 1 } })
    const runtime = disposing(Runtime.make(module, { layer }))
    const lane = runtime.resolve(Lane.tag)
    await idle()
    const tickets = [lane.unsafe.dispatchPromise(a(1))]
    await reading.promise
    for (const n of [2, 3]) tickets.push(lane.unsafe.dispatchPromise(a(n)))
    await runtime.evict(lane.instanceId)
    const settled = await Promise.allSettled(tickets)
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"])
    await idle()
    expect(warnings).toEqual([expect.stringContaining("2 actions undelivered")])
  })

  it("C7 closing reports how many actions were undelivered: a trace event, and a warning if there are any", async () => {
    const [x, y] = [stepper(), stepper()]
    const {
      it: lane,
      runtime,
      warnings
    } = startLane(($) =>
      Effect.gen(function* () {
        yield* $.onAction("a").run(x.handler)
        yield* $.onAction().run(y.handler)
      })
    )
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    lane.unsafe.dispatch({ _tag: "b", payload: 4 })
    await Promise.all([x.started(1), y.started(1)])
    x.finish()
    // x has 3 left; y has 2, 3 and 4.
    await runtime.evict(lane.instanceId)
    await idle()
    const closed = runtime.trace.snapshot().events.filter(({ kind }) => kind === "closed")
    expect(closed).toMatchObject([{ undelivered: 4, instanceId: lane.instanceId }])
    expect(warnings).toEqual([expect.stringContaining("4 actions undelivered")])
  })

  it("C7 what is kept for setups is not counted twice", async () => {
    const { it: lane, runtime } = startLane(
      ($) =>
        Effect.andThen(
          $.onAction("a").run(() => Effect.never),
          Effect.never
        ),
      { capacity: 4 }
    )
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    await idle()
    await runtime.evict(lane.instanceId)
    const closed = runtime.trace.snapshot().events.filter(({ kind }) => kind === "closed")
    expect(closed).toMatchObject([{ undelivered: 2 }])
  })

  it("C7 nothing undelivered: no warning", async () => {
    const { it: lane, runtime, warnings } = startLane(($) => $.onAction("a").run(() => Effect.void))
    lane.unsafe.dispatch(a(1))
    await idle()
    await runtime.evict(lane.instanceId)
    await idle()
    expect(warnings).toEqual([])
    expect(runtime.trace.snapshot().events.findLast(({ kind }) => kind === "closed")).toMatchObject({
      undelivered: 0
    })
  })

  it("C7 onError is told of entries that were queued behind a commit when it closed, and lost their caller", async () => {
    const { runtime, it: lane, infos, errors } = startLane(() => Effect.void)
    const stop = lane.unsafe.subscribe(() => {
      stop()
      lane.unsafe.dispatch(a(2))
      runtime.unsafe.transact([lane], "both", () => {})
      void runtime.evict(lane.instanceId)
    })
    lane.unsafe.dispatch(a(1))
    await idle()
    expect(infos.map(({ during, entry }) => [during, entry])).toEqual([
      ["entry", 'action "a"'],
      ["entry", 'state-update "both"']
    ])
    for (const error of errors) expect(error).toBeInstanceOf(Errors.InstanceClosed)
  })

  it("C7 an entry made after the close is refused with InstanceClosed, in any spelling", async () => {
    const { it: lane, runtime, log } = startLane(() => Effect.void)
    await runtime.evict(lane.instanceId)
    const closed = { _tag: "InstanceClosed", instanceId: lane.instanceId }
    expect(thrown(() => lane.unsafe.dispatch(a(1)))).toMatchObject(closed)
    expect(thrown(() => lane.unsafe.dispatchBatch([a(1)]))).toMatchObject(closed)
    expect(thrown(() => lane.unsafe.transact("t", () => {}))).toMatchObject(closed)
    expect(await rejection(lane.unsafe.dispatchPromise(a(1)))).toMatchObject(closed)
    for (const entry of [
      lane.actions.a(1),
      lane.dispatchBatch([a(1)]),
      lane.reset(),
      lane.transact("t", () => 1)
    ]) {
      const exit = await runtime.runPromise(Effect.exit(entry))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject(closed)
    }
    expect(log()).toEqual([])
  })

  it("C7 an entry of a handler's finalizer is refused, and the close goes on", async () => {
    const refused: Array<unknown> = []
    const { it: lane, runtime } = startLane(($) =>
      $.onAction("a").run(() =>
        Effect.onInterrupt(Effect.never, () =>
          Effect.map(Effect.exit($.actions.b(2)), (exit) =>
            refused.push(Exit.isFailure(exit) ? Cause.squash(exit.cause) : exit)
          )
        )
      )
    )
    lane.unsafe.dispatch(a(1))
    await idle()
    await runtime.evict(lane.instanceId)
    expect(refused).toMatchObject([{ _tag: "InstanceClosed" }])
  })

  it("C7 actionStream and changes of a closed instance end", async () => {
    const { it: lane, runtime } = startLane(() => Effect.void)
    const actions = runtime.run(Stream.runCollect(lane.actionStream()))
    const changes = runtime.run(Stream.runCollect(lane.changes))
    await idle()
    lane.unsafe.dispatch(a(1))
    await idle()
    await runtime.evict(lane.instanceId)
    await idle()
    expect(actions.pollUnsafe()).toMatchObject({ value: [a(1)] })
    expect(changes.pollUnsafe()).toMatchObject({ value: [{ log: [] }, { log: [1] }] })
  })

  it("C7 a runtime's dispose closes every instance, once, and waits for finalizers", async () => {
    const gate = Deferred.makeUnsafe<void>()
    const events: Array<string> = []
    const { runtime } = startLane(() =>
      Effect.addFinalizer(() =>
        Effect.andThen(
          Deferred.await(gate),
          Effect.sync(() => events.push("finalized"))
        )
      )
    )
    const [first, second] = [runtime.dispose(), runtime.dispose()]
    await idle()
    expect(events).toEqual([])
    Deferred.doneUnsafe(gate, Effect.void)
    await Promise.all([first, second])
    expect(events).toEqual(["finalized"])
    expect(runtime.instances()).toEqual([])
  })

  it("C7 a caller waiting on another instance is not told when this one closes", async () => {
    const { layer } = collectWarnings()
    const Other = laneOf("Other")
    const x = stepper()
    const runtime = disposing(
      Runtime.make(
        [
          Lane.implement({ initial: empty }),
          Other.implement({
            initial: empty,
            channel: { capacity: 1 },
            logics: [Other.logic("x", ($) => $.onAction("a").run(x.handler, { name: "x" }))]
          })
        ],
        { layer }
      )
    )
    const other = runtime.resolve(Other.tag)
    for (const n of [1, 2]) other.unsafe.dispatch(a(n))
    await x.started(1)
    const caller = runtime.run(other.actions.a(3))
    await runtime.evict(runtime.resolve(Lane.tag).instanceId)
    expect(gaugeOf(other.unsafe.backlog(), "x").waiting).toBe(1)
    x.finish()
    expect(caller.pollUnsafe()).toEqual(Exit.void)
  })

  it("C7 dispose waits for a close in progress: layers outlive the finalizers of those who use them", async () => {
    const gate = Deferred.makeUnsafe<void>()
    const events: Array<string> = []
    const note = (line: string) => Effect.sync(() => events.push(line))
    const layer = Layer.effectDiscard(Effect.acquireRelease(Effect.void, () => note("released")))
    const { runtime, it: lane } = startLane(
      () =>
        Effect.addFinalizer(() =>
          Effect.andThen(note("closing"), Effect.andThen(Deferred.await(gate), note("closed")))
        ),
      { layer }
    )
    const evicted = runtime.evict(lane.instanceId).then(() => events.push("evicted"))
    const disposed = runtime.dispose().then(() => events.push("disposed"))
    await idle()
    expect(events).toEqual(["closing"])
    Deferred.doneUnsafe(gate, Effect.void)
    await Promise.all([evicted, disposed])
    expect(events.indexOf("closed")).toBe(1)
    expect(events.indexOf("released")).toBeGreaterThan(1)
    expect(events.indexOf("disposed")).toBeGreaterThan(events.indexOf("released"))
    expect(events).toContain("evicted")
  })

  it("C7 two that close one instance both wait for its end", async () => {
    const gate = Deferred.makeUnsafe<void>()
    const { runtime, it: lane } = startLane(() => Effect.addFinalizer(() => Deferred.await(gate)))
    const settled: Array<number> = []
    const evictions = [1, 2].map((n) => runtime.evict(lane.instanceId).then(() => settled.push(n)))
    await idle()
    expect(settled).toEqual([])
    Deferred.doneUnsafe(gate, Effect.void)
    await Promise.all(evictions)
    expect(settled).toHaveLength(2)
  })
})
