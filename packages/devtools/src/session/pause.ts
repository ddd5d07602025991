/** What passes while recording is paused. */
import type { Commit } from "@sluice/core"
import type { RecordedCommit } from "./recording.ts"

/** The name of the entries that stand for what passed. */
export const pausedName = "while paused"

/**
 * Of each instance one commit that leads from its state before to its state after, so that what was recorded before
 * and what is recorded afterwards still fit together. They are one group (T11): the states between are not known.
 */
export class Pause {
  readonly #passed = new Map<string, RecordedCommit>()
  /** All that it has been given. */
  commits = 0

  add(commit: RecordedCommit): void {
    this.commits++
    const before = this.#passed.get(commit.instanceId)
    const origin: Commit.Origin = {
      // What a source has loaded is written by entries of this kind alone.
      kind: [commit, before].some((each) => each?.origin.kind === "source-refresh")
        ? "source-refresh"
        : "state-update",
      name: pausedName
    }
    this.#passed.set(commit.instanceId, {
      txnId: commit.txnId,
      seq: commit.seq,
      instanceId: commit.instanceId,
      moduleId: commit.moduleId,
      origin,
      cause: undefined,
      actions: [],
      previous: before === undefined ? startOf(commit) : before.previous,
      next: commit.next,
      startedAt: commit.startedAt,
      passed: (before?.passed ?? 0) + 1
    })
  }

  /** What stands for those since the last time, in their order; of instances that are where they were, nothing. */
  take(): ReadonlyArray<RecordedCommit> {
    const commits = [...this.#passed.values()]
      .filter(({ next, previous }) => next !== previous)
      .sort((a, b) => a.seq - b.seq)
    this.#passed.clear()
    const [first, ...others] = commits
    if (first === undefined || others.length === 0) return commits
    return commits.map((commit) => ({ ...commit, groupId: `paused:${first.seq}` }))
  }
}

const startOf = ({ next, origin, previous }: RecordedCommit): unknown =>
  origin.kind === "init" ? next : previous
