/** A history that was exported, checked and made into a list again; and actions alone, run through the reducers. */
import { instanceOf } from "@sluice/core/ModuleRuntime"
import * as Devtools from "@sluice/core/Devtools"
import type { Runtime } from "@sluice/core"
import { sameValue } from "../session/compare.ts"
import type { RecordedCommit } from "../session/recording.ts"
import { isPlain, type Path } from "../session/paths.ts"
import type { Redaction } from "../session/redact.ts"
import type { Reducers } from "../session/reducers.ts"
import { locate } from "./actions.ts"
import { importRefused } from "./errors.ts"
import { type Live, Log, type ShownAction, type States } from "./log.ts"
import type { GivenAction, GivenHistory, Import } from "./messages.ts"
import { revive, toPlain } from "./plain.ts"

interface Context {
  readonly runtime: Runtime.AnyRuntime
  readonly live: ReadonlyArray<Live>
  readonly reducers: Reducers
  readonly maxAge: number
  readonly redaction: Redaction
  /** What actions without a state begin with. */
  readonly base: States
}

/** Throws MonitorRefused; the runtime is only asked. */
export const importLog = (given: Import, context: Context): Log =>
  "computedStates" in given.nextLiftedState
    ? logOfHistory(given.nextLiftedState, context)
    : logOfActions(given.nextLiftedState, given.preloadedState, context)

const refuse = (path: Path, issue: string): never => {
  throw importRefused(path, issue)
}

/** The states of live instances, each checked by its schema; those of others are left out. */
const reviveStates = (
  given: unknown,
  before: States | undefined,
  at: Path,
  { live, runtime }: Context
): States => {
  if (!isPlain(given)) return refuse(at, "expected an object of instance ids to states")
  const faces = new Map(runtime.list().map(({ instanceId, runtime }) => [instanceId, runtime]))
  const states = new Map<string, unknown>()
  for (const { instanceId, state } of live) {
    const face = faces.get(instanceId)
    if (face === undefined || !Object.hasOwn(given, instanceId)) continue
    const revived = revive(given[instanceId], state, [...at, instanceId])
    const last = before?.get(instanceId)
    // The same reference where nothing changed, so that it is no transaction.
    if (last !== undefined && sameValue(last, revived)) {
      states.set(instanceId, last)
      continue
    }
    try {
      instanceOf(face)?.checkState({ kind: "devtools", name: "import" }, revived)
    } catch (error) {
      refuse([...at, instanceId], error instanceof Error ? error.message : String(error))
    }
    states.set(instanceId, revived)
  }
  return states.size === 0 && Object.keys(given).length > 0
    ? refuse(at, `none of its instances lives here: ${Object.keys(given).join(", ")}`)
    : states
}

const withLive = (states: States, live: ReadonlyArray<Live>): ReadonlyArray<Live> =>
  live.map((one) => (states.has(one.instanceId) ? { ...one, state: states.get(one.instanceId) } : one))

const logOfHistory = (given: GivenHistory, context: Context): Log => {
  const { actionsById, computedStates, currentStateIndex, skippedActionIds, stagedActionIds } = given
  const [first, ...ids] = stagedActionIds
  if (first === undefined || computedStates.length !== stagedActionIds.length)
    return refuse(["computedStates"], "expected one state for each entry of stagedActionIds")
  if (new Set(stagedActionIds).size !== stagedActionIds.length)
    return refuse(["stagedActionIds"], "expected each entry once")
  if (currentStateIndex >= stagedActionIds.length)
    return refuse(["currentStateIndex"], "expected a place in stagedActionIds")
  let before = reviveStates(computedStates[0]?.state, undefined, ["computedStates", 0, "state"], context)
  const { live, maxAge } = context
  const begunAt = actionsById[String(first)]?.timestamp
  const options = { ...context, maxAge: Math.max(maxAge, stagedActionIds.length) }
  const log = new Log(withLive(before, live), options, begunAt)
  const isLeft = (id: number) => !skippedActionIds.includes(id)
  for (const [index, id] of ids.entries()) {
    // What was left out stays out: of it the file does not say what it did.
    if (!isLeft(id)) continue
    const performed = actionsById[String(id)]
    if (performed === undefined)
      return refuse(["actionsById", String(id)], "expected the action of that entry")
    const { action, timestamp } = performed
    const at: Path = ["computedStates", index + 1, "state"]
    const after = new Map([...before, ...reviveStates(computedStates[index + 1]?.state, before, at, context)])
    const commits = commitsOf(id, action, before, after, context)
    log.append(commits, shownAgain(action, ["actionsById", String(id), "action"]), timestamp ?? Date.now())
    before = after
  }
  log.position = ids.slice(0, currentStateIndex).filter(isLeft).length
  return log
}

const shownAgain = ({ payload, transactions, type }: GivenAction, at: Path): ShownAction => {
  const again = (json: unknown) => toPlain(revive(json, undefined, at))
  return {
    type,
    ...(payload === undefined ? {} : { payload: again(payload) }),
    ...(transactions === undefined
      ? {}
      : {
          transactions: transactions.map(({ actions, ...one }) => ({
            ...one,
            actions: actions.map(({ _tag, payload }) => ({
              _tag,
              ...(payload === undefined ? {} : { payload: again(payload) })
            }))
          }))
        })
  }
}

/** What its transactions did, and, as a patch, what none of them accounts for. */
const commitsOf = (
  id: number,
  action: GivenAction,
  before: States,
  after: States,
  { live }: Context
): ReadonlyArray<RecordedCommit> => {
  const told = action.transactions ?? []
  return live.flatMap(({ instanceId, moduleId }): ReadonlyArray<RecordedCommit> => {
    const [previous, next] = [before.get(instanceId), after.get(instanceId)]
    const found = told.find((one) => one.instanceId === instanceId)
    if (found === undefined && previous === next) return []
    const { cause, groupId, ...known } = found ?? {
      txnId: `imported::${id}::${instanceId}`,
      origin: { kind: "state-update" as const, name: action.type },
      startedAt: 0,
      actions: []
    }
    const actions = known.actions.map((one, index) =>
      "payload" in one
        ? {
            ...one,
            payload: revive(one.payload, undefined, [
              "actionsById",
              String(id),
              "action",
              "transactions",
              index
            ])
          }
        : one
    )
    return [
      {
        ...known,
        // Ids of another run may be of several entries here.
        txnId: `${known.txnId}@${id}`,
        // Without an own group it would be one with what is told apart.
        ...(groupId === undefined && told.length <= 1 ? {} : { groupId: `${groupId ?? ""}@${id}` }),
        seq: id,
        instanceId,
        moduleId,
        actions,
        cause,
        previous,
        next
      }
    ]
  })
}

const logOfActions = (given: ReadonlyArray<GivenAction>, preloadedState: unknown, context: Context): Log => {
  const { base, live, maxAge, runtime } = context
  const begun =
    preloadedState === undefined ? base : reviveStates(preloadedState, undefined, ["preloadedState"], context)
  const log = new Log(withLive(begun, live), { ...context, maxAge: Math.max(maxAge, given.length + 1) })
  for (const [index, action] of given.entries()) {
    const at: Path = ["payload", index]
    try {
      const { instanceId, ...written } = locate(runtime, action)
      const decoded = Devtools.decodeAction(runtime, instanceId, written)
      const { moduleId = "" } = live.find((one) => one.instanceId === instanceId) ?? {}
      const entry = {
        txnId: `imported::${index + 1}`,
        seq: index + 1,
        instanceId,
        moduleId,
        origin: { kind: "action" as const, name: decoded._tag },
        cause: undefined,
        actions: [decoded],
        startedAt: Date.now()
      }
      const previous = log.statesAt(log.end).get(instanceId)
      const made = context.reducers.rerun(entry, previous)
      const commit = { ...entry, previous, next: made === undefined ? previous : made.state }
      const payload = action.payload === undefined ? {} : { payload: toPlain(action.payload) }
      log.append([commit], { type: action.type, ...payload }, commit.startedAt)
    } catch (error) {
      return refuse(at, error instanceof Error ? error.message : String(error))
    }
  }
  return log
}
