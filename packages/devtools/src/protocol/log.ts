/**
 * The entries of one runtime in their order: its commits, from the history, and from the trace the entries that made
 * none, the durations, and what became of each. The rows themselves are made when they are asked for.
 */
import type { Commit, Trace } from "@sluice/core"
import type { History } from "../session/history.ts"
import type { RecordedCommit } from "../session/recording.ts"
import { makeRedaction, type Redaction } from "../session/redact.ts"
import { Loads } from "./loads.ts"
import type { Cursor, Row } from "./messages.ts"
import { type Lost, type Other, Others } from "./others.ts"
import { moduleOf, rowOfCommit, rowOfEvent } from "./rows.ts"
import { Runs } from "./runs.ts"

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

export interface FoundCommit {
  readonly commit: RecordedCommit
}
export type Found = FoundCommit | Other

/** The places that have an entry, or had one that was lost between them; `last` is before `first` where there is none. */
export interface Places {
  readonly first: number
  readonly last: number
}

export const compareCursors = (a: Cursor, b: Cursor): number => a.seq - b.seq || a.n - b.n

const isEntry = (event: Trace.TraceEvent): event is Trace.EntryEvent => event.kind === "entry"

/** `Cart#1::t7` is the seventh of its instance. */
const numberOf = (txnId: string): number => Number(txnId.slice(txnId.lastIndexOf("::t") + 3))

/** Of one instance, which needs no clock. */
const isLater = (commit: Commit.Commit, event: Trace.EntryEvent): boolean =>
  commit.instanceId === event.instanceId && numberOf(commit.txnId) > numberOf(event.txnId)

export class Log {
  readonly history: History
  readonly #trace: Trace.TraceReader
  readonly #redaction: Pick<Redaction, "action" | "isWhole">
  readonly #others = new Others()
  readonly #runs: Runs
  readonly #loads = new Loads()
  readonly #seqOf = new Map<string, number>()
  readonly #traced = new Map<number, Trace.EntryEvent>()
  #indexed = 0
  /** The last traced commit. */
  #anchor = 0
  /** The last event that was taken in. */
  #taken = 0
  #settled = 0
  /**
   * Of the trace, what was recorded while recording was paused; what comes later comes after that commit. Written by
   * `pause`, `resume` and `#trim`.
   */
  #pauses: Array<{ readonly from: number; to: number; commit: number }> = []
  /** Entries without a commit that have passed since it was paused. */
  passed = 0
  /** Of the commits that someone has been given or told the place of: what comes later comes after them. */
  #given = 0
  /** Another number whenever there is something else to read. */
  #version = 0
  #detach: (() => void) | undefined
  readonly #changed: () => void

  /** `changed` is told when there is more to read. */
  constructor(
    history: History,
    trace: Trace.TraceReader,
    changed: () => void,
    redaction: Pick<Redaction, "action" | "isWhole"> = makeRedaction([])
  ) {
    this.history = history
    this.#trace = trace
    this.#changed = changed
    this.#redaction = redaction
    this.#runs = new Runs(history.capacity)
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

  /** Takes in all that there is now. */
  sync(): void {
    this.#take(this.#trace.snapshot(this.#taken).events)
    this.settle()
  }

  /** Entries that are traced from now on pass, and are counted, until `resume`. */
  pause(): void {
    this.sync()
    this.passed = 0
    this.#pauses.push({ from: this.#trace.counts().recorded, to: Infinity, commit: 0 })
  }

  /** What has passed stands in the history by now. */
  resume(): void {
    if (this.isOpen) this.sync()
    const last = this.#pauses.at(-1)
    if (last?.to !== Infinity) return
    last.to = this.#trace.counts().recorded
    last.commit = this.history.end
    if (this.isOpen) this.#anchor = Math.max(this.#anchor, last.commit)
  }

  #hasPassed({ seq }: Trace.TraceEvent): boolean {
    return this.#pauses.some(({ from, to }) => seq > from && seq <= to)
  }

  close(): void {
    this.#detach?.()
    this.#detach = undefined
    this.#others.clear()
    this.#runs.clear()
    this.#loads.clear()
    this.#seqOf.clear()
    this.#traced.clear()
    this.#indexed = 0
    this.#anchor = 0
    this.#taken = 0
    this.#given = 0
  }

  get isOpen(): boolean {
    return this.#detach !== undefined
  }

  get version(): number {
    return this.#version
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
    const latest = this.history.end
    if (latest === this.#settled) return
    this.#settled = latest
    this.#version++
  }

  get isBehind(): boolean {
    return this.history.end > this.settled
  }

  #give(): number {
    this.#given = Math.max(this.#given, this.settled)
    return this.#given
  }

  // --- places -------------------------------------------------------------------------------------------

  get places(): Places {
    const settled = this.#give()
    const { oldest } = this.history
    const last = settled + this.#others.upTo(settled)
    const other = this.#others.first
    const firsts = [
      ...(oldest === undefined || oldest.seq > settled ? [] : [this.#placeOf(oldest)]),
      ...(other === undefined ? [] : [other])
    ]
    return { first: Math.min(last + 1, ...firsts), last }
  }

  #placeOf({ seq }: Commit.Commit): number {
    return seq + this.#others.before(seq)
  }

  /** What has this place; a number of entries that are lost, this one among them; of a commit that has passed nothing. */
  at(place: number): Found | Lost | undefined {
    const { before, other } = this.#others.atPlace(place)
    if (other !== undefined) return other
    const seq = place - before
    const commit = seq > this.#give() ? undefined : this.history.commitAt(seq)
    return commit && { commit }
  }

  /** Whether it is of a commit that an entry behind it stands for: see `passed` of a row. */
  isPassed(place: number): boolean {
    const { history } = this
    const { before, other } = this.#others.atPlace(place)
    const next = other === undefined ? history.at(history.countUpTo(place - before)) : undefined
    return next?.passed !== undefined
  }

  /** The entry of this transaction, as long as it is known. */
  placeOf(txnId: string): number | undefined {
    const seq = this.#seqOf.get(txnId)
    const commit = seq === undefined ? undefined : this.history.commitAt(seq)
    if (commit?.txnId === txnId) return commit.seq > this.#give() ? undefined : this.#placeOf(commit)
    const other = this.#others.find((event) => event.txnId === txnId)
    return other && other.at.seq + other.nth
  }

  // --- reading ------------------------------------------------------------------------------------------

  /** One that has had all up to the cursor; without a cursor, all until now. */
  reader(after: Cursor | undefined): Reader {
    if (after === undefined) return { seq: this.#give(), nth: this.#others.upTo(this.#give()) }
    return { seq: after.seq, nth: this.#others.countUpTo(after) }
  }

  /** The next entries for this reader, in their order. */
  next(reader: Reader, limit: number): Batch {
    const { history } = this
    const settled = this.#give()
    const lostCommits = Math.max(0, history.floor - reader.seq)
    reader.seq += lostCommits
    const start = this.#others.startAfter(reader.nth)
    let lostEvents = start - reader.nth
    reader.nth = start
    const commits: Array<RecordedCommit> = []
    for (let index = history.countUpTo(reader.seq); commits.length <= limit; index++) {
      const commit = history.at(index)
      if (commit === undefined || commit.seq > settled) break
      commits.push(commit)
    }
    const others: Array<Other> = []
    let isInterrupted = false
    for (const other of this.#others.after(reader.nth)) {
      if (other.at.seq > settled || others.length > limit) break
      if (other.event !== undefined) {
        others.push(other)
        continue
      }
      // A gap is told before the rows that follow it.
      isInterrupted = others.length > 0 || (commits[0]?.seq ?? Infinity) <= other.at.seq
      if (isInterrupted) {
        while ((commits.at(-1)?.seq ?? 0) > other.at.seq) commits.pop()
        break
      }
      lostEvents += other.nth - reader.nth
      reader.nth = other.nth
    }
    const { ends, rows } = this.#merge(commits, others, limit)
    reader.seq = ends.commit?.seq ?? reader.seq
    reader.nth = ends.other?.nth ?? reader.nth
    return {
      rows,
      gap: { commits: lostCommits, events: lostEvents },
      more: isInterrupted || rows.length < commits.length + others.length
    }
  }

  /** The last entries before the cursor, or of all; oldest first. */
  before(
    cursor: Cursor | undefined,
    limit: number
  ): { readonly rows: ReadonlyArray<Row>; readonly more: boolean } {
    const { history } = this
    const settled = this.#give()
    const isBefore = (at: Cursor) =>
      at.seq <= settled && (cursor === undefined || compareCursors(at, cursor) < 0)
    const last = cursor === undefined ? settled : Math.min(settled, cursor.seq)
    const commits: Array<RecordedCommit> = []
    for (let index = history.countUpTo(last) - 1; index >= 0 && commits.length <= limit; index--) {
      const commit = history.at(index)
      if (commit !== undefined && isBefore({ seq: commit.seq, n: 0 })) commits.push(commit)
    }
    const others = this.#others.known(isBefore, limit + 1)
    const all = this.#merge(commits.toReversed(), others, Infinity).rows
    return { rows: all.slice(Math.max(0, all.length - limit)), more: all.length > limit }
  }

  find(at: Cursor): Found | undefined {
    if (at.n === 0) {
      const commit = this.history.commitAt(at.seq)
      return commit && { commit }
    }
    return this.#others.find((event) => event.seq === at.n)
  }

  /** As panels may see it. */
  rowOf(found: Found): Row {
    const { changed, ...row } = this.#rowOf(found)
    return changed === undefined || this.#redaction.isWhole(row.moduleId) ? row : { ...row, changed }
  }

  #rowOf(found: Found): Row {
    if ("commit" in found) {
      const { commit } = found
      return rowOfCommit(commit, this.#traced.get(commit.seq), {
        place: this.#placeOf(commit),
        payload: this.payloadOf(found),
        runs: this.#runs.summary(commit.txnId, commit.startedAt),
        loads: this.#loads.of(commit.seq)
      })
    }
    const { at, event, nth } = found
    return rowOfEvent(event, at, {
      place: at.seq + nth,
      payload: this.payloadOf(found),
      runs: this.#runs.summary(event.txnId, event.at),
      loads: undefined
    })
  }

  /** Of the entry's first action, as panels may see it. */
  payloadOf(found: Found): unknown {
    if ("commit" in found) {
      const [action] = found.commit.actions
      return action && this.#redaction.action(found.commit.moduleId, action).payload
    }
    const { event } = found
    const [_tag] = event.tags
    const [payload] = event.payloads ?? []
    return _tag === undefined || payload === undefined
      ? undefined
      : this.#redaction.action(moduleOf(event.instanceId), { _tag, payload }).payload
  }

  /** What became of its actions. */
  runsOf(txnId: string) {
    return this.#runs.of(txnId)
  }

  #merge(commits: ReadonlyArray<RecordedCommit>, others: ReadonlyArray<Other>, limit: number) {
    const rows: Array<Row> = []
    let commit: RecordedCommit | undefined
    let other: Other | undefined
    for (let c = 0, o = 0; rows.length < limit;) {
      const nextCommit = commits[c]
      const nextOther = others[o]
      if (nextCommit !== undefined && (nextOther === undefined || nextCommit.seq <= nextOther.at.seq)) {
        commit = nextCommit
        rows.push(this.rowOf({ commit }))
        c++
      } else if (nextOther !== undefined) {
        other = nextOther
        rows.push(this.rowOf(other))
        o++
      } else break
    }
    return { rows, ends: { commit, other } }
  }

  // --- taking in ----------------------------------------------------------------------------------------

  /** All commits that these events are of have been appended: the history is told in the step that makes one. */
  #take(events: ReadonlyArray<Trace.TraceEvent>): void {
    this.#indexCommits()
    for (const [index, event] of events.entries()) {
      if (event.seq <= this.#taken) continue
      const missed = event.seq - this.#taken - 1
      if (missed > 0) this.#passOver(missed, events, index)
      this.#taken = event.seq
      this.#version++
      if (!isEntry(event)) {
        this.#runs.take(event)
        continue
      }
      for (const { commit, to } of this.#pauses)
        if (event.seq > to) this.#anchor = Math.max(this.#anchor, commit)
      if (this.#hasPassed(event)) {
        if (event.outcome === "commit") continue
        this.passed++
        this.#others.lose({ seq: this.#positionOf(event), n: event.seq }, 1)
        continue
      }
      const seq = event.outcome === "commit" ? this.#seqOf.get(event.txnId) : undefined
      if (seq !== undefined) {
        this.#anchor = Math.max(this.#anchor, seq)
        this.#traced.set(seq, event)
      } else if (event.outcome !== "commit" || this.history.dropped === 0) {
        this.#others.add(this.#positionOf(event), event)
      }
    }
    this.#trim()
  }

  /**
   * The trace has overwritten so many events that it told nobody of. Those of commits are known by the history; what
   * is left are entries without a commit, or at level `full` also what became of actions.
   */
  #passOver(missed: number, events: ReadonlyArray<Trace.TraceEvent>, from: number): void {
    let next: number | undefined
    /** Commits that the trace tells of, and the history no more. */
    let told = 0
    for (let index = from; index < events.length && next === undefined; index++) {
      const event = events[index]
      if (event?.kind !== "entry" || event.outcome !== "commit") continue
      next = this.#seqOf.get(event.txnId)
      if (next === undefined) told++
    }
    const last = (next ?? this.history.end + 1) - 1 - told
    const isEach = typeof this.#trace.level !== "object"
    const commits = isEach ? Math.max(0, last - this.#anchor) : 0
    if (isEach) this.#anchor = Math.max(this.#anchor, last)
    if (missed > commits) {
      const at = { seq: Math.max(this.#anchor, this.#given), n: this.#taken + missed }
      this.#others.lose(at, missed - commits)
    }
  }

  #indexCommits(): void {
    const { history } = this
    for (let index = history.countUpTo(this.#indexed); index < history.length; index++) {
      const commit = history.at(index)
      if (commit === undefined) continue
      this.#seqOf.set(commit.txnId, commit.seq)
      this.#loads.take(commit)
      this.#indexed = commit.seq
    }
  }

  /** The commit before it. Of those after the last traced one, where not all are traced, the clock tells. */
  #positionOf(event: Trace.EntryEvent): number {
    if (typeof this.#trace.level === "object") {
      const { history } = this
      for (let index = history.countUpTo(this.#anchor); index < history.length; index++) {
        const commit = history.at(index)
        if (commit === undefined || commit.startedAt > event.at || isLater(commit, event)) break
        this.#anchor = commit.seq
      }
    }
    return Math.max(this.#anchor, this.#given)
  }

  #trim(): void {
    const { capacity, dropped, floor } = this.history
    const { dropped: overwritten } = this.#trace.counts()
    if (this.#pauses.length > 0) this.#pauses = this.#pauses.filter(({ to }) => to >= overwritten)
    const base = dropped === 0 ? 0 : floor
    this.#others.trim(base, capacity)
    if (this.#seqOf.size <= 2 * capacity) return
    this.#loads.trim(base)
    for (const [txnId, seq] of this.#seqOf) {
      if (seq > base) break
      this.#seqOf.delete(txnId)
      this.#traced.delete(seq)
    }
  }
}
