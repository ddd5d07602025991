/** The newest commits of a runtime, and the states that can be told from them. */
import type { Commit } from "@sluice/core"
import type { BaseState, RecordedCommit, Recording } from "./recording.ts"

export const defaultHistoryCapacity = 5_000

/** A live instance and its state now. */
export interface InstanceState {
  readonly instanceId: string
  readonly state: unknown
}

/** An instance that the history knows of. `startedAt` and `endedAt` are the latest commit there was then, by seq. */
export interface InstanceLife {
  readonly instanceId: string
  readonly moduleId: string
  /** 0 if it was there before the history. */
  readonly startedAt: number
  /** `undefined` while it lives. */
  readonly endedAt: number | undefined
}

/** A commit with what its handlers caused, oldest first. */
export interface CauseNode {
  readonly commit: Commit.Commit
  readonly children: ReadonlyArray<CauseNode>
}

interface Known {
  readonly life: InstanceLife
  /** At the history's base. Written by `append`. */
  state: unknown
  /** The latest commit of it. Written by `append`. */
  latest?: number
}

/** Of instances that have ended without a commit that is kept, the newest so many are known. */
const maxSilent = 1000

export interface RecordingOptions {
  readonly label?: string
  /** The moment it begins with, by seq; its commits are the later ones. Default: the base. */
  readonly from?: number
  /** The moment it ends with. Default: the latest. */
  readonly to?: number
}

/** Those whose cause is not among them, each with what it caused, transitively; in their order. */
export const causeTree = (commits: ReadonlyArray<Commit.Commit>): ReadonlyArray<CauseNode> => {
  const nodes = new Map<string, { readonly commit: Commit.Commit; readonly children: Array<CauseNode> }>()
  const roots: Array<CauseNode> = []
  for (const commit of commits) {
    const node = { commit, children: [] }
    const parent = commit.cause === undefined ? undefined : nodes.get(commit.cause)
    if (parent === undefined) roots.push(node)
    else parent.children.push(node)
    nodes.set(commit.txnId, node)
  }
  return roots
}

/** What this transaction's handlers caused, transitively, without itself; in their order. */
export const causedBy = (
  commits: ReadonlyArray<Commit.Commit>,
  txnId: string
): ReadonlyArray<Commit.Commit> => {
  const causes = new Set([txnId])
  return commits.filter(({ cause, txnId }) => {
    const isCaused = cause !== undefined && causes.has(cause)
    if (isCaused) causes.add(txnId)
    return isCaused
  })
}

/**
 * These transactions, all of their groups (T11), and, where asked for, everything that their handlers caused,
 * transitively.
 */
export const extentOf = (
  commits: ReadonlyArray<Commit.Commit>,
  txnIds: Iterable<string>,
  withCaused: boolean
): ReadonlySet<string> => {
  const extent = new Set(txnIds)
  const groups = new Set<string>()
  for (let size = -1; size !== extent.size + groups.size;) {
    size = extent.size + groups.size
    for (const { cause, groupId, txnId } of commits) {
      const isIn =
        extent.has(txnId) ||
        (groupId !== undefined && groups.has(groupId)) ||
        (withCaused && cause !== undefined && extent.has(cause))
      if (!isIn) continue
      extent.add(txnId)
      if (groupId !== undefined) groups.add(groupId)
    }
  }
  return extent
}

/** To another moment, or back. */
const isTravel = ({ origin: { kind, name } }: Commit.Commit): boolean =>
  kind === "devtools" && (name === "jump" || name === "live")

/**
 * A ring of commits over all instances, in the runtime's order. It reaches back to its base: the
 * `previous` of its oldest commits. Commits before that are counted in `dropped` and cannot be returned to.
 *
 * Those that travel makes are kept besides, up to as many again: whoever goes back and forth loses nothing by it.
 */
export class History {
  readonly capacity: number
  /** From `start` on; before that they are let go of. Written by `append` and `forget`. */
  #slots: Array<RecordedCommit | undefined> = []
  #start = 0
  /** Of those that are kept, how many travel has made. */
  #travels = 0
  #appended = 0
  /** What was overwritten or let go of last; written by `append` and `forget`. */
  #lastDropped: Commit.Commit | undefined = undefined
  /** Before the first commit that it ever had. Written by `append`. */
  #begin: number | undefined = undefined
  /** By instance id, at the base. Written by `append` and `observe`. */
  readonly #known = new Map<string, Known>()
  /** Of those, the ones that have not ended. */
  readonly #alive = new Set<string>()
  /** The ones that have, in that order: those that had a commit here then, and those that had none. */
  readonly #ended = new Set<string>()
  readonly #silent = new Set<string>()
  /** Of instances that have changed since without being recorded, the states before. Written by `pass` and `append`. */
  readonly #passing = new Map<string, unknown>()
  /** Whether `observe` has been called. */
  #observed = false
  readonly #listeners = new Set<() => void>()

  constructor(capacity: number = defaultHistoryCapacity) {
    this.capacity = Number.isFinite(capacity) ? Math.max(1, Math.floor(capacity)) : defaultHistoryCapacity
  }

  append(batch: ReadonlyArray<RecordedCommit>): void {
    for (const commit of batch) {
      this.#begin ??= commit.seq - (commit.passed ?? 1)
      this.#slots.push(commit)
      if (isTravel(commit)) this.#travels++
      while (this.length - this.#travels > this.capacity || this.length > 2 * this.capacity) this.#drop()
      this.#meet(commit).latest = commit.seq
      this.#passing.delete(commit.instanceId)
    }
    this.#appended += batch.length
    for (const listener of this.#listeners) listener()
  }

  /** Lets go of the commits up to `seq`, and of all of the group in which that ends: the base is there from now on. */
  forget(seq: number): void {
    for (let count = this.countUpTo(this.momentOf(seq)); count > 0; count--) this.#drop()
    for (const listener of this.#listeners) listener()
  }

  #drop(): void {
    const commit = this.#slots[this.#start]
    if (commit === undefined) return
    this.#slots[this.#start++] = undefined
    if (2 * this.#start > this.#slots.length) {
      this.#slots = this.#slots.slice(this.#start)
      this.#start = 0
    }
    if (isTravel(commit)) this.#travels--
    this.#lastDropped = commit
    const known = this.#known.get(commit.instanceId)
    if (known !== undefined) known.state = commit.next
    for (const ended of [this.#ended, this.#silent]) {
      for (const instanceId of ended) {
        if ((this.#known.get(instanceId)?.life.endedAt ?? 0) > commit.seq) break
        this.#known.delete(instanceId)
        ended.delete(instanceId)
      }
    }
  }

  /** A commit that is not recorded, yet. */
  pass(commit: Commit.Commit): void {
    const { instanceId, next, origin, previous } = commit
    if (this.#passing.has(instanceId)) return
    this.#meet(commit)
    this.#passing.set(instanceId, origin.kind === "init" ? next : previous)
  }

  #meet({ instanceId, moduleId, origin, previous, next }: Commit.Commit): Known {
    const known = this.#known.get(instanceId)
    if (known !== undefined) return known
    const life = { instanceId, moduleId, startedAt: 0, endedAt: undefined }
    const met: Known = { life, state: origin.kind === "init" ? next : previous }
    this.#known.set(instanceId, met)
    this.#alive.add(instanceId)
    return met
  }

  #end(instanceId: string): void {
    const known = this.#known.get(instanceId)
    this.#alive.delete(instanceId)
    if (known === undefined) return
    this.#known.set(instanceId, { ...known, life: { ...known.life, endedAt: this.end } })
    if ((known.latest ?? 0) >= (this.oldest?.seq ?? Infinity)) {
      this.#ended.add(instanceId)
      return
    }
    this.#silent.add(instanceId)
    const [first = instanceId] = this.#silent
    if (this.#silent.size <= maxSilent) return
    this.#known.delete(first)
    this.#silent.delete(first)
  }

  /**
   * The instances that live now: those that it does not know have started, and those that are not among them have
   * ended. States are those of now; of an instance with commits here, the commits tell its state.
   */
  observe(live: ReadonlyArray<InstanceState & { readonly moduleId: string }>): void {
    const now = this.end
    const ids = new Set(live.map(({ instanceId }) => instanceId))
    for (const { instanceId, moduleId, state } of live) {
      if (this.#known.has(instanceId)) continue
      const startedAt = this.#observed ? now : 0
      this.#known.set(instanceId, { life: { instanceId, moduleId, startedAt, endedAt: undefined }, state })
      this.#alive.add(instanceId)
    }
    for (const instanceId of this.#alive) if (!ids.has(instanceId)) this.#end(instanceId)
    this.#observed = true
  }

  /** The instances that there were since the base, in the order in which it met them. */
  get instances(): ReadonlyArray<InstanceLife> {
    return Array.from(this.#known.values(), ({ life }) => life)
  }

  /** Told once a batch. Returns the function that ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  get length(): number {
    return this.#slots.length - this.#start
  }

  /** Commits ever appended. */
  get appended(): number {
    return this.#appended
  }

  /** Commits that have been overwritten or let go of. */
  get dropped(): number {
    return this.#appended - this.length
  }

  /** All that is kept is later, by seq; what is not later, and was ever told, is gone. */
  get floor(): number {
    return Math.max(this.#lastDropped?.seq ?? 0, this.#begin ?? 0)
  }

  /** The latest moment that can be told. */
  get end(): number {
    return this.latest?.seq ?? this.#lastDropped?.seq ?? 0
  }

  get oldest(): RecordedCommit | undefined {
    return this.at(0)
  }

  get latest(): RecordedCommit | undefined {
    return this.at(this.length - 1)
  }

  /** The commit at this place, 0 being the oldest. */
  at(index: number): RecordedCommit | undefined {
    return index < 0 ? undefined : this.#slots[this.#start + index]
  }

  /** Kept commits later than `seq`, oldest first. */
  after(seq: number): ReadonlyArray<RecordedCommit> {
    const commits: Array<RecordedCommit> = []
    for (let index = this.countUpTo(seq); index < this.length; index++) {
      const commit = this.at(index)
      if (commit !== undefined) commits.push(commit)
    }
    return commits
  }

  /** The commit with this seq, if it is kept. */
  commitAt(seq: number): RecordedCommit | undefined {
    const commit = this.at(this.countUpTo(seq) - 1)
    return commit?.seq === seq ? commit : undefined
  }

  /** Whether the states right after commit `seq` can still be told. */
  reaches(seq: number): boolean {
    const { oldest } = this
    return oldest === undefined || seq >= this.#before(oldest)
  }

  /** The earliest moment that can be told. Where the ring cut through a group (T11), that is after the group. */
  get base(): number {
    const { oldest } = this
    return oldest === undefined ? (this.#lastDropped?.seq ?? 0) : this.momentOf(this.#before(oldest))
  }

  /** The moment right before it. */
  #before({ seq }: Commit.Commit): number {
    return Math.min(seq - 1, this.#lastDropped?.seq ?? this.#begin ?? Infinity)
  }

  /** The moment that commit `seq` belongs to: the last commit of its group (T11), or itself. */
  momentOf(seq: number): number {
    let index = this.countUpTo(seq) - 1
    const commit = index < 0 ? this.#lastDropped : this.at(index)
    if (commit?.groupId === undefined || commit.seq !== seq) return seq
    while (this.at(index + 1)?.groupId === commit.groupId) index++
    return this.at(index)?.seq ?? seq
  }

  /** Kept commits with this transaction's id: one, but for a transaction that has been overwritten. */
  find(txnId: string): Commit.Commit | undefined {
    return this.after(0).findLast((commit) => commit.txnId === txnId)
  }

  /** Those whose cause is not kept, each with what it caused, transitively; oldest first. */
  causeTree(): ReadonlyArray<CauseNode> {
    return causeTree(this.after(0))
  }

  /** The kept commits of these moments, with the states before them. Default: all. `from` is exclusive. */
  recording({ from = this.base, label = "", to = Infinity }: RecordingOptions = {}): Recording {
    const start = Math.max(this.momentOf(from), this.base)
    const end = this.momentOf(to)
    const commits = this.after(start).filter(({ seq }) => seq <= end)
    const states = new Map(Array.from(this.#known, ([id, { state }]) => [id, state]))
    const first = new Set<string>()
    for (const commit of this.after(0)) {
      if (commit.seq <= start) states.set(commit.instanceId, commit.next)
      else if (!first.has(commit.instanceId)) {
        first.add(commit.instanceId)
        states.set(commit.instanceId, commit.origin.kind === "init" ? commit.next : commit.previous)
      }
    }
    const base: Array<BaseState> = this.instances
      .filter((life) => life.endedAt === undefined || life.endedAt >= start)
      .filter((life) => life.startedAt <= end)
      .map(({ instanceId, moduleId }) => ({ instanceId, moduleId, state: states.get(instanceId) }))
    return { label, base, commits }
  }

  /**
   * The states that these instances had right after commit `seq` and those of its group: of each the `next` of its latest commit up
   * to there; where there is none, the `previous` of its first later one; where there is none either, it
   * has not changed since. An instance made later has the state it was made with.
   */
  statesAt(seq: number, instances: ReadonlyArray<InstanceState>): Map<string, unknown> {
    const states = new Map<string, unknown>()
    const missing = new Map(instances.map((instance) => [instance.instanceId, instance.state]))
    const found = (commit: Commit.Commit, state: unknown) => {
      if (missing.delete(commit.instanceId)) states.set(commit.instanceId, state)
    }
    const boundary = this.countUpTo(this.momentOf(seq))
    for (let index = boundary - 1; index >= 0 && missing.size > 0; index--) {
      const commit = this.at(index)
      if (commit !== undefined) found(commit, commit.next)
    }
    for (let index = boundary; index < this.length && missing.size > 0; index++) {
      const commit = this.at(index)
      if (commit !== undefined) found(commit, commit.origin.kind === "init" ? commit.next : commit.previous)
    }
    for (const [instanceId, state] of missing)
      states.set(instanceId, this.#passing.has(instanceId) ? this.#passing.get(instanceId) : state)
    return states
  }

  /** How many kept commits are not later than `seq`. */
  countUpTo(seq: number): number {
    // Where none was left out, its place is known.
    const count = seq - (this.oldest?.seq ?? 0) + 1
    if (this.at(count - 1)?.seq === seq) return count
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.at(middle)?.seq ?? Infinity) <= seq) low = middle + 1
      else high = middle
    }
    return low
  }
}
