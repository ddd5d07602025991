import { Module } from "@sluice/core"
import { TestRuntime } from "@sluice/testing"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { expect, test, vi } from "vitest"
import { Api, Log, Search, SearchLive } from "./support.ts"

const api = Layer.succeed(Api, { search: (text) => Effect.succeed([`${text}!`]) })

test("time passes when the test says so, and all settle at each moment", async () => {
  await using runtime = TestRuntime.make(SearchLive, { layer: api })
  const search = runtime.resolve(Search.tag)
  search.unsafe.dispatch({ _tag: "type", payload: "a" })
  await runtime.advance("400 millis")
  search.unsafe.dispatch({ _tag: "type", payload: "ab" })
  await runtime.advance("499 millis")
  expect(search.unsafe.getState().found).toEqual([])
  await runtime.advance("1 millis")
  expect(search.unsafe.getState().found).toEqual(["ab!"])
  expect(runtime.clock.currentTimeMillisUnsafe()).toBe(900)
  expect(runtime.recorder.states(Search).map(({ found }) => found.length)).toEqual([0, 0, 1])
})

/** Each second from the first, after a Promise, a line with the time. */
const ticking = Log.logic("ticks", ($) =>
  Effect.forkScoped(
    Effect.forever(
      Effect.gen(function* () {
        yield* Effect.sleep("1 second")
        yield* Effect.promise(async () => {
          await Promise.resolve()
          await Promise.resolve()
        })
        yield* $.actions.add(String(yield* Effect.clockWith((clock) => clock.currentTimeMillis)))
      })
    )
  )
)

test("a sleep that starts after a Promise starts at the moment of the wake", async () => {
  await using runtime = TestRuntime.make(Log.implement({ initial: { lines: [] }, logics: [ticking] }))
  await runtime.advance("3500 millis")
  expect(runtime.resolve(Log.tag).unsafe.getState().lines).toEqual(["1000", "2000", "3000"])
})

/** Three flows that each read, give way, and write what they read: a race. */
const racing = ["a", "b", "c"].map((name) =>
  Log.logic(name, ($) =>
    $.onAction("go").run(() =>
      Effect.gen(function* () {
        yield* Effect.yieldNow
        yield* Effect.yieldNow
        yield* $.actions.add(name)
      })
    )
  )
)
const Racing = Log.implement({ initial: { lines: [] }, logics: racing })

const raced = async (options: TestRuntime.TestOptions): Promise<string> => {
  await using runtime = TestRuntime.make(Racing, options)
  runtime.resolve(Log.tag).unsafe.dispatch({ _tag: "go" })
  await runtime.settled()
  return runtime.resolve(Log.tag).unsafe.getState().lines.join("")
}

test("a seed decides who goes first, and replays", async () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed)
  const outcomes = await Promise.all(seeds.map((seed) => raced({ seed })))
  expect([...new Set(outcomes)].toSorted()).toEqual(["abc", "acb", "bac", "bca", "cab", "cba"])
  expect(await Promise.all(seeds.map((seed) => raced({ seed })))).toEqual(outcomes)
  expect(await raced({})).toBe("abc")
})

test("stepped by hand, nothing goes on by itself", async () => {
  await using runtime = TestRuntime.make(Racing, { manual: true })
  const log = runtime.resolve(Log.tag)
  log.unsafe.dispatch({ _tag: "go" })
  await vi.waitFor(() => Promise.resolve())
  expect(log.unsafe.getState().lines).toEqual([])
  const seen: Array<number> = []
  while (runtime.step()) seen.push(log.unsafe.getState().lines.length)
  expect(log.unsafe.getState().lines).toEqual(["a", "b", "c"])
  // One line at a time.
  expect([...new Set(seen)]).toEqual([0, 1, 2, 3])
  expect(runtime.step()).toBe(false)
})

test("it runs by itself, without settled", async () => {
  await using runtime = TestRuntime.make(Racing)
  const third = runtime.recorder.next(Log, ({ next }) => next.lines.length === 3)
  runtime.resolve(Log.tag).unsafe.dispatch({ _tag: "go" })
  expect((await third).actions).toEqual([{ _tag: "add", payload: "c" }])
})

test("settled leaves what waits for time or for others, and pending says what", async () => {
  const gate = Deferred.makeUnsafe<void>()
  const slow = Log.logic("slow", ($) => $.onAction("go").run(() => Deferred.await(gate), { name: "slow" }))
  await using runtime = TestRuntime.make(
    Log.implement({ initial: { lines: [] }, logics: [slow], channel: { capacity: 1 } })
  )
  const log = runtime.resolve(Log.tag)
  for (let i = 0; i < 3; i++) log.unsafe.dispatch({ _tag: "go" })
  await runtime.settled()
  expect(runtime.pending()).toEqual([
    { instanceId: "Log#1", ingress: 1, consumers: [expect.objectContaining({ depth: 1, inFlight: 1 })] }
  ])
  Deferred.doneUnsafe(gate, Effect.void)
  await runtime.settled()
  expect(runtime.pending()).toEqual([])
})

test("settled says that it never will", async () => {
  let handled = 0
  const loops = Log.logic("loops", ($) =>
    $.onAction("go").run(() => {
      handled++
      return $.actions.go()
    })
  )
  await using runtime = TestRuntime.make(Log.implement({ initial: { lines: [] }, logics: [loops] }), {
    label: "loops",
    maxTasks: 100
  })
  runtime.resolve(Log.tag).unsafe.dispatch({ _tag: "go" })
  await expect(runtime.settled()).rejects.toThrow("loops still goes on after 100 tasks")
  // One turn of a flow is one task and at most 1,024 handlers.
  expect(handled).toBeLessThan(2_100)
})

test("the recorder has every commit from the first, by module and by instance", async () => {
  const eager = Log.logic("eager", ($) => $.actions.add("from a setup"))
  const Other = Module.make("Other", { state: Schema.Finite, actions: { set: Schema.Finite } })
  await using runtime = TestRuntime.make([
    Log.implement({ initial: { lines: [] }, logics: [eager] }),
    Other.implement({ initial: 0 })
  ])
  const { recorder } = runtime
  await runtime.runPromise(runtime.resolve(Other.tag).transact("seven", (tx) => tx.set(7)))
  await runtime.settled()
  expect(recorder.commits.map(({ txnId }) => txnId)).toEqual(["Log#1::t1", "Other#1::t1"])
  expect(recorder.states(Log)).toEqual([{ lines: ["from a setup"] }])
  expect(recorder.states(runtime.resolve(Other.tag))).toEqual([7])
  const [seven] = recorder.of(Other)
  expect(seven).toMatchObject({ previous: 0, next: 7, origin: { name: "seven" }, seq: 2 })
  recorder.clear()
  expect(recorder.commits).toEqual([])
})

test("what was reported and not taken fails the test at its end", async () => {
  const runtime = TestRuntime.make(Log.implement({ initial: { lines: [] } }), { label: "reports" })
  const log = runtime.resolve(Log.tag)
  await expect(runtime.runPromise(log.actions.boom())).rejects.toMatchObject({ _tag: "ReducerFailed" })
  expect(runtime.takeErrors()).toEqual([
    expect.objectContaining({
      error: expect.objectContaining({ _tag: "ReducerFailed" }) as unknown,
      info: expect.objectContaining({ instanceId: "Log#1", during: "entry" }) as unknown
    })
  ])
  await expect(runtime.runPromise(log.actions.boom())).rejects.toMatchObject({ _tag: "ReducerFailed" })
  runtime.run(Effect.logWarning("careful", "now"))
  await expect(runtime.dispose()).rejects.toMatchObject({
    _tag: "UnexpectedReports",
    label: "reports",
    warnings: ["careful now"],
    errors: [{ info: { entry: 'action "boom"' } }]
  })
  expect(runtime.status).toBe("disposed")
})

test("the runtime's own warnings are recorded, and taking them is enough", async () => {
  const slow = Log.logic("slow", () => Effect.sleep("6 seconds"))
  await using runtime = TestRuntime.make(Log.implement({ initial: { lines: [] }, logics: [slow] }))
  await runtime.advance("4 seconds")
  expect(runtime.takeWarnings()).toEqual([])
  await runtime.advance("2 seconds")
  expect(runtime.takeWarnings()).toEqual([expect.stringContaining("still runs after 5 s")])
})

test("an onError of the test's own gets the errors in their place", async () => {
  const onError = vi.fn()
  await using runtime = TestRuntime.make(Log.implement({ initial: { lines: [] } }), { onError })
  await runtime.runPromise(Effect.exit(runtime.resolve(Log.tag).actions.boom()))
  expect(onError).toHaveBeenCalledTimes(1)
  expect(runtime.takeErrors()).toEqual([])
})

test("what a module needs is asked for, as by Runtime.make", async () => {
  // @ts-expect-error -- Api is not provided
  const runtime = TestRuntime.make(SearchLive)
  await runtime.settled()
  expect(runtime.takeErrors()).toHaveLength(1)
  await runtime.dispose()
})

const LogLive = Log.implement({ initial: { lines: [] } })

test("its end does not wait for ever for a sink that never answers", async () => {
  const hanging = { name: "hanging", capacity: 10, onCommit: () => Effect.never }
  const runtime = TestRuntime.make(LogLive, { sinks: [hanging] })
  runtime.resolve(Log.tag).unsafe.dispatch({ _tag: "add", payload: "a" })
  await runtime.dispose()
  expect(runtime.takeWarnings()).toEqual(["hanging ended with 1 commits undelivered."])
})

test("its end gives a finalizer the time that it waits for", async () => {
  const ends: Array<string> = []
  const slow = Layer.effectDiscard(
    Effect.addFinalizer(() =>
      Effect.delay(
        Effect.sync(() => void ends.push("written")),
        "1 second"
      )
    )
  )
  const runtime = TestRuntime.make(LogLive, { layer: slow })
  await runtime.settled()
  await runtime.dispose()
  expect(ends).toEqual(["written"])
})
