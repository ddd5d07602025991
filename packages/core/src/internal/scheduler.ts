/**
 * The scheduler of a Sluice runtime. Effect's default yields by `setTimeout(0)` in browsers, 4 ms a time.
 * This one yields by microtask, and after `sliceMs` in one turn of the host by macrotask, so that input and
 * paint are not starved.
 *
 * While a transaction is open, fibers that were there before it yield: its body may resume one, on its own
 * stack, and that one would run inside the window.
 */
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import { macrotask, microtask, monotonicMs } from "./platform.ts"

const sliceMs = 5

/** The newest fiber that ran outside a window; ids increase. Written by `wasBefore`. */
let newest = 0

/** Whether a window is open, and the fiber was there before it. Asked before every operation of a fiber. */
const wasBefore = (fiber: Fiber.Fiber<unknown, unknown>, isWindowOpen: boolean): boolean => {
  if (isWindowOpen) return fiber.id <= newest
  if (fiber.id > newest) newest = fiber.id
  return false
}

class RuntimeScheduler extends Scheduler.MixedScheduler {
  private readonly isWindowOpen: () => boolean

  constructor(isWindowOpen: () => boolean, setImmediate: (task: () => void) => () => void) {
    super("async", setImmediate)
    this.isWindowOpen = isWindowOpen
  }

  // Effect asks this before every operation of a fiber, its first after a resumption included.
  override shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return wasBefore(fiber, this.isWindowOpen()) || super.shouldYield(fiber)
  }
}

/** One that runs tasks as `given` does, and yields in windows as ours does. */
export const around = (given: Scheduler.Scheduler, isWindowOpen: () => boolean): Scheduler.Scheduler => ({
  executionMode: given.executionMode,
  shouldYield: (fiber) => wasBefore(fiber, isWindowOpen()) || given.shouldYield(fiber),
  makeDispatcher: () => given.makeDispatcher()
})

export const makeScheduler = (isWindowOpen: () => boolean): Scheduler.Scheduler => {
  /** When the host last gave us a turn; unknown between turns. Written by `defer` and its macrotask. */
  let sliceStart: number | undefined
  return new RuntimeScheduler(isWindowOpen, (task) => {
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
