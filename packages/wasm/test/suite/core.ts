/** The core ABI, over modules that two compilers have made. The same in Node and in Chromium. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { CallKind, Grants } from "../../src/Machine.ts"
import { built } from "../fixture.ts"
import { bytesOf, loadFixture, machineOf, told } from "./load.ts"
export { bytesOf, loadFixture, machineOf, told, valueOf } from "./load.ts"
import { outcomes, type Told } from "./outcomes.ts"

const all = ["console", "clock", "random"]

export const core = (): void => {
  describe("a core module", () => {
    it("gets its state and params as bytes, and gives a state and a response", async () => {
      const machine = await machineOf("counter-wat")
      const first = machine.call({ kind: "init", state: null, params: bytesOf(3) })
      expect(told(first)).toEqual({ state: { count: 3 }, response: undefined })
      const second = machine.call({
        kind: "request",
        state: bytesOf({ count: 3 }),
        params: bytesOf({ by: 39 })
      })
      expect(told(second)).toEqual({ state: { count: 42 }, response: { calls: 2 } })
    })

    it("fails with an error of its domain", async () => {
      const machine = await machineOf("counter-wat")
      const returned = machine.call({ kind: "send", state: bytesOf({ count: 999_999 }), params: bytesOf(2) })
      expect(returned).toEqual({ _tag: "Err", error: "the count is full" })
    })

    it("has its private mutable globals in its parts, though it exports none", async () => {
      const original = await WebAssembly.compile(await built("hidden.wasm"))
      expect(WebAssembly.Module.exports(original).filter(({ kind }) => kind === "global")).toEqual([])
      const machine = await machineOf("hidden")
      const before = machine.parts[0]?.globals.map(({ value }) => value)
      const call = () => told(machine.call({ kind: "send", state: null, params: bytesOf(null) }))
      expect(call()).toEqual({ state: { calls: 1 }, response: undefined })
      expect(call()).toEqual({ state: { calls: 2 }, response: undefined })
      const after = machine.parts[0]?.globals.map(({ value }) => value)
      expect(after).not.toEqual(before)
      expect(after).toContain(2)
    })

    it("is written in AssemblyScript with the kit", async () => {
      const lines: Array<unknown> = []
      const grants: Grants = { console: (line) => lines.push(line) }
      const machine = await machineOf("counter-as", { imports: ["console"] }, grants)
      const call = (kind: CallKind, state: unknown, params: unknown) =>
        told(machine.call({ kind, state: state === null ? null : bytesOf(state), params: bytesOf(params) }))
      expect(call("init", null, { by: 0.5 })).toEqual({ state: { count: 0.5 } })
      expect(call("send", { count: 0.5 }, -4)).toEqual({ state: { count: -3.5 } })
      expect(call("request", { count: 1e3 }, { by: 24, text: 'a "ü\n\u0001' })).toEqual({
        state: { count: 1024 },
        response: { calls: 3, count: 1024 }
      })
      expect(call("send", { count: 1e6 }, 1)).toEqual({ _tag: "Err", error: "the count is full" })
      expect(call("child-error", { count: 1 }, { error: "gone" })).toEqual({
        state: { count: 1, lastError: "gone" }
      })
      expect(lines).toEqual([{ level: "log", text: 'asked by {"by":24,"text":"a \\"ü\\n\\u0001"}' }])
    })

    it("reads and writes all of JSON with the kit, each double as it is", async () => {
      let line = ""
      const console = ({ text }: { readonly text: string }) => {
        line = text
      }
      const machine = await machineOf("counter-as", { imports: ["console"] }, { console })
      const value = fc.oneof(fc.jsonValue(), fc.double({ noNaN: true, noDefaultInfinity: true }))
      fc.assert(
        fc.property(value, (params) => {
          machine.call({ kind: "request", state: null, params: bytesOf(params) })
          expect(JSON.parse(line.slice("asked by ".length))).toEqual(JSON.parse(JSON.stringify(params)))
        }),
        { numRuns: 1000 }
      )
    })

    it("is loaded by the hash of its original bytes alone", async () => {
      await expect(loadFixture("counter-wat", { sha256: "00" })).rejects.toMatchObject({
        _tag: "HashMismatch"
      })
    })

    it("is not loaded if it imports what is not granted, which is named", async () => {
      const imports = ["console"]
      await expect(loadFixture("undeclared", { imports })).rejects.toMatchObject({
        _tag: "ImportRefused",
        import: "env.fetch",
        granted: ["sluice.console"]
      })
      await expect(loadFixture("cases", { imports })).rejects.toMatchObject({
        _tag: "ImportRefused",
        import: "sluice.random"
      })
    })

    it("is not loaded if it is larger than its limit", async () => {
      await expect(loadFixture("hidden", { limits: { moduleBytes: 1000 } })).rejects.toMatchObject({
        _tag: "LoadFailed"
      })
    })

    it.each([
      ["trap", {}, "trap"],
      ["out of bounds", {}, "trap"],
      ["divide", { by: 0 }, "trap"],
      ["recursion", {}, "stack"],
      ["allocate", {}, "memory"],
      ["grow", { pages: 100 }, "memory"],
      ["loop", {}, "fuel"],
      ["large", { length: 5000 }, "result-bytes"]
    ])("faults at %s %o as %s", async (what, more, kind) => {
      const limits = { memoryPages: 64, resultBytes: 4096, ...(kind === "fuel" ? { fuel: 1_000_000 } : {}) }
      const machine = await machineOf("cases", { limits, imports: ["console", "clock", "random"] })
      const call = () => machine.call({ kind: "send", state: null, params: bytesOf({ do: what, ...more }) })
      expect(call).toThrow(expect.objectContaining({ name: "Fault", kind }))
    })

    it("grows its memory to the limit, and not past it", async () => {
      const machine = await machineOf("cases", { limits: { memoryPages: 40 }, imports: all })
      const grow = (pages: number) =>
        told(machine.call({ kind: "send", state: null, params: bytesOf({ do: "grow", pages }) }))
      expect(grow(40)).toEqual({ state: { count: 1, calls: 1, pages: 40 } })
      expect(machine.parts[0]?.memory?.buffer.byteLength).toBe(40 * 65_536)
      expect(() => grow(41)).toThrow(expect.objectContaining({ kind: "memory" }))
    })

    it("reads the clock and draws only through its grants", async () => {
      const machine = await machineOf("cases", { imports: all }, { clock: () => 1234.5, console: () => {} })
      const call = (what: string) =>
        told(machine.call({ kind: "send", state: null, params: bytesOf({ do: what }) }))
      expect(call("clock")).toEqual({ state: { count: 1, calls: 1, at: 1234.5 } })
      expect(() => call("random")).toThrow(expect.objectContaining({ kind: "abi" }))
    })

    it("gives the bytes, memory, globals and fuel that it gave in Node, faults included", async () => {
      const expected = JSON.parse(
        new TextDecoder().decode(await built("outcomes.json"))
      ) as ReadonlyArray<Told>
      expect(await outcomes()).toEqual(expected)
      expect(expected.map(({ outcome }) => outcome)).toEqual(
        expect.arrayContaining(["fuel", "trap", "memory", "the count is full"])
      )
    })

    it("makes NaNs of one kind alone, whatever the processor makes", async () => {
      const machine = await machineOf("nan")
      const made = told(machine.call({ kind: "send", state: null, params: bytesOf({ x: 2 }) }))
      // The last two have the other sign, of a NaN and then of a number: bits that were moved
      const last = ["fff8000000000000", "4000000000000000"]
      const bits = [...Array.from({ length: 6 }, () => "7ff8000000000000"), ...last]
      const state = Object.fromEntries(bits.map((text, index) => [`n${index}`, text]))
      expect(made).toEqual({ state: { ...state, half: 1 } })
    })
  })
}
