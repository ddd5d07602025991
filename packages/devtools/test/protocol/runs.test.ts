import { Module, Runtime } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect, test } from "vitest"
import { Runs } from "../../src/protocol/runs.ts"

test("C1 an action that was kept for a flow of a setup is that flow's run, and none of the keeper's", async () => {
  const opening = Deferred.makeUnsafe<void>()
  const Note = Module.make("Note", {
    state: Schema.Struct({}),
    actions: { note: Schema.Int },
    reducers: {}
  })
  const late = Note.logic("late", ($) =>
    Effect.gen(function* () {
      yield* Deferred.await(opening)
      yield* $.onAction("note").run(() => Effect.void)
    })
  )
  await using runtime = Runtime.make(Note.implement({ initial: {}, logics: [late] }), {
    trace: { level: "full" }
  })
  const runs = new Runs(10)
  const handled = new Promise<void>((resolve) => {
    runtime.trace.attach({
      onBatch: (events) => {
        for (const event of events) {
          if (event.kind !== "entry") runs.take(event)
          if (event.kind === "handler") resolve()
        }
      }
    })
  })
  runtime.resolve(Note.tag).unsafe.dispatch({ _tag: "note", payload: 1 })
  Effect.runSync(Deferred.succeed(opening, undefined))
  await handled
  expect(runs.of("Note#1::t1")).toMatchObject([{ consumer: "late: note", tag: "note", state: "success" }])
  expect(runs.summary("Note#1::t1", 0)).toMatchObject({ all: 1, waiting: 0, failed: 0 })
})
