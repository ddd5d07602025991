/** What a page answers about the handlers of a runtime. */
import * as Handled from "@sluice/core/Handled"
import type * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as Structure from "@sluice/core/Structure"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { lineOf } from "../inspect.ts"
import { Refused } from "./errors.ts"
import { type HandlerEvent, type handlerCalls, maxEvents, maxLetters, maxLine } from "./handlers.ts"
import type { CallOf, Success } from "./messages.ts"
import { clip, valueOf } from "./place.ts"
import type { Source } from "./source.ts"

const line = (text: string): string => (text.length > maxLine ? `${text.slice(0, maxLine)}…` : text)
/** Of what handlers tell of themselves, not every number has to be one. */
const real = (value: number): number => (Number.isFinite(value) ? value : 0)
const whole = (value: number): number => Math.max(0, Math.round(real(value)))

const sent = (event: HandlerActivity.HandlerEvent, n: number): HandlerEvent => {
  const { at, handler, instanceId } = event
  const told = {
    n,
    at: real(at),
    handler: clip(handler),
    ...(instanceId === undefined ? {} : { instanceId: clip(instanceId) })
  }
  switch (event._tag) {
    case "Call": {
      const { action, error, fuel, isolation, kind, outcome } = event
      return {
        _tag: "Call",
        ...told,
        kind,
        outcome,
        isolation,
        ...(action === undefined ? {} : { action: clip(action) }),
        ...(error === undefined ? {} : { error: line(error) }),
        ranMs: real(event.ranMs),
        waitedMs: real(event.waitedMs),
        bytesIn: whole(event.bytesIn),
        bytesOut: whole(event.bytesOut),
        pagesChanged: whole(event.pagesChanged),
        pages: whole(event.pages),
        ...(fuel === undefined ? {} : { fuel: real(fuel) }),
        reruns: whole(event.reruns)
      }
    }
    case "Snapshot":
      return {
        _tag: "Snapshot",
        ...told,
        slot: whole(event.slot),
        full: event.full,
        bytes: whole(event.bytes),
        memoryBytes: whole(event.memoryBytes),
        sha256: clip(event.sha256),
        path: clip(event.path)
      }
    case "Restart":
      return {
        _tag: "Restart",
        ...told,
        policy: clip(event.policy),
        attempt: whole(event.attempt),
        of: whole(event.of),
        reason: line(event.reason),
        tookMs: real(event.tookMs),
        escalated: event.escalated
      }
    case "Console":
      return { _tag: "Console", ...told, level: event.level, text: line(event.text) }
  }
}

const letterOf = (source: Source, letter: HandlerActivity.DeadLetter) => {
  const { action, at, attempts, error, handler, id, instanceId } = letter
  const payload = source.payloadOf(instanceId, action)
  return {
    id,
    at: real(at),
    handler: clip(handler),
    ...(instanceId === undefined ? {} : { instanceId: clip(instanceId) }),
    tag: clip(action._tag),
    ...(payload === undefined ? {} : { payload: valueOf(payload).text }),
    error: line(error),
    attempts: whole(attempts)
  }
}

const handledOf = ({ runtime }: Source): Success<"Handlers">["handled"] =>
  runtime.status !== "ready"
    ? []
    : Structure.modulesOf(runtime)
        .flatMap(({ actions, moduleId }) =>
          actions.flatMap(({ by, tag }) =>
            by === "inline" || by === "outside" ? [{ moduleId: clip(moduleId), action: clip(tag) }] : []
          )
        )
        .slice(0, maxLetters)

const empty = { events: [], recorded: 0, dropped: 0, deadLetters: [], lettersDropped: 0 }

const handlersOf = (source: Source, after: number): Success<"Handlers"> => {
  const { deadLetters, dropped, events, lettersDropped, recorded } =
    Handled.activityOf(source.runtime)?.snapshot() ?? empty
  // The first that is kept is the one after those that are not.
  const from = Math.max(0, after - dropped)
  const next = events.slice(from, from + maxEvents)
  return {
    events: next.map((event, index) => sent(event, dropped + from + index + 1)),
    missed: Math.max(0, dropped - after),
    more: from + next.length < events.length,
    recorded,
    dropped,
    letters: deadLetters
      .slice(-maxLetters)
      .toReversed()
      .map((letter) => letterOf(source, letter)),
    lettersLeftOut: Math.max(0, deadLetters.length - maxLetters),
    lettersDropped,
    handled: recorded === 0 ? handledOf(source) : []
  }
}

/** By the action itself, which its commit has. */
const entryOf = (source: Source, n: number): Success<"HandlerEntry"> => {
  const { dropped, events } = Handled.activityOf(source.runtime)?.snapshot() ?? empty
  const event = events[n - 1 - dropped]
  const action = event?._tag === "Call" ? event.dispatched : undefined
  if (action === undefined) return {}
  const { history } = source
  for (let index = history.length - 1; index >= 0; index--) {
    const commit = history.at(index)
    if (commit?.actions.includes(action) === true) return { txnId: clip(commit.txnId) }
  }
  return {}
}

const letterWith = (source: Source, id: string): HandlerActivity.DeadLetter | undefined =>
  Handled.activityOf(source.runtime)
    ?.snapshot()
    .deadLetters.find((letter) => letter.id === id)

/** The payload of a dead letter, as panels may see it. Throws where there is no such letter. */
export const letterPayload = (source: Source, id: string): unknown => {
  const letter = letterWith(source, id)
  if (letter === undefined) throw noLetter("Inspect", id)
  return source.payloadOf(letter.instanceId, letter.action)
}

const noLetter = (request: string, id: string): Refused =>
  new Refused({
    request,
    error: "UnknownLetter",
    reason: `There is no dead letter ${clip(id)} any more: it was retried, and has committed.`
  })

const retrying = new WeakMap<object, Set<string>>()

/**
 * Runs to its end whoever waits for it. Fails with Refused where there is no such letter, or it is being retried.
 */
export const retryLetter = (source: Source, id: string): Effect.Effect<Success<"RetryLetter">, Refused> =>
  Effect.suspend(() => {
    const letter = letterWith(source, id)
    if (letter === undefined) return Effect.fail(noLetter("RetryLetter", id))
    const running = retrying.get(source.runtime) ?? new Set()
    retrying.set(source.runtime, running)
    if (running.has(id))
      return Effect.fail(
        new Refused({
          request: "RetryLetter",
          error: "AlreadyRetried",
          reason: "It is being retried. Wait for what becomes of it."
        })
      )
    running.add(id)
    const fiber = Effect.runFork(letter.retry)
    fiber.addObserver(() => running.delete(id))
    return Effect.map(Fiber.await(fiber), (exit): Success<"RetryLetter"> => {
      const left = Handled.activityOf(source.runtime)
        ?.snapshot()
        .deadLetters.find((other) => other.id === id || other.action === letter.action)
      if (Exit.isFailure(exit)) {
        const thrown = Cause.squash(exit.cause)
        return { outcome: "failed", error: line(thrown instanceof Error ? thrown.message : lineOf(thrown)) }
      }
      return left === undefined ? { outcome: "committed" } : { outcome: "failed", error: line(left.error) }
    })
  })

type ShortTag = Exclude<keyof typeof handlerCalls, "RetryLetter">

type Handlers = { readonly [Tag in ShortTag]: (call: CallOf<Tag>) => Success<Tag> }

/** `sourceOf` throws UnknownRuntime. */
export const handlerHandlers = (sourceOf: (call: { readonly runtime: string }) => Source): Handlers => ({
  Handlers: (call) => handlersOf(sourceOf(call), call.after),
  HandlerEntry: (call) => entryOf(sourceOf(call), call.n)
})
