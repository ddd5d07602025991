/** What a page answers to one request, kept as long as a component shows it, and asked for anew when it may have changed. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { CallTag } from "../../protocol/index.ts"
import { Page } from "../Page.ts"

export interface Question {
  readonly tag: CallTag
  /** Of that tag. */
  readonly payload: object
  /** Whether the answer may change while the panel looks at it. */
  readonly changes: boolean
  /** Milliseconds, after which it is asked again; 0 for not. */
  readonly everyMs: number
}

/** By the page's own words. */
export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

const Question = Schema.declare((given): given is Question => typeof given === "object" && given !== null)

const Answer = Module.make("devtools/Answer", {
  state: Schema.Struct({
    question: Question,
    answer: AsyncResult.Schema({ success: Schema.Unknown, error: Unanswered })
  }),
  actions: {},
  traits: (t) => ({
    answer: t.source({
      key: ({ question }) => question,
      load: ({ payload, tag }) =>
        // Whoever asks has the two go together.
        Effect.flatMap(Page, (page) => page.request(tag, payload as never)).pipe(
          Effect.mapError(({ message }) => new Unanswered({ reason: message }))
        )
    })
  })
})

const asking = Answer.logic("asking", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const { question } = yield* $.state.get
    // A page that is busy tells of new entries more often than anyone can read.
    if (question.changes)
      yield* $.on(page.moves)
        .throttle("100 millis")
        .run(() => $.refresh("answer"))
    if (question.everyMs > 0)
      yield* $.on(Stream.drop(Stream.tick(question.everyMs), 1)).run(() => $.refresh("answer"))
  })
)

export const AnswerLive = Answer.implement({
  initial: (question: Question) => ({ question }),
  logics: [asking]
})
