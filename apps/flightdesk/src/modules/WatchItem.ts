/** One rule of the watch as it is shown: what is being typed into its fields, and how many alerts it raised. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { draftOf, problemOf, RuleInput } from "../domain/RuleInput.ts"
import { othersThan, raisedBy, Watch } from "./Watch.ts"

const State = Schema.Struct({
  ruleId: Schema.Int,
  /** What is in the fields since they were touched; they show the rule itself while null. */
  input: Schema.NullOr(RuleInput),
  raised: Schema.Int
})

export const WatchItem = Module.make("WatchItem", {
  state: State,
  actions: {
    typed: RuleInput,
    /** The fields were left. */
    left: Schema.Void,
    cancelled: Schema.Void,
    /** What was typed is the rule, or cannot be one yet. */
    settled: Schema.NullOr(RuleInput),
    counted: Schema.Int
  },
  reducers: {
    typed: (state, input) => ({ ...state, input }),
    cancelled: (state) => ({ ...state, input: null }),
    // What was typed since then is still to come.
    settled: (state, input) => (state.input === input ? { ...state, input: null } : state),
    counted: (state, raised) => (raised === state.raised ? state : { ...state, raised })
  }
})

/** Half of what is typed may be a rule of its own: that over 120 minutes is one over 1 minute first. */
const typingPause = "400 millis"

const editing = WatchItem.logic("editing", ($) =>
  Effect.gen(function* () {
    const watch = yield* $.use(Watch)

    /** Whether what is in the fields is the rule now. */
    const commit = Effect.gen(function* () {
      const { input, ruleId } = yield* $.state.get
      const { rules } = yield* watch.getState
      const rule = rules.find(({ id }) => id === ruleId)
      if (input === null || rule === undefined) return true
      const draft = draftOf(input)
      if (draft === undefined || problemOf(input, othersThan(rules, ruleId)) !== undefined) return false
      const { airport, direction, minutes } = draft
      const isNews = minutes !== rule.minutes || direction !== rule.direction || airport !== rule.airport
      if (isNews) yield* watch.actions.editRule({ ...draft, id: ruleId })
      return true
    })

    yield* $.onAction("typed")
      .debounce(typingPause)
      .run(() => commit)
    yield* $.onAction("left").run(() =>
      Effect.gen(function* () {
        const { input } = yield* $.state.get
        if (yield* commit) yield* $.actions.settled(input)
      })
    )
  })
)

const betweenCounts = "250 millis"

const counting = WatchItem.logic("counting", ($) =>
  Effect.gen(function* () {
    const watch = yield* $.use(Watch)
    const { ruleId } = yield* $.state.get
    // The stream is conflated: after the pause the newest alerts are there, not all that came meanwhile.
    yield* $.on(watch.changesOf(({ alerts }) => alerts)).run((alerts) =>
      Effect.andThen($.actions.counted(raisedBy(alerts, ruleId)), Effect.sleep(betweenCounts))
    )
  })
)

export const WatchItemLive = WatchItem.implement({
  initial: (ruleId: number) => ({ ruleId, input: null, raised: 0 }),
  logics: [editing, counting]
})
