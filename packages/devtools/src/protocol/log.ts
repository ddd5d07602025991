/**
 * The entries of one runtime, as rows: its commits, from the history, and from the trace the entries that made none
 * and the durations. The rows themselves are made when they are asked for.
 */
import type { Commit, Trace } from "@sluice/core"
import type { History } from "../session/history.ts"
import { lineOf } from "../inspect.ts"
import type { Cursor, Row } from "./messages.ts"
import { clip } from "./place.ts"

/** An entry without a commit, at its place. `nth` counts all that ever came. */
interface Other {
  readonly at: Cursor
  readonly nth: number
  readonly event: Trace.EntryEvent
}

/** How far a reader has come. Written by `Log.next`. */
export interface Reader {
  /** Of the last commit that it was given. */
  seq: number
  /** Of the last other entry. */
  nth: number
}

export interface Batch {
  readonly rows: ReadonlyArray<Row>
  /** What it can never be given any more. */
  readonly gap: { readonly commits: number; readonly events: number }
  readonly more: boolean
}

const maxTags = 20
const maxChanged = 50

export const compareCursors = (a: Cursor, b: Cursor): number => a.seq - b.seq || a.n - b.n

const isEntry = (event: Trace.TraceEvent): event is Trace.EntryEvent => event.kind === "entry"

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const changedFields = (previous: unknown, next: unknown): ReadonlyArray<string> => {
  if (!isObject(previous) || !isObject(next)) return []
  const fields = new Set([...Object.keys(previous), ...Object.keys(next)])
  return [...fields].filter((field) => !Object.is(Reflect.get(previous, field), Reflect.get(next, field)))
}

const ofCommit = (commit: Commit.Commit, traced: Trace.EntryEvent | undefined): Row => ({
  at: { seq: commit.seq, n: 0 },
  txnId: commit.txnId,
  ...(commit.groupId === undefined ? {} : { groupId: commit.groupId }),
  instanceId: commit.instanceId,
  moduleId: commit.moduleId,
  origin: { kind: commit.origin.kind, name: clip(commit.origin.name) },
  ...(commit.cause === undefined ? {} : { cause: commit.cause }),
  tags: commit.actions.slice(0, maxTags).map(({ _tag }) => clip(_tag)),
  actions: commit.actions.length,
  outcome: "commit",
  time: commit.startedAt,
  ...(traced?.durationMs === undefined ? {} : { durationMs: traced.durationMs }),
  changed: changedFields(commit.previous, commit.next).slice(0, maxChanged).map(clip)
})

const ofEvent = ({ at, event }: Other): Row => ({
  at,
  txnId: event.txnId,
  ...(event.groupId === undefined ? {} : { groupId: event.groupId }),
  instanceId: event.instanceId,
  moduleId: event.instanceId.slice(0, Math.max(0, event.instanceId.lastIndexOf("#"))),
  origin: { kind: event.origin.kind, name: clip(event.origin.name) },
  ...(event.cause === undefined ? {} : { cause: event.cause }),
  tags: event.tags.slice(0, maxTags).map(clip),
  actions: event.tags.length,
  outcome: event.outcome,
  time: event.at,
  ...(event.durationMs === undefined ? {} : { durationMs: event.durationMs }),
  ...(event.changed === undefined ? {} : { changed: event.changed.slice(0, maxChanged).map(clip) }),
  ...("error" in event ? { error: clip(lineOf(event.error)) } : {})
})

export class Log {
  readonly history: History
  readonly #trace: Trace.TraceReader
  /** In order. Replaced or pushed to by `#take`. */
  #others: Array<Other> = []
  #othersEver = 0
  readonly #seqOf = new Map<string, number>()
  readonly #traced = new Map<number, Trace.EntryEvent>()
  #indexed = 0
  /** The last traced commit. */
  #anchor = 0
  /** The last event that was taken in. */
  #taken = 0
  #settled = 0
  #detach: (() => void) | undefined
  readonly #changed: () => void

  /** `changed` is told when there is more to read. */
  constructor(history: History, trace: Trace.TraceReader, changed: () => void) {
    this.history = history
    this.#trace = trace
    this.#changed = changed
  }

  /** Reads the trace, what it still has and what comes, until `close`. */
  open(): void {
    if (this.#detach !== undefined) return
    this.#detach = this.#trace.attach({
      onBatch: (events) => {
        this.#take(events)
        this.#changed()
      }
    })
    this.sync()
  }

  /** Takes in all that there is now, which costs a look at the whole ring of the trace. */
  sync(): void {
    this.#take(this.#trace.snapshot().events)
    this.settle()
  }

  close(): void {
    this.#detach?.()
    this.#detach = undefined
    this.#others = []
    this.#seqOf.clear()
    this.#traced.clear()
    this.#indexed = 0
    this.#anchor = 0
    this.#taken = 0
  }

  get isOpen(): boolean {
    return this.#detach !== undefined
  }

  /**
   * Readers are given commits up to here, so that what the trace has of them is there, too. Where each entry is
   * traced, the trace says how far that is; else it is what had been committed by the time that the reader last
   * asked, since the trace tells its readers sooner than that.
   */
  get settled(): number {
    const { level } = this.#trace
    return level === "light" || level === "full" ? Math.max(this.#anchor, this.#settled) : this.#settled
  }

  /** What has been committed by now is settled, once what is running has ended. */
  settle(): void {
    this.#settled = this.history.latest?.seq ?? 0
  }

  get isBehind(): boolean {
    return (this.history.latest?.seq ?? 0) > this.settled
  }

  /** One that has had all up to the cursor; without a cursor, all until now. */
  reader(after: Cursor | undefined): Reader {
    if (after === undefined) return { seq: this.settled, nth: this.#othersEver }
    const next = this.#others.find(({ at }) => compareCursors(at, after) > 0)
    return { seq: after.seq, nth: next === undefined ? this.#othersEver : next.nth - 1 }
  }

  /** The next entries for this reader, in their order. */
  next(reader: Reader, limit: number): Batch {
    const { history } = this
    const first = history.oldest?.seq ?? 0
    const lostCommits = history.length === 0 ? 0 : Math.max(0, first - 1 - reader.seq)
    const firstOther = this.#others[0]?.nth ?? this.#othersEver + 1
    const lostEvents = Math.max(0, firstOther - 1 - reader.nth)
    reader.seq += lostCommits
    reader.nth += lostEvents
    const commits: Array<Commit.Commit> = []
    for (let seq = reader.seq + 1; seq <= this.settled && commits.length <= limit; seq++) {
      const commit = history.at(seq - first)
      if (commit !== undefined) commits.push(commit)
    }
    const start = Math.max(0, reader.nth + 1 - firstOther)
    const others = this.#others.slice(start, start + limit + 1)
    const { rows, ends } = this.#merge(commits, others, limit)
    reader.seq = ends.commit?.seq ?? reader.seq
    reader.nth = ends.other?.nth ?? reader.nth
    return {
      rows,
      gap: { commits: lostCommits, events: lostEvents },
      more: rows.length < commits.length + others.length
    }
  }

  /** The last entries before the cursor, or of all; oldest first. */
  before(
    cursor: Cursor | undefined,
    limit: number
  ): { readonly rows: ReadonlyArray<Row>; readonly more: boolean } {
    const { history } = this
    const first = history.oldest?.seq ?? 0
    const isBefore = (at: Cursor) => cursor === undefined || compareCursors(at, cursor) < 0
    const last = cursor === undefined ? this.settled : Math.min(this.settled, cursor.seq)
    const commits: Array<Commit.Commit> = []
    for (let index = last - first; index >= 0 && commits.length <= limit; index--) {
      const commit = history.at(index)
      if (commit !== undefined && isBefore({ seq: commit.seq, n: 0 })) commits.push(commit)
    }
    const end = cursor === undefined ? this.#others.length : this.#others.findIndex(({ at }) => !isBefore(at))
    const others = this.#others.slice(0, end < 0 ? undefined : end).slice(-limit - 1)
    const all = this.#merge(commits.toReversed(), others, Infinity).rows
    return { rows: all.slice(Math.max(0, all.length - limit)), more: all.length > limit }
  }

  find(at: Cursor): { readonly commit: Commit.Commit } | Other | undefined {
    if (at.n === 0) {
      const commit = this.history.at(at.seq - (this.history.oldest?.seq ?? 0))
      return commit?.seq === at.seq ? { commit } : undefined
    }
    return this.#others.find((other) => other.at.n === at.n)
  }

  rowOf(found: { readonly commit: Commit.Commit } | Other): Row {
    return "commit" in found ? ofCommit(found.commit, this.#traced.get(found.commit.seq)) : ofEvent(found)
  }

  #merge(commits: ReadonlyArray<Commit.Commit>, others: ReadonlyArray<Other>, limit: number) {
    const rows: Array<Row> = []
    let commit: Commit.Commit | undefined
    let other: Other | undefined
    for (let c = 0, o = 0; rows.length < limit;) {
      const nextCommit = commits[c]
      const nextOther = others[o]
      if (nextCommit !== undefined && (nextOther === undefined || nextCommit.seq <= nextOther.at.seq)) {
        commit = nextCommit
        rows.push(ofCommit(nextCommit, this.#traced.get(nextCommit.seq)))
        c++
      } else if (nextOther !== undefined) {
        other = nextOther
        rows.push(ofEvent(nextOther))
        o++
      } else break
    }
    return { rows, ends: { commit, other } }
  }

  /** All commits that these events are of have been appended: the history is told in the step that makes one. */
  #take(events: ReadonlyArray<Trace.TraceEvent>): void {
    this.#indexCommits()
    for (const event of events) {
      if (event.seq <= this.#taken) continue
      this.#taken = event.seq
      if (!isEntry(event)) continue
      const seq = event.outcome === "commit" ? this.#seqOf.get(event.txnId) : undefined
      if (seq !== undefined) {
        this.#anchor = Math.max(this.#anchor, seq)
        this.#traced.set(seq, event)
      } else if (event.outcome !== "commit" || this.history.dropped === 0) {
        const at = { seq: this.#positionOf(event), n: event.seq }
        this.#others.push({ at, nth: ++this.#othersEver, event })
      }
    }
    this.#trim()
  }

  #indexCommits(): void {
    const { history } = this
    const first = history.oldest?.seq ?? 0
    for (let index = Math.max(0, this.#indexed + 1 - first); index < history.length; index++) {
      const commit = history.at(index)
      if (commit === undefined) continue
      this.#seqOf.set(commit.txnId, commit.seq)
      this.#indexed = commit.seq
    }
  }

  /** The commit before it. Of those after the last traced one, where not all are traced, the clock tells. */
  #positionOf(event: Trace.EntryEvent): number {
    if (typeof this.#trace.level !== "object") return this.#anchor
    const { history } = this
    const first = history.oldest?.seq ?? 0
    for (let index = Math.max(0, this.#anchor + 1 - first); index < history.length; index++) {
      const commit = history.at(index)
      if (commit === undefined || commit.startedAt > event.at) break
      this.#anchor = commit.seq
    }
    return this.#anchor
  }

  #trim(): void {
    const { capacity, dropped, oldest } = this.history
    const base = dropped === 0 ? 0 : (oldest?.seq ?? 0) - 1
    const reachable = this.#others.findIndex(({ at }) => at.seq >= base)
    const excess = Math.max(
      this.#others.length > 2 * capacity ? this.#others.length - capacity : 0,
      reachable < 0 ? this.#others.length : reachable
    )
    if (excess > 0) this.#others.splice(0, excess)
    if (this.#seqOf.size <= 2 * capacity) return
    for (const [txnId, seq] of this.#seqOf) {
      if (seq > base) break
      this.#seqOf.delete(txnId)
      this.#traced.delete(seq)
    }
  }
}
