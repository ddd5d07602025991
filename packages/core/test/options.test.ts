/** Counts that count nothing are refused where they are given. */
import { type Commit, Errors, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import { describe, expect, test } from "vitest"
import { empty, Lane, startLane } from "./lane.ts"
import { disposing, idle, thrown } from "./support.ts"

const nonsense = [0, -1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY]

const sinkOf = (capacity: number): Commit.CommitSink => ({
  name: "sink",
  capacity,
  onCommit: () => Effect.void
})

const attached = (capacity: number) => {
  const { runtime } = startLane([])
  return runtime.attach(sinkOf(capacity))
}

const makers: ReadonlyArray<readonly [string, (value: number) => unknown]> = [
  ["channel.capacity", (value) => Lane.implement({ initial: empty, channel: { capacity: value } })],
  [
    "trace.capacity",
    (value) => disposing(Runtime.make(Lane.implement({ initial: empty }), { trace: { capacity: value } }))
  ],
  [
    "trace.level.sample",
    (value) =>
      disposing(Runtime.make(Lane.implement({ initial: empty }), { trace: { level: { sample: value } } }))
  ],
  ["CommitSink.capacity", attached]
]

describe("InvalidOption", () => {
  for (const [option, make] of makers) {
    test.each(nonsense)(`7 ${option}: %d is refused by its name`, (value) => {
      const error = thrown(() => make(value))
      expect(error).toBeInstanceOf(Errors.InvalidOption)
      expect(error).toMatchObject({ option, value })
    })
    test(`7 ${option}: 1 is a count`, () => {
      make(1)
    })
  }

  test.each(makers.slice(0, 3))("7 %s: Infinity is refused, for what is kept is bounded", (option, make) => {
    expect(thrown(() => make(Number.POSITIVE_INFINITY))).toMatchObject({ _tag: "InvalidOption", option })
  })

  test("S8 a sink may take without bound", async () => {
    const got: Array<string> = []
    const { runtime, it: lane } = startLane([])
    runtime.attach({
      ...sinkOf(Number.POSITIVE_INFINITY),
      onCommit: (batch) => Effect.sync(() => void got.push(...batch.map(({ txnId }) => txnId)))
    })
    for (const n of [1, 2, 3]) lane.unsafe.dispatch({ _tag: "a", payload: n })
    await idle()
    expect(got).toEqual(["Lane#1::t1", "Lane#1::t2", "Lane#1::t3"])
  })

  test("S8 a refused sink is not there: callers do not wait for it", async () => {
    const { runtime, it: lane, log } = startLane([])
    expect(thrown(() => runtime.attach(sinkOf(0)))).toBeInstanceOf(Errors.InvalidOption)
    await runtime.runPromise(lane.actions.a(1))
    expect(log()).toEqual([1])
  })

  test.each([...nonsense, Number.POSITIVE_INFINITY])(
    "7 the capacity of a flow: %d ends its setup, and is reported",
    (value) => {
      const { errors, infos } = startLane(($) => $.onAction("a").run(() => Effect.void, { capacity: value }))
      expect(errors).toMatchObject([{ _tag: "InvalidOption", option: "capacity", value }])
      expect(infos).toMatchObject([{ during: "setup" }])
    }
  )

  test.each([...nonsense, Number.POSITIVE_INFINITY])(
    "7 the concurrency of runParallel: %d ends its setup, and is reported",
    (value) => {
      const { errors, infos } = startLane(($) =>
        $.onAction("a").runParallel({ concurrency: value }, () => Effect.void)
      )
      expect(errors).toMatchObject([{ _tag: "InvalidOption", option: "concurrency", value }])
      expect(infos).toMatchObject([{ during: "setup" }])
    }
  )
})
