/** What is being filled in to be dispatched, what came of it, and what was dispatched before. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Issue } from "../../../form/Form.ts"
import { Draft } from "../../../form/model.ts"
import { Page } from "../../Page.ts"

const Sent = Schema.Struct({
  instanceId: Schema.String,
  moduleId: Schema.String,
  tag: Schema.String,
  payload: Schema.optionalKey(Schema.Json)
})
export type Sent = typeof Sent.Type

const Outcome = Schema.Struct({
  kind: Schema.Literals(["sending", "sent", "waits", "refused"]),
  text: Schema.String,
  issues: Schema.Array(Issue)
})
export type Outcome = typeof Outcome.Type

const State = Schema.Struct({
  /** Nothing was chosen: the first there is. */
  instanceId: Schema.NullOr(Schema.String),
  tag: Schema.NullOr(Schema.String),
  mode: Schema.Literals(["form", "json"]),
  /** By the module and the action: instances of one module share it. */
  drafts: Schema.Record(Schema.String, Draft),
  texts: Schema.Record(Schema.String, Schema.String),
  outcome: Schema.NullOr(Outcome),
  /** The newest first. */
  recent: Schema.Array(Sent)
})

const maxRecent = 10

export const keyOf = (moduleId: string, tag: string): string => `${moduleId} ${tag}`

const sameSent = (a: Sent, b: Sent): boolean => JSON.stringify(a) === JSON.stringify(b)

const Dispatching = Module.make("devtools/Dispatching", {
  state: State,
  actions: {
    chooseInstance: Schema.String,
    chooseAction: Schema.String,
    setMode: State.fields.mode,
    setDraft: Schema.Struct({ key: Schema.String, draft: Draft }),
    setText: Schema.Struct({ key: Schema.String, text: Schema.String }),
    send: Sent,
    settled: Outcome,
    remember: Sent,
    /** To be sent again, or changed first. */
    takeUp: Schema.Struct({ sent: Sent, draft: Draft, text: Schema.String })
  },
  reducers: {
    chooseInstance: (state, instanceId) => ({ ...state, instanceId, outcome: null }),
    chooseAction: (state, tag) => ({ ...state, tag, outcome: null }),
    setMode: (state, mode) => ({ ...state, mode }),
    setDraft: (state, { draft, key }) => ({ ...state, drafts: { ...state.drafts, [key]: draft } }),
    setText: (state, { key, text }) => ({ ...state, texts: { ...state.texts, [key]: text } }),
    send: (state) => ({ ...state, outcome: { kind: "sending", text: "", issues: [] } }),
    remember: (state, sent) => ({
      ...state,
      recent: [sent, ...state.recent.filter((other) => !sameSent(other, sent))].slice(0, maxRecent)
    }),
    settled: (state, outcome) => ({ ...state, outcome }),
    takeUp: (state, { draft, sent: { instanceId, moduleId, tag }, text }) => ({
      ...state,
      instanceId,
      tag,
      outcome: null,
      drafts: { ...state.drafts, [keyOf(moduleId, tag)]: draft },
      texts: { ...state.texts, [keyOf(moduleId, tag)]: text }
    })
  }
})

const sending = Dispatching.logic("sending", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    yield* $.onAction("send").run((sent) => {
      const { instanceId, payload, tag } = sent
      const action = { _tag: tag, ...(payload === undefined ? {} : { payload }) }
      return page.request("Dispatch", { instanceId, action }).pipe(
        Effect.tap(() => $.actions.remember(sent)),
        Effect.match({
          onSuccess: ({ waits }): Outcome =>
            waits
              ? {
                  kind: "waits",
                  text: `${tag} waits: ${instanceId} is locked, at another moment or busy.`,
                  issues: []
                }
              : { kind: "sent", text: `${tag} was dispatched.`, issues: [] },
          onFailure: (error): Outcome => {
            const issues = error._tag === "Refused" ? (error.issues ?? []) : []
            return { kind: "refused", text: issues.length > 0 ? "It does not fit." : error.message, issues }
          }
        }),
        Effect.flatMap($.actions.settled)
      )
    })
  })
)

export const DispatchingLive = Dispatching.implement({
  initial: {
    instanceId: null,
    tag: null,
    mode: "form",
    drafts: {},
    texts: {},
    outcome: null,
    recent: []
  },
  logics: [sending]
})
