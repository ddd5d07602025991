/**
 * The scheduler of a Sluice runtime. Effect's default yields by `setTimeout(0)` in browsers, 4 ms a time.
 * This one yields by microtask, and after `sliceMs` in one turn of the host by macrotask, so that input and
 * paint are not starved.
 */
import * as Scheduler from "effect/Scheduler"
import { macrotask, microtask, monotonicMs } from "./platform.ts"

const sliceMs = 5

export const makeScheduler = (): Scheduler.Scheduler => {
  /** When the host last gave us a turn; unknown between turns. Written by `defer` and its macrotask. */
  let sliceStart: number | undefined
  return new Scheduler.MixedScheduler("async", (task) => {
    let cancelled = false
    const run = () => {
      if (!cancelled) task()
    }
    const now = monotonicMs()
    if (sliceStart === undefined) {
      sliceStart = now
      macrotask(() => (sliceStart = undefined))
      microtask(run)
    } else if (now - sliceStart < sliceMs) {
      microtask(run)
    } else {
      macrotask(run)
    }
    return () => {
      cancelled = true
    }
  })
}
