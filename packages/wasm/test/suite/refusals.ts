/** What the reader of WebAssembly refuses, and that it reads whatever bytes there are. The same in Node and in Chromium. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { rewrite, type Rewritten, type RewriteOptions } from "../../src/binary/rewrite.ts"
import { assemble, calls, leb, passive, signed, withMemory, withTable, zero } from "../binary/assemble.ts"
import { built } from "../fixture.ts"

const options: RewriteOptions = { handler: "Test", limits: {}, memory: "image", imports: undefined }

const refused = (
  parts: Parameters<typeof assemble>[0],
  feature: string,
  more: Partial<RewriteOptions> = {}
) => {
  expect(() => rewrite(assemble(parts), { ...options, ...more })).toThrow(
    expect.objectContaining({ _tag: "ModuleRefused", feature })
  )
}

export const refusals = (): void => {
  describe("refused by name", () => {
    it("is state that no image holds", () => {
      const vector = [0xfd, 12, ...Array.from({ length: 16 }, () => 0)]
      refused({ ...calls([]), globals: [{ type: "v128", init: vector }] }, "a mutable global of type v128")
      refused(
        { ...calls([]), globals: [{ type: "funcref", init: [0xd0, 0x70] }] },
        "a mutable global of type funcref"
      )
      refused(
        { ...calls([]), globals: [{ type: "externref", init: [0xd0, 0x6f] }] },
        "a mutable global of type externref"
      )
      refused(withTable([...zero, 0xd0, 0x70, 0x26, 0]), "table.set")
      refused(withTable([0xd0, 0x70, ...zero, 0xfc, 15, 0, 0x1a]), "table.grow")
      refused(withTable([...zero, 0xd0, 0x70, ...zero, 0xfc, 17, 0]), "table.fill")
      refused(withTable([...zero, ...zero, ...zero, 0xfc, 14, 0, 0]), "table.copy")
      refused(withTable([...zero, ...zero, ...zero, 0xfc, 12, 0, 0]), "table.init")
      refused(withTable([0xfc, 13, 0]), "elem.drop")
      refused({ ...withMemory([0xfc, 9, 0]), sections: passive }, "data.drop")
    })

    it("is nothing of that where nothing is kept", () => {
      const table = assemble(withTable([...zero, 0xd0, 0x70, 0x26, 0]))
      const rewritten = rewrite(table, { ...options, memory: "none" })
      expect(WebAssembly.validate(rewritten.bytes)).toBe(true)
    })

    it("is what engines may answer differently, and what the loader does not support", () => {
      refused({ ...calls([]), memory: [3, 1, 2] }, "a shared memory")
      refused({ ...calls([]), memory: [4, 1] }, "memory64")
      refused({ ...calls([]), memory: [9, 1, 1, 0] }, "pages of another size")
      refused(calls([0xfd, 0x80, 2]), "relaxed SIMD")
      refused(calls([0xfe, 0x03, 0]), "atomic instructions")
      refused(calls([0x06, 0x40, 0x0b]), "exceptions")
      refused(calls([0x1f, 0x40, 0, 0x0b]), "exceptions")
      refused({ sections: { 13: [0] } }, "exceptions")
      refused({ sections: { 1: [1, 0x5f, 0] } }, "garbage-collected types")
      refused(calls([0x14, 0]), "typed references")
      refused({ ...calls([]), sections: { 5: [2, 0, 1, 0, 1] } }, "several memories")
      refused({ ...calls([]), memory: [0, 9] }, "a memory of 9 pages", { limits: { memoryPages: 8 } })
      const half = [0x70, 0, ...leb(500_001)]
      refused({ ...calls([]), sections: { 4: [2, ...half, ...half] } }, "tables of 1000002 elements")
    })

    it("is a table that grows past what all tables may have", async () => {
      const grow = (by: number) => [0xd0, 0x70, 0x41, ...signed(BigInt(by)), 0xfc, 15, 0]
      const code = [...grow(400_000), ...grow(200_000), 0x6a]
      const module = assemble({
        functions: [{ name: "run", results: ["i32"], code }],
        sections: { 4: [2, 0x70, 0, 4, 0x70, 1, 1, 1] }
      })
      const { bytes } = rewrite(module, { ...options, memory: "none" })
      const { instance } = await WebAssembly.instantiate(bytes)
      // As it was made above
      const run = instance.exports["run"] as () => number
      expect(run()).toBe(4 - 1)
    })
  })

  describe("whatever the bytes", () => {
    const attempt = (bytes: Uint8Array<ArrayBuffer>): Rewritten | undefined => {
      try {
        return rewrite(bytes, { ...options, limits: { fuel: 1000, memoryPages: 2000 } })
      } catch (error) {
        expect(["LoadFailed", "ModuleRefused"]).toContain((error as { readonly _tag?: string })._tag)
        return undefined
      }
    }

    it("reading ends with a module or with an error that is typed", () => {
      const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, hasHeader) => {
          attempt(new Uint8Array(hasHeader ? [...header, ...bytes] : bytes))
        }),
        { numRuns: 2000 }
      )
    })

    it("each instruction that the engine knows is read to its end, or refused by its name", () => {
      const ten = (prefix: number, count: number) =>
        Array.from({ length: count }, (_, sub) => [prefix, ...leb(sub)])
      const plain = Array.from({ length: 0xfb }, (_, opcode) => [opcode])
      // Those that begin a block, and `else`
      const simple = plain.filter(
        ([opcode = 0]) => opcode < 2 || opcode > 11 || opcode === 8 || opcode === 10
      )
      let known = 0
      for (const instruction of [...simple, ...ten(0xfc, 32), ...ten(0xfd, 0x120), ...ten(0xfe, 0x50)]) {
        const moduleWith = (immediates: number) =>
          assemble({
            functions: [
              // In code that is not reached, each instruction has the operands that it wants
              {
                locals: ["i32"],
                code: [0, ...instruction, ...Array.from({ length: immediates }, () => 0), 0]
              }
            ],
            memory: [0, 1],
            table: [0x70, 0, 1],
            globals: [{ type: "i32", init: zero }],
            sections: { 9: [1, 1, 0, 1, 0], ...passive }
          })
        const candidates = Array.from({ length: 19 }, (_, immediates) => moduleWith(immediates))
        const valid = candidates.find((bytes) => WebAssembly.validate(bytes))
        if (valid === undefined) continue
        known++
        try {
          const rewritten = rewrite(valid, { ...options, memory: "none", limits: { fuel: 1 } })
          expect(WebAssembly.validate(rewritten.bytes), String(instruction)).toBe(true)
        } catch (error) {
          expect((error as { readonly _tag?: string })._tag, String(instruction)).toBe("ModuleRefused")
        }
      }
      expect(known).toBeGreaterThan(400)
    })

    it("rewriting makes no valid module of an invalid one, and none invalid of a valid one", async () => {
      const originals = await Promise.all(
        ["counter-wat", "hidden", "echo"].map((name) => built(`${name}.wasm`))
      )
      const change = fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), byte: fc.nat(255) })
      let accepted = 0
      fc.assert(
        fc.property(fc.nat(2), fc.array(change, { maxLength: 3 }), (which, changes) => {
          const bytes = (originals[which] ?? new Uint8Array()).slice()
          for (const { at, byte } of changes) bytes[Math.floor(at * bytes.length)] = byte
          const rewritten = attempt(bytes)
          if (rewritten === undefined) return
          accepted++
          expect(WebAssembly.validate(rewritten.bytes)).toBe(WebAssembly.validate(bytes))
        }),
        { numRuns: 1500 }
      )
      expect(accepted).toBeGreaterThan(100)
    })
  })
}
