import { expect, test } from "vitest"
import { ReplayClock } from "../src/services/ReplayClock.ts"

const minute = 60_000

const clockAt = (pace: number | "max") => {
  let now = 5_000
  const clock = new ReplayClock(pace, () => now)
  clock.set(0)
  return { clock, pass: (ms: number) => (now += ms) }
}

test("runs at its pace", () => {
  const { clock, pass } = clockAt(600)
  expect(clock.until(minute)).toBe(100)
  pass(40)
  expect(clock.read()).toBe(24_000)
  expect(clock.until(minute)).toBe(60)
  pass(60)
  expect(clock.until(minute)).toBe(0)
})

test("a change of pace starts from where it is", () => {
  const { clock, pass } = clockAt(60)
  pass(500)
  clock.setPace(600)
  expect(clock.read()).toBe(30_000)
  pass(50)
  expect(clock.read()).toBe(minute)
})

test("a flight a little late is caught up with; one that was held back holds back the clock", () => {
  const { clock, pass } = clockAt(60)
  pass(1_100)
  clock.arrivedAt(minute)
  expect(clock.read()).toBe(66_000)
  pass(10_000)
  clock.arrivedAt(2 * minute)
  expect(clock.read()).toBe(2 * minute)
})

test("at full speed everything is due, and the clock is the last flight's", () => {
  const { clock, pass } = clockAt("max")
  expect(clock.until(99 * minute)).toBe(0)
  clock.arrivedAt(99 * minute)
  pass(1_000)
  expect(clock.read()).toBe(99 * minute)
  clock.setPace(60)
  expect(clock.read()).toBe(99 * minute)
})
