/** What a page answers each request with. */
import * as Devtools from "@sluice/core/Devtools"
import { InvalidPayload, InvalidState } from "@sluice/core/Errors"
import type * as Module from "@sluice/core/Module"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { decode, encode } from "../codec/index.ts"
import { weigh } from "../codec/equal.ts"
import { diff, formatPath } from "../diff.ts"
import { schemaAt } from "../form/at.ts"
import { formOf } from "../form/describe.ts"
import { check, fit, type Fitted, toJson } from "../form/fit.ts"
import { anyJson, type Issue } from "../form/Form.ts"
import { lineOf } from "../inspect.ts"
import { print } from "../print.ts"
import type { Conflict } from "../session/merge.ts"
import { formatPath as formatKeys, type Path, valueAt } from "../session/paths.ts"
import type { RecomputedEntry } from "../session/recompute.ts"
import { isRedacted, isSeen, type Redaction, seenPath } from "../session/redact.ts"
import { whoChanged } from "../session/whoChanged.ts"
import { causes } from "./causes.ts"
import { Answered, OutOfReach, Refused } from "./errors.ts"
import { find } from "./find.ts"
import { handlerHandlers, letterPayload } from "./handlerAnswers.ts"
import { insightHandlers } from "./insightHandlers.ts"
import {
  type Call,
  type CallOf,
  type CallTag,
  type Cursor,
  type LongTag,
  maxChanges,
  maxRows,
  maxText,
  type Root,
  type Success
} from "./messages.ts"
import type { KeptRecomputed, Panel } from "./panel.ts"
import { checkGiven, clip, follow, keysOnly, pageOf, put, sendableSteps, valueOf } from "./place.ts"
import { maxUpload } from "./sessionAnswers.ts"
import type { Source } from "./source.ts"

/** What is asked of the page. */
export interface Page {
  /** Throws UnknownRuntime. */
  readonly sourceOf: (call: { readonly runtime: string }) => Source
  readonly nextSubscription: () => number
  /** There is something to send. */
  readonly lookSoon: () => void
  readonly malformed: () => number
}

/** Throws what `toAnswered` understands. */
export type Answers = (call: CallOf<ShortTag>, panel: Panel) => object

/** Of what is answered at once. */
type ShortTag = Exclude<CallTag, LongTag>

const maxSubscriptions = 100
/** Characters that are printed at once. */
const maxPrinted = 20_000_000
/** About as many characters, of a value that is sent for a form to begin with. */
const maxFieldValue = 20_000
/** Nodes of all forms of one answer. */
const maxFormNodes = 5000
const maxActions = 500

type Handlers = { readonly [Tag in ShortTag]: (call: CallOf<Tag>, panel: Panel) => Success<Tag> }

type Found = NonNullable<ReturnType<Source["log"]["find"]>>

const rootOf = (source: Source, root: Root, panel: Panel): unknown => {
  switch (root._tag) {
    case "State":
      return source.redacted(root.instanceId, source.stateOf(root.instanceId, root.moment))
    case "Payload":
      return payloadsOf(source, entryOf(source, root.at))[root.index]
    case "Details":
      return detailsOf(source, entryOf(source, root.at))
    case "Error": {
      const found = entryOf(source, root.at)
      return "event" in found ? found.event.error : undefined
    }
    case "Committed": {
      const found = entryOf(source, root.at)
      if (!("commit" in found)) throw new OutOfReach({ seq: root.at.seq, oldest: source.oldest })
      const { instanceId, next, previous } = found.commit
      return source.redacted(instanceId, root.side === "before" ? previous : next)
    }
    case "Recomputed": {
      const { entries, redaction } = recomputedOf(panel, root)
      const entry = entries[root.index]
      const state = root.side === "before" ? entry?.previous : entry?.next
      return redaction.state(entry?.commit.moduleId ?? "", state)
    }
    case "Letter":
      return letterPayload(source, root.letter)
  }
}

const detailsOf = (source: Source, found: Found): unknown => {
  const { instanceId, origin } = "commit" in found ? found.commit : found.event
  return source.redaction.details(source.moduleOf(instanceId), origin.details)
}

const payloadsOf = (source: Source, found: Found): ReadonlyArray<unknown> => {
  const { instanceId } = "commit" in found ? found.commit : found.event
  const actions =
    "commit" in found
      ? found.commit.actions
      : (found.event.payloads ?? []).map((payload, i) => ({ _tag: found.event.tags[i] ?? "", payload }))
  const moduleId = source.moduleOf(instanceId)
  return actions.slice(0, maxRows).map((action) => source.redaction.action(moduleId, action).payload)
}

const recomputedOf = (panel: Panel, { recomputed }: { readonly recomputed: number }): KeptRecomputed =>
  panel.recomputed.get(recomputed)

/** Where nothing was written, as far as panels may know. */
const conflictsOf = (
  { commit: { moduleId, next, previous }, outcome, previous: found }: RecomputedEntry,
  redaction: Redaction
): Pick<Success<"Outcomes">["entries"][number], "conflicts"> => {
  if (outcome._tag !== "conflict") return {}
  const states = [previous, next, found].map((state) => redaction.state(moduleId, state))
  const conflicts = new Map<string, { readonly path: string; readonly reason: Conflict["reason"] }>()
  for (const { path, reason } of outcome.conflicts) {
    const seen = states.reduce<Path>((shorter, state) => seenPath(state, shorter), path)
    const shown = clip(formatKeys(seen))
    if (conflicts.size < maxChanges) conflicts.set(`${reason} ${shown}`, { path: shown, reason })
  }
  return { conflicts: [...conflicts.values()] }
}

const entryOf = ({ log, oldest }: Source, at: Cursor): Found => {
  const found = log.find(at)
  if (found === undefined) throw new OutOfReach({ seq: at.seq, oldest })
  return found
}

const declaredOf = (source: Source, instanceId: string): Devtools.Declared => {
  // Throws UnknownInstance, which says what to ask for.
  source.stateOf(instanceId, "live")
  return Devtools.declaredOf(source.runtime, instanceId)
}

/** What the runtime refused, with the places in what was given. */
const refusedWith = (call: Call, thrown: unknown, fitted: Fitted | undefined): Answered => {
  const answered = toAnswered(call, thrown)
  return answered._tag !== "Refused" || fitted === undefined || "value" in fitted
    ? answered
    : refusedAt(call, answered.error, answered.reason, fitted.issues)
}

const refusedAt = (call: Call, error: string, reason: string, issues: ReadonlyArray<Issue>): Refused =>
  new Refused({ request: call._tag, error, reason, issues })

/** What stands at a place, as its form has it, if it can and may be sent. */
const fieldValue = (
  schema: Module.AnySchema | undefined,
  shown: unknown,
  value: unknown
): { readonly value?: unknown } => {
  // A form that holds something redacted would put that in its place.
  if (shown !== value || weigh([value], maxFieldValue) >= maxFieldValue) return {}
  if (schema === undefined) return isPlainJson(value) ? { value } : {}
  const json = toJson(schema, value)
  return "value" in json && isPlainJson(json.value) ? { value: json.value } : {}
}

const isPlainJson = Schema.is(Schema.Json)

const givenOf = (call: CallOf<"Edit">, there: Module.AnySchema | undefined): unknown => {
  if (call.encoded === true) return Result.getOrThrow(decode(call.value))
  if (call.byForm !== true || there === undefined) return call.value
  const fitted = fit(there, call.value)
  if ("value" in fitted) return fitted.value
  const [first] = fitted.issues
  const reason = `${first?.message ?? "It does not fit"}. Nothing was changed; correct the value there.`
  throw refusedAt(call, "InvalidState", reason, fitted.issues)
}

const printed = (
  source: Source,
  { as, limit = maxPrinted, path, root, ...call }: CallOf<"Print">,
  value: unknown
) => {
  if (as === "text") return print(value, Math.min(limit, maxPrinted))
  const refuse = (error: string, reason: string) => new Refused({ request: call._tag, error, reason })
  if (weigh([value], maxPrinted) >= maxPrinted)
    throw refuse("TooLong", `It has more than ${maxPrinted} characters. Open it, and take a part of it.`)
  if (as === "codec") return { text: JSON.stringify(encode(value)), complete: true }
  const state = root._tag === "State" ? source.stateOf(root.instanceId, root.moment) : undefined
  const schema = root._tag === "State" && schemaAt(declaredOf(source, root.instanceId).state, state, path)
  if (schema === false || schema === undefined)
    throw refuse("NoSchema", "No schema tells what is there. Take it as text, or as the codec's JSON.")
  const json = toJson(schema, value)
  if ("issues" in json) throw refuse("NoJson", json.issues[0]?.message ?? "It has no JSON by its schema.")
  return { text: JSON.stringify(json.value, null, 2), complete: true }
}

export const makeAnswers = (page: Page): Answers => {
  const { sourceOf } = page
  const handlers: Handlers = {
    ...insightHandlers(sourceOf),
    ...handlerHandlers(sourceOf),
    Instances: (call) => {
      const source = sourceOf(call)
      const alive = source.runtime.list().map(({ instanceId, label, local, moduleId, runtime }) => ({
        instanceId,
        moduleId,
        label,
        ...(local === undefined
          ? {}
          : { local: { mounts: local.mounts, ...(local.key === undefined ? {} : { key: local.key }) } }),
        closed: false,
        ...Devtools.statusOf(runtime)
      }))
      const closed = source.closed.map(({ instanceId, moduleId }) => ({
        instanceId,
        moduleId,
        closed: true,
        travelled: false,
        locked: false
      }))
      return { instances: [...alive, ...closed] }
    },
    Counts: (call) => sourceOf(call).counts(page.malformed()),
    Backlogs: (call) => ({
      backlogs: sourceOf(call)
        .runtime.list()
        .map(({ instanceId, runtime }) => ({ instanceId, ...runtime.unsafe.backlog() }))
    }),
    Page: (call) => {
      const { log } = sourceOf(call)
      log.sync()
      return log.before(call.before, Math.min(call.limit, maxRows))
    },
    RowsAt: (call) => {
      const { log } = sourceOf(call)
      return {
        rows: call.places.flatMap((place) => {
          const found = log.at(place)
          return found === undefined || ("event" in found && found.event === undefined)
            ? []
            : log.rowOf(found)
        })
      }
    },
    Find: (call) => find(sourceOf(call).log, { ...call, collapse: call.collapse ?? false }),
    Locate: (call) => {
      const { log } = sourceOf(call)
      log.sync()
      const place = log.placeOf(call.txnId)
      return place === undefined ? {} : { place }
    },
    Causes: (call) => {
      const { log } = sourceOf(call)
      log.sync()
      return causes(log, call.txnId, call.limit)
    },
    Subscribe: (call, panel) => {
      const source = sourceOf(call)
      if (panel.subscriptions.size >= maxSubscriptions)
        throw new Refused({
          request: call._tag,
          error: "TooManySubscriptions",
          reason: `A panel may have ${maxSubscriptions} subscriptions. Unsubscribe one.`
        })
      source.log.sync()
      const subscription = {
        id: page.nextSubscription(),
        source,
        reader: source.log.reader(call.after),
        ...(call.rows === false ? { version: -1 } : {}),
        unacked: 0
      }
      panel.subscriptions.set(subscription.id, subscription)
      // What other panels have done to it before, this one was not told.
      panel.changed.add(source)
      page.lookSoon()
      return { subscription: subscription.id }
    },
    Unsubscribe: (call, panel) => {
      panel.subscriptions.delete(call.subscription)
      return {}
    },
    Entry: (call) => {
      const source = sourceOf(call)
      source.log.sync()
      const found = entryOf(source, call.at)
      const details = detailsOf(source, found)
      const row = source.log.rowOf(found)
      const sites = source.insight.sitesOf(row.txnId)
      return {
        row,
        ...(sites.length === 0 ? {} : { sites }),
        payloads: payloadsOf(source, found).map(valueOf),
        ...(details === undefined ? {} : { details: valueOf(details) }),
        ...("event" in found && "error" in found.event ? { error: valueOf(found.event.error) } : {})
      }
    },
    Inspect: (call, panel) =>
      pageOf(follow(rootOf(sourceOf(call), call.root, panel), call.path), call.from, call.to),
    Values: (call, panel) => {
      const source = sourceOf(call)
      return {
        values: call.places.map(({ path, root }) => {
          try {
            return { value: valueOf(follow(rootOf(source, root, panel), path)) }
          } catch (thrown) {
            return { issue: toAnswered(call, thrown).message }
          }
        })
      }
    },
    Print: (call, panel) => {
      const source = sourceOf(call)
      const value = follow(rootOf(source, call.root, panel), call.path)
      const made = printed(source, call, value)
      return {
        text: panel.texts.add(made.text),
        part: made.text.slice(0, Math.min(call.limit ?? maxText, maxText)),
        length: made.text.length,
        complete: made.complete
      }
    },
    Diff: (call, panel) => {
      const source = sourceOf(call)
      const [before, after] = [call.before, call.after].map((root) => rootOf(source, root, panel))
      const { changes, complete } = diff(before, after, { changes: maxChanges, steps: 50_000 })
      return {
        complete,
        changes: changes.map((change) => {
          const steps = sendableSteps(change.path)
          return {
            kind: change.kind,
            path: clip(formatPath(change.path)),
            ...(steps === undefined ? {} : { steps }),
            ...(change.kind === "added" ? {} : { before: valueOf(change.before) }),
            ...(change.kind === "removed" ? {} : { after: valueOf(change.after) })
          }
        })
      }
    },
    Differing: (call) => {
      const source = sourceOf(call)
      const isLive = call.before === "live" || call.after === "live"
      const closed = new Set(isLive ? source.closedIds : [])
      const known = source.known().filter(({ instanceId }) => !closed.has(instanceId))
      const ids = known.map(({ instanceId }) => instanceId)
      const [before, after] = [call.before, call.after].map((moment) => source.statesAt(moment, ids))
      return {
        instances: known
          .filter(({ instanceId }) => before?.get(instanceId) !== after?.get(instanceId))
          .map(({ instanceId, moduleId }) => ({ instanceId, moduleId }))
      }
    },
    WhoChanged: (call) => {
      const source = sourceOf(call)
      const { history, log } = source
      const path = keysOnly(call.path)
      const limit = Math.min(call.limit, maxRows)
      const all = whoChanged(history, call.instanceId, path, limit + 1)
      // What led into something redacted would be found there by asking for it.
      const [newest] = all
      const commits =
        newest !== undefined &&
        [newest.previous, newest.next].every((state) => isSeen(source.redacted(call.instanceId, state), path))
          ? all
          : []
      const shown = commits.slice(0, limit)
      const at = (state: unknown) => valueOf(valueAt(source.redacted(call.instanceId, state), path))
      return {
        rows: shown.map((commit) => log.rowOf({ commit })),
        values: shown.map(({ next, previous }) => ({ before: at(previous), after: at(next) })),
        more: shown.length < commits.length
      }
    },
    Travel: (call) => sourceOf(call).travel(call.moment, call.instances),
    Step: (call) => sourceOf(call).step(call.by),
    Live: (call) => sourceOf(call).live(call.instances),
    Lock: (call) => sourceOf(call).lock(call.instances),
    Unlock: (call) => sourceOf(call).unlock(call.instances),
    Actions: (call) => {
      const { actions } = declaredOf(sourceOf(call), call.instanceId)
      let nodes = 0
      return {
        actions: Object.entries(actions)
          .slice(0, maxActions)
          .map(([tag, schema]) => {
            const form = nodes < maxFormNodes ? formOf(schema) : anyJson
            nodes += form.nodes.length
            return { tag, form }
          })
      }
    },
    Field: (call) => {
      const source = sourceOf(call)
      const { derived, state: schema } = declaredOf(source, call.instanceId)
      const state = source.stateOf(call.instanceId, "live")
      const there = schemaAt(schema, state, call.path)
      const [first] = call.path
      return {
        form: there === undefined ? anyJson : formOf(there),
        ...fieldValue(
          there,
          follow(source.redacted(call.instanceId, state), call.path),
          follow(state, call.path)
        ),
        isDerived: first?.kind === "property" && derived.includes(String(first.key))
      }
    },
    Dispatch: (call) => {
      const source = sourceOf(call)
      try {
        return Devtools.dispatch(source.runtime, call.instanceId, call.action)
      } catch (thrown) {
        if (!(thrown instanceof InvalidPayload)) throw thrown
        const schema = declaredOf(source, call.instanceId).actions[call.action._tag]
        throw refusedWith(call, thrown, schema && fit(schema, call.action.payload))
      }
    },
    EndTravelFirst: (call) => sourceOf(call).endTravelFirst(call.on),
    Commit: (call) => sourceOf(call).commitShown(),
    Revert: (call) => sourceOf(call).revert(),
    Reset: (call) => sourceOf(call).reset(),
    Pause: (call) => sourceOf(call).pause(),
    Resume: (call) => sourceOf(call).resume(),
    LockWhen: (call) => sourceOf(call).lockWhen(call.condition),
    Edit: (call) => {
      const source = sourceOf(call)
      const shown = source.stateOf(call.instanceId, "live")
      // A redacted place can be written as a whole; who writes into it would learn what it has.
      const around = follow(source.redacted(call.instanceId, shown), call.path.slice(0, -1))
      if (isRedacted(around)) follow(around, call.path.slice(-1))
      checkGiven(call.path, call.value)
      const { state: schema } = declaredOf(source, call.instanceId)
      const there = schemaAt(schema, shown, call.path)
      const given = givenOf(call, there)
      try {
        Devtools.edit(source.runtime, call.instanceId, put(shown, call.path, given))
      } catch (thrown) {
        if (!(thrown instanceof InvalidState)) throw thrown
        throw refusedWith(call, thrown, there && check(there, given))
      }
      return {}
    },
    Outcomes: (call, panel) => {
      const { entries, redaction } = recomputedOf(panel, call)
      return {
        entries: entries.slice(call.from, Math.min(call.to, call.from + maxRows)).map((entry) => {
          const { groupId, instanceId, moduleId, origin, seq, startedAt, txnId } = entry.commit
          return {
            at: { seq, n: 0 },
            txnId,
            ...(groupId === undefined ? {} : { groupId }),
            instanceId,
            moduleId,
            origin: { kind: origin.kind, name: clip(origin.name) },
            time: startedAt,
            outcome: entry.outcome._tag,
            ...(entry.outcome._tag === "failed" ? { error: valueOf(entry.outcome.error) } : {}),
            ...conflictsOf(entry, redaction)
          }
        })
      }
    },
    Show: (call, panel) => {
      const source = sourceOf(call)
      const { entries, statesAfter } = recomputedOf(panel, call)
      source.show(statesAfter(call.count ?? entries.length))
      return source.afterwards()
    },
    Text: (call, panel) => {
      const text = panel.texts.get(call.text)
      const end = call.from + maxText
      return { part: text.slice(call.from, end), more: end < text.length }
    },
    Upload: (call, panel) => {
      const id = call.upload ?? panel.uploads.add({ parts: [], length: 0 })
      const upload = panel.uploads.get(id)
      const length = upload.length + call.part.length
      if (length > maxUpload) {
        panel.uploads.delete(id)
        const reason = `An upload may have ${maxUpload} characters. It was let go; export fewer entries.`
        throw new Refused({ request: call._tag, error: "TooLong", reason })
      }
      upload.parts.push(call.part)
      upload.length = length
      return { upload: id, length }
    }
  }

  return (call, panel) => {
    // The handler of this call's own tag; the compiler does not relate the two.
    const handler = handlers[call._tag] as (given: typeof call, panel: Panel) => object
    return handler(call, panel)
  }
}

const isAnswered = Schema.is(Answered)

const maxReason = 2000

/** What a runtime throws is told to the panel, and goes no further. */
export const toAnswered = (call: Call, thrown: unknown): Answered => {
  try {
    if (isAnswered(thrown)) return thrown
    const error = thrown instanceof Error ? thrown : new Error(lineOf(thrown))
    const tag: unknown = "_tag" in error ? error._tag : error.name
    return new Refused({
      request: call._tag,
      error: clip(textOf(tag)),
      reason: textOf(error.message).slice(0, maxReason)
    })
  } catch {
    // Its getters throw, or it is a Proxy that does.
    const reason = "What the runtime threw cannot be read. Look at the page's console, or at onError."
    return new Refused({ request: call._tag, error: "Unreadable", reason })
  }
}

const textOf = (given: unknown): string => (typeof given === "string" ? given : lineOf(given))
