/** A flow takes in turns, and hands on what a turn has freed when it is over: docs/decisions/4. */
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { isDone, startLane, stepper } from "./lane.ts"
import { entriesOf, idle } from "./support.ts"

const a = (payload: number) => ({ _tag: "a", payload }) as const

describe("turns", () => {
  it("C3 what a turn frees goes to the line at its end, in order, all at once", async () => {
    const events: Array<string> = []
    const x = stepper()
    const { it: lane, call } = startLane(
      ($) =>
        $.onAction("a").run(
          (n) => {
            events.push(`handler ${n}`)
            return n === 1 || n > 3 ? x.handler(n) : Effect.void
          },
          { name: "x" }
        ),
      { capacity: 3 }
    )
    lane.unsafe.subscribe(({ log }) => events.push(`commit ${log.at(-1)}`))
    lane.unsafe.dispatch(a(1))
    await x.started(1)
    for (const n of [2, 3, 4]) lane.unsafe.dispatch(a(n))
    const callers = [5, 6, 7, 8].map((n) => call(lane.actions.a(n)))
    events.length = 0
    x.finish()
    expect(events).toEqual(["handler 2", "handler 3", "handler 4", "commit 5", "commit 6", "commit 7"])
    expect(callers.map(isDone)).toEqual([true, true, true, false])
  })

  it("C3 who comes in a turn, while others stand in line, does not take what it has freed", async () => {
    const x = stepper()
    const {
      it: lane,
      call,
      gauge,
      log
    } = startLane(
      ($) =>
        $.onAction("a").run(
          (n) => {
            if (n === 2) {
              call(lane.actions.a(9))
              expect(gauge("x")).toMatchObject({ depth: 0, waiting: 2, overflow: 0 })
            }
            return x.handler(n)
          },
          { name: "x" }
        ),
      { capacity: 1 }
    )
    lane.unsafe.dispatch(a(1))
    await x.started(1)
    lane.unsafe.dispatch(a(2))
    call(lane.actions.a(3))
    x.finish()
    expect(log()).toEqual([1, 2, 3])
    x.finish()
    expect(log()).toEqual([1, 2, 3, 9])
  })

  it("C4 a handler that enters in a turn which has freed enough for all waits for its end, not in a circle", async () => {
    const x = stepper()
    const {
      it: lane,
      call,
      gauge,
      log,
      warnings
    } = startLane(
      ($) =>
        $.onAction("a").run((n) => (n === 1 ? x.handler(n) : n === 4 ? $.actions.a(40) : Effect.void), {
          name: "x"
        }),
      { capacity: 3 }
    )
    lane.unsafe.dispatch(a(1))
    await x.started(1)
    for (const n of [2, 3, 4]) lane.unsafe.dispatch(a(n))
    const waits = call(lane.actions.a(5))
    x.finish()
    await idle()
    expect(isDone(waits)).toBe(true)
    expect(log()).toEqual([1, 2, 3, 4, 5, 40])
    expect(gauge("x")).toMatchObject({ overflow: 0, waiting: 0, depth: 0 })
    expect(warnings).toEqual([])
  })

  it("C4 one that enters in a turn which has freed too little is let in, once the line has what is free", async () => {
    const x = stepper()
    const {
      it: lane,
      call,
      gauge,
      log,
      warnings
    } = startLane(
      ($) =>
        $.onAction("a").run((n) => (n === 1 ? x.handler(n) : n === 2 ? $.actions.a(40) : Effect.void), {
          name: "x"
        }),
      { capacity: 1 }
    )
    lane.unsafe.dispatch(a(1))
    await x.started(1)
    lane.unsafe.dispatch(a(2))
    call(lane.actions.a(5))
    x.finish()
    await idle()
    expect(new Set(log())).toEqual(new Set([1, 2, 5, 40]))
    expect(gauge("x")).toMatchObject({ overflow: 1, waiting: 0, depth: 0 })
    expect(warnings).toHaveLength(1)
  })

  it("T7 what a handler enters before it returns its Effect is caused by its action, and only that", async () => {
    const { it: lane, runtime } = startLane(
      ($) =>
        $.onAction("a").run((n) => {
          lane.unsafe.dispatch({ _tag: "b", payload: n })
          return Effect.void
        }),
      { capacity: 4 }
    )
    lane.unsafe.dispatch(a(1))
    lane.unsafe.dispatch(a(2))
    await idle()
    lane.unsafe.dispatch({ _tag: "c", payload: 3 })
    expect(entriesOf(runtime).map(({ cause, tags }) => [tags[0], cause])).toEqual([
      ["a", undefined],
      ["a", undefined],
      ["b", "Lane#1::t1"],
      ["b", "Lane#1::t2"],
      ["c", undefined]
    ])
  })

  it("C7 a handler's child ends with it; what it forks into the scope ends with the instance", async () => {
    const events: Array<string> = []
    const until = (name: string) =>
      Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push(name)))
    const { it: lane, runtime } = startLane(($) =>
      Effect.flatMap(Effect.scope, (scope) =>
        $.onAction("a").run(() =>
          Effect.gen(function* () {
            yield* Effect.forkChild(until("child"), { startImmediately: true })
            yield* Effect.forkIn(until("in scope"), scope, { startImmediately: true })
          })
        )
      )
    )
    lane.unsafe.dispatch(a(1))
    await idle()
    expect(events).toEqual(["child"])
    await runtime.evict(lane.instanceId)
    expect(events).toEqual(["child", "in scope"])
  })

  it("C2 a turn ends after so many actions, and the rest follow", async () => {
    const seen: Array<number> = []
    let inFirstTurn = 0
    const { it: lane } = startLane(($) =>
      $.onAction("a").run((n) => {
        if (n === 1) queueMicrotask(() => (inFirstTurn = seen.length))
        seen.push(n)
        return Effect.void
      })
    )
    const sent = Array.from({ length: 3000 }, (_, i) => i + 1)
    lane.unsafe.dispatchBatch(sent.map(a))
    await idle()
    expect(seen).toEqual(sent)
    expect(inFirstTurn).toBe(1024)
  })
})
