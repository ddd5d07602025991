/** Commits, as they came. */
import type { Commit } from "@sluice/core"
import * as Effect from "effect/Effect"

/** A commit on an instance of a known module. */
export interface CommitOf<S> extends Commit.Commit {
  readonly previous: S
  readonly next: S
}

/** Whose commits: of a definition's or module's instances, or of one instance. */
export type Recorded<S> =
  | { readonly tag: { readonly moduleId: string; readonly "~sluice/ModuleTag": { readonly state: S } } }
  | { readonly instanceId: string; readonly getState: Effect.Effect<S> }

export interface Recorder {
  /** To attach to any runtime. It never makes a caller wait. */
  readonly sink: Commit.CommitSink
  /** In the order they were made. One is here soon after it was made: see `settled`. */
  readonly commits: ReadonlyArray<Commit.Commit>
  readonly of: <S>(what: Recorded<S>) => ReadonlyArray<CommitOf<S>>
  /** The state after each commit. */
  readonly states: <S>(what: Recorded<S>) => ReadonlyArray<S>
  /** The first that is recorded from now on and matches. */
  readonly next: <S>(what: Recorded<S>, matches?: (commit: CommitOf<S>) => boolean) => Promise<CommitOf<S>>
  /** Forgets those before. */
  readonly clear: () => void
}

export const make = (): Recorder => {
  let commits: Array<Commit.Commit> = []
  /** Each is told of every commit until it returns true. */
  const waiting = new Set<(commit: Commit.Commit) => boolean>()
  const of = <S>(what: Recorded<S>) => commits.filter((commit) => isOf(commit, what))
  return {
    sink: {
      name: "recorder",
      capacity: Number.POSITIVE_INFINITY,
      onCommit: (batch) =>
        Effect.sync(() => {
          for (const commit of batch) {
            commits.push(commit)
            for (const found of waiting) if (found(commit)) waiting.delete(found)
          }
        })
    },
    get commits() {
      return commits
    },
    of,
    states: (what) => of(what).map(({ next }) => next),
    next: <S>(what: Recorded<S>, matches: (commit: CommitOf<S>) => boolean = () => true) =>
      new Promise<CommitOf<S>>((resolve) => {
        waiting.add((commit) => {
          if (!isOf(commit, what) || !matches(commit)) return false
          resolve(commit)
          return true
        })
      }),
    clear: () => {
      commits = []
    }
  }
}

// The states of a module's commits have the type of its tag's or its handle's.
const isOf = <S>(commit: Commit.Commit, what: Recorded<S>): commit is CommitOf<S> =>
  "instanceId" in what ? commit.instanceId === what.instanceId : commit.moduleId === what.tag.moduleId
