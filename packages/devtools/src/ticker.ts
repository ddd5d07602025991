/** At most so many milliseconds apart, and then with the browser's next frame. */
const interval = 100

export interface Ticker {
  /** Asks for a tick. Asking again before it comes is free. */
  readonly request: () => void
  readonly stop: () => void
}

/** Runs `tick` after a request, about ten times a second at most, and never in a hidden page. */
export const makeTicker = (tick: () => void): Ticker => {
  let timer: ReturnType<typeof setTimeout> | undefined
  let frame: number | undefined
  let last = -Infinity
  const run = () => {
    frame = undefined
    last = performance.now()
    tick()
  }
  const nextFrame = () => {
    timer = undefined
    frame = requestAnimationFrame(run)
  }
  return {
    request: () => {
      if (timer !== undefined || frame !== undefined) return
      const rest = last + interval - performance.now()
      if (rest > 0) timer = setTimeout(nextFrame, rest)
      else frame = requestAnimationFrame(run)
    },
    stop: () => {
      clearTimeout(timer)
      if (frame !== undefined) cancelAnimationFrame(frame)
      timer = undefined
      frame = undefined
    }
  }
}
