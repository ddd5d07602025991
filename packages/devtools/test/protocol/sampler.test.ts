/** Consumers that come and go while a panel samples them. */
import { expect, onTestFinished, test, vi } from "vitest"
import { Sampler } from "../../src/protocol/sampler.ts"
import { makeApp } from "./remote.ts"

const there = vi.hoisted(() => ({ consumers: (): ReadonlyArray<object> => [] }))
vi.mock("@sluice/core/Structure", () => ({
  consumersOf: () =>
    there.consumers().map((consumer) => ({
      instanceId: "Row#1",
      consumer,
      backlog: {
        name: "row",
        tags: "all",
        capacity: 1,
        depth: 0,
        inFlight: 0,
        waiting: 0,
        overflow: 0,
        skipped: {}
      }
    }))
}))

test("those that have gone are forgotten with the last sample that reads them, at no cost of the others", () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
  onTestFinished(() => void vi.useRealTimers())
  const stays = {}
  there.consumers = () => [stays, ...Array.from({ length: 100 }, () => ({}))]
  const sampler = new Sampler(makeApp().runtime, 10, 200)
  onTestFinished(() => sampler.end())
  const begun = performance.now()
  for (let at = 0; at < 300; at++) vi.advanceTimersByTime(10)
  expect(performance.now() - begun).toBeLessThan(5000)

  const { consumers, missed, samples } = sampler.after(0)
  expect([samples.length, missed]).toEqual([200, 101])
  const read = new Set(samples.flatMap(({ readings }) => readings.map(({ consumer }) => consumer)))
  expect(new Set(consumers.map(({ consumer }) => consumer))).toEqual(read)
  expect(consumers.filter(({ closed }) => !closed)).toHaveLength(101)
})
