import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { capacity, type ChannelContender } from "./tally.ts"

const Feed = Module.make("Feed", {
  state: Schema.Struct({ last: Schema.Number }),
  actions: { sent: Schema.Number },
  reducers: { sent: (_, n) => ({ last: n }) }
})

export const sluiceFeed: ChannelContender = {
  name: "Sluice",
  make: (tally) => {
    const logic = Feed.logic("tally", ($) =>
      $.onAction("sent").run((n) => (tally.handle(n) ? Effect.yieldNow : Effect.void))
    )
    const runtime = Runtime.make(
      Feed.implement({ initial: { last: 0 }, logics: [logic], channel: { capacity } })
    )
    const feed = runtime.resolve(Feed.tag)
    return (times) =>
      runtime.runPromise(
        Effect.gen(function* () {
          for (let n = 0; n < times; n++) yield* feed.actions.sent(n)
        })
      )
  }
}
