/**
 * Who waits for whom. A circle of waits never ends by itself, so an entry that would close one is let in
 * beyond capacity.
 */

/** What the graph sees of a consumer. */
export interface Channel {
  readonly name: string
  readonly closed: boolean
  /** How many handlers may run before nothing is taken from the FIFO. */
  readonly limit: number
  readonly runs: ReadonlySet<Run>
}

/** One who waits for slots. */
export interface Waiting {
  /** The handler that is waiting, if it is one. */
  readonly run: Run | undefined
  /** Where it lacks a slot. */
  readonly lacks: () => Iterable<Channel>
  /** Who holds or will get a slot there before it. */
  readonly precededBy: (channel: Channel) => Iterable<Waiting>
  /** Lets it in beyond capacity. */
  readonly letIn: () => void
}

/** One run of a handler: a flow's, a stream reader's, a sink's, or a setup, whose channel is what it keeps. */
export class Run {
  readonly channel: Channel
  /** Its entries that wait for slots. Written by who waits. */
  readonly waits = new Set<Waiting>()
  /** Written by the channel. What it forked and left behind then waits like anyone. */
  ended = false

  constructor(channel: Channel) {
    this.channel = channel
  }
}

/** Whether nothing takes from the FIFO, because as many handlers as may run all wait, or are `about` to. */
const stalled = (channel: Channel, about: Run | undefined): boolean => {
  let waiting = 0
  for (const run of channel.runs) if (run.waits.size > 0 || run === about) waiting++
  return waiting >= channel.limit
}

/**
 * Whether what the caller waits for cannot move before the caller's own handler ends. Follows from each full
 * channel to those who are first there, and to its own handlers where they all wait.
 */
export const closesCycle = (caller: Waiting): boolean => {
  const { run } = caller
  if (run === undefined || run.ended || !stalled(run.channel, run)) return false
  const seen = new Set<Waiting>()
  const reaches = (waiting: Waiting): boolean => {
    if (seen.has(waiting)) return false
    seen.add(waiting)
    for (const channel of waiting.lacks()) {
      if (channel === run.channel) return true
      if (stalled(channel, undefined)) {
        for (const { waits } of channel.runs) for (const next of waits) if (reaches(next)) return true
      }
      for (const next of waiting.precededBy(channel)) if (reaches(next)) return true
    }
    return false
  }
  return reaches(caller)
}
