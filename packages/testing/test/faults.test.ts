import { Faults, TestRuntime } from "@sluice/testing"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { expect, test } from "vitest"
import { Api, Search, SearchLive } from "./support.ts"

const found = (faults: Faults.Plan<typeof Api.Service>) => {
  const calls: Array<string> = []
  const service = Faults.plan(
    Api.of({
      search: (text) =>
        Effect.sync(() => {
          calls.push(text)
          return [text]
        })
    }),
    faults
  )
  const runtime = TestRuntime.make(SearchLive, { layer: Layer.succeed(Api, service) })
  const search = runtime.resolve(Search.tag)
  return {
    runtime,
    calls,
    type: async (text: string) => {
      search.unsafe.dispatch({ _tag: "type", payload: text })
      await runtime.advance("500 millis")
      return search.unsafe.getState().found
    }
  }
}

test("calls fail, die, hang and are late by plan; those after are as they are", async () => {
  const { calls, runtime, type } = found({
    search: [
      Faults.fail(new Error("offline")),
      Faults.die("bug"),
      Faults.none,
      Faults.hang,
      Faults.delay("1 second")
    ]
  })
  await using _ = runtime
  expect(await type("a")).toEqual([])
  expect(await type("b")).toEqual([])
  expect(runtime.takeErrors().map(({ error, info }) => [String(error), info.during, info.tag])).toEqual([
    ["Error: offline", "handler", "type"],
    ["bug", "handler", "type"]
  ])
  expect(await type("c")).toEqual(["c"])
  expect(await type("d")).toEqual(["c"])
  expect(runtime.pending()).toMatchObject([{ consumers: [{ inFlight: 1 }] }])
  // The hanging call is interrupted by the newer key.
  expect(await type("e")).toEqual(["c"])
  await runtime.advance("1 second")
  expect(runtime.resolve(Search.tag).unsafe.getState().found).toEqual(["e"])
  expect(await type("f")).toEqual(["f"])
  expect(calls).toEqual(["c", "e", "f"])
})

test("a plan fits the service", () => {
  // @ts-expect-error -- search fails with an Error
  Faults.plan(Api.of({ search: () => Effect.succeed([]) }), { search: [Faults.fail(1)] })
  // @ts-expect-error -- there is no such member
  Faults.plan(Api.of({ search: () => Effect.succeed([]) }), { find: [Faults.hang] })
  const value = Faults.plan({ now: Effect.succeed(1), name: "clock" }, { now: [Faults.fail("no" as never)] })
  expect(Effect.runSyncExit(value.now)._tag).toBe("Failure")
  expect(Effect.runSync(value.now)).toBe(1)
  expect(value.name).toBe("clock")
})

test("a service with private fields, and a frozen one", () => {
  class Counting {
    #n = 1
    read() {
      return Effect.succeed(this.#n)
    }
    save(): Effect.Effect<number, string> {
      return Effect.succeed(++this.#n)
    }
  }
  const counting = Faults.plan(new Counting(), { save: [Faults.fail("full")] })
  expect(Effect.runSync(Effect.flip(counting.save()))).toBe("full")
  expect([Effect.runSync(counting.save()), Effect.runSync(counting.read())]).toEqual([2, 2])
  expect(counting).toBeInstanceOf(Counting)
  const save = (): Effect.Effect<string, string> => Effect.succeed("saved")
  const frozen = Faults.plan(Object.freeze({ save }), { save: [Faults.fail("full")] })
  expect(Effect.runSync(Effect.flip(frozen.save()))).toBe("full")
  expect(Effect.runSync(frozen.save())).toBe("saved")
})
