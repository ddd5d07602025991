/** One frame at 60 Hz, in milliseconds. */
export const frameMs = 16

/**
 * Calls `task` once, `ms` after the first of any number of requests; no timer runs without one.
 * Timers rather than animation frames: these stop in hidden windows and need the DOM.
 */
export const coalesce = (task: () => void, ms: number) => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = () => {
    timer = undefined
    task()
  }
  return {
    request: () => {
      timer ??= setTimeout(run, ms)
    },
    cancel: () => {
      clearTimeout(timer)
      timer = undefined
    }
  }
}
