/** The same within @effect/vitest. */
import { expect, it } from "@effect/vitest"
import { TestRuntime } from "@sluice/testing"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { Api, Log, Search, SearchLive } from "./support.ts"

const layer = Layer.succeed(Api, { search: (text) => Effect.succeed([`${text}!`]) })

it.effect("the runtime's clock is the test's, and it ends with the test", () =>
  Effect.gen(function* () {
    const runtime = yield* TestRuntime.scoped(SearchLive, { layer })
    const search = runtime.resolve(Search.tag)
    yield* search.actions.type("a")
    yield* Effect.promise(runtime.settled)
    yield* TestClock.adjust("500 millis")
    yield* Effect.promise(runtime.settled)
    expect((yield* search.getState).found).toEqual(["a!"])
    yield* search.actions.type("b")
    yield* Effect.promise(() => runtime.advance("500 millis"))
    expect((yield* search.getState).found).toEqual(["b!"])
  })
)

it.effect("what was not taken fails the test", () =>
  Effect.gen(function* () {
    const program = Effect.gen(function* () {
      const runtime = yield* TestRuntime.scoped(Log.implement({ initial: { lines: [] } }))
      yield* Effect.exit(runtime.resolve(Log.tag).actions.boom())
    })
    const exit = yield* Effect.exit(Effect.scoped(program))
    expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({ _tag: "UnexpectedReports" })
  })
)
