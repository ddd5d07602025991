import { Collection } from "@sluice/core"
import * as Edits from "@sluice/core/Edits"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { describe, expect, test } from "vitest"
import {
  classNameOf,
  decode,
  Described,
  encode,
  isUnrevived,
  KeyFunctionMissing,
  Unrevived,
  UnrevivedError
} from "../../src/codec/index.ts"
import { Flight, Late } from "./values.ts"

const sent = (value: unknown): unknown => Result.getOrThrow(decode(JSON.parse(JSON.stringify(encode(value)))))
const failure = (encoded: unknown, limits = {}) => Result.getFailure(decode(encoded, { limits }))

const chain = (links: number) => {
  let list: unknown = null
  for (let link = 0; link < links; link++) list = { next: list }
  return list
}

describe("encode", () => {
  test("runs no accessor, no toJSON and no code of a class", () => {
    const refuse = () => {
      throw new Error("ran")
    }
    const value = {
      get computed() {
        return refuse()
      },
      toJSON: refuse,
      list: Object.defineProperty([], 0, { get: refuse, enumerable: true }),
      map: Object.assign(new Map([["a", 1]]), { forEach: refuse, [Symbol.iterator]: refuse })
    }
    expect(sent(value)).toEqual({
      computed: new Described("accessor", ""),
      toJSON: new Described("function", "refuse"),
      list: [new Described("accessor", "")],
      map: new Map([["a", 1]])
    })
  })

  test("describes what cannot be had elsewhere, and the description keeps its bytes", () => {
    const value = [
      Symbol("id"),
      Symbol.iterator,
      () => 1,
      class Desk {},
      Promise.resolve(1),
      new WeakMap(),
      new EventTarget()
    ]
    expect(sent(value)).toEqual([
      new Described("symbol", "id"),
      new Described("symbol", "Symbol.iterator"),
      new Described("function", ""),
      new Described("function", "Desk"),
      new Described("host", "Promise"),
      new Described("host", "WeakMap"),
      new Described("host", "EventTarget")
    ])
    expect(encode(sent(value))).toEqual(encode(value))
    const symbol = Symbol("one")
    const [first, second] = sent([symbol, symbol]) as [unknown, unknown]
    expect(first).toBe(second)
  })

  test("never has what is redacted", () => {
    const encoded = JSON.stringify(encode({ key: Redacted.make("s3cret", { label: "API key" }) }))
    expect(encoded).not.toContain("s3cret")
    expect(encoded).toContain("API key")
  })

  test("gives up on what refuses to be looked at, and goes on with the rest", () => {
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const pretends: unknown = Object.create(Date.prototype)
    const unreadable = new Described("unreadable", "")
    expect(sent([revoked.proxy, pretends, 1])).toEqual([unreadable, unreadable, 1])
  })

  test("has of a view its own bytes, and not those of the pool that it lies in", () => {
    const pool = new TextEncoder().encode("secret;visible;secret")
    const view = pool.subarray(7, 14)
    expect(sent(view)).toEqual(new TextEncoder().encode("visible"))
    expect(JSON.stringify(encode(view))).toBe(JSON.stringify(encode(view.slice())))
  })

  test("has no stacks, and no fields that are keyed by a symbol or not enumerable", () => {
    const value = Object.defineProperty({ [Symbol("a")]: 1, b: 2 }, "hidden", { value: 3 })
    expect(sent(value)).toEqual({ b: 2 })
    expect(JSON.stringify(encode(new Error("late")))).not.toContain("codec.test")
  })
})

describe("depth", () => {
  test("of 100,000 links is no more than of one", () => {
    const list = chain(100_000)
    const encoded: unknown = JSON.parse(JSON.stringify(encode(list)))
    const decoded = Result.getOrThrow(decode(encoded))
    expect(JSON.stringify(encode(decoded))).toBe(JSON.stringify(encoded))
  })

  test("is that of the value, and its end is there", () => {
    let link = sent(chain(3)) as { next: { next: { next: unknown } } }
    expect(link.next.next.next).toBeNull()
    link = sent(chain(4)) as typeof link
    expect(link.next.next.next).toEqual({ next: null })
  })
})

describe("classes", () => {
  test("are revived where they are given, without a call of their constructor", () => {
    const flight = new Flight("AA", { first: "Ada" })
    const decoded = Result.getOrThrow(decode(encode(flight), { classes: { Flight } }))
    expect(decoded).toBeInstanceOf(Flight)
    expect((decoded as Flight).label).toBe("flight AA")
    expect(isUnrevived(decoded as object)).toBe(false)
  })

  test("give their tag along, where each instance has it of its class", () => {
    class Landed {
      declare readonly _tag: string
      at = 5
    }
    Object.defineProperty(Landed.prototype, "_tag", { value: "Landed" })
    expect(sent(new Landed())).toMatchObject({ _tag: "Landed", at: 5 })
  })

  test("go by the name that they are given under", () => {
    const encoded = encode(new Flight("AA", 1), { classes: { F: Flight } })
    expect(Result.getOrThrow(decode(encoded, { classes: { F: Flight } }))).toEqual(new Flight("AA", 1))
  })

  test("are known by their name elsewhere", () => {
    const [flight, late] = sent([new Flight("AA", 1), new Late("by an hour", 60)]) as [Unrevived, Error]
    expect(flight).toBeInstanceOf(Unrevived)
    expect(flight).toMatchObject({ id: "AA", crew: 1 })
    expect(classNameOf(flight)).toBe("Flight")
    expect(late).toBeInstanceOf(UnrevivedError)
    expect(late).toMatchObject({ _tag: "Late", message: "by an hour", by: 60 })
    expect(classNameOf(late)).toBe("Late")
    expect(isUnrevived(late)).toBe(true)
    const builtIn = sent(new RangeError("too far"))
    expect(builtIn).toBeInstanceOf(RangeError)
    expect(builtIn).toMatchObject({ message: "too far", stack: "RangeError" })
  })
})

describe("a collection", () => {
  const rows = [
    { id: "b", n: 1 },
    { id: "a", n: 2 }
  ]

  test("that is keyed by a field can be written", () => {
    const decoded = sent(Collection.make("id", rows))
    if (!Collection.isCollection(decoded)) throw new Error("expected a collection")
    expect(decoded.set({ id: "c", n: 3 }).toArray()).toEqual([...rows, { id: "c", n: 3 }])
    expect(Edits.keyedBy(decoded)).toBe("id")
    const empty = sent(Collection.make("id", [] as typeof rows))
    if (!Collection.isCollection(empty)) throw new Error("expected a collection")
    expect(empty.set(rows[0]).get("b")).toBe(rows[0])
  })

  test("that is keyed by a function has the keys of its rows, and says why it takes no other", () => {
    const decoded = sent(Collection.make((row) => `${row.id}:${row.n}`, rows))
    if (!Collection.isCollection(decoded)) throw new Error("expected a collection")
    expect([...decoded.entries()]).toEqual([
      ["b:1", rows[0]],
      ["a:2", rows[1]]
    ])
    expect(decoded.remove("b:1").toArray()).toEqual([rows[1]])
    expect(() => decoded.set({ id: "c", n: 3 })).toThrow(KeyFunctionMissing)
  })

  test("of rows that lead back to it is found in them", () => {
    const row: { id: string; in?: unknown } = { id: "a" }
    row.in = Collection.make("id", [row])
    const decoded = sent(row) as { in: Collection.Collection<unknown> }
    expect(decoded.in.get("a")).toBe(decoded)
  })
})

describe("decode", () => {
  test("keeps names that could change a prototype as fields", () => {
    const decoded = Result.getOrThrow(
      decode({
        root: [0],
        nodes: [
          ["{}", "__proto__", [1], "constructor", 1],
          ["{}", "polluted", true]
        ]
      })
    )
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
    expect(Object.keys(decoded as object)).toEqual(["__proto__", "constructor"])
    expect("polluted" in {}).toBe(false)
    expect(
      Object.getPrototypeOf(Result.getOrThrow(decode({ root: [0], nodes: [["instance", "__proto__"]] })))
    ).toBe(Unrevived.prototype)
  })

  test.each([
    ["no object", 1, [], "expected an object of root and nodes"],
    ["no nodes", { root: 1 }, ["nodes"], "expected an array"],
    ["no root", { nodes: [] }, ["root"], "expected a slot"],
    ["a node that is none", { root: [0], nodes: [["{}"], 7] }, ["nodes", 1], "expected a node"],
    [
      "an index beyond",
      { root: [0], nodes: [["[]", 1, [9]]] },
      ["nodes", 0, 2],
      "expected the index of one of 1 nodes"
    ],
    ["an index one beyond", { root: [1], nodes: [["{}"]] }, ["root"], "expected the index of one of 1 nodes"],
    [
      "two rows of one key",
      {
        root: [0],
        nodes: [
          ["Collection", "id", [1], [2]],
          ["{}", "id", 1],
          ["{}", "id", 1]
        ]
      },
      ["nodes", 0],
      "expected one row of each key"
    ],
    ["an unknown tag", { root: [0], nodes: [["eval", "1"]] }, ["nodes", 0, 0], "no value has the tag eval"],
    ["an unknown word", { root: [0], nodes: [["[]", ["Math.PI"]]] }, ["nodes", 0, 1], "expected a slot"],
    ["a bigint of other signs", { root: ["bigint", "0x10"], nodes: [] }, ["root"], "expected a slot"],
    ["a field twice", { root: [0], nodes: [["{}", "a", 1, "a", 2]] }, ["nodes", 0, 3], "a second field a"],
    ["a key twice", { root: [0], nodes: [["Map", "a", 1, "a", 2]] }, ["nodes", 0, 3], "a second entry"],
    ["half a pair", { root: [0], nodes: [["HashMap", "a"]] }, ["nodes", 0], "expected pairs"],
    ["a value of itself", { root: [0], nodes: [["Some", [0]]] }, ["nodes", 0], "made before itself"],
    ["a broken expression", { root: [0], nodes: [["RegExp", "(", ""]] }, ["nodes", 0], "it cannot be made"],
    [
      "a zone of nowhere",
      { root: [0], nodes: [["DateTime.Zoned", 0, "X"]] },
      ["nodes", 0],
      "it cannot be made"
    ],
    [
      "rows without a key",
      { root: [0], nodes: [["Collection", "id", [1]], ["{}"]] },
      ["nodes", 0],
      "in its field id"
    ]
  ])("refuses %s with its place", (_, encoded, path, issue) => {
    const error = failure(encoded)
    expect(error).toMatchObject({ _tag: "Some", value: { path, _tag: "InvalidEncoded" } })
    expect(error).toMatchObject({ value: { issue: expect.stringContaining(issue) as string } })
  })

  test("that would take for ever to be compared as keys is refused", () => {
    const nodes: Array<Array<unknown>> = [["[]"], ["[]"]]
    // Two arrays alike, of two arrays each, and so on: few nodes, and a billion paths.
    for (let at = 0; at < 60; at += 2) nodes.push(["[]", [at], [at]], ["[]", [at + 1], [at + 1]])
    const keys = [[60], [61]]
    for (const node of [
      ["HashSet", ...keys],
      ["HashMap", ...keys.flatMap((key) => [key, 1])]
    ]) {
      const error = Result.getFailure(decode({ root: [62], nodes: [...nodes, node] }))
      expect(error).toMatchObject({ _tag: "Some", value: { path: ["nodes", 62, 1] } })
    }
    // As values of it they stand for themselves.
    expect(Result.isSuccess(decode({ root: [62], nodes: [...nodes, ["HashMap", 1, [60], 2, [61]]] }))).toBe(
      true
    )
  })

  test("takes in no more than it may", () => {
    const list = encode(Array.from({ length: 100 }, (_, index) => `row ${index}`))
    expect(failure(list)).toMatchObject({ _tag: "None" })
    expect(failure(list, { parts: 50 })).toMatchObject({ value: { issue: "more than 50 parts" } })
    expect(failure(list, { text: 50 })).toMatchObject({ value: { issue: "more than 50 characters" } })
    const long = { root: [0], nodes: [["sparse", 4_000_000_000]] }
    expect(failure(long)).toMatchObject({ value: { path: ["nodes", 0, 1] } })
    // Few characters, and each of its places would be gone through.
    const holes = { root: [0], nodes: [["sparse", 20_000_000]] }
    expect(failure(holes)).toMatchObject({
      value: { path: ["nodes", 0, 1], issue: "more than 1000000 places in arrays with holes" }
    })
  })
})
