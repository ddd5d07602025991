/** Entries as rows: what a list shows of each, made when it is asked for. */
import type { Trace } from "@sluice/core"
import { lineOf } from "../inspect.ts"
import type { RecordedCommit } from "../session/recording.ts"
import { triggerOf } from "../session/trigger.ts"
import type { Row } from "./messages.ts"
import { clip } from "./place.ts"

const maxTags = 20
const maxChanged = 50
const maxPayload = 120

/** What a row says that neither its commit nor its event has alone. */
export interface Extras {
  readonly place: number
  readonly payload: unknown
  readonly runs: Row["runs"] | undefined
  readonly loads: Row["loads"] | undefined
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const changedFields = (previous: unknown, next: unknown): ReadonlyArray<string> => {
  if (!isObject(previous) || !isObject(next)) return []
  const fields = new Set([...Object.keys(previous), ...Object.keys(next)])
  return [...fields].filter((field) => !Object.is(Reflect.get(previous, field), Reflect.get(next, field)))
}

const shorten = (text: string): string => (text.length > maxPayload ? `${text.slice(0, maxPayload)}…` : text)

const withExtras = ({ loads, payload, place, runs }: Extras) => ({
  place,
  ...(payload === undefined ? {} : { payload: shorten(lineOf(payload)) }),
  ...(runs === undefined ? {} : { runs }),
  ...(loads === undefined ? {} : { loads })
})

/** What the trace has of either. */
const traced = (event: Trace.EntryEvent | undefined) => ({
  ...(event?.durationMs === undefined ? {} : { durationMs: event.durationMs }),
  ...(event?.handler === undefined ? {} : { handler: clip(event.handler) }),
  ...(event?.waited === undefined
    ? {}
    : {
        waited: {
          ms: Math.max(0, event.waited.until - event.waited.from),
          consumers: event.waited.consumers.slice(0, maxTags).map(clip)
        }
      })
})

export const rowOfCommit = (
  commit: RecordedCommit,
  event: Trace.EntryEvent | undefined,
  extras: Extras
): Row => {
  const trigger = triggerOf(commit)
  return {
    at: { seq: commit.seq, n: 0 },
    txnId: commit.txnId,
    ...(commit.groupId === undefined ? {} : { groupId: commit.groupId }),
    instanceId: commit.instanceId,
    moduleId: commit.moduleId,
    origin: { kind: commit.origin.kind, name: clip(commit.origin.name) },
    ...(commit.cause === undefined ? {} : { cause: commit.cause }),
    tags: commit.actions.slice(0, maxTags).map(({ _tag }) => clip(_tag)),
    actions: commit.actions.length,
    outcome: "commit",
    time: commit.startedAt,
    ...(trigger === undefined ? {} : { trigger: clip(trigger) }),
    ...(commit.passed === undefined ? {} : { passed: commit.passed }),
    ...traced(event),
    changed: changedFields(commit.previous, commit.next).slice(0, maxChanged).map(clip),
    ...withExtras(extras)
  }
}

/** `Counter#1` is of the module `Counter`. */
export const moduleOf = (instanceId: string): string =>
  instanceId.slice(0, Math.max(0, instanceId.lastIndexOf("#")))

export const rowOfEvent = (event: Trace.EntryEvent, at: Row["at"], extras: Extras): Row => ({
  at,
  txnId: event.txnId,
  ...(event.groupId === undefined ? {} : { groupId: event.groupId }),
  instanceId: event.instanceId,
  moduleId: moduleOf(event.instanceId),
  origin: { kind: event.origin.kind, name: clip(event.origin.name) },
  ...(event.cause === undefined ? {} : { cause: event.cause }),
  tags: event.tags.slice(0, maxTags).map(clip),
  actions: event.tags.length,
  outcome: event.outcome,
  time: event.at,
  ...traced(event),
  ...(event.changed === undefined ? {} : { changed: event.changed.slice(0, maxChanged).map(clip) }),
  ...("error" in event ? { error: clip(lineOf(event.error)) } : {}),
  ...withExtras(extras)
})
