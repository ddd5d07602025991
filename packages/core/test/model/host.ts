/**
 * The host, driven by the test: what is scheduled runs when `settle` says so, in the order it was scheduled,
 * so that a seed replays exactly, and the end of all progress is known instead of waited for.
 */
export interface Host {
  /** Runs until nothing is scheduled and no promise job is left. */
  readonly settle: () => Promise<void>
  readonly restore: () => void
}

export const drive = (): Host => {
  const real = { queueMicrotask: globalThis.queueMicrotask, setImmediate: globalThis.setImmediate }
  const scheduled: Array<() => void> = []
  const schedule = (task: () => void) => void scheduled.push(task)
  Object.assign(globalThis, { queueMicrotask: schedule, setImmediate: schedule })
  // Promise jobs all run before the next turn of the real host.
  const turn = () => new Promise<void>((resolve) => void real.setImmediate(resolve))
  return {
    settle: async () => {
      let ran = 0
      do {
        for (let task = scheduled.shift(); task !== undefined; task = scheduled.shift()) {
          if (++ran > 50_000) throw new Error("The app goes on for ever")
          task()
        }
        await turn()
      } while (scheduled.length > 0)
    },
    restore: () => void Object.assign(globalThis, real)
  }
}
