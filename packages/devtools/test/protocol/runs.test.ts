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

test("of a large batch the first are told, and all are counted, each in no more time than of a small one", () => {
  const runs = new Runs(10)
  const about = { seq: 1, at: 5, txnId: "Note#1::t1", instanceId: "Note#1", tag: "note", cause: undefined }
  const many = 200_000
  const begun = performance.now()
  for (let at = 0; at < many; at++) runs.take({ ...about, kind: "delivery", consumer: "one" })
  expect(runs.summary(about.txnId, 0)).toEqual({ all: many, waiting: many, failed: 0, ms: 0 })
  for (let at = 0; at < many - 1; at++)
    runs.take({
      ...about,
      kind: "handler",
      consumer: "one",
      outcome: at === 7 ? "failure" : "success",
      durationMs: at
    })
  expect(performance.now() - begun).toBeLessThan(5000)
  expect(runs.summary(about.txnId, 0)).toEqual({ all: many, waiting: 1, failed: 1, ms: many - 2 })
  expect(runs.of(about.txnId)).toHaveLength(500)
  expect(runs.of(about.txnId)[7]).toMatchObject({ state: "failure", ms: 7 })

  runs.take({ ...about, kind: "delivery", consumer: "two" })
  runs.take({ ...about, kind: "closed", undelivered: 2 })
  expect(runs.summary(about.txnId, 0)).toMatchObject({ all: many + 1, waiting: 0 })
})
