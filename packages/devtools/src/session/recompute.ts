/** What if: the states that there would be without some transactions, or with one of them at another place. */
import { isAbsolute } from "@sluice/core/Replay"
import * as Data from "effect/Data"
import { sameValue } from "./compare.ts"
import { extentOf } from "./history.ts"
import { type Conflict, merge } from "./merge.ts"
import { valueAt } from "./paths.ts"
import { baseStates, type RecordedCommit, type Recording, travelsOf } from "./recording.ts"
import type { Reducers } from "./reducers.ts"
import { allSteps, type Steps } from "./slices.ts"

/** A transaction that is not in the recording. */
export class UnknownTransaction extends Data.TaggedError("UnknownTransaction")<{
  readonly txnId: string
  /** Of those that are. */
  readonly oldest: string | undefined
}> {
  override get message() {
    return `There is no commit of ${this.txnId} in this recording, which begins with ${this.oldest ?? "none"}. Choose a later one, or keep a longer history.`
  }
}

export interface Changes {
  /** Transactions to leave out; of a group (T11), all of it. */
  readonly skip?: Iterable<string>
  /** Whether all that the handlers of those have caused is left out as well. Default: it stays. */
  readonly withCaused?: boolean
  /** Puts a transaction, with its group, before another, or at the end. */
  readonly move?: { readonly txnId: string; readonly before: string | undefined }
  /** All transactions in another order, by id; those that are not named stand behind. Groups (T11) stay together. */
  readonly order?: ReadonlyArray<string>
}

/**
 * `unchanged`: the state is as recorded. `recomputed`: it differs. `conflict`: no reducer made this entry, and what
 * it wrote at these places it would have found otherwise: there nothing is written. `failed`: a reducer threw, as
 * it would have then, so that nothing of the entry, or of its group, is done. `skipped`: left out.
 */
export type Outcome =
  | { readonly _tag: "unchanged" }
  | { readonly _tag: "recomputed" }
  | { readonly _tag: "conflict"; readonly conflicts: ReadonlyArray<Conflict> }
  | { readonly _tag: "failed"; readonly error: unknown }
  | { readonly _tag: "skipped" }

export interface RecomputedEntry {
  readonly commit: RecordedCommit
  readonly outcome: Outcome
  /** The instance's, before and after this entry. */
  readonly previous: unknown
  readonly next: unknown
}

export interface Recomputed {
  /** In their new order; those left out stand where they were. */
  readonly entries: ReadonlyArray<RecomputedEntry>
  /** How many there are of each outcome. */
  readonly counts: Readonly<Record<Outcome["_tag"], number>>
  /** By instance id, after all of them. */
  readonly states: ReadonlyMap<string, unknown>
  /**
   * By instance id, after so many of the entries, or after the whole group in which that ends; 0 for the base.
   * Walks the entries.
   */
  readonly statesAfter: (count: number) => ReadonlyMap<string, unknown>
}

/**
 * Runs the reducers of every entry again from where the states differ; an entry that no reducer made is done as a
 * patch. Nothing is done to the runtime. Throws UnknownTransaction.
 *
 * Do not infer what logic would have done: handlers are not run, so that an entry that one of them made stays, with
 * its payload, unless it is left out with its cause. Actions that changed nothing are not recorded, and not run.
 */
export const recompute = (recording: Recording, changes: Changes, reducers: Reducers): Recomputed =>
  allSteps(recomputing(recording, changes, reducers))

/** As `recompute`, in steps. */
export function* recomputing(recording: Recording, changes: Changes, reducers: Reducers): Steps<Recomputed> {
  const { commits } = recording
  const known = new Set(commits.map(({ txnId }) => txnId))
  const oldest = commits[0]?.txnId
  const check = (txnId: string) => {
    if (!known.has(txnId)) throw new UnknownTransaction({ txnId, oldest })
  }
  const chosen = [...(changes.skip ?? [])]
  for (const txnId of chosen) check(txnId)
  const skipped = extentOf(commits, chosen, changes.withCaused ?? false)
  const arranged = changes.order === undefined ? commits : inOrder(commits, changes.order)
  const order = changes.move === undefined ? arranged : moved(arranged, changes.move, check)
  const base = baseStates(recording)
  const gaps = gapsOf(recording)
  const travels = travelsOf(commits)

  const states = new Map(base)
  const entries: Array<RecomputedEntry> = []
  for (const group of groupsOf(order)) {
    yield { done: entries.length, of: commits.length }
    const done = group.map((commit): RecomputedEntry => {
      const state = states.get(commit.instanceId)
      if (skipped.has(commit.txnId))
        return { commit, outcome: { _tag: "skipped" }, previous: state, next: state }
      // What is shown meanwhile changes nothing for those who come after.
      if (travels.has(commit)) return { commit, outcome: { _tag: "unchanged" }, previous: state, next: state }
      return recomputed(commit, gaps.get(commit) ?? commit.previous, state, reducers)
    })
    const failure = done.find(({ outcome }) => outcome._tag === "failed")?.outcome
    for (const entry of done) {
      const result: RecomputedEntry =
        failure === undefined ? entry : { ...entry, outcome: failure, next: entry.previous }
      entries.push(result)
      states.set(entry.commit.instanceId, result.next)
    }
  }

  const counts = { unchanged: 0, recomputed: 0, conflict: 0, failed: 0, skipped: 0 }
  for (const { outcome } of entries) counts[outcome._tag]++
  return { entries, counts, states, statesAfter: (count) => statesAfter(base, entries, count) }
}

/** Each instance of a group has one transaction in it. */
const groupsOf = (commits: ReadonlyArray<RecordedCommit>): ReadonlyArray<ReadonlyArray<RecordedCommit>> => {
  const groups: Array<Array<RecordedCommit>> = []
  for (const commit of commits) {
    const last = groups.at(-1)
    if (commit.groupId !== undefined && last?.[0]?.groupId === commit.groupId) last.push(commit)
    else groups.push([commit])
  }
  return groups
}

const inOrder = (
  commits: ReadonlyArray<RecordedCommit>,
  order: ReadonlyArray<string>
): ReadonlyArray<RecordedCommit> => {
  const places = new Map(order.map((txnId, place) => [txnId, place]))
  const placeOf = (group: ReadonlyArray<RecordedCommit>) =>
    Math.min(...group.map(({ txnId }) => places.get(txnId) ?? order.length))
  return groupsOf(commits)
    .map((group) => ({ group, place: placeOf(group) }))
    .toSorted((a, b) => a.place - b.place)
    .flatMap(({ group }) => group)
}

const moved = (
  commits: ReadonlyArray<RecordedCommit>,
  { before, txnId }: NonNullable<Changes["move"]>,
  check: (txnId: string) => void
): ReadonlyArray<RecordedCommit> => {
  check(txnId)
  if (before !== undefined) check(before)
  const extent = extentOf(commits, [txnId], false)
  const groups = groupsOf(commits)
  const moving = groups.filter((group) => group.some((commit) => extent.has(commit.txnId)))
  const others = groups.filter((group) => !moving.includes(group))
  const at =
    before === undefined || extent.has(before)
      ? -1
      : others.findIndex((group) => group.some((commit) => commit.txnId === before))
  if (before !== undefined && at < 0) return commits
  const index = at < 0 ? others.length : at
  return [...others.slice(0, index), ...moving, ...others.slice(index)].flat()
}

/** The state that was recorded last before each commit that was not made at it: something between is missing. */
const gapsOf = (recording: Recording): ReadonlyMap<RecordedCommit, unknown> => {
  const gaps = new Map<RecordedCommit, unknown>()
  const last = new Map(baseStates(recording))
  for (const commit of recording.commits) {
    const { instanceId, next, previous } = commit
    if (last.get(instanceId) !== previous) gaps.set(commit, last.get(instanceId))
    last.set(instanceId, next)
  }
  return gaps
}

/** `before` is what had been recorded before it: `previous`, where nothing is missing. */
const recomputed = (
  commit: RecordedCommit,
  before: unknown,
  found: unknown,
  reducers: Reducers
): RecomputedEntry => {
  const entry = (outcome: Outcome, next: unknown): RecomputedEntry => ({
    commit,
    outcome,
    previous: found,
    next
  })
  if (found === before || isAbsolute(commit)) return entry({ _tag: "unchanged" }, commit.next)
  try {
    const { answers, except } = fieldsOf(commit, found, reducers)
    // What is missing before it is a patch as well.
    const missing =
      before === commit.previous
        ? { value: found, conflicts: [] }
        : merge(found, before, commit.previous, reducers.computed(commit))
    const state = missing.value
    // With a payload that was redacted no reducer would make the same.
    const ran = commit.partial === "actions" ? undefined : reducers.rerun(commit, state)
    const patched =
      ran === undefined
        ? merge(state, commit.previous, commit.next, except)
        : { value: ran.state, conflicts: [] }
    const conflicts = [...missing.conflicts, ...answers, ...patched.conflicts]
    const draft = patched.value
    const next = ran === undefined && draft !== state ? reducers.complete(commit, state, draft) : draft
    if (conflicts.length > 0) return entry({ _tag: "conflict", conflicts }, next)
    // The recorded reference, so that what follows has nothing to run.
    return sameValue(commit.next, next)
      ? entry({ _tag: "unchanged" }, commit.next)
      : entry({ _tag: "recomputed" }, next)
  } catch (error) {
    return entry({ _tag: "failed", error }, found)
  }
}

/**
 * The fields that are not patched: those that follow from others, and those of sources, which their own entries alone
 * write. Of these, what was loaded for something else than the state asks for is a conflict.
 */
const fieldsOf = (
  commit: RecordedCommit,
  found: unknown,
  reducers: Reducers
): { readonly except: ReadonlyArray<string>; readonly answers: ReadonlyArray<Conflict> } => {
  const computed = reducers.computed(commit)
  const sources = reducers.sources(commit)
  if (commit.origin.kind !== "source-refresh") return { except: [...computed, ...sources], answers: [] }
  const stale = sources.filter((name) => {
    const [from, to] = [valueAt(commit.previous, [name]), valueAt(commit.next, [name])]
    const key = (state: unknown) => reducers.sourceKey(commit, name, state)
    return !Object.is(from, to) && !sameValue(key(commit.previous), key(found))
  })
  const answers = stale.map((name): Conflict => {
    const [recorded, wrote] = [valueAt(commit.previous, [name]), valueAt(commit.next, [name])]
    return { path: [name], reason: "changed", recorded, wrote, found: valueAt(found, [name]) }
  })
  return { except: [...computed, ...stale], answers }
}

const statesAfter = (
  base: ReadonlyMap<string, unknown>,
  entries: ReadonlyArray<RecomputedEntry>,
  count: number
): ReadonlyMap<string, unknown> => {
  const groupId = entries[count - 1]?.commit.groupId
  let end = count
  if (groupId !== undefined) while (entries[end]?.commit.groupId === groupId) end++
  const states = new Map(base)
  for (const { commit, next } of entries.slice(0, end)) states.set(commit.instanceId, next)
  return states
}

/** The parts of a `Runtime` by which the states of another moment are shown. */
export interface Showing {
  readonly travel: { readonly to: (states: ReadonlyMap<string, unknown>) => void }
}

/**
 * Shows the recomputed states, after so many of the entries, until `travel.live`. Instances that have ended are
 * passed over. Throws InvalidState, and shows nothing, where a state does not fit its schema.
 */
export const show = (
  runtime: Showing,
  { entries, statesAfter }: Recomputed,
  count: number = entries.length
): void => runtime.travel.to(statesAfter(count))
