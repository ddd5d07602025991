import { Collection } from "@sluice/core"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { describe, expect, test } from "vitest"
import { decode, encode } from "../src/codec/index.ts"
import { inspect, lineOf } from "../src/inspect.ts"

class Money {
  readonly amount: number
  constructor(amount: number) {
    this.amount = amount
  }
  get doubled(): number {
    throw new Error("called")
  }
}

class Late extends Error {}
function go() {}

/** As another page has it, without its classes. */
const sent = (value: unknown): unknown => Result.getOrThrow(decode(encode(value)))

const labels = (value: unknown, from = 0, to = 100) =>
  inspect(value)
    .parts(from, to)
    .map((part) => part.label)

describe("inspect", () => {
  test.each<[string, unknown, string]>([
    ["a string", 'say "hi"', '"say \\"hi\\""'],
    ["a bigint", 12n, "12n"],
    ["negative zero", -0, "-0"],
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a function", function go() {}, "ƒ go"],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a broken date", new Date(Number.NaN), "Invalid Date"],
    ["an array", [1, [2], {}, "x", 5], '[1, [1], {…}, "x", …] (5)'],
    ["an object", { a: 1, b: { c: 2 } }, "{a: 1, b: {…}}"],
    ["an object of many fields", { a: 1, b: 2, c: 3, d: 4, e: 5 }, "{a: 1, b: 2, c: 3, d: 4, …}"],
    ["a map", new Map([[1, 2]]), "Map(1)"],
    ["a set", new Set([1]), "Set(1)"],
    ["a typed array", new Uint8Array(3), "Uint8Array(3 bytes)"],
    ["a class instance", new Money(3), "Money {amount: 3}"],
    ["an error", new RangeError("too far"), "RangeError: too far"],
    ["an instance of elsewhere", sent(new Money(3)), "Money {amount: 3}"],
    ["an error of elsewhere", sent(new Late("by an hour")), "Late: by an hour"],
    ["a function of elsewhere", sent(go), "ƒ go"],
    ["a symbol of elsewhere", sent(Symbol("s")), "Symbol(s)"],
    ["a secret of elsewhere", sent(Redacted.make(1, { label: "PIN" })), "(redacted: PIN)"],
    ["some", Option.some(5), "Some(5)"],
    ["none", Option.none(), "None"],
    ["a tagged value", { _tag: "Late", minutes: 61 }, "Late {minutes: 61}"],
    ["a collection", Collection.make<{ id: string }, "id">("id", [{ id: "a" }]), "Collection(1)"],
    ["one without a prototype", Object.create(null), "{}"]
  ])("shows %s in a line", (_, value, line) => {
    expect(lineOf(value)).toBe(line)
  })

  test("cuts long text", () => {
    expect(lineOf("x".repeat(10_000)).length).toBeLessThan(300)
  })

  test("gives parts a page at a time", () => {
    const many = Array.from({ length: 1000 }, (_, index) => index)
    expect(inspect(many).size).toBe(1000)
    expect(inspect(many).parts(500, 502)).toEqual([
      { label: "500", value: 500 },
      { label: "501", value: 501 }
    ])
    expect(labels(new Set(many), 998, 1100)).toEqual(["998", "999"])
    expect(inspect(new Map(many.map((n) => [`k${n}`, n]))).parts(7, 8)).toEqual([
      { label: '"k7" →', value: 7 }
    ])
    const rows = Collection.make<{ id: string }, "id">(
      "id",
      many.map((n) => ({ id: `F${n}` }))
    )
    expect(inspect(rows).parts(999, 1100)).toEqual([{ label: '"F999"', value: { id: "F999" } }])
  })

  test("calls no getter and survives a hostile proxy", () => {
    const lazy = {
      get computed(): number {
        throw new Error("called")
      }
    }
    expect(lineOf(lazy)).toBe("{computed: (…)}")
    expect(lineOf(inspect(lazy).parts(0, 1)[0]?.value)).toBe("(…)")
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error("no")
        }
      }
    )
    expect(lineOf(hostile)).toContain("cannot be shown")
  })

  test("shows what an error carries", () => {
    const error = Object.assign(new Error("broken", { cause: 7 }), { where: "here" })
    expect(labels(error)).toEqual(["where", "message", "cause"])
  })
})
