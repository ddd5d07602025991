import { type Commit, Runtime } from "@sluice/core"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it, vi } from "vitest"
import {
  collectWarnings,
  empty,
  gaugeOf,
  isDone,
  Lane,
  laneOf,
  type LaneState,
  startLane,
  stepper
} from "./lane.ts"
import { collectErrors, disposing, idle } from "./support.ts"

const a = (payload: number) => ({ _tag: "a", payload }) as const
const upTo = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i + 1)
const last = (commit: Commit.Commit): number | undefined => (commit.next as LaneState).log.at(-1)

/** A sink whose batches are ended by hand. */
const steppedSink = (capacity: number, name = "sink") => {
  const batches: Array<ReadonlyArray<Commit.Commit>> = []
  const gates: Array<Deferred.Deferred<void, unknown>> = []
  const sink: Commit.CommitSink = {
    name,
    capacity,
    onCommit: (batch) =>
      Effect.suspend(() => {
        batches.push(batch)
        const gate = Deferred.makeUnsafe<void, unknown>()
        gates.push(gate)
        return Deferred.await(gate)
      })
  }
  return {
    sink,
    batches,
    finish: () => {
      const gate = gates.shift()
      if (gate === undefined) throw new Error("No batch is being handled")
      Deferred.doneUnsafe(gate, Effect.void)
    },
    /** As `finish`, if there is one. */
    finishAny: () => {
      const gate = gates.shift()
      if (gate !== undefined) Deferred.doneUnsafe(gate, Effect.void)
    }
  }
}

/** A sink that keeps all it is given. */
const keeping = (name = "sink", capacity = 1000) => {
  const commits: Array<Commit.Commit> = []
  const sink: Commit.CommitSink = {
    name,
    capacity,
    onCommit: (batch) => Effect.sync(() => void commits.push(...batch))
  }
  return { sink, commits }
}

describe("CommitSink", () => {
  it("S8 a sink gets every commit of every instance, once, in order, with gapless seq", async () => {
    const { commits, sink } = keeping()
    const Other = laneOf("Other")
    const runtime = disposing(
      Runtime.make([Lane.implement({ initial: empty }), Other.implement({ initial: empty })])
    )
    const [lane, other] = [runtime.resolve(Lane.tag), runtime.resolve(Other.tag)]
    lane.unsafe.dispatch(a(99))
    runtime.attach(sink)
    for (const n of upTo(20)) {
      if (n % 2 === 0) lane.unsafe.dispatch(a(n))
      else await runtime.runPromise(other.actions.b(n))
    }
    await idle()
    expect(commits.map(last)).toEqual(upTo(20))
    expect(commits.map(({ moduleId }) => moduleId)).toEqual(
      upTo(20).map((n) => (n % 2 === 0 ? "Lane" : "Other"))
    )
    const seqs = commits.map(({ seq }) => seq)
    expect(seqs).toEqual(upTo(20).map((_, i) => (seqs[0] ?? 0) + i))
  })

  it("S8 a commit carries its transaction, origin, cause, actions and the states themselves", async () => {
    const { commits, sink } = keeping()
    const { it: lane, runtime } = startLane(
      ($) => $.onAction("a").run((n) => $.actions.b(n + 10), { name: "x" }),
      { capacity: 4 }
    )
    runtime.attach(sink)
    const before = lane.unsafe.getState()
    const startedFrom = Date.now()
    lane.unsafe.dispatch(a(1))
    await idle()
    const after = lane.unsafe.getState()
    expect(commits).toHaveLength(2)
    expect(commits[0]).toMatchObject({
      txnId: "Lane#1::t1",
      instanceId: "Lane#1",
      moduleId: "Lane",
      origin: { kind: "action", name: "a" },
      cause: undefined,
      actions: [a(1)]
    })
    expect(commits[0]?.groupId).toBeUndefined()
    expect(commits[1]).toMatchObject({
      txnId: "Lane#1::t2",
      cause: "Lane#1::t1",
      actions: [{ _tag: "b", payload: 11 }]
    })
    expect(commits[0]?.previous).toBe(before)
    expect(commits[0]?.next).toBe(commits[1]?.previous)
    expect(commits[1]?.next).toBe(after)
    expect(commits[0]?.startedAt).toBeGreaterThanOrEqual(startedFrom - 1)
    expect(commits[0]?.startedAt).toBeLessThanOrEqual(Date.now())
  })

  it("S8 what does not commit does not reach it: unchanged states and rollbacks take no seq", async () => {
    const { commits, sink } = keeping()
    const { it: lane, runtime } = startLane(() => Effect.void)
    runtime.attach(sink)
    lane.unsafe.dispatch(a(0))
    lane.unsafe.dispatch(a(1))
    expect(() => lane.unsafe.dispatch(a(-1))).toThrow("below zero")
    lane.unsafe.dispatch(a(2))
    await idle()
    expect(commits.map(last)).toEqual([1, 2])
    expect((commits[1]?.seq ?? 0) - (commits[0]?.seq ?? 0)).toBe(1)
  })

  it("S8 a batch of actions, a transaction and a callback are one commit each", async () => {
    const { commits, sink } = keeping()
    const { it: lane, runtime } = startLane(() => Effect.void)
    runtime.attach(sink)
    lane.unsafe.dispatchBatch([a(1), a(2)])
    await runtime.runPromise(lane.transact("mine", (tx) => tx.update(({ log }) => ({ log: [...log, 3] }))))
    await idle()
    expect(commits.map(({ origin, actions }) => [origin.kind, origin.name, actions.length])).toEqual([
      ["action", "batch", 2],
      ["state-update", "mine", 0]
    ])
  })

  it("C3 a full sink makes Effect callers wait, outside the window", async () => {
    const { sink, finish, batches } = steppedSink(2)
    const { it: lane, runtime, call, log } = startLane(() => Effect.void)
    runtime.attach(sink)
    lane.unsafe.dispatch(a(1))
    await idle()
    expect(batches.map((batch) => batch.map(last))).toEqual([[1]])
    const callers = [2, 3, 4, 5].map((n) => call(lane.actions.a(n)))
    expect(callers.map(isDone)).toEqual([true, true, false, false])
    expect(log()).toEqual([1, 2, 3])
    // Any entry that might commit waits, those without actions too.
    const update = call(lane.transact("t", (tx) => tx.set({ log: [] })))
    expect(isDone(update)).toBe(false)
    await runtime.runPromise(Fiber.interrupt(update))
    finish()
    await idle()
    expect(callers.every(isDone)).toBe(true)
    expect(log()).toEqual([1, 2, 3, 4, 5])
    while (batches.flat().length < 5) {
      finish()
      await idle()
    }
    expect(batches.flat().map(last)).toEqual([1, 2, 3, 4, 5])
  })

  it("C3 while a sink works, at most its capacity of Effect callers' commits wait for it, and a batch is no larger", async () => {
    const { sink, finish, batches } = steppedSink(4)
    const { it: lane, runtime, log } = startLane(() => Effect.void)
    runtime.attach(sink)
    const all = runtime.run(Effect.forEach(upTo(50), (n) => lane.actions.a(n), { discard: true }))
    for (let rounds = 0; batches.flat().length < 50; rounds++) {
      await idle()
      const taken = batches.flat().length
      expect(batches.at(-1)?.length).toBeLessThanOrEqual(4)
      expect(log().length - taken).toBeLessThanOrEqual(4)
      expect(rounds).toBeLessThan(60)
      finish()
      await idle()
    }
    expect(isDone(all)).toBe(true)
    expect(batches.flat().map(last)).toEqual(upTo(50))
  })

  it("C5 synchronous callers commit at once, and their Promises settle when the sink has slots", async () => {
    const { sink, finish, batches } = steppedSink(1)
    const { it: lane, runtime, log } = startLane(() => Effect.void)
    runtime.attach(sink)
    const settled: Array<number> = []
    const dispatch = (n: number) => void lane.unsafe.dispatchPromise(a(n)).then(() => settled.push(n))
    dispatch(1)
    await idle()
    for (const n of [2, 3]) dispatch(n)
    await idle()
    expect(log()).toEqual([1, 2, 3])
    expect(settled).toEqual([1, 2])
    finish()
    await idle()
    expect(settled).toEqual([1, 2, 3])
    finish()
    await idle()
    expect(batches.flat().map(last)).toEqual([1, 2, 3])
  })

  it("C3 a caller waits for its consumers and every sink, and a sink frees callers of every instance in order", async () => {
    const { sink, finish } = steppedSink(1)
    const Other = laneOf("Other")
    const runtime = disposing(
      Runtime.make([Lane.implement({ initial: empty }), Other.implement({ initial: empty })])
    )
    const [lane, other] = [runtime.resolve(Lane.tag), runtime.resolve(Other.tag)]
    runtime.attach(sink)
    runtime.attach(keeping("second").sink)
    lane.unsafe.dispatch(a(1))
    await idle()
    lane.unsafe.dispatch(a(2))
    const callers = [
      runtime.run(other.actions.a(3)),
      runtime.run(lane.actions.a(4)),
      runtime.run(other.actions.a(5))
    ]
    expect(callers.map(isDone)).toEqual([false, false, false])
    const done: Array<number> = []
    for (let n = 0; n < 3; n++) {
      finish()
      await idle()
      done.push(callers.filter(isDone).length)
    }
    expect(done).toEqual([1, 2, 3])
    expect(other.unsafe.getState().log).toEqual([3, 5])
    expect(lane.unsafe.getState().log).toEqual([1, 2, 4])
  })

  it("C3 sinks attached while callers wait are waited for too, in no circle", async () => {
    const first = steppedSink(1, "first")
    const second = steppedSink(1, "second")
    const Other = laneOf("Other")
    const runtime = disposing(
      Runtime.make([Lane.implement({ initial: empty }), Other.implement({ initial: empty })])
    )
    const [lane, other] = [runtime.resolve(Lane.tag), runtime.resolve(Other.tag)]
    runtime.attach(first.sink)
    lane.unsafe.dispatch(a(1))
    await idle()
    lane.unsafe.dispatch(a(2))
    // The caller on the instance that was made last is first in line.
    const callers = [runtime.run(other.actions.a(3)), runtime.run(lane.actions.a(4))]
    runtime.attach(second.sink)
    callers.push(runtime.run(lane.actions.a(5)))
    for (let n = 0; n < 12 && !callers.every(isDone); n++) {
      for (const { finishAny } of [first, second]) {
        await idle()
        finishAny()
      }
      await idle()
    }
    expect(callers.map(isDone)).toEqual([true, true, true])
    expect(second.batches.flat().map(last)).toEqual([3, 4, 5].slice(0, second.batches.flat().length))
  })

  it("S8 a detached sink gets no more, is not waited for, and frees who waited", async () => {
    const { sink, batches } = steppedSink(1)
    const { it: lane, runtime, call } = startLane(() => Effect.void)
    const detach = runtime.attach(sink)
    lane.unsafe.dispatch(a(1))
    await idle()
    lane.unsafe.dispatch(a(2))
    const caller = call(lane.actions.a(3))
    expect(isDone(caller)).toBe(false)
    detach()
    detach()
    expect(isDone(caller)).toBe(true)
    lane.unsafe.dispatch(a(4))
    await idle()
    expect(batches.flat().map(last)).toEqual([1])
  })

  it("C4 a sink that dispatches does not wait for itself", async () => {
    const commits: Array<number | undefined> = []
    const { warnings, layer } = collectWarnings()
    const runtime = disposing(Runtime.make(Lane.implement({ initial: empty }), { layer }))
    const lane = runtime.resolve(Lane.tag)
    runtime.attach({
      name: "echo",
      capacity: 1,
      onCommit: (batch) =>
        Effect.forEach(batch, (commit) => {
          const n = last(commit) ?? 0
          commits.push(n)
          return n < 10 ? Effect.andThen(lane.actions.a(n + 10), lane.actions.a(n + 20)) : Effect.void
        })
    })
    await runtime.runPromise(
      Effect.forEach([1, 2, 3], (n) => lane.actions.a(n), { concurrency: "unbounded", discard: true })
    )
    await idle()
    expect(commits).toEqual([...lane.unsafe.getState().log])
    expect(commits).toHaveLength(9)
    expect(warnings).toHaveLength(1)
  })

  it("C4 a sink that waits for a flow whose handler waits for the sink is let in", async () => {
    const seen: Array<number> = []
    const { warnings, layer } = collectWarnings()
    const Audit = laneOf("Audit")
    const runtime = disposing(
      Runtime.make(
        [
          Lane.implement({ initial: empty, channel: { capacity: 1 } }),
          Audit.implement({
            initial: empty,
            channel: { capacity: 1 },
            logics: [
              Audit.logic("x", ($) =>
                $.onAction("a").run(
                  (n) =>
                    Effect.andThen(
                      $.actions.b(n + 100),
                      Effect.sync(() => seen.push(n))
                    ),
                  {
                    name: "x"
                  }
                )
              )
            ]
          })
        ],
        { layer }
      )
    )
    const [lane, audit] = [runtime.resolve(Lane.tag), runtime.resolve(Audit.tag)]
    runtime.attach({
      name: "audit",
      capacity: 1,
      onCommit: (batch) =>
        Effect.forEach(batch, (commit) =>
          commit.moduleId === "Lane" ? audit.actions.a(last(commit) ?? 0) : Effect.void
        )
    })
    await runtime.runPromise(
      Effect.forEach(upTo(8), (n) => lane.actions.a(n), { concurrency: "unbounded", discard: true })
    )
    await idle()
    expect(seen).toEqual(upTo(8))
    expect(gaugeOf(audit.unsafe.backlog(), "x")).toMatchObject({ depth: 0, inFlight: 0, waiting: 0 })
    expect(warnings.length).toBeLessThanOrEqual(2)
  })

  it("C4 a handler that waits for a sink which is just slow waits", async () => {
    const { sink, finish } = steppedSink(1)
    const x = stepper()
    const {
      it: lane,
      runtime,
      gauge,
      log,
      warnings
    } = startLane(($) =>
      $.onAction("a").run((n) => Effect.andThen($.actions.b(n + 10), x.handler(n)), { name: "x" })
    )
    runtime.attach(sink)
    lane.unsafe.dispatch({ _tag: "c", payload: 5 })
    await idle()
    lane.unsafe.dispatch({ _tag: "c", payload: 6 })
    lane.unsafe.dispatch(a(1))
    await idle()
    expect(gauge("x")).toMatchObject({ inFlight: 1 })
    expect(log()).toEqual([5, 6, 1])
    finish()
    await idle()
    finish()
    await x.started(1)
    expect(log()).toEqual([5, 6, 1, 11])
    expect(warnings).toEqual([])
  })
})

describe("a failing sink", () => {
  const clocked = () => {
    const { layer } = collectWarnings()
    const { errors, infos, onError } = collectErrors()
    const runtime = disposing(
      Runtime.make(Lane.implement({ initial: empty }), {
        onError,
        layer: Layer.merge(layer, TestClock.layer())
      })
    )
    const adjust = async (ms: number) => {
      await idle()
      await runtime.runPromise(
        Effect.flatMap(Clock.Clock, (clock) => (clock as TestClock.TestClock).adjust(ms))
      )
      await idle()
    }
    return { runtime, errors, infos, adjust, lane: runtime.resolve(Lane.tag) }
  }

  it("S8 is retried by its schedule with the same batch; until it recovers callers wait; nothing is skipped", async () => {
    const { runtime, errors, infos, adjust, lane } = clocked()
    const attempts: Array<ReadonlyArray<number | undefined>> = []
    const got: Array<number | undefined> = []
    let broken = true
    runtime.attach({
      name: "journal",
      capacity: 1,
      retry: Schedule.spaced("1 second"),
      onCommit: (batch) =>
        Effect.suspend(() => {
          attempts.push(batch.map(last))
          if (broken) return Effect.fail("disk full")
          got.push(...batch.map(last))
          return Effect.void
        })
    })
    lane.unsafe.dispatch(a(1))
    await idle()
    const callers = [2, 3, 4].map((n) => runtime.run(lane.actions.a(n)))
    expect(callers.map(isDone)).toEqual([true, false, false])
    await adjust(3000)
    expect(attempts).toEqual([[1], [1], [1], [1]])
    expect(callers.map(isDone)).toEqual([true, false, false])
    expect(errors).toEqual(["disk full", "disk full", "disk full", "disk full"])
    expect(infos[0]).toMatchObject({ during: "sink", entry: "journal" })
    broken = false
    await adjust(1000)
    expect(callers.every(isDone)).toBe(true)
    await idle()
    expect(got).toEqual([1, 2, 3, 4])
  })

  it("S8 skips nothing when its schedule has ended, nor after a defect", async () => {
    const { runtime, adjust, lane } = clocked()
    const got: Array<number | undefined> = []
    let attempts = 0
    runtime.attach({
      name: "journal",
      capacity: 8,
      retry: Schedule.recurs(1),
      onCommit: (batch) =>
        Effect.suspend(() => {
          attempts++
          if (attempts < 4) return attempts % 2 === 0 ? Effect.fail("no") : Effect.die(new Error("bug"))
          got.push(...batch.map(last))
          return Effect.void
        })
    })
    lane.unsafe.dispatch(a(1))
    for (let n = 0; n < 8; n++) await adjust(60_000)
    lane.unsafe.dispatch(a(2))
    await adjust(1000)
    expect(attempts).toBeGreaterThanOrEqual(4)
    expect(got).toEqual([1, 2])
  })

  it("S8 without a schedule it is tried again, and the other sinks are not held up", async () => {
    const { runtime, adjust, lane } = clocked()
    const good = keeping("good")
    const got: Array<number | undefined> = []
    let failures = 2
    runtime.attach({
      name: "bad",
      capacity: 8,
      onCommit: (batch) =>
        Effect.suspend(() => {
          if (failures-- > 0) return Effect.fail("no")
          got.push(...batch.map(last))
          return Effect.void
        })
    })
    runtime.attach(good.sink)
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    await idle()
    expect(good.commits.map(last)).toEqual([1, 2])
    expect(got).toEqual([])
    await adjust(5000)
    expect(got).toEqual([1, 2])
  })

  it("S8 an onCommit that throws is a failing one", async () => {
    const { runtime, adjust, lane, errors } = clocked()
    const got: Array<number | undefined> = []
    let first = true
    runtime.attach({
      name: "bad",
      capacity: 8,
      onCommit: (batch) => {
        if (first) {
          first = false
          throw new Error("thrown")
        }
        return Effect.sync(() => void got.push(...batch.map(last)))
      }
    })
    lane.unsafe.dispatch(a(1))
    await adjust(5000)
    expect(got).toEqual([1])
    expect(errors).toMatchObject([{ message: "thrown" }])
  })
})

describe("S8 a sink ends with its runtime", () => {
  const attempting = (outcome: Effect.Effect<void, unknown>) => {
    const { layer, warnings } = collectWarnings()
    const runtime = disposing(Runtime.make(Lane.implement({ initial: empty }), { layer, onError: () => {} }))
    const attempts: Array<ReadonlyArray<number | undefined>> = []
    runtime.attach({
      name: "journal",
      capacity: 8,
      retry: Schedule.forever,
      onCommit: (batch) =>
        Effect.suspend(() => {
          attempts.push(batch.map(last))
          return outcome
        })
    })
    return { runtime, lane: runtime.resolve(Lane.tag), attempts, warnings }
  }

  it("C7 what waited for it when the runtime ended is handed over, once", async () => {
    const { runtime, lane, attempts, warnings } = attempting(Effect.void)
    for (const n of [1, 2, 3]) lane.unsafe.dispatch(a(n))
    await runtime.dispose()
    await idle()
    expect(attempts).toEqual([[1, 2, 3]])
    expect(warnings).toEqual([])
  })

  it("C7 so is what a finalizer committed on an instance that was still there", async () => {
    const Late = laneOf("Late")
    const early = Lane.implement({ initial: empty })
    const logic = Late.logic("leaves", ($) =>
      Effect.gen(function* () {
        const lane = yield* $.use(Lane)
        yield* Effect.addFinalizer(() => lane.actions.a(7))
      })
    )
    const runtime = disposing(
      Runtime.make(Late.implement({ initial: empty, imports: [early], logics: [logic] }))
    )
    const { sink, commits } = keeping()
    runtime.attach(sink)
    await runtime.dispose()
    expect(commits.map(last)).toEqual([7])
  })

  it("C7 one that has had all is given nothing more", async () => {
    const { runtime, lane, attempts } = attempting(Effect.void)
    lane.unsafe.dispatch(a(1))
    await vi.waitUntil(() => attempts.length === 1)
    await runtime.dispose()
    await idle()
    expect(attempts).toEqual([[1]])
  })

  it("C7 one that fails at that is not tried again, and says how much is undelivered", async () => {
    const { runtime, lane, attempts, warnings } = attempting(Effect.fail("disk full"))
    for (const n of [1, 2]) lane.unsafe.dispatch(a(n))
    await runtime.dispose()
    await idle()
    expect(attempts).toEqual([[1, 2]])
    expect(warnings).toEqual(["journal ended with 2 commits undelivered."])
  })

  it("C7 one that was failing is not tried again", async () => {
    const failed = Promise.withResolvers<void>()
    const failing = Effect.andThen(
      Effect.sync(() => failed.resolve()),
      Effect.fail("disk full")
    )
    const { runtime, lane, attempts, warnings } = attempting(Effect.andThen(failing, Effect.never))
    lane.unsafe.dispatch(a(1))
    await failed.promise
    await runtime.dispose()
    const before = attempts.length
    for (let turn = 0; turn < 5; turn++) await idle()
    expect(attempts).toHaveLength(before)
    expect(warnings).toEqual(["journal ended with 1 commits undelivered."])
  })

  it("C7 one that never answers does not hold up the end", async () => {
    const { runtime, lane, attempts } = attempting(Effect.never)
    lane.unsafe.dispatch(a(1))
    await vi.waitUntil(() => attempts.length === 1)
    lane.unsafe.dispatch(a(2))
    await runtime.dispose()
    expect(attempts).toEqual([[1]])
  })
})

describe("Runtime.onCommit", () => {
  it("S8 a listener that ends itself, or another, does not keep a commit from the sinks after it", async () => {
    const runtime = disposing(Runtime.make(Lane.implement({ initial: empty })))
    const lane = runtime.resolve(Lane.tag)
    const told: Array<string> = []
    const stop = runtime.onCommit(() => {
      told.push("first")
      stop()
      stopSecond()
    })
    const stopSecond = runtime.onCommit(() => void told.push("second"))
    const { commits, sink } = keeping()
    runtime.attach(sink)
    lane.unsafe.dispatch(a(1))
    lane.unsafe.dispatch(a(2))
    await idle()
    expect(commits.map(last)).toEqual([1, 2])
    expect(told).toEqual(["first"])
  })

  it("S8 a sink that a listener attaches gets the commits after that one", async () => {
    const runtime = disposing(Runtime.make(Lane.implement({ initial: empty })))
    const { commits, sink } = keeping()
    const stop = runtime.onCommit(() => {
      stop()
      runtime.attach(sink)
    })
    for (const n of upTo(3)) runtime.resolve(Lane.tag).unsafe.dispatch(a(n))
    await idle()
    expect(commits.map(last)).toEqual([2, 3])
  })
})
