import { Collection } from "@sluice/core"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import { describe, expect, test } from "vitest"
import { print } from "../src/print.ts"

class Money {
  readonly amount = 5
  get double() {
    throw new Error("asked for")
  }
}

describe("a value as text", () => {
  test("shows each kind as it is", () => {
    const value = {
      map: new Map<unknown, unknown>([["a", 1]]),
      set: new Set([1, "b"]),
      due: new Date(0),
      big: 10n,
      none: undefined,
      rows: Collection.make("id", [{ id: "F1", delay: 3 }]),
      some: Option.some(1),
      nothing: Option.none(),
      loaded: AsyncResult.success("x", { timestamp: 0 }),
      money: new Money(),
      empty: {},
      "a b": []
    }
    expect(print(value)).toEqual({
      complete: true,
      text: `{
  map: Map(1) { "a" => 1 },
  set: Set(2) { 1, "b" },
  due: Date(1970-01-01T00:00:00.000Z),
  big: 10n,
  none: undefined,
  rows: Collection(1) { "F1" => { id: "F1", delay: 3 } },
  some: Some(1),
  nothing: None,
  loaded: Success { value: "x", waiting: false, timestamp: 0 },
  money: Money { amount: 5 },
  empty: {},
  "a b": []
}`
    })
  })

  test("says where it comes back to itself, and how far up", () => {
    const value: Record<string, unknown> = { name: "x" }
    value["self"] = { inner: value }
    expect(print(value).text).toBe('{ name: "x", self: { inner: [Circular, 2 up] } }')
  })

  test("ends where it has enough, whatever is left", () => {
    let read = 0
    const many = new Proxy([], {
      get: (target, key, receiver): unknown => {
        if (key === "length") return 1e6
        if (typeof key === "string" && /^\d+$/.test(key)) return ++read
        return Reflect.get(target, key, receiver)
      }
    })
    const { complete, text } = print({ many }, 500)
    expect([complete, text.length]).toEqual([false, 500])
    expect(read).toBeLessThan(1000)
  })

  test("of what refuses to be looked at is no error", () => {
    const refusing = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no")
        }
      }
    )
    expect(print({ refusing }).text).toContain("cannot be shown")
  })
})
