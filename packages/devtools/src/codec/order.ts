/** Which of many things kept their order. */

/** The positions in `places` of a longest run of ascending ones; those that are -1 are passed over. */
export const longestAscending = (places: ReadonlyArray<number>): Set<number> => {
  /** Of each length of run, where the one that ends lowest ends; and of each position, the one before it in a run. */
  const ends: Array<number> = []
  const previous = new Array<number>(places.length).fill(-1)
  for (const [at, place] of places.entries()) {
    if (place < 0) continue
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((places[ends[middle] ?? -1] ?? -1) < place) low = middle + 1
      else high = middle
    }
    previous[at] = ends[low - 1] ?? -1
    ends[low] = at
  }
  const kept = new Set<number>()
  for (let at = ends.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) kept.add(at)
  return kept
}

/** Whether two sequences are the same, one by one. */
export const areInStep = <A>(a: ReadonlyArray<A>, b: ReadonlyArray<A>): boolean =>
  a.length === b.length && a.every((item, at) => Object.is(item, b[at]))
