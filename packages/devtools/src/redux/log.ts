/** The list that the monitor shows, with its numbers: what was, and what there would be without some of it. */
import type { Commit } from "@sluice/core"
import { formatPath } from "../session/paths.ts"
import { recompute, type RecomputedEntry } from "../session/recompute.ts"
import type { RecordedCommit } from "../session/recording.ts"
import type { Redaction } from "../session/redact.ts"
import type { Reducers } from "../session/reducers.ts"
import type { ComputedState, LiftedState, PerformAction } from "./extension.ts"
import { type Json, toPlain } from "./plain.ts"

/** By instance id. */
export type States = ReadonlyMap<string, unknown>

export interface Live {
  readonly instanceId: string
  readonly moduleId: string
  readonly state: unknown
}

export interface LogOptions {
  readonly reducers: Reducers
  /** Entries that it keeps. */
  readonly maxAge: number
  readonly redaction: Redaction
}

/** An action as the monitor shows it. `transactions` is left out where it stands for too many. */
export interface ShownAction {
  readonly type: string
  readonly payload?: Json
  readonly transactions?: ReadonlyArray<Json>
}

export interface Entry {
  /** Counts from 1, as the monitor does. */
  readonly id: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly action: ShownAction
  /** In the runtime's order. Of a group (T11), all of it. */
  readonly commits: ReadonlyArray<RecordedCommit>
}

interface Moment {
  readonly states: States
  readonly error: string | undefined
}

interface Arrangement {
  readonly staged: ReadonlyArray<number>
  readonly skipped: ReadonlyArray<number>
  readonly position: number
}

export class Log {
  readonly #maxAge: number
  readonly #reducers: Reducers
  /** Epoch milliseconds. */
  readonly #begunAt: number
  /** Before the first entry. Written by `meet` and `#forget`. */
  #base: Map<string, unknown>
  readonly #modules: Map<string, string>
  /** By id, ascending. */
  #entries: ReadonlyArray<Entry> = []
  /** Their ids as the monitor has ordered them. */
  #staged: ReadonlyArray<number> = []
  readonly #skipped = new Set<number>()
  #nextId = 1
  /** The base and each staged entry; `undefined` until they are asked for. Written by `moments`. */
  #moments: Array<Moment> | undefined
  readonly #redaction: Redaction
  /** The place in the list that is shown; 0 is the base. */
  position = 0

  constructor(
    live: ReadonlyArray<Live>,
    { maxAge, reducers, redaction }: LogOptions,
    begunAt: number = Date.now()
  ) {
    this.#begunAt = begunAt
    this.#redaction = redaction
    this.#base = new Map(live.map(({ instanceId, state }) => [instanceId, state]))
    this.#modules = new Map(live.map(({ instanceId, moduleId }) => [instanceId, moduleId]))
    this.#reducers = reducers
    this.#maxAge = maxAge
  }

  /** The last place. */
  get end(): number {
    return this.#staged.length
  }

  get base(): States {
    return this.#base
  }

  /** Whether all of it is as it was. */
  get asItWas(): boolean {
    return this.#skipped.size === 0 && this.#staged.every((id, index) => id === this.#entries[index]?.id)
  }

  /** Of instances that it has met. The oldest are forgotten as the monitor forgets them. */
  append(commits: ReadonlyArray<RecordedCommit>, action: ShownAction, at: number): Entry {
    const isPlain = this.asItWas
    const entry: Entry = { id: this.#nextId++, at, action, commits }
    this.#entries = [...this.#entries, entry]
    if (this.position === this.end) this.position++
    this.#staged = [...this.#staged, entry.id]
    const last = this.#moments?.at(-1)
    if (isPlain && last !== undefined) this.#moments?.push(after(last, commits))
    else this.#moments = undefined
    if (isPlain) while (this.end + 1 > this.#maxAge) this.#forget()
    return entry
  }

  /** An instance that it does not know has been there from the beginning, with this state. */
  meet({ instanceId, moduleId, state }: Live): void {
    if (this.#base.has(instanceId)) return
    this.#base.set(instanceId, state)
    this.#modules.set(instanceId, moduleId)
    this.#moments = undefined
  }

  #forget(): void {
    const [first] = this.#entries
    if (first === undefined) return
    for (const { instanceId, next } of first.commits) this.#base.set(instanceId, next)
    this.#entries = this.#entries.slice(1)
    this.#staged = this.#staged.slice(1)
    this.#moments?.shift()
    this.position = Math.max(0, this.position - 1)
  }

  /** The place of an entry; 0 for id 0, which is the base; `undefined` where there is none. */
  placeOf(id: number): number | undefined {
    if (id === 0) return 0
    const index = this.#staged.indexOf(id)
    return index < 0 ? undefined : index + 1
  }

  /** The entries' ids, as the monitor has ordered them. */
  get ids(): ReadonlyArray<number> {
    return this.#staged
  }

  toggle(id: number): void {
    this.setActive([id], this.#skipped.has(id))
  }

  /** Ids that are not in the list are passed over. */
  setActive(ids: Iterable<number>, isActive: boolean): void {
    for (const id of ids) {
      if (!this.#staged.includes(id)) continue
      if (isActive) this.#skipped.delete(id)
      else this.#skipped.add(id)
    }
    this.#moments = undefined
  }

  /** Puts an entry before another; where there is no such other, first or, if that would be later, last. */
  reorder(id: number, before: number): void {
    const from = this.#staged.indexOf(id)
    if (from < 0 || id === before) return
    const others = this.#staged.filter((other) => other !== id)
    const target = others.indexOf(before)
    const latest = this.#staged.at(-1) ?? 0
    const to = target >= 0 ? target : before > latest ? others.length : 0
    this.#staged = others.toSpliced(to, 0, id)
    this.#moments = undefined
  }

  /** Everything as it was again. */
  restore(): void {
    this.#skipped.clear()
    this.#staged = this.#entries.map(({ id }) => id)
    this.#moments = undefined
  }

  /** Forgets what is skipped: the rest is, from now on, what was. */
  sweep(): void {
    const recomputed = this.#recomputed()
    const isLeft = (id: number) => !this.#skipped.has(id)
    const position = this.#staged.slice(0, this.position).filter(isLeft).length
    const order = this.#staged.filter(isLeft)
    this.#entries = order.flatMap((id, index) => {
      const entry = this.#entries.find((entry) => entry.id === id)
      if (entry === undefined) return []
      const commits = entry.commits.map((commit) => {
        const found = recomputed.get(commit.txnId)
        return found === undefined ? commit : { ...commit, previous: found.previous, next: found.next }
      })
      return [{ ...entry, commits, id: order.toSorted((a, b) => a - b)[index] ?? id }]
    })
    this.#skipped.clear()
    this.restore()
    this.position = position
  }

  /** The states at a place, those of the base for place 0. */
  statesAt(place: number): States {
    return this.#all()[place]?.states ?? this.#base
  }

  /** The last states, as they were. */
  get latest(): States {
    return this.#recorded().at(-1)?.states ?? this.#base
  }

  /** What the monitor has arranged; only one of this list may be put back. */
  get arrangement(): Arrangement {
    return { staged: this.#staged, skipped: [...this.#skipped], position: this.position }
  }

  set arrangement({ position, skipped, staged }: Arrangement) {
    this.#staged = staged
    this.#skipped.clear()
    for (const id of skipped) this.#skipped.add(id)
    this.position = position
    this.#moments = undefined
  }

  /** All of it, for the monitor, with the states of the places that it is to have. */
  lifted(flags: Pick<LiftedState, "isLocked" | "isPaused">, isSent: (place: number) => boolean): LiftedState {
    return {
      ...this.#list(this.#staged),
      computedStates: this.#all().map((moment, place) =>
        isSent(place)
          ? this.#computed(moment)
          : { state: { $later: "Jump here to see it: the states are large." } }
      ),
      skippedActionIds: [...this.#skipped],
      currentStateIndex: this.position,
      ...flags
    }
  }

  /** All of it as it was, whatever the monitor shows. */
  recorded(): LiftedState {
    const ids = this.#entries.map(({ id }) => id)
    return {
      ...this.#list(ids),
      computedStates: this.#recorded().map((moment) => this.#computed(moment)),
      skippedActionIds: [],
      currentStateIndex: ids.length,
      isLocked: false,
      isPaused: false
    }
  }

  #list(ids: ReadonlyArray<number>) {
    const actionsById: Record<number, PerformAction> = {
      0: { type: "PERFORM_ACTION", action: { type: "@@INIT" }, timestamp: this.#begunAt }
    }
    for (const entry of this.#entries) actionsById[entry.id] = performed(entry)
    return {
      actionsById,
      stagedActionIds: [0, ...ids],
      nextActionId: this.#nextId,
      committedState: this.shown(this.#base)
    }
  }

  /** As the monitor may see them, in the order of the instances' start. */
  shown(states: States): Json {
    return Object.fromEntries(
      Array.from(states, ([instanceId, state]) => [
        instanceId,
        toPlain(this.#redaction.state(this.#modules.get(instanceId) ?? "", state))
      ])
    )
  }

  #computed({ error, states }: Moment): ComputedState {
    return { state: this.shown(states), ...(error === undefined ? {} : { error }) }
  }

  #all(): ReadonlyArray<Moment> {
    return (this.#moments ??= this.asItWas ? this.#recorded() : this.#whatIf())
  }

  #recorded(): Array<Moment> {
    const moments: Array<Moment> = [{ states: new Map(this.#base), error: undefined }]
    for (const { commits } of this.#entries) {
      const last = moments.at(-1)
      if (last !== undefined) moments.push(after(last, commits))
    }
    return moments
  }

  #whatIf(): Array<Moment> {
    const recomputed = this.#recomputed()
    const entries = new Map(this.#entries.map((entry) => [entry.id, entry]))
    const states = new Map(this.#base)
    return [
      { states: new Map(states), error: undefined },
      ...this.#staged.map((id) => {
        const errors: Array<string> = []
        for (const { instanceId, txnId } of entries.get(id)?.commits ?? []) {
          const found = recomputed.get(txnId)
          if (found === undefined) continue
          states.set(instanceId, found.next)
          errors.push(...errorsOf(found))
        }
        return { states: new Map(states), error: errors.length === 0 ? undefined : errors.join("; ") }
      })
    ]
  }

  /** By transaction. */
  #recomputed(): ReadonlyMap<string, RecomputedEntry> {
    const txnsOf = (id: number) =>
      this.#entries.find((entry) => entry.id === id)?.commits.map(({ txnId }) => txnId) ?? []
    const base = Array.from(this.#base, ([instanceId, state]) => ({
      instanceId,
      moduleId: this.#modules.get(instanceId) ?? "",
      state
    }))
    const { entries } = recompute(
      { label: "", base, commits: this.#entries.flatMap(({ commits }) => commits) },
      { skip: [...this.#skipped].flatMap(txnsOf), order: this.#staged.flatMap(txnsOf) },
      this.#reducers
    )
    return new Map(entries.map((entry) => [entry.commit.txnId, entry]))
  }
}

const after = ({ states }: Moment, commits: ReadonlyArray<RecordedCommit>): Moment => {
  const next = new Map(states)
  for (const commit of commits) next.set(commit.instanceId, commit.next)
  return { states: next, error: undefined }
}

const errorsOf = ({ commit, outcome }: RecomputedEntry): ReadonlyArray<string> => {
  if (outcome._tag === "failed") return [`${commit.txnId}: ${String(outcome.error)}`]
  if (outcome._tag !== "conflict") return []
  return outcome.conflicts.map(
    ({ path, reason }) =>
      `${commit.txnId}: what it wrote at ${formatPath(path)} is left out, as ${reasons[reason]} there`
  )
}

const reasons = {
  changed: "another value stands",
  absent: "nothing stands",
  present: "something already stands"
} as const

export const performed = ({ action, at }: Entry): PerformAction => ({
  type: "PERFORM_ACTION",
  action,
  timestamp: at
})

// ---------------------------------------------------------------------------------------------------------

/** Those of a group (T11) stand in one. */
export const groupsOf = (
  commits: ReadonlyArray<Commit.Commit>
): ReadonlyArray<ReadonlyArray<Commit.Commit>> => {
  const groups: Array<Array<Commit.Commit>> = []
  for (const commit of commits) {
    const last = groups.at(-1)
    if (commit.groupId !== undefined && last?.[0]?.groupId === commit.groupId) last.push(commit)
    else groups.push([commit])
  }
  return groups
}

/** One transaction, or one group of them. */
export const shownAction = (given: ReadonlyArray<Commit.Commit>, redaction: Redaction): ShownAction => {
  const group = given.map((commit) => ({
    ...commit,
    actions: commit.actions.map((action) => redaction.action(commit.moduleId, action))
  }))
  const [first] = group
  const where = group.map(({ instanceId }) => instanceId).join(" + ")
  const actions = first?.actions ?? []
  const transactions = group.map(shownCommit)
  if (group.length > 1 || actions.length !== 1 || first?.origin.kind !== "action")
    return { type: `${where}/${describe(first)}`, transactions }
  const payload = actions[0]?.payload
  return {
    type: `${where}/${actions[0]?._tag ?? ""}`,
    ...(payload === undefined ? {} : { payload: toPlain(payload) }),
    transactions
  }
}

const describe = (commit: Commit.Commit | undefined): string => {
  if (commit === undefined) return ""
  const { actions, origin } = commit
  const tags = actions.map(({ _tag }) => _tag)
  return tags.length === 0
    ? `${origin.kind} ${origin.name}`
    : `${tags.slice(0, 3).join(", ")}${tags.length > 3 ? `, … (${tags.length})` : ""}`
}

const shownCommit = (commit: Commit.Commit): Json => ({
  txnId: commit.txnId,
  instanceId: commit.instanceId,
  moduleId: commit.moduleId,
  origin: { kind: commit.origin.kind, name: commit.origin.name },
  ...(commit.cause === undefined ? {} : { cause: commit.cause }),
  ...(commit.groupId === undefined ? {} : { groupId: commit.groupId }),
  startedAt: commit.startedAt,
  actions: commit.actions.map(({ _tag, payload }) => ({
    _tag,
    ...(payload === undefined ? {} : { payload: toPlain(payload) })
  }))
})

/** Many transactions, by how many there were on each instance. */
export const shownMany = (count: number, commits: ReadonlyArray<Commit.Commit>): ShownAction => ({
  type: `${count} transactions`,
  payload: {
    instances: [...new Set(commits.map(({ instanceId }) => instanceId))]
  }
})

/** One commit for each instance: all that they did, as a patch. */
export const squash = (
  commits: ReadonlyArray<Commit.Commit>,
  count: number
): ReadonlyArray<Commit.Commit> => {
  const made = new Map<string, Commit.Commit>()
  for (const commit of commits) {
    const { next, origin } = commit
    const earlier = made.get(commit.instanceId)
    const previous = earlier?.previous ?? (origin.kind === "init" ? next : commit.previous)
    made.set(commit.instanceId, {
      ...commit,
      previous,
      actions: [],
      origin: { kind: "state-update", name: `${count} transactions` }
    })
  }
  const groupId = commits.at(-1)?.txnId ?? ""
  return Array.from(made.values(), (commit) => ({ ...commit, groupId }))
}
