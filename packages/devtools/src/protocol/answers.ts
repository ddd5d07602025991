/** What a page answers each request with. */
import * as Devtools from "@sluice/core/Devtools"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { decode } from "../codec/index.ts"
import { diff, formatPath } from "../diff.ts"
import { exportSession, importSession } from "../session/document.ts"
import { makeTest } from "../session/makeTest.ts"
import { formatPath as formatKeys } from "../session/paths.ts"
import { recompute, type Recomputed, show } from "../session/recompute.ts"
import type { Recording } from "../session/recording.ts"
import { redactRecording } from "../session/redact.ts"
import { reducersOf } from "../session/reducers.ts"
import { replay } from "../session/replay.ts"
import { whoChanged } from "../session/whoChanged.ts"
import { Answered, OutOfReach, Refused } from "./errors.ts"
import {
  type Call,
  type CallOf,
  type CallTag,
  type Cursor,
  maxChanges,
  maxRows,
  maxText,
  type Root,
  type Success
} from "./messages.ts"
import type { Panel } from "./panel.ts"
import { clip, follow, keysOnly, pageOf, put, sendableSteps, valueOf } from "./place.ts"
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
export type Answers = <Tag extends CallTag>(call: CallOf<Tag>, panel: Panel) => Success<Tag>

const maxSubscriptions = 100
/** Characters of an upload. */
const maxUpload = 50_000_000

type Handlers = { readonly [Tag in CallTag]: (call: CallOf<Tag>, panel: Panel) => Success<Tag> }

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
    case "Recomputed": {
      const entry = recomputedOf(panel, root).entries[root.index]
      const state = root.side === "before" ? entry?.previous : entry?.next
      return source.redaction.state(entry?.commit.moduleId ?? "", state)
    }
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

const recomputedOf = (panel: Panel, { recomputed }: { readonly recomputed: number }): Recomputed =>
  panel.recomputed.get(recomputed)

const recordingOf = (
  panel: Panel,
  { history }: Source,
  { session }: { readonly session?: number }
): Recording => (session === undefined ? history.recording() : panel.sessions.get(session))

const entryOf = ({ log, oldest }: Source, at: Cursor): Found => {
  const found = log.find(at)
  if (found === undefined) throw new OutOfReach({ seq: at.seq, oldest })
  return found
}

export const makeAnswers = (page: Page): Answers => {
  const { sourceOf } = page
  const handlers: Handlers = {
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
        unacked: 0
      }
      panel.subscriptions.set(subscription.id, subscription)
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
      return {
        row: source.log.rowOf(found),
        payloads: payloadsOf(source, found).map(valueOf),
        ...(details === undefined ? {} : { details: valueOf(details) }),
        ...("event" in found && "error" in found.event ? { error: valueOf(found.event.error) } : {})
      }
    },
    Inspect: (call, panel) =>
      pageOf(follow(rootOf(sourceOf(call), call.root, panel), call.path), call.from, call.to),
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
    WhoChanged: (call) => {
      const { history, log } = sourceOf(call)
      const commits = whoChanged(history, call.instanceId, keysOnly(call.path))
      const rows = commits.slice(0, Math.min(call.limit, maxRows)).map((commit) => log.rowOf({ commit }))
      return { rows, more: rows.length < commits.length }
    },
    Travel: (call) => sourceOf(call).travel(call.moment, call.instances),
    Step: (call) => sourceOf(call).step(call.by),
    Live: (call) => {
      const source = sourceOf(call)
      Devtools.live(source.runtime, call.instances)
      return source.afterwards()
    },
    Lock: (call) => sourceOf(call).lock(call.instances),
    Unlock: (call) => sourceOf(call).unlock(call.instances),
    Dispatch: (call) => Devtools.dispatch(sourceOf(call).runtime, call.instanceId, call.action),
    Edit: (call) => {
      const source = sourceOf(call)
      const given = call.encoded === true ? Result.getOrThrow(decode(call.value)) : call.value
      const state = put(source.stateOf(call.instanceId, "live"), call.path, given)
      Devtools.edit(source.runtime, call.instanceId, state)
      return {}
    },
    Recompute: (call, panel) => {
      const source = sourceOf(call)
      const { move, skip = [], withCaused = false } = call
      const made = recompute(
        recordingOf(panel, source, call),
        { skip, withCaused, ...(move === undefined ? {} : { move: { before: undefined, ...move } }) },
        reducersOf(source.runtime)
      )
      const { conflict, failed, recomputed: changed, skipped, unchanged } = made.counts
      const recomputed = panel.recomputed.add(made)
      return {
        recomputed,
        entries: made.entries.length,
        unchanged,
        changed,
        conflicts: conflict,
        failed,
        skipped
      }
    },
    Outcomes: (call, panel) => ({
      entries: recomputedOf(panel, call)
        .entries.slice(call.from, Math.min(call.to, call.from + maxRows))
        .map(({ commit: { instanceId, seq, txnId }, outcome }) => ({
          at: { seq, n: 0 },
          txnId,
          instanceId,
          outcome: outcome._tag,
          ...(outcome._tag === "failed" ? { error: valueOf(outcome.error) } : {}),
          ...(outcome._tag === "conflict"
            ? {
                conflicts: outcome.conflicts
                  .slice(0, maxChanges)
                  .map(({ path, reason }) => ({ path: clip(formatKeys(path)), reason }))
              }
            : {})
        }))
    }),
    Show: (call, panel) => {
      const source = sourceOf(call)
      show(source.runtime, recomputedOf(panel, call), call.count)
      source.moment = undefined
      return source.afterwards()
    },
    Replay: (call, panel) => {
      const source = sourceOf(call)
      const recording = redactRecording(recordingOf(panel, source, call), source.redaction)
      const { compared, divergence, given, missing, partial } = replay(recording, reducersOf(source.runtime))
      return {
        compared,
        given,
        partial,
        missing,
        ...(divergence === undefined
          ? {}
          : {
              divergence: {
                at: { seq: divergence.seq, n: 0 },
                txnId: divergence.txnId,
                instanceId: divergence.instanceId,
                path: clip(formatKeys(divergence.path)),
                recorded: valueOf(divergence.recorded),
                replayed: valueOf(divergence.replayed),
                ...("error" in divergence ? { error: valueOf(divergence.error) } : {})
              }
            })
      }
    },
    Export: (call, panel) => {
      const { history, redaction, runtime } = sourceOf(call)
      const { from, to } = call
      const recording = history.recording({
        label: runtime.label,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to })
      })
      const text = exportSession(recording, { redact: redaction })
      return { text: panel.texts.add(text), length: text.length }
    },
    MakeTest: (call, panel) => {
      const source = sourceOf(call)
      const wanted = call.txnIds && new Set(call.txnIds)
      const text = makeTest(redactRecording(recordingOf(panel, source, call), source.redaction), {
        reducers: reducersOf(source.runtime),
        file: call.file,
        select: ({ txnId }) => wanted?.has(txnId) ?? true,
        ...(call.modules === undefined ? {} : { modules: call.modules })
      })
      return { text: panel.texts.add(text), length: text.length }
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
    },
    Import: (call, panel) => {
      const { parts } = panel.uploads.get(call.upload)
      panel.uploads.delete(call.upload)
      const recording = Result.getOrThrow(importSession(parts.join(""), { maxLength: maxUpload }))
      const { base, commits, label } = recording
      return {
        session: panel.sessions.add(recording),
        label: clip(label),
        entries: commits.length,
        partial: [...base, ...commits].some(({ partial }) => partial !== undefined && partial !== false)
      }
    }
  }

  return (call, panel) => {
    // The handler of this call's own tag; the compiler does not relate the two.
    const handler = handlers[call._tag] as (
      given: typeof call,
      panel: Panel
    ) => Success<(typeof call)["_tag"]>
    return handler(call, panel)
  }
}

const isAnswered = Schema.is(Answered)

/** What a runtime throws is told to the panel, and goes no further. */
export const toAnswered = (call: Call, thrown: unknown): Answered => {
  if (isAnswered(thrown)) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const tag: unknown = "_tag" in error ? error._tag : error.name
  return new Refused({ request: call._tag, error: clip(String(tag)), reason: error.message.slice(0, 2000) })
}
