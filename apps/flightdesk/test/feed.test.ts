import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { afterEach, expect, test } from "vitest"
import { DeskApi } from "../src/services/DeskApi.ts"
import { Feed, type Progress } from "../src/services/Feed.ts"

const airport = (code: string) => ({ code, name: code, city: code, state: "XX", latitude: 1, longitude: 2 })
const raw = (minute: string, delay: unknown = 1) => ({
  date: `2001/01/01 00:${minute}`,
  delay,
  distance: 5,
  origin: "AAA",
  destination: "BBB"
})

const disposals: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose()
})

/** A feed of these lines whose flights are taken when the test says so. */
const makeFeed = async (raws: ReadonlyArray<unknown>) => {
  const never = Effect.never
  const api = Layer.succeed(
    DeskApi,
    DeskApi.of({
      flights: Effect.succeed(raws),
      airports: Effect.succeed(new Map(["AAA", "BBB"].map((code) => [code, airport(code)]))),
      states: never,
      record: () => never,
      forget: () => never,
      report: () => never,
      fault: never,
      setFault: () => never
    })
  )
  const runtime = ManagedRuntime.make(Layer.provide(Feed.layer, api))
  disposals.push(() => runtime.dispose())
  const feed = await runtime.runPromise(Feed)
  const delivered: Array<string> = []
  const progress: Array<Progress> = []
  const waiting: Array<PromiseWithResolvers<void>> = []
  const take = (what: string): Promise<void> => {
    delivered.push(what)
    const taken = Promise.withResolvers<void>()
    waiting.push(taken)
    return taken.promise
  }
  const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => runtime.runPromise(effect)
  await run(
    feed.deliverTo({
      arrived: (flight) => take(`flight ${flight.id}`),
      rejected: (rejection) => take(`line ${rejection.index}: ${rejection.reason}`)
    })
  )
  await run(
    feed.reportTo((told) => {
      progress.push(told)
      return Promise.resolve()
    })
  )
  await run(feed.setPace("max"))
  const loaded = await run(feed.load)
  return { feed, delivered, loaded, progress, run, waiting }
}

test("awaits each flight before the next, in the order of their time, and ends", async () => {
  const { delivered, feed, loaded, progress, run, waiting } = await makeFeed([
    raw("20"),
    raw("10", "?"),
    raw("10")
  ])
  expect(loaded).toMatchObject({ total: 3, airports: [{ code: "AAA" }, { code: "BBB" }] })
  await run(feed.play)
  const expected = ["flight 2", "flight 0", "line 1: delay: expected number"]
  for (let count = 1; count <= 3; count++) {
    await expect.poll(() => delivered).toEqual(expected.slice(0, count))
    expect(waiting).toHaveLength(1)
    waiting.pop()?.resolve()
  }
  await expect.poll(() => progress.at(-1)).toMatchObject({ position: 3, ended: { problem: null } })
})

test("pausing leaves the flight that is on its way; playing on waits for it, and delivers each once", async () => {
  const { delivered, feed, run, waiting } = await makeFeed([raw("10"), raw("20")])
  await run(feed.play)
  await expect.poll(() => delivered).toEqual(["flight 0"])
  await run(feed.pause)
  await run(feed.play)
  await run(feed.pause)
  await run(feed.play)
  expect(delivered).toEqual(["flight 0"])
  waiting.pop()?.resolve()
  await expect.poll(() => delivered).toEqual(["flight 0", "flight 1"])
})

test("a step delivers one, and rewinding starts again", async () => {
  const { delivered, feed, progress, run, waiting } = await makeFeed([raw("10"), raw("20")])
  await run(feed.step)
  await expect.poll(() => delivered).toEqual(["flight 0"])
  waiting.pop()?.resolve()
  await expect.poll(() => progress.at(-1)?.position).toBe(1)
  await run(feed.rewind)
  await run(feed.step)
  await expect.poll(() => delivered).toEqual(["flight 0", "flight 0"])
})

test("stops where a flight is not taken, and says why", async () => {
  const { delivered, feed, progress, run, waiting } = await makeFeed([raw("10"), raw("20")])
  await run(feed.play)
  await expect.poll(() => waiting).toHaveLength(1)
  waiting.pop()?.reject(new Error("The instance is closed."))
  await expect
    .poll(() => progress.at(-1))
    .toMatchObject({ position: 1, ended: { problem: "The instance is closed." } })
  expect(delivered).toEqual(["flight 0"])
})
