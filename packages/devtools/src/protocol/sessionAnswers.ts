/** What a page answers in steps, because it looks at the whole of a session: it must not hold the page up. */
import * as Result from "effect/Result"
import { exporting, importing } from "../session/document.ts"
import { extentOf } from "../session/history.ts"
import { makingTest } from "../session/makeTest.ts"
import { formatPath } from "../session/paths.ts"
import { recomputing } from "../session/recompute.ts"
import { type Recording, travelsOf } from "../session/recording.ts"
import { makeRedaction, redacting } from "../session/redact.ts"
import { reducersOf } from "../session/reducers.ts"
import { type Divergence, replaying } from "../session/replay.ts"
import { share, type Steps } from "../session/slices.ts"
import { Refused } from "./errors.ts"
import type { Call, CallOf, SteppedTag, Success } from "./messages.ts"
import type { Panel } from "./panel.ts"
import { clip, valueOf } from "./place.ts"
import type { Source } from "./source.ts"

/** Characters of an upload. */
export const maxUpload = 50_000_000

/** Its steps throw what `toAnswered` understands. */
export type SteppedAnswers = (call: CallOf<SteppedTag>, panel: Panel) => Steps<Success<SteppedTag>>

type Handlers = { readonly [Tag in SteppedTag]: (call: CallOf<Tag>, panel: Panel) => Steps<Success<Tag>> }

const steppedTags: ReadonlySet<string> = new Set([
  "Earlier",
  "Export",
  "Import",
  "MakeTest",
  "Recompute",
  "Replay",
  "TestModules"
] satisfies ReadonlyArray<SteppedTag>)

export const isStepped = (call: Call): call is CallOf<SteppedTag> => steppedTags.has(call._tag)

const recordingOf = (
  panel: Panel,
  { history }: Source,
  { session }: { readonly session?: number }
): Recording => (session === undefined ? history.recording() : panel.sessions.get(session))

const imported = (panel: Panel, recording: Recording) => {
  const { base, commits, label } = recording
  return {
    session: panel.sessions.add(recording),
    label: clip(label),
    entries: commits.length,
    partial: [...base, ...commits].some(({ partial }) => partial !== undefined && partial !== false)
  }
}

/** A name that was mistyped would leave everything in. */
const checkRules = ({ base, commits }: Recording, rules: NonNullable<CallOf<"Export">["redact"]>): void => {
  const actions = new Map<string, Set<string>>()
  for (const { moduleId } of base) actions.set(moduleId, new Set())
  for (const commit of commits) {
    const tags = actions.get(commit.moduleId) ?? new Set()
    actions.set(commit.moduleId, tags)
    for (const { _tag } of commit.actions) tags.add(_tag)
  }
  const refuse = (what: string, known: Iterable<string>) => {
    const reason = `The session has no ${what}, so that nothing would be left out. It has: ${[...known].slice(0, 50).join(", ") || "none"}. Nothing was exported.`
    return new Refused({ request: "Export", error: "NothingToRedact", reason })
  }
  for (const { module, payload = {} } of rules) {
    const tags = actions.get(module)
    if (tags === undefined) throw refuse(`module ${JSON.stringify(module)}`, actions.keys())
    for (const tag of Object.keys(payload))
      if (!tags.has(tag)) throw refuse(`action ${JSON.stringify(tag)} of ${module}`, tags)
  }
}

const divergenceOf = (divergence: Divergence) => ({
  at: { seq: divergence.seq, n: 0 },
  txnId: divergence.txnId,
  instanceId: divergence.instanceId,
  path: clip(formatPath(divergence.path)),
  recorded: valueOf(divergence.recorded),
  replayed: valueOf(divergence.replayed),
  ...("error" in divergence ? { error: valueOf(divergence.error) } : {})
})

export const makeSteppedAnswers = ({
  sourceOf
}: {
  /** Throws UnknownRuntime. */
  readonly sourceOf: (call: { readonly runtime: string }) => Source
}): SteppedAnswers => {
  const handlers: Handlers = {
    *Recompute(call, panel) {
      const source = sourceOf(call)
      const { move, skip = [], withCaused = false } = call
      const recording = recordingOf(panel, source, call)
      const travels = travelsOf(recording.commits)
      const made = yield* recomputing(
        // What was shown meanwhile is nothing that could have been otherwise.
        { ...recording, commits: recording.commits.filter((commit) => !travels.has(commit)) },
        { skip, withCaused, ...(move === undefined ? {} : { move: { before: undefined, ...move } }) },
        reducersOf(source.runtime)
      )
      const { conflict, failed, recomputed: changed, skipped, unchanged } = made.counts
      return {
        recomputed: panel.recomputed.add({ ...made, redaction: source.redaction }),
        entries: made.entries.length,
        unchanged,
        changed,
        conflicts: conflict,
        failed,
        skipped
      }
    },
    *Replay(call, panel) {
      const source = sourceOf(call)
      const recording = yield* share(redacting(recordingOf(panel, source, call), source.redaction), 0, 0.2)
      const { compared, divergence, given, missing, partial } = yield* share(
        replaying(recording, reducersOf(source.runtime)),
        0.2,
        1
      )
      return {
        compared,
        given,
        partial,
        missing,
        ...(divergence === undefined ? {} : { divergence: divergenceOf(divergence) })
      }
    },
    *Export(call, panel) {
      const { history, redaction, runtime } = sourceOf(call)
      const { from, to } = call
      const recording =
        call.session === undefined
          ? history.recording({
              label: runtime.label,
              ...(from === undefined ? {} : { from }),
              ...(to === undefined ? {} : { to })
            })
          : panel.sessions.get(call.session)
      const rules = call.redact ?? []
      checkRules(recording, rules)
      const kept = yield* redacting(recording, redaction)
      const text = yield* exporting(kept, { redact: makeRedaction(rules) })
      return { text: panel.texts.add(text), length: text.length }
    },
    *MakeTest(call, panel) {
      const source = sourceOf(call)
      const wanted = call.txnIds && new Set(call.txnIds)
      const recording = yield* share(redacting(recordingOf(panel, source, call), source.redaction), 0, 0.2)
      const making = makingTest(recording, {
        reducers: reducersOf(source.runtime),
        file: call.file,
        select: ({ txnId }) => wanted?.has(txnId) ?? true,
        ...(call.modules === undefined ? {} : { modules: call.modules })
      })
      const text = yield* share(making, 0.2, 1)
      return { text: panel.texts.add(text), length: text.length }
    },
    *TestModules(call, panel) {
      const source = sourceOf(call)
      const { commits } = recordingOf(panel, source, call)
      const reducers = reducersOf(source.runtime)
      const travels = travelsOf(commits)
      const all = commits.filter((commit) => !travels.has(commit))
      const chosen = call.txnIds === undefined ? undefined : extentOf(all, call.txnIds, false)
      const modules = new Map<string, string | undefined>()
      for (const [done, commit] of all.entries()) {
        yield { done, of: all.length }
        if (chosen?.has(commit.txnId) === false || modules.has(commit.moduleId)) continue
        modules.set(commit.moduleId, reducers.source(commit))
      }
      return {
        modules: Array.from(modules, ([moduleId, file]) => ({
          moduleId,
          ...(file === undefined ? {} : { file })
        }))
      }
    },
    *Import(call, panel) {
      const { parts } = panel.uploads.get(call.upload)
      panel.uploads.delete(call.upload)
      const result = yield* importing(parts.join(""), { maxLength: maxUpload })
      return imported(panel, Result.getOrThrow(result))
    },
    *Earlier(call, panel) {
      const { earlier, keepProblem } = sourceOf(call)
      const problem = keepProblem === undefined ? {} : { problem: clip(keepProblem) }
      if (earlier === undefined) return problem
      return { found: imported(panel, Result.getOrThrow(yield* importing(earlier))), ...problem }
    }
  }

  return (call, panel) => {
    // The handler of this call's own tag; the compiler does not relate the two.
    const handler = handlers[call._tag] as (given: typeof call, panel: Panel) => Steps<Success<SteppedTag>>
    return handler(call, panel)
  }
}
