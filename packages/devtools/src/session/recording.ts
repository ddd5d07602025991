/** What a recorded session is, in memory: the states at its base, and the commits since. */
import type { Commit } from "@sluice/core"

/** An instance's state before the first commit of it that is recorded. */
export interface BaseState {
  readonly instanceId: string
  readonly moduleId: string
  readonly state: unknown
  /** Something in it was redacted. */
  readonly partial?: boolean
}

export interface RecordedCommit extends Commit.Commit {
  /** Something was redacted: in its states or its origin's details, or in its actions as well. */
  readonly partial?: "states" | "actions"
  /** It stands for so many commits of its instance that passed while recording was paused. */
  readonly passed?: number
}

/** States are the immutable ones of the runtime that it was recorded in, or those that an import has built anew. */
export interface Recording {
  /** The runtime's. */
  readonly label: string
  readonly base: ReadonlyArray<BaseState>
  /** In the runtime's order. */
  readonly commits: ReadonlyArray<RecordedCommit>
}

/** By instance id; of an instance that the base does not tell, the state before its first commit. */
export const baseStates = ({ base, commits }: Recording): ReadonlyMap<string, unknown> => {
  const states = new Map(base.map(({ instanceId, state }) => [instanceId, state]))
  for (const { instanceId, previous } of commits) {
    if (!states.has(instanceId)) states.set(instanceId, previous)
  }
  return states
}

/**
 * Those that show another moment of an instance, edit what is shown there, or come back: entries wait meanwhile, and
 * find the state that they would have found. Coming back from where nobody has seen it go is none of these.
 */
export const travelsOf = (commits: ReadonlyArray<RecordedCommit>): ReadonlySet<RecordedCommit> => {
  const travels = new Set<RecordedCommit>()
  const away = new Set<string>()
  for (const commit of commits) {
    const { instanceId, origin } = commit
    if (origin.kind !== "devtools") {
      // Others wait until it is back, which is no commit where it changes nothing.
      away.delete(instanceId)
      continue
    }
    if (origin.name === "jump") away.add(instanceId)
    // Whoever makes other states its own has come back first, which is no commit where it changes nothing.
    else if (origin.name !== "live" && origin.name !== "edit") away.delete(instanceId)
    if (away.has(instanceId)) travels.add(commit)
    if (origin.name === "live") away.delete(instanceId)
  }
  return travels
}
