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

const none: ReadonlySet<Waiting> = new Set()

/** One run of a handler: a flow's, a stream reader's, a sink's, or a setup, whose channel is what it keeps. */
export class Run {
  readonly channel: Channel
  /** Its entries that wait for slots. Most never do. Written by `add` and `delete`. */
  waits: ReadonlySet<Waiting> = none
  /** Written by the channel. What it forked and left behind then waits like anyone. */
  ended = false

  /** Monotonic milliseconds, where its handler is recorded. Written by the flow. */
  startedAt = 0

  constructor(channel: Channel) {
    this.channel = channel
  }

  add(waiting: Waiting): void {
    this.waits = new Set([...this.waits, waiting])
  }

  delete(waiting: Waiting): void {
    if (this.waits.has(waiting)) this.waits = new Set([...this.waits].filter((other) => other !== waiting))
  }
}

/**
 * Whether the caller, a handler that is about to wait, would be one of several waits that only end after one
 * another. Of all that it may depend on, those that can end without the others are crossed out, again and
 * again; whether the caller is left is the answer. Following a single path would not do: with two handlers,
 * a consumer goes on when either ends.
 */
export const closesCycle = (caller: Waiting): boolean => {
  const { run } = caller
  // Nobody depends on it yet but those who wait for its channel.
  if (run === undefined || run.ended || !stalled(run.channel, ({ waits }) => waits.size > 0)) return false
  const stuck = dependencies(caller)
  for (let before = -1; before !== stuck.size;) {
    before = stuck.size
    for (const waiting of stuck) if (!dependsOn(waiting, stuck)) stuck.delete(waiting)
  }
  return stuck.has(caller)
}

/** Whether nothing takes from the FIFO, because as many handlers as may run all wait. */
const stalled = (channel: Channel, waits: (run: Run) => boolean): boolean => {
  let waiting = 0
  for (const run of channel.runs) if (waits(run)) waiting++
  return waiting >= channel.limit
}

const dependencies = (caller: Waiting): Set<Waiting> => {
  const found = new Set([caller])
  // A Set's iteration goes on to what is added meanwhile.
  for (const waiting of found) {
    for (const channel of waiting.lacks()) {
      for (const first of waiting.precededBy(channel)) found.add(first)
      for (const { waits } of channel.runs) for (const wait of waits) found.add(wait)
    }
  }
  return found
}

const dependsOn = (waiting: Waiting, stuck: ReadonlySet<Waiting>): boolean => {
  const isStuck = ({ waits }: Run) => waits.size > 0 && [...waits].some((wait) => stuck.has(wait))
  for (const channel of waiting.lacks()) {
    if (stalled(channel, isStuck)) return true
    for (const first of waiting.precededBy(channel)) if (first !== waiting && stuck.has(first)) return true
  }
  return false
}
