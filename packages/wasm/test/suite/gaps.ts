/** For how long this thread did nothing else: the longest time between two turns of its event loop. */
export const watchGaps = () => {
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
