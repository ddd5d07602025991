/**
 * C1, C2 and S8 for a reader whose fiber yields between finding nothing and waiting: what comes in that gap
 * wakes it all the same. Effect yields after so many operations: 2,048, but here every number from 8 to 128,
 * which puts the yield everywhere between two values.
 */
import { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, test } from "vitest"
import { empty, Lane, type LaneContext, type LaneRuntime } from "./lane.ts"
import { idle } from "./support.ts"

/** Values that a reader is given, each after it has done with the one before. */
const values = 8

/** Does this for each value that it is given; the first value comes of itself or of the first action. */
interface Reader {
  readonly setup?: ($: LaneContext, work: Effect.Effect<void>) => Effect.Effect<void, never, Scope.Scope>
  readonly start?: (runtime: Runtime.Runtime<never>, lane: LaneRuntime, work: Effect.Effect<void>) => unknown
}

const readers: ReadonlyArray<readonly [string, Reader]> = [
  ["C2 onAction, run", { setup: ($, work) => $.onAction("a").run(() => work) }],
  ["C2 onAction, runLatest", { setup: ($, work) => $.onAction("a").runLatest(() => work) }],
  [
    "C2 onAction, runParallel",
    { setup: ($, work) => $.onAction("a").runParallel({ concurrency: 2 }, () => work) }
  ],
  [
    "C2 onAction, filter and map",
    {
      setup: ($, work) =>
        $.onAction("a")
          .filter(() => true)
          .map((n) => n)
          .run(() => work)
    }
  ],
  [
    "C2 actionStream",
    {
      start: (runtime, lane, work) => runtime.run(Stream.runForEach(lane.actionStream("a"), () => work))
    }
  ],
  [
    "C2 actionStream through $.on",
    {
      setup: ($, work) =>
        Effect.gen(function* () {
          const lane = yield* $.use(Lane.tag)
          yield* $.on(lane.actionStream("a")).run(() => work)
        }) as Effect.Effect<void>
    }
  ],
  ["C1 onState", { setup: ($, work) => $.onState(({ log }) => log.length).run(() => work) }],
  [
    "C1 changes",
    { start: (runtime, lane, work) => runtime.run(Stream.runForEach(lane.changes, () => work)) }
  ],
  [
    "C1 changesOf",
    {
      start: (runtime, lane, work) =>
        runtime.run(
          Stream.runForEach(
            lane.changesOf(({ log }) => log.length),
            () => work
          )
        )
    }
  ],
  [
    "S8 a sink",
    { start: (runtime, _, work) => runtime.attach({ name: "sink", capacity: 8, onCommit: () => work }) }
  ]
]

const isWoken = async ({ setup, start }: Reader, budget: number): Promise<boolean> => {
  const seen: Array<true> = []
  const dispatch = () => lane.unsafe.dispatch({ _tag: "a", payload: 1 })
  const work = Effect.sync(() => {
    // It runs as soon as the fiber yields, or waits for the next value.
    if (seen.push(true) < values) queueMicrotask(dispatch)
  })
  const logics = setup === undefined ? [] : [Lane.logic("reads", ($) => setup($, work))]
  const runtime = Runtime.make(Lane.implement({ initial: empty, logics }), {
    layer: Layer.succeed(Scheduler.MaxOpsBeforeYield, budget)
  })
  const lane: LaneRuntime = runtime.resolve(Lane.tag)
  start?.(runtime, lane, work)
  await idle()
  if (seen.length === 0) dispatch()
  for (let turn = 0; turn < 8 && seen.length < values; turn++) await idle()
  await runtime.dispose()
  return seen.length === values
}

describe("what comes while its reader yields", () => {
  test.each(readers)(
    "%s: is not missed, wherever the yield falls",
    async (_, reader) => {
      const missed: Array<number> = []
      for (let budget = 8; budget <= 128; budget++) if (!(await isWoken(reader, budget))) missed.push(budget)
      expect(missed).toEqual([])
    },
    30_000
  )
})
