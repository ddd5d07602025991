/**
 * C1, C2 and S8 for a reader whose fiber yields between finding nothing and waiting: what comes in that gap
 * wakes it all the same. Effect yields after so many operations; the sweep puts that yield everywhere.
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

/** Operations until a fiber yields. Effect's own number is 2,048, whose sweep would take a minute. */
const budget = 64

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

/** So many operations, and then, as soon as the fiber yields or waits, one more action. */
const soon = (dispatch: () => void, pad: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let i = 0; i < pad; i++) yield* Effect.suspend(() => Effect.void)
    queueMicrotask(dispatch)
  })

const isWoken = async ({ setup, start }: Reader, pad: number): Promise<boolean> => {
  let seen = 0
  const dispatch = () => lane.unsafe.dispatch({ _tag: "a", payload: 1 })
  const work = Effect.suspend(() => (++seen === 1 ? soon(dispatch, pad) : Effect.void))
  const logics = setup === undefined ? [] : [Lane.logic("reads", ($) => setup($, work))]
  const runtime = Runtime.make(Lane.implement({ initial: empty, logics }), {
    layer: Layer.succeed(Scheduler.MaxOpsBeforeYield, budget)
  })
  const lane: LaneRuntime = runtime.resolve(Lane.tag)
  start?.(runtime, lane, work)
  await idle()
  if (seen === 0) dispatch()
  for (let turn = 0; turn < 4 && seen < 2; turn++) await idle()
  await runtime.dispose()
  return seen === 2
}

describe("what comes while its reader yields", () => {
  test.each(readers)(
    "%s: is not missed, wherever the yield falls",
    async (_, reader) => {
      const missed: Array<number> = []
      for (let pad = 0; pad < 2 * budget; pad++) if (!(await isWoken(reader, pad))) missed.push(pad)
      expect(missed).toEqual([])
    },
    30_000
  )
})
