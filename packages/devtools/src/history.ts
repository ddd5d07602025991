/** The newest commits of a runtime, and the states that can be told from them. */
import type { Commit } from "@sluice/core"
import type { InstanceState } from "./adapter.ts"

export const defaultHistoryCapacity = 5_000

/**
 * A ring of commits over all instances, in the runtime's order. It reaches back to its base: the
 * `previous` of its oldest commits. Commits before that are counted in `dropped` and cannot be returned to.
 */
export class History {
  readonly capacity: number
  /** Circular once full; written by `append` alone. */
  readonly #slots: Array<Commit.Commit> = []
  /** Where the oldest commit is; moved by `append` once the ring is full. */
  #start = 0
  #appended = 0
  readonly #listeners = new Set<() => void>()

  constructor(capacity: number = defaultHistoryCapacity) {
    this.capacity = Number.isFinite(capacity) ? Math.max(1, Math.floor(capacity)) : defaultHistoryCapacity
  }

  append(batch: ReadonlyArray<Commit.Commit>): void {
    for (const commit of batch) {
      if (this.#slots.length < this.capacity) {
        this.#slots.push(commit)
      } else {
        this.#slots[this.#start] = commit
        this.#start = (this.#start + 1) % this.capacity
      }
    }
    this.#appended += batch.length
    for (const listener of this.#listeners) listener()
  }

  /** Told once a batch. Returns the function that ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  get length(): number {
    return this.#slots.length
  }

  /** Commits ever appended. */
  get appended(): number {
    return this.#appended
  }

  /** Commits that have been overwritten. */
  get dropped(): number {
    return this.#appended - this.#slots.length
  }

  get oldest(): Commit.Commit | undefined {
    return this.at(0)
  }

  get latest(): Commit.Commit | undefined {
    return this.at(this.length - 1)
  }

  /** The commit at this place, 0 being the oldest. */
  at(index: number): Commit.Commit | undefined {
    if (index < 0 || index >= this.#slots.length) return undefined
    return this.#slots[(this.#start + index) % this.#slots.length]
  }

  /** Kept commits later than `seq`, oldest first. */
  after(seq: number): ReadonlyArray<Commit.Commit> {
    const commits: Array<Commit.Commit> = []
    for (let index = this.#countUpTo(seq); index < this.length; index++) {
      const commit = this.at(index)
      if (commit !== undefined) commits.push(commit)
    }
    return commits
  }

  /** Whether the states right after commit `seq` can still be told. */
  reaches(seq: number): boolean {
    const { oldest } = this
    return oldest === undefined || seq >= oldest.seq - 1
  }

  /**
   * The states that these instances had right after commit `seq`: of each the `next` of its latest commit up
   * to there; where there is none, the `previous` of its first later one; where there is none either, it
   * has not changed since. An instance made later has the state it was made with.
   */
  statesAt(seq: number, instances: ReadonlyArray<InstanceState>): Map<string, unknown> {
    const states = new Map<string, unknown>()
    const missing = new Map(instances.map((instance) => [instance.instanceId, instance.state]))
    const found = (commit: Commit.Commit, state: unknown) => {
      if (missing.delete(commit.instanceId)) states.set(commit.instanceId, state)
    }
    const boundary = this.#countUpTo(seq)
    for (let index = boundary - 1; index >= 0 && missing.size > 0; index--) {
      const commit = this.at(index)
      if (commit !== undefined) found(commit, commit.next)
    }
    for (let index = boundary; index < this.length && missing.size > 0; index++) {
      const commit = this.at(index)
      if (commit !== undefined) found(commit, commit.origin.kind === "init" ? commit.next : commit.previous)
    }
    for (const [instanceId, state] of missing) states.set(instanceId, state)
    return states
  }

  /** How many kept commits are not later than `seq`. */
  #countUpTo(seq: number): number {
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
