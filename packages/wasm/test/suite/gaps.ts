/** For how long this thread did nothing else: the longest time between two turns of its event loop. */
const watchGaps = () => {
  let last = performance.now()
  let longest = 0
  const measure = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const timer = setInterval(measure, 1)
  return {
    /** Ends it. */
    longest: (): number => {
      measure()
      clearInterval(timer)
      return longest
    }
  }
}

/** What others do on a busy machine is in some of the measurements; what the code itself does is in all of them. */
const attempts = 4

/** The longest gap while `run` runs: the least of a few runs. As soon as one is under 50 ms there are no more of them. */
export const leastOf = async (run: () => Promise<unknown>): Promise<number> => {
  let least = Infinity
  for (let n = 0; n < attempts && least >= 50; n++) {
    const gaps = watchGaps()
    await run()
    least = Math.min(least, gaps.longest())
  }
  return least
}
