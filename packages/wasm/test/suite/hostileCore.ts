/** Core modules that give the host what it did not ask for. The same in Node and in Chromium. */
import { Module, Runtime } from "@sluice/core"
import { load } from "@sluice/wasm/abi/core"
import { Handler } from "@sluice/wasm"
import type { Limits } from "@sluice/wasm/Machine"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it, onTestFinished } from "vitest"
import { assemble, leb, signed, text, zero } from "../binary/assemble.ts"
import { sha256 } from "../fixture.ts"
import { scoped } from "./cases.ts"

const constant = (value: number) => [0x41, ...signed(BigInt(value | 0))]

/** Of 32 bits, little-endian. */
const words = (values: ReadonlyArray<number>) => [...new Uint8Array(new Uint32Array(values).buffer)]

/** Of the data section. */
const segment = (at: number, bytes: ReadonlyArray<number>) => [
  0,
  ...constant(at),
  0x0b,
  ...leb(bytes.length),
  ...bytes
]

const contentAt = 2048

interface Hostile {
  readonly alloc?: ReadonlyArray<number>
  /** The address of its result. */
  readonly result?: number
  /** The tag, the state's address and length, the response's. */
  readonly record?: ReadonlyArray<number>
  readonly content?: ReadonlyArray<number>
  readonly start?: ReadonlyArray<number>
  readonly memory?: ReadonlyArray<number>
}

const moduleOf = ({
  alloc = constant(4096),
  content = [],
  memory = [0, 2],
  record = [0, contentAt, content.length, 0, 0],
  result = 1024,
  start
}: Hostile) =>
  assemble({
    functions: [
      { name: "alloc", params: ["i32"], results: ["i32"], code: alloc },
      { name: "send", params: ["i32", "i32", "i32", "i32"], results: ["i32"], code: constant(result) },
      { code: start ?? [] }
    ],
    memory,
    sections: {
      ...(start === undefined ? {} : { 8: [2] }),
      11: [2, ...segment(1024, words(record)), ...segment(contentAt, content)]
    }
  })

const params = new TextEncoder().encode("{}")

const called = async (hostile: Hostile, limits: Limits = {}) => {
  const bytes = moduleOf(hostile)
  const options = {
    handler: "Hostile",
    sha256: await sha256(bytes),
    limits,
    imports: [],
    memory: "image"
  } as const
  const program = await load({ abi: "core", bytes }, options)
  return () => program.instantiate({ console: () => {} }).call({ kind: "send", state: params, params })
}

const grow = [...constant(1), 0x40, 0, 0x1a]

const State = Schema.Struct({ count: Schema.Finite, more: Schema.optionalKey(Schema.Unknown) })
const Params = Schema.Struct({})

const handlerOf = async (isolation: Handler.Isolation, content: ReadonlyArray<number>) => {
  const source = moduleOf({ content, memory: [0, 64] })
  return scoped(
    Handler.make({
      name: "Hostile",
      abi: "core",
      source,
      sha256: await sha256(source),
      isolation,
      memory: "image",
      state: State,
      params: Params
    })
  )
}

export const hostileCore = (): void => {
  describe("a core module that gives what it should not", () => {
    it.each([
      ["alloc outside its memory", { alloc: constant(-1) }],
      ["alloc at the end of its memory", { alloc: constant(2 * 65_536 - 1) }],
      ["a result outside its memory", { result: -4 }],
      ["a result across the end of its memory", { result: 2 * 65_536 - 16 }],
      ["a state of 4 GB", { record: [0, contentAt, 2 ** 32 - 1, 0, 0] }],
      ["a state outside its memory", { record: [0, 2 ** 32 - 1, 1, 0, 0] }],
      ["a response of 4 GB", { record: [0, contentAt, 0, contentAt, 2 ** 32 - 1] }],
      ["an error of 4 GB", { record: [1, 0, 2 ** 32 - 1, 0, 0] }],
      ["no tag of a result", { record: [2 ** 32 - 1, 0, 0, 0, 0] }]
    ] satisfies ReadonlyArray<readonly [string, Hostile]>)("%s: a Fault", async (_, hostile) => {
      expect(await called(hostile)).toThrow(expect.objectContaining({ name: "Fault", kind: "abi" }))
    })

    it("is read where it has grown in each alloc", async () => {
      const state = text("{}").slice(1)
      const call = await called({ alloc: [...grow, ...constant(4096)], content: state })
      expect(call()).toMatchObject({ _tag: "Ok", state: new Uint8Array(state) })
    })

    it("has an error that is no UTF-8: it is read as far as it is", async () => {
      const call = await called({ content: [0xff, 0x41], record: [1, contentAt, 2, 0, 0] })
      expect(call()).toEqual({ _tag: "Err", error: "\ufffdA" })
    })

    it.each([
      ["traps", [0], "trap"],
      ["loops", [0x03, 0x40, 0x0c, 0, 0x0b], "fuel"],
      ["calls itself", [0x10, 2], "fuel"],
      [
        "fills its memory again and again",
        [0x03, 0x40, ...zero, ...zero, ...constant(65_536), 0xfc, 11, 0, 0x0c, 0, 0x0b],
        "fuel"
      ],
      ["grows past its limit, and traps", [...constant(9), 0x40, 0, 0x1a, 0], "memory"]
    ] as const)("%s as it starts: a Fault", async (_, start, kind) => {
      const call = await called({ start }, { fuel: 5000, memoryPages: 8 })
      expect(call).toThrow(expect.objectContaining({ name: "Fault", kind }))
    })
  })

  describe.each(["inline", "worker"] as const)("a state from a hostile module (%s)", (isolation) => {
    const failure = async (json: string | ReadonlyArray<number>) => {
      const content = typeof json === "string" ? [...new TextEncoder().encode(json)] : json
      const handler = await handlerOf(isolation, content)
      return Effect.runPromise(Effect.result(handler.send({ count: 1 }, {})))
    }

    it("is refused if it is no UTF-8 or no JSON", async () => {
      for (const json of [[0xff], "{", '{"count":1', '{"count":1e999}', ""]) {
        expect(await failure(json)).toMatchObject({ _tag: "Failure", failure: { _tag: "HandlerMismatch" } })
      }
    })

    it("reaches no prototype", async () => {
      const json =
        '{"count":2,"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"more":{"__proto__":{"polluted":1}}}'
      const result = await failure(json)
      const { polluted } = {} as { readonly polluted?: unknown }
      expect(polluted).toBeUndefined()
      expect(result).toMatchObject({ _tag: "Success", success: { count: 2 } })
      if (result._tag === "Success") expect(Object.getPrototypeOf(result.success)).toBe(Object.prototype)
    })

    it("is given or refused however deep it is nested, and the next call comes back", async () => {
      const deep = `{"count":2,"more":${"[".repeat(30_000)}${"]".repeat(30_000)}}`
      const handler = await handlerOf(isolation, [...new TextEncoder().encode(deep)])
      const Nested = Module.make("Nested", { state: State, actions: { nest: Params } })
      const runtime = Runtime.make(Nested.implement({ initial: { count: 0 }, handlers: { nest: handler } }), {
        onError: () => {}
      })
      onTestFinished(() => runtime.dispose())
      const instance = runtime.resolve(Nested.tag)
      for (let n = 0; n < 2; n++) {
        const sent = await Effect.runPromise(Effect.result(handler.send({ count: 1 }, {})))
        expect(["ok", "HandlerMismatch"]).toContain(sent._tag === "Success" ? "ok" : sent.failure._tag)
        const exit = await runtime.runPromise(Effect.exit(instance.actions.nest({})))
        expect([exit._tag, instance.unsafe.getState().count]).toEqual(
          exit._tag === "Success" ? ["Success", 2] : ["Failure", 0]
        )
      }
    })
  })
}
