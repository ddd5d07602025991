/** How a call can fail, and what is told of it. The same in Node and in Chromium. */
import { Errors, Handler } from "@sluice/wasm"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { built, builtUrl, sha256 } from "../fixture.ts"
import { casesOptions, desk, makeCases, scoped } from "./cases.ts"

const isolations = ["inline", "worker"] as const

export const faults = (): void => {
  describe.each(isolations)("a handler that runs %s", (isolation) => {
    it("traps, overflows the stack, allocates past the cap, gives too much, runs out of fuel", async () => {
      const limits = { memoryPages: 64, resultBytes: 2000, fuel: 5_000_000 }
      const cases = await makeCases(isolation, { limits, memory: "image" })
      const first = await Effect.runPromise(cases.init(null, {}))
      const kindOf = async (params: Parameters<typeof cases.send>[1]) => {
        const error = await Effect.runPromise(Effect.flip(cases.send(first, params)))
        expect(error).toBeInstanceOf(Errors.HandlerFault)
        return error._tag === "HandlerFault" ? error.kind : undefined
      }
      expect(await kindOf({ do: "trap" })).toBe("trap")
      expect(await kindOf({ do: "out of bounds" })).toBe("trap")
      expect(await kindOf({ do: "divide", by: 0 })).toBe("trap")
      expect(await kindOf({ do: "allocate" })).toBe("memory")
      expect(await kindOf({ do: "large", length: 3000 })).toBe("result-bytes")
      expect(await kindOf({ do: "loop" })).toBe("fuel")
      expect(await Effect.runPromise(cases.send(first, {}))).toEqual({ count: 2, calls: 2 })
      const unlimited = await makeCases(isolation, { memory: "image" })
      const error = await Effect.runPromise(Effect.flip(unlimited.send({ count: 0 }, { do: "recursion" })))
      expect(error).toMatchObject({ _tag: "HandlerFault", kind: "stack" })
    })

    it("answers with an error of its domain: a typed failure", async () => {
      const cases = await makeCases(isolation)
      const sent = cases.send({ count: 1 }, { do: "error", reason: "too risky" })
      const error = await Effect.runPromise(Effect.flip(sent))
      expect(error).toBeInstanceOf(Errors.HandlerError)
      expect(error.message).toBe("Cases answered with an error: too risky. Nothing was committed.")
    })

    it("is told with its path what does not fit, before and after", async () => {
      const cases = await makeCases(isolation)
      const missing = await Effect.runPromise(Effect.flip(cases.send({ count: 1 }, { do: "missing" })))
      expect(missing).toMatchObject({ _tag: "HandlerMismatch", what: "result state" })
      expect(missing.message).toContain('["count"]')
      const given = await Effect.runPromise(Effect.flip(cases.send({ count: 1 }, { pages: Number.NaN })))
      expect(given).toMatchObject({ _tag: "HandlerMismatch", what: "params" })
      expect(given.message).toContain('["pages"]')
      const state = await Effect.runPromise(Effect.flip(cases.send({ count: Number.NaN }, {})))
      expect(state).toMatchObject({ _tag: "HandlerMismatch", what: "state" })
    })

    it("is granted a clock and randomness that are pinned for the call, and writes lines", async () => {
      const lines: Array<unknown> = []
      const cases = await makeCases(isolation, { memory: "image", console: (line) => lines.push(line) })
      const before = Date.now()
      const { at = 0 } = await Effect.runPromise(cases.send({ count: 0 }, { do: "clock" }))
      expect(at).toBeGreaterThanOrEqual(before)
      expect(at).toBeLessThanOrEqual(Date.now())
      const drawn = await Effect.runPromise(cases.send({ count: 0 }, { do: "random" }))
      const record = cases.callOf(drawn)
      expect(record).toMatchObject({ kind: "send", outcome: "ok" })
      // What was granted is recorded, and gives the same again
      const call = { kind: "send", state: cases.encode({ count: 0 }), params: record!.params } as const
      const again = await Effect.runPromise(cases.run(call, undefined, record!.granted))
      expect(again.returned._tag === "Ok" && cases.decode(again.returned.state!)).toEqual(drawn)
      await Effect.runPromise(cases.send({ count: 0 }, { do: "log", line: "hello" }))
      expect(lines).toEqual([{ level: "log", text: "hello" }])
    })

    it("is not disturbed by who is told of it", async () => {
      const fail = () => {
        throw new Error("the listener's own")
      }
      const cases = await makeCases(isolation, { console: fail })
      const { activity, calls, desk: instance, runtime } = desk({ assess: cases })
      activity.subscribe(fail)
      await runtime.runPromise(instance.actions.assess({ do: "log", line: "said" }))
      expect(instance.unsafe.getState()).toMatchObject({ count: 2 })
      expect(calls().map(({ outcome }) => outcome)).toEqual(["ok", "ok"])
    })

    it("tells of each of its calls, and of what it writes", async () => {
      const cases = await makeCases(isolation, { memory: "image" })
      const { activity, calls, desk: instance, runtime } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({ do: "log", line: "hello" }))
      await runtime.runPromise(Effect.exit(instance.actions.assess({ do: "trap" })))
      expect(calls()).toMatchObject([
        { instanceId: "Desk#1", action: undefined, kind: "init", outcome: "ok" },
        { handler: "Cases", instanceId: "Desk#1", action: "assess", kind: "send", outcome: "ok", isolation },
        { outcome: "trap", action: "assess", isolation }
      ])
      const first = calls()[1]
      expect(first?.bytesIn).toBe('{"count":1,"calls":1}{"do":"log","line":"hello"}'.length)
      expect(first?.bytesOut).toBe('{"count":2,"calls":2}'.length)
      expect(first?.pagesChanged).toBeGreaterThan(0)
      expect(first?.pages).toBeGreaterThanOrEqual(first!.pagesChanged)
      const lines = activity.snapshot().events.filter((event) => event._tag === "Console")
      expect(lines).toMatchObject([{ instanceId: "Desk#1", level: "log", text: "hello" }])
    })

    it("is loaded from an address, its bytes held against the hash", async () => {
      const source = builtUrl("cases.wasm")
      const options = await casesOptions(isolation)
      const cases = await scoped(Handler.make({ ...options, source }))
      expect(await Effect.runPromise(cases.send({ count: 1 }, {}))).toEqual({ count: 2, calls: 1 })
      const wrong = Handler.make({ ...options, source, sha256: "0".repeat(64) })
      await expect(scoped(Effect.flip(wrong))).resolves.toMatchObject({
        _tag: "HashMismatch",
        expected: "0".repeat(64),
        actual: options.sha256
      })
    })

    it("is not loaded where it asks for what is not granted, is too large, or is not there", async () => {
      const options = await casesOptions(isolation)
      const source = await built("undeclared.wasm")
      const undeclared = { ...options, source, sha256: await sha256(source) }
      expect(await scoped(Effect.flip(Handler.make(undeclared)))).toMatchObject({
        _tag: "ImportRefused",
        import: "env.fetch"
      })
      const large = { ...options, limits: { moduleBytes: 100 } }
      expect(await scoped(Effect.flip(Handler.make(large)))).toMatchObject({ _tag: "LoadFailed" })
      const absent = { ...options, source: builtUrl("there-is-none.wasm") }
      expect(await scoped(Effect.flip(Handler.make(absent)))).toMatchObject({ _tag: "LoadFailed" })
    })
  })

  it("a state that was given no memory refuses what is no object", async () => {
    const source = await built("echo.wasm")
    const made = Handler.make({
      name: "Echo",
      abi: "core",
      source,
      sha256: await sha256(source),
      state: Schema.Finite,
      params: Schema.Finite
    })
    const echo = await scoped(made)
    const exit = await Effect.runPromise(Effect.exit(echo.send(1, 2)))
    expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({
      _tag: "HandlerMismatch",
      what: "result state"
    })
  })
}
