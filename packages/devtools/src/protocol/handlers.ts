/** Requests about a runtime's handlers: what they computed, what became of their code, and what they gave up. */
import * as Schema from "effect/Schema"
import { Count, Name } from "./primitives.ts"

const runtime = Name

/** So many in one message. */
export const maxEvents = 500
export const maxLetters = 200
/** Characters of an error or of a line of a console, at which the page cuts it. */
export const maxLine = 2000

// A page is not believed: what is longer than it would send is refused.
const Line = Schema.String.check(Schema.isMaxLength(maxLine + 1))
const Label = Schema.String.check(Schema.isMaxLength(1001))

export const handlerCalls = {
  /** What its handlers told after the n-th that they told, oldest first; and the dead letters there are. */
  Handlers: { runtime, after: Count },
  /** The entry that the n-th, a call, was made for. It costs the page a look at its history. */
  HandlerEntry: { runtime, n: Count },
  /** Dispatches a dead letter's action once more, and is answered when that has ended. */
  RetryLetter: { runtime, letter: Name }
} as const

const told = {
  /** Its place among all that this runtime's handlers told, from 1. */
  n: Count,
  /** Epoch milliseconds. */
  at: Schema.Finite,
  handler: Label,
  /** Absent for a call that no instance made. */
  instanceId: Schema.optionalKey(Label)
}

export const HandlerEvent = Schema.TaggedUnion({
  Call: {
    ...told,
    kind: Schema.Literals(["init", "send", "request", "child-error"]),
    /** Its tag, where it was one. */
    action: Schema.optionalKey(Label),
    outcome: Schema.Literals([
      "ok",
      "err",
      "mismatch",
      "trap",
      "timeout",
      "fuel",
      "stack",
      "memory",
      "result-bytes",
      "abi",
      "unreachable"
    ]),
    error: Schema.optionalKey(Line),
    /** Milliseconds. */
    ranMs: Schema.Finite,
    waitedMs: Schema.Finite,
    bytesIn: Count,
    bytesOut: Count,
    /** Of 64 KiB. */
    pagesChanged: Count,
    pages: Count,
    fuel: Schema.optionalKey(Schema.Finite),
    reruns: Count,
    isolation: Schema.Literals(["inline", "worker", "remote"])
  },
  Snapshot: {
    ...told,
    slot: Count,
    full: Schema.Boolean,
    bytes: Count,
    memoryBytes: Count,
    sha256: Label,
    path: Label
  },
  Restart: {
    ...told,
    policy: Label,
    attempt: Count,
    of: Count,
    reason: Line,
    tookMs: Schema.Finite,
    escalated: Schema.Boolean
  },
  Console: { ...told, level: Schema.Literals(["debug", "log", "warn", "error"]), text: Line }
})
export type HandlerEvent = typeof HandlerEvent.Type

/** An action that its handler was given up for. Its payload is the root `Letter`. */
const Letter = Schema.Struct({
  id: Label,
  at: Schema.Finite,
  handler: Label,
  instanceId: Schema.optionalKey(Label),
  tag: Label,
  /** Its payload in a line; absent where it has none. */
  payload: Schema.optionalKey(Line),
  error: Line,
  attempts: Count
})

export const handlerAnswers = {
  Handlers: Schema.Struct({
    events: Schema.Array(HandlerEvent).check(Schema.isMaxLength(maxEvents)),
    /** Of those after the asked one, they had left already. */
    missed: Count,
    more: Schema.Boolean,
    /** All that were told, and of those the ones that are no longer kept. */
    recorded: Count,
    dropped: Count,
    /** Newest first. */
    letters: Schema.Array(Letter).check(Schema.isMaxLength(maxLetters)),
    /** Letters that are not among them. */
    lettersLeftOut: Count,
    /** Letters that are no longer kept. */
    lettersDropped: Count,
    /** Actions that a handler computes, while none has told anything. */
    handled: Schema.Array(Schema.Struct({ moduleId: Label, action: Label })).check(
      Schema.isMaxLength(maxLetters)
    )
  }),
  /** Absent where it made no commit, or the history has it no more. */
  HandlerEntry: Schema.Struct({ txnId: Schema.optionalKey(Label) }),
  RetryLetter: Schema.Struct({
    outcome: Schema.Literals(["committed", "failed"]),
    error: Schema.optionalKey(Line)
  })
} as const
