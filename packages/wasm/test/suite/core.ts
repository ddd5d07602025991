/** The core ABI, over modules that two compilers have made. The same in Node and in Chromium. */
import { describe, expect, it } from "vitest"
import { load } from "../../src/abi/core.ts"
import type { CallKind, Grants, LoadOptions, Machine, Returned } from "../../src/Machine.ts"
import { built, sha256 } from "../fixture.ts"

const utf8 = new TextEncoder()
const text = new TextDecoder()

export const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> => utf8.encode(JSON.stringify(value))

export const valueOf = (bytes: Uint8Array<ArrayBuffer> | null): unknown =>
  bytes === null ? undefined : JSON.parse(text.decode(bytes))

/** As JSON. */
export const told = (returned: Returned): unknown =>
  returned._tag === "Err"
    ? returned
    : { state: valueOf(returned.state), response: valueOf(returned.response) }

export const loadFixture = async (name: string, options: Partial<LoadOptions> = {}) => {
  const bytes = await built(`${name}.wasm`)
  const declared = {
    handler: name,
    sha256: await sha256(bytes),
    limits: {},
    imports: [],
    memory: "image"
  } as const
  return load({ abi: "core", bytes }, { ...declared, ...options })
}

export const machineOf = async (
  name: string,
  options: Partial<LoadOptions> = {},
  grants: Grants = { console: () => {} }
): Promise<Machine> => (await loadFixture(name, options)).instantiate(grants)

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
  })
}
