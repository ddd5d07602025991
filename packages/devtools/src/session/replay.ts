/** A recorded session, run again from its base: do the reducers still make what they made? */
import { isAbsolute } from "@sluice/core/Replay"
import { type Difference, firstDifference } from "./compare.ts"
import type { Path } from "./paths.ts"
import { type RecordedCommit, type Recording } from "./recording.ts"
import { isRedacted } from "./redact.ts"
import type { Reducers } from "./reducers.ts"
import { allSteps, type Steps } from "./slices.ts"

/** The first entry whose reducers make another state than was recorded. */
export interface Divergence {
  readonly seq: number
  readonly txnId: string
  readonly instanceId: string
  /** The first place that differs; empty where a reducer threw. */
  readonly path: Path
  readonly recorded: unknown
  readonly replayed: unknown
  /** What a reducer threw. */
  readonly error?: unknown
}

/** Ends at the first divergence. */
export interface Replayed {
  readonly divergence: Divergence | undefined
  /** Entries whose reducers made the state that was recorded. */
  readonly compared: number
  /** Entries that no reducer made, which count as given: writes, services, devtools, hydration, sources. */
  readonly given: number
  /** Entries that could not be compared, because something that they were made of, or wrote, was redacted. */
  readonly partial: number
  /** Modules that the runtime does not have: their entries are among the given. */
  readonly missing: ReadonlyArray<string>
}

/**
 * Calls the reducers of every recorded action, in order, and compares what they make by structure. Up to the first
 * divergence what comes out is what was recorded, so each runs on the recorded state before it. A reducer that reads
 * a clock or a random number is found by that. Nothing is done to the runtime.
 *
 * Do not infer that private fields are the same: instances of a class are compared by their enumerable fields.
 */
export const replay = (recording: Recording, reducers: Reducers): Replayed =>
  allSteps(replaying(recording, reducers))

/** As `replay`, in steps. */
export function* replaying(recording: Recording, reducers: Reducers): Steps<Replayed> {
  const partial = new Set(
    recording.base.filter(({ partial }) => partial === true).map(({ instanceId }) => instanceId)
  )
  const missing = new Set<string>()
  const counts = { compared: 0, given: 0, partial: 0 }
  for (const [done, commit] of recording.commits.entries()) {
    yield { done, of: recording.commits.length }
    const { instanceId, moduleId, previous } = commit
    if (commit.partial !== undefined) partial.add(instanceId)
    // Where something is missing before it, that counts as given, too.
    const step = isAbsolute(commit) ? given : stepOf(commit, previous, reducers)
    if (!reducers.knows(commit)) missing.add(moduleId)
    if (commit.partial === "actions") counts.partial++
    else if (step._tag === "given") counts.given++
    else {
      const divergence = divergenceOf(commit, step, reducers)
      if (divergence === undefined) counts.compared++
      else if (partial.has(instanceId)) counts.partial++
      else return { divergence, ...counts, missing: [...missing] }
    }
  }
  return { divergence: undefined, ...counts, missing: [...missing] }
}

type Step =
  | { readonly _tag: "given" }
  | { readonly _tag: "made"; readonly state: unknown }
  | { readonly _tag: "threw"; readonly error: unknown }

const given: Step = { _tag: "given" }

const stepOf = (commit: RecordedCommit, state: unknown, reducers: Reducers): Step => {
  if (commit.partial === "actions") return given
  try {
    const made = reducers.rerun(commit, state)
    return made === undefined ? given : { _tag: "made", state: made.state }
  } catch (error) {
    return { _tag: "threw", error }
  }
}

const divergenceOf = (
  commit: RecordedCommit,
  step: Exclude<Step, { readonly _tag: "given" }>,
  reducers: Reducers
): Divergence | undefined => {
  const { instanceId, next, seq, txnId } = commit
  const where = { seq, txnId, instanceId }
  if (step._tag === "threw")
    return { ...where, path: [], recorded: next, replayed: undefined, error: step.error }
  const found = differenceOf(next, step.state, reducers.sources(commit))
  return found && { ...where, path: found.path, recorded: found.before, replayed: found.after }
}

/** Of a source's field, the record says what was loaded. */
const differenceOf = (
  recorded: unknown,
  replayed: unknown,
  sources: ReadonlyArray<string>
): Difference | undefined => {
  const fields = Object.fromEntries(sources.map((name) => [name, undefined]))
  const without = (state: unknown) => (sources.length === 0 ? state : { ...(state as object), ...fields })
  return firstDifference(without(recorded), without(replayed), (before) => isRedacted(before))
}
