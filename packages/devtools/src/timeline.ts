/** Commits and traced entries, joined by transaction into one list in the order they happened. */
import type { Commit, Trace } from "@sluice/core"
import type { History } from "./session/history.ts"

/** One entry. Its `txnId` is its key: a transaction is in the list once. */
export interface TimelineEntry {
  readonly txnId: string
  readonly instanceId: string
  readonly origin: Commit.Origin
  /** The actions' tags. */
  readonly tags: ReadonlyArray<string>
  readonly outcome: Trace.EntryEvent["outcome"]
  readonly cause: string | undefined
  /** Epoch milliseconds. */
  readonly at: number
  /** The `seq` of its commit; of one that made none, that of the last commit before it, or 0. */
  readonly position: number
  /** Unknown too where it was committed before the history was begun. */
  readonly commit: Commit.Commit | undefined
  /** What the trace has of it, if anything: duration, payloads, error. */
  readonly traced: Trace.EntryEvent | undefined
}

const ofCommit = (commit: Commit.Commit): TimelineEntry => ({
  txnId: commit.txnId,
  instanceId: commit.instanceId,
  origin: commit.origin,
  tags: commit.actions.map((action) => action._tag),
  outcome: "commit",
  cause: commit.cause,
  at: commit.startedAt,
  position: commit.seq,
  commit,
  traced: undefined
})

const ofEvent = (event: Trace.EntryEvent, position: number): TimelineEntry => ({
  txnId: event.txnId,
  instanceId: event.instanceId,
  origin: event.origin,
  tags: event.tags,
  outcome: event.outcome,
  cause: event.cause,
  at: event.at,
  position,
  commit: undefined,
  traced: event
})

/** How many entries, from the first, are at or before this position. */
const countUpTo = (entries: ReadonlyArray<TimelineEntry>, position: number): number => {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((entries[middle]?.position ?? Infinity) <= position) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Follows a history and a trace. Commits come from the history, which is complete. From the trace come
 * the entries that made no commit, each placed after the commit that the trace has before it, and the
 * durations. As many entries without a commit are kept as the history may hold commits.
 */
export class Timeline {
  readonly #history: History
  /** Whether some entries are not traced, so that the trace alone does not tell the order. */
  readonly #sampled: boolean
  /** Sorted by position, a commit before those placed after it. Replaced, never changed. */
  #entries: ReadonlyArray<TimelineEntry> = []
  /** Of each commit in `#entries`. */
  readonly #seqOf = new Map<string, number>()
  #lastCommit = 0
  /** The position of the last traced commit. */
  #anchor = 0
  /** Events from a commit on whose own commit has not come yet. */
  #held: ReadonlyArray<Trace.EntryEvent> = []
  #withoutCommit = 0
  /** Entries of outcome `commit` that have none here. */
  readonly #unrecorded = new Set<string>()

  constructor(history: History, options: { readonly sampled: boolean }) {
    this.#history = history
    this.#sampled = options.sampled
  }

  get entries(): ReadonlyArray<TimelineEntry> {
    return this.#entries
  }

  /** Whether `advance` should be called again even if nothing new comes. */
  get isWaiting(): boolean {
    return this.#held.length > 0
  }

  find(txnId: string): TimelineEntry | undefined {
    const seq = this.#seqOf.get(txnId)
    if (seq === undefined)
      return this.#entries.find((entry) => entry.txnId === txnId && entry.commit === undefined)
    const entry = this.#entries[this.#indexOfCommit(this.#entries, seq)]
    return entry?.txnId === txnId ? entry : undefined
  }

  /** Takes in what the history has got since, and these events. Returns whether `entries` was replaced. */
  advance(events: ReadonlyArray<Trace.EntryEvent>): boolean {
    const commits = this.#history.after(this.#lastCommit)
    if (commits.length === 0 && events.length === 0 && !this.isWaiting) return false

    const entries = [...this.#entries]
    for (const commit of commits) {
      if (this.#unrecorded.delete(commit.txnId)) this.#remove(entries, commit.txnId)
      entries.push(ofCommit(commit))
      this.#seqOf.set(commit.txnId, commit.seq)
      this.#lastCommit = commit.seq
    }
    this.#takeEvents(entries, events)
    this.#entries = this.#dropUnreachable(entries)
    return true
  }

  #takeEvents(entries: Array<TimelineEntry>, events: ReadonlyArray<Trace.EntryEvent>): void {
    const heldBefore = this.#held.length
    const queue = [...this.#held, ...events]
    this.#held = []
    for (const [index, event] of queue.entries()) {
      if (event.outcome !== "commit") {
        this.#insert(entries, event)
        continue
      }
      const seq = this.#seqOf.get(event.txnId)
      if (seq !== undefined) {
        this.#anchor = Math.max(this.#anchor, seq)
        const at = this.#indexOfCommit(entries, seq)
        const entry = entries[at]
        if (entry?.commit !== undefined) entries[at] = { ...entry, traced: event }
      } else if (index >= heldBefore) {
        // Trace and commits come apart, each in its own batches. Held once; what has not come by the next
        // time was committed before the history was begun, or has left it.
        this.#held = queue.slice(index)
        return
      } else {
        this.#unrecorded.add(event.txnId)
        this.#insert(entries, event)
      }
    }
  }

  #insert(entries: Array<TimelineEntry>, event: Trace.EntryEvent): void {
    const position = this.#positionOf(entries, event)
    entries.splice(countUpTo(entries, position), 0, ofEvent(event, position))
    this.#withoutCommit++
  }

  #remove(entries: Array<TimelineEntry>, txnId: string): void {
    const index = entries.findIndex((entry) => entry.txnId === txnId)
    if (index < 0) return
    entries.splice(index, 1)
    this.#withoutCommit--
  }

  #positionOf(entries: ReadonlyArray<TimelineEntry>, event: Trace.EntryEvent): number {
    if (!this.#sampled) return this.#anchor
    // Commits between this event and the last traced one may be untraced: the clock tells, to a millisecond.
    let position = this.#anchor
    for (let index = countUpTo(entries, position); index < entries.length; index++) {
      const entry = entries[index]
      if (entry === undefined || entry.at > event.at) break
      position = entry.position
    }
    return position
  }

  #indexOfCommit(entries: ReadonlyArray<TimelineEntry>, seq: number): number {
    return countUpTo(entries, seq - 1)
  }

  #dropUnreachable(entries: ReadonlyArray<TimelineEntry>): ReadonlyArray<TimelineEntry> {
    const base = (this.#history.oldest?.seq ?? 0) - 1
    const isPast = (entry: TimelineEntry) =>
      this.#history.dropped > 0 &&
      (entry.commit === undefined ? entry.position < base : entry.position <= base)
    let excess = Math.max(0, this.#withoutCommit - this.#history.capacity)
    if (excess === 0 && !entries.slice(0, 2).some(isPast)) return entries
    return entries.filter((entry) => {
      if (entry.commit !== undefined) {
        if (isPast(entry)) this.#seqOf.delete(entry.txnId)
        return !isPast(entry)
      }
      if (!isPast(entry) && excess <= 0) return true
      this.#unrecorded.delete(entry.txnId)
      this.#withoutCommit--
      excess--
      return false
    })
  }
}
