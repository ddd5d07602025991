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
  /** Something was redacted: in its states alone, or in its actions as well. */
  readonly partial?: "states" | "actions"
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

/** Showing another moment, and coming back: entries wait meanwhile, and find the state that they would have found. */
export const isTravel = ({ origin }: Commit.Commit): boolean =>
  origin.kind === "devtools" && (origin.name === "jump" || origin.name === "live")

/** Whether it stands for itself: it says what the state is, and not what becomes of one. */
export const isAbsolute = ({ origin: { kind } }: Commit.Commit): boolean =>
  kind === "devtools" || kind === "hydrate" || kind === "init"
