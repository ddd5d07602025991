/** The reader and rewriter of WebAssembly, against programs whose outcome is known. The same in Node and in Chromium. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { rewrite, type Rewritten, type RewriteOptions } from "../../src/binary/rewrite.ts"
import { assemble, calls, passive, withMemory, zero } from "../binary/assemble.ts"
import { programOf, type Outcome } from "../binary/programs.ts"
import { encode } from "../binary/values.ts"

const options: RewriteOptions = { handler: "Test", limits: {}, memory: "image", imports: undefined }

interface Ran {
  readonly trapped: boolean
  readonly globals: ReadonlyArray<bigint>
  readonly memory: Uint8Array
  readonly pages: number
  readonly left: bigint | undefined
}

const bitsOf = (value: unknown, index: number): bigint => {
  if (typeof value === "bigint") return BigInt.asUintN(64, value)
  if (index === 0) return BigInt.asUintN(32, BigInt(value as number))
  return encode(index === 2 ? "f32" : "f64", value as number)
}

const run = (rewritten: Rewritten): Ran => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(rewritten.bytes))
  const global = (name: string): unknown => (exports[name] as WebAssembly.Global).value
  let trapped = false
  try {
    ;(exports["run"] as () => void)()
  } catch (error) {
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError)
    trapped = true
  }
  const { buffer } = exports[rewritten.memories[0] ?? ""] as WebAssembly.Memory
  return {
    trapped,
    globals: rewritten.globals.map((name, index) => bitsOf(global(name), index)),
    memory: new Uint8Array(buffer, 0, 512),
    pages: buffer.byteLength / 65_536,
    left: rewritten.fuel === undefined ? undefined : (global(rewritten.fuel) as bigint)
  }
}

/** As a host sees it: which NaN a float global holds is not seen. */
const seen = ({ globals, memory, pages }: Outcome): Omit<Outcome, "units"> => ({
  globals: globals.map((bits, index) => (index < 2 ? bits : bitsOf(asNumber(index, bits), index))),
  memory,
  pages
})

const asNumber = (index: number, bits: bigint): number => {
  const view = new DataView(new ArrayBuffer(8))
  if (index === 2) {
    view.setUint32(0, Number(bits))
    return view.getFloat32(0)
  }
  view.setBigUint64(0, bits)
  return view.getFloat64(0)
}

const choices = fc.array(fc.nat(10_000), { minLength: 5, maxLength: 250 })

export const binary = (): void => {
  describe("a rewritten module", () => {
    it("does what its original says: to the bits of its memory, NaNs being the canonical ones", () => {
      fc.assert(
        fc.property(choices, (chosen) => {
          const { parts, expected } = programOf(chosen)
          const ran = run(rewrite(assemble(parts), options))
          expect(ran.trapped).toBe(false)
          expect({ globals: ran.globals, memory: ran.memory, pages: ran.pages }).toEqual(seen(expected))
        }),
        { numRuns: 250 }
      )
    })

    it("uses a unit of fuel for each instruction that it executes, and traps with one less", () => {
      fc.assert(
        fc.property(choices, (chosen) => {
          const { parts, expected } = programOf(chosen)
          const original = assemble(parts)
          const enough = run(rewrite(original, { ...options, limits: { fuel: expected.units } }))
          expect([enough.trapped, enough.left]).toEqual([false, 0n])
          expect({ globals: enough.globals, memory: enough.memory, pages: enough.pages }).toEqual(
            seen(expected)
          )
          if (expected.units === 1) return
          const short = run(rewrite(original, { ...options, limits: { fuel: expected.units - 1 } }))
          expect(short.trapped).toBe(true)
          expect(short.left).toBeLessThan(0n)
        }),
        { numRuns: 250 }
      )
    })

    it("ends by fuel wherever it would go on for ever", () => {
      const endless: ReadonlyArray<ReadonlyArray<number>> = [
        // loop br 0; a loop that only jumps by br_table; recursion; a tail call
        [0x03, 0x40, 0x0c, 0, 0x0b],
        [0x03, 0x40, ...zero, 0x0e, 0, 0, 0x0b],
        [0x03, 0x40, 0x41, 1, 0x0d, 0, 0x0b],
        [0x10, 0],
        [0x12, 0]
      ]
      for (const code of endless) {
        const ran = run(rewrite(assemble(withMemory(code)), { ...options, limits: { fuel: 1000 } }))
        expect([ran.trapped, ran.left]).toEqual([true, expect.any(BigInt)])
        expect(ran.left).toBeLessThan(0n)
      }
    })

    it("pays for the length of what it fills", () => {
      const fill = [...zero, ...zero, 0x41, 0x80, 0x80, 4, 0xfc, 11, 0]
      const ran = run(rewrite(assemble(withMemory(fill)), { ...options, limits: { fuel: 5000 } }))
      expect(ran.left).toBe(BigInt(5000 - 4 - 65_536 / 64))
    })

    it("makes the canonical NaN in lanes of vectors too", () => {
      // v128.const with infinities; the difference of it and itself is stored at 0
      const infinities = [0, 0, 0, 0, 0, 0, 0xf0, 0x7f]
      const constant = [0xfd, 12, ...infinities, ...infinities]
      const code = [...zero, ...constant, ...constant, 0xfd, 0xf1, 1, 0xfd, 11, 0, 0]
      const { memory } = run(rewrite(assemble(withMemory(code)), options))
      expect(Array.from(memory.subarray(0, 16))).toEqual([
        0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f
      ])
    })

    it("reads no bits of a NaN from a global, which a host may have restored", () => {
      const init = [0x44, 1, 2, 3, 4, 5, 6, 0xf8, 0xff]
      const code = [...zero, 0x23, 1, 0xbd, 0x37, 0, 0]
      const global = { type: "f64" as const, init }
      const parts = { ...withMemory(code), globals: [{ type: "i32" as const, init: zero }, global] }
      const { memory } = run(rewrite(assemble(parts), options))
      expect(Array.from(memory.subarray(0, 8))).toEqual([0, 0, 0, 0, 0, 0, 0xf8, 0x7f])
    })

    it("cannot name what the loader adds", () => {
      const own = { globals: [{ type: "i32" as const, init: zero }], memory: [0, 1] }
      const limits = { fuel: 1000 }
      for (const code of [
        [0x42, 100, 0x24, 1],
        [0x23, 2, 0x1a],
        [0x20, 0, 0x1a]
      ]) {
        expect(() => rewrite(assemble({ ...calls(code), ...own }), { ...options, limits })).toThrow(
          expect.objectContaining({ _tag: "LoadFailed" })
        )
      }
    })

    it("keeps passive segments, so that memory.init gives the same after a restore", () => {
      const code = [...zero, ...zero, 0x41, 3, 0xfc, 8, 0, 0]
      const parts = { ...withMemory(code), sections: passive }
      for (let fresh = 0; fresh < 2; fresh++) {
        const { memory } = run(rewrite(assemble(parts), options))
        expect(Array.from(memory.subarray(0, 4))).toEqual([1, 2, 3, 0])
      }
    })
  })
}
