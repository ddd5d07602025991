/**
 * A scheduler whose order a test decides: that of production, one that a seed shuffles, or step by step.
 *
 * A fiber's tasks keep their order, and so do an instance's: no host runs them otherwise. Which fiber or
 * instance goes next is free, so races that production could show some day show here, by seed.
 */
import * as Scheduler from "effect/Scheduler"
import { hostTurn, soon } from "./host.ts"
import { random } from "./random.ts"

export interface TestSchedulerOptions {
  /** Who goes next is drawn from this. Without one: first come, first served. */
  readonly seed?: number | undefined
  /** Nothing runs but by `step` and `settled`. */
  readonly manual?: boolean | undefined
}

export interface TestScheduler extends Scheduler.Scheduler {
  /** Tasks that could run now. */
  readonly runnable: number
  /** Runs one of them. False if there is none. */
  readonly step: () => boolean
  /**
   * Runs all, and what follows from them, Promises included, until nothing can go on without time or outside
   * events. False if that would take more than `limit` tasks and fibers.
   */
  readonly settled: (limit: number) => Promise<boolean>
  /** Lets tasks run by themselves from now on. */
  readonly release: () => void
}

/** Tasks and fibers before the host gets its turn, so that a loop without an end can be stopped by a timeout. */
const slice = 1000

interface Lane {
  readonly tasks: Array<{ readonly run: () => void; readonly priority: number }>
}

export const make = (options: TestSchedulerOptions = {}): TestScheduler => {
  const draw = options.seed === undefined ? undefined : random(options.seed)
  const production = new Scheduler.MixedScheduler()
  /** Those with tasks, by the age of their oldest. Written by `scheduleTask` and `step`. */
  const lanes: Array<Lane> = []
  let manual = options.manual === true
  /** Tasks and fibers: one task of a flow runs many handlers, each a fiber. Written by `step`, `shouldYield`. */
  let ran = 0
  /** Fibers have increasing ids. Written by `shouldYield`. */
  let newest = 0
  /** When the host had its turn last, in `ran`. Written by `isHostDue`. */
  let sliceStart = 0
  let pumping = false

  const step = (): boolean => {
    const at = draw === undefined ? 0 : Math.floor(draw() * lanes.length)
    const [lane] = lanes.splice(at, 1)
    const task = lane?.tasks.shift()
    if (lane === undefined || task === undefined) return false
    if (lane.tasks.length > 0) lanes.push(lane)
    ran++
    task.run()
    return true
  }

  const isHostDue = (): boolean => {
    if (ran - sliceStart < slice) return false
    sliceStart = ran
    return true
  }

  // One task at a time, so that Promises go on in between as they do in production.
  const pump = (): void => {
    if (manual || !step() || lanes.length === 0) {
      pumping = false
      return
    }
    if (isHostDue()) void hostTurn().then(pump)
    else soon(pump)
  }
  const start = (): void => {
    if (pumping || manual || lanes.length === 0) return
    pumping = true
    soon(pump)
  }

  const schedule = (lane: Lane, run: () => void, priority: number): void => {
    if (lane.tasks.length === 0) lanes.push(lane)
    const before = lane.tasks.findIndex((task) => task.priority > priority)
    lane.tasks.splice(before < 0 ? lane.tasks.length : before, 0, { run, priority })
    start()
  }

  return {
    executionMode: "async",
    // Effect asks this before every operation of a fiber.
    shouldYield: (fiber) => {
      if (fiber.id > newest) {
        newest = fiber.id
        ran++
      }
      return production.shouldYield(fiber)
    },
    makeDispatcher: () => {
      const lane: Lane = { tasks: [] }
      return {
        scheduleTask: (run, priority) => schedule(lane, run, priority),
        flush: () => {
          while (lane.tasks.length > 0) {
            const at = lanes.indexOf(lane)
            if (at >= 0) lanes.splice(at, 1)
            for (const task of lane.tasks.splice(0)) task.run()
          }
        }
      }
    },
    get runnable() {
      return lanes.reduce((sum, { tasks }) => sum + tasks.length, 0)
    },
    step,
    settled: async (limit) => {
      const last = ran + limit
      for (let before = -1; before !== ran || lanes.length > 0;) {
        before = ran
        while (step()) {
          if (ran > last) return false
          if (isHostDue()) await hostTurn()
        }
        await hostTurn()
      }
      return true
    },
    release: () => {
      manual = false
      start()
    }
  }
}
