import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import { describe, expect, expectTypeOf, it, vi } from "vitest"
import * as Collection from "../src/Collection.ts"
import * as Edits from "../src/Edits.ts"

const Flight = Schema.Struct({
  id: Schema.String,
  number: Schema.Number,
  delay: Schema.Number,
  crew: Schema.Array(Schema.String)
})
type Flight = typeof Flight.Type
const Flights = Collection.schema(Flight, "id")
const flight = (id: string, delay = 0): Flight => ({ id, number: 1, delay, crew: [] })
const flights = (...ids: ReadonlyArray<string>) =>
  Collection.make(
    "id",
    ids.map((id) => flight(id))
  )
const ids = (rows: Iterable<Flight>) => Array.from(rows, (row) => row.id).join("")

describe("a collection", () => {
  it("keeps rows in the order in which their keys came", () => {
    const abc = flights("a", "b", "c")
    expect(ids(abc.set(flight("b", 9)))).toBe("abc")
    expect(ids(abc.remove("b").set(flight("b")))).toBe("acb")
    expect(ids(abc.setAll([flight("d"), flight("a", 1)]))).toBe("abcd")
    expect(ids(Collection.make("id", [flight("a"), flight("b"), flight("a", 7)]))).toBe("ab")
  })

  it("reads by key, by position and in order", () => {
    const abc = flights("a", "b", "c").remove("b")
    expect(abc.size).toBe(2)
    expect(abc.get("c")).toEqual(flight("c"))
    expect(abc.get("b")).toBeUndefined()
    expect([abc.has("a"), abc.has("b")]).toEqual([true, false])
    expect([abc.at(0)?.id, abc.at(1)?.id, abc.at(2), abc.at(-1)]).toEqual(["a", "c", undefined, undefined])
    expect([...abc.keys()]).toEqual(["a", "c"])
    expect([...abc.entries()].map(([key, row]) => key + row.id)).toEqual(["aa", "cc"])
    expect(ids(abc.values()) + ids(abc.toArray()) + ids(abc)).toBe("acacac")
    const seen: Array<string> = []
    abc.forEach((row) => seen.push(row.id))
    expect(seen).toEqual(["a", "c"])
    expect(abc.keyOf(flight("z"))).toBe("z")
  })

  it("gives the same reference when nothing changed", () => {
    const abc = flights("a", "b", "c")
    const a = abc.get("a")!
    for (const same of [
      abc.set(a),
      abc.setAll(abc),
      abc.setAll([]),
      abc.update("a", (row) => row),
      abc.update("z", () => expect.unreachable()),
      abc.remove("z"),
      abc.removeAll(["y", "z"]),
      abc.filter(() => true)
    ]) {
      expect(same).toBe(abc)
    }
    const empty = flights()
    expect(empty.clear()).toBe(empty)
    expect(empty.setAll([])).toBe(empty)
    expect(empty.filter(() => false)).toBe(empty)
  })

  it("leaves the versions before a change as they were", () => {
    const abc = flights("a", "b", "c")
    const later = abc
      .update("b", (row) => ({ ...row, delay: 5 }))
      .remove("a")
      .set(flight("d"))
    expect(abc.toArray()).toEqual([flight("a"), flight("b"), flight("c")])
    expect(later.toArray()).toEqual([flight("b", 5), flight("c"), flight("d")])
    expect(later.get("c")).toBe(abc.get("c"))
  })

  it("lets versions with a common ancestor grow apart", () => {
    const abc = flights("a", "b", "c")
    const left = abc.set(flight("x", 1)).remove("a")
    const right = abc.remove("a").set(flight("y")).set(flight("a")).set(flight("x", 2))
    expect([ids(abc), ids(left), ids(right)]).toEqual(["abc", "bcx", "bcyax"])
    expect([abc.has("x"), left.has("a"), left.has("y")]).toEqual([false, false, false])
    expect([left.get("x")?.delay, right.get("x")?.delay]).toEqual([1, 2])
  })

  it("may be inserted into while it is updated or filtered", () => {
    // One of these counts of discarded insertions leaves it on the verge of being laid out afresh.
    for (let discarded = 0; discarded < 50; discarded++) {
      const crowded = () => {
        const bc = flights("a", "b", "c").remove("a")
        for (let n = 0; n < discarded; n++) bc.set(flight(String(n)))
        return bc
      }
      const bc = crowded()
      const updated = bc.update("b", (row) => ({ ...row, delay: bc.set(flight("d")).size }))
      expect([updated.get("b"), updated.get("c")]).toEqual([flight("b", 3), flight("c")])
      const other = crowded()
      const filtered = other.filter((row) => other.set(flight("d")).has(row.id) && row.id === "c")
      expect([filtered.get("b"), filtered.get("c")]).toEqual([undefined, flight("c")])
    }
  })

  it("removes many, filters and clears", () => {
    const abcd = flights("a", "b", "c", "d")
    expect(ids(abcd.removeAll(["b", "z", "d"]))).toBe("ac")
    expect(ids(abcd.filter((row) => row.id > "b"))).toBe("cd")
    expect(abcd.filter(() => false).size).toBe(0)
    expect(abcd.clear().size).toBe(0)
    expect(ids(abcd.clear().set(flight("e")))).toBe("e")
  })

  it("takes 1 and '1' for two keys", () => {
    const rows = Collection.make((row: { key: string | number }) => row.key, [{ key: 1 }, { key: "1" }])
    expect(rows.size).toBe(2)
    expect(rows.remove(1).toArray()).toEqual([{ key: "1" }])
  })

  it("refuses an update that changes the key", () => {
    const abc = flights("a", "b")
    const change = () => abc.update("a", () => flight("b"))
    expect(change).toThrow(Collection.CollectionKeyChanged)
    expect(change).toThrow('remove "a" and set the new row')
    expect(change).toThrow(expect.objectContaining({ key: "a", nextKey: "b" }))
    expect(ids(abc)).toBe("ab")
  })

  it("shows its rows", () => {
    expect(JSON.stringify(flights("a"))).toBe(JSON.stringify([flight("a")]))
    expect(inspect(flights("a", "b", "c").filter((row) => row.id === "b"))).toMatch(
      /^Collection\(1\) \[ \{ id: 'b'/
    )
    expect(Collection.isCollection(flights())).toBe(true)
    expect(Collection.isCollection([])).toBe(false)
  })
})

describe("many rows", () => {
  const count = 100_000
  const rows = Array.from({ length: count }, (_, id) => ({ id, n: 0 }))
  const all = Collection.make("id", rows)

  it("holds them in order", () => {
    expect(all.size).toBe(count)
    expect(all.toArray()).toEqual(rows)
    expect(all.at(77_777)).toBe(rows[77_777])
  })

  it("survives removal of most and growth after it", () => {
    const few = all.removeAll(rows.filter((row) => row.id % 100 !== 0).map((row) => row.id))
    expect(few.size).toBe(1000)
    expect(few.at(500)).toBe(rows[50_000])
    expect(few.get(50_001)).toBeUndefined()
    const grown = few.setAll(rows)
    expect(grown.size).toBe(count)
    expect(grown.at(1000)).toBe(rows[1])
    expect(all.toArray()).toEqual(rows)
  })

  it("visits a one-row change without a walk of the rest", () => {
    const keyOf = vi.fn((row: { id: number }) => row.id)
    const before = Collection.make(keyOf, rows)
    const after = before.update(31_999, (row) => ({ ...row, n: 1 }))
    keyOf.mockClear()
    const visit = vi.fn()
    Collection.diff(before, after, visit)
    expect(visit.mock.calls).toEqual([[31_999, rows[31_999], { id: 31_999, n: 1 }]])
    expect(keyOf).toHaveBeenCalledTimes(1)
  })
})

describe("diff", () => {
  const visits = <Row, Key extends string | number>(
    before: Collection.Collection<Row, Key>,
    after: Collection.Collection<Row, Key>
  ) => {
    const seen: Array<string> = []
    Collection.diff(before, after, (key, was, is) =>
      seen.push((was ? "-" : "") + (is ? "+" : "") + String(key))
    )
    return seen.toSorted()
  }

  it("visits what was added, removed or replaced", () => {
    const abc = flights("a", "b", "c")
    expect(visits(abc, abc)).toEqual([])
    expect(visits(abc, abc.set(flight("d")).remove("a").set(flight("b")))).toEqual(["+d", "-+b", "-a"])
    expect(visits(abc, abc.clear())).toEqual(["-a", "-b", "-c"])
    expect(visits(flights(), abc)).toEqual(["+a", "+b", "+c"])
  })

  it("visits a key that came back once, and only if its row is another", () => {
    const abc = flights("a", "b", "c")
    const a = abc.get("a")!
    expect(visits(abc, abc.remove("a").set(a))).toEqual([])
    expect(visits(abc, abc.remove("a").set(flight("a")))).toEqual(["-+a"])
  })

  it("compares collections that share nothing", () => {
    const [a, b, c] = [flight("a"), flight("b"), flight("c")]
    expect(visits(Collection.make("id", [a, b]), Collection.make("id", [c, b]))).toEqual(["+c", "-a"])
  })
})

describe("edits", () => {
  it("are those of one row among many", () => {
    const before = Collection.make(
      "id",
      Array.from({ length: 10_000 }, (_, index) => flight(`F${index}`))
    )
    const previous = before.get("F777")
    const late = before.update("F777", (row) => ({ ...row, delay: 9 }))
    expect(Edits.between(before, late)).toEqual({
      replaced: [{ key: "F777", previous, next: late.get("F777") }],
      removed: [],
      inserted: []
    })
    expect(Edits.between(before, before)).toEqual({ replaced: [], removed: [], inserted: [] })
    expect(Edits.between(before.remove("F777"), before)).toEqual({
      replaced: [],
      removed: [],
      inserted: [{ key: "F777", row: previous, before: "F778" }]
    })
  })

  it("tell that a row moved, and where one was before it was removed", () => {
    const abc = flights("a", "b", "c")
    const b = abc.get("b")!
    const key = "b"
    expect(Edits.between(abc, abc.remove("b").set(b))).toEqual({
      replaced: [],
      removed: [{ key, row: b }],
      inserted: [{ key, row: b, before: undefined }]
    })
    expect(Edits.between(abc.remove("b"), abc)).toEqual({
      replaced: [],
      removed: [],
      inserted: [{ key, row: b, before: "c" }]
    })
  })

  it("are not known of collections that were not made from one another", () => {
    expect(Edits.between(flights("a"), flights("a"))).toBeUndefined()
  })
})

describe("what it is keyed by", () => {
  it("is a field or a function", () => {
    const byNumber = (row: Flight) => row.number
    expect(Edits.keyedBy(flights("a").remove("a"))).toBe("id")
    expect(Edits.keyedBy(Collection.make(byNumber, [flight("a")]))).toBe(byNumber)
    expect(Edits.keyedBy(Flights.empty)).toBe("id")
  })
})

describe("the schema", () => {
  const State = Schema.Struct({ flights: Flights, total: Schema.Number })

  it("decodes and encodes an array of rows in order", () => {
    const rows = [flight("b"), flight("a")]
    const decoded = Schema.decodeUnknownSync(Flights)(rows)
    expect(ids(decoded)).toBe("ba")
    expect(Schema.encodeSync(Flights)(decoded)).toEqual(rows)
  })

  it("decodes and encodes rows", () => {
    const Dated = Collection.schema(
      Schema.Struct({ id: Schema.Number, at: Schema.NumberFromString }),
      (row) => row.id
    )
    const decoded = Schema.decodeUnknownSync(Dated)([{ id: 1, at: "5" }])
    expect(decoded.get(1)).toEqual({ id: 1, at: 5 })
    expect(Schema.encodeSync(Dated)(decoded)).toEqual([{ id: 1, at: "5" }])
    expect(Schema.is(Dated)(decoded)).toBe(true)
  })

  it("refuses two rows of one key and names it", () => {
    const decode = Schema.decodeUnknownSync(State)
    expect(() => decode({ flights: [flight("a"), flight("b"), flight("a")], total: 0 })).toThrow(
      /second row of key "a"\n {2}at \["flights"\]\[2\]/
    )
    expect(() => decode({ flights: [flight("a"), { id: "b" }], total: 0 })).toThrow('["flights"][1]')
  })

  it("checks the Type side", () => {
    expect(Schema.is(State)({ flights: flights("a"), total: 0 })).toBe(true)
    expect(Schema.is(State)({ flights: [flight("a")], total: 0 })).toBe(false)
    expect(Schema.is(Flights)(Collection.make("id", [{ id: "a" }]))).toBe(false)
  })

  it("tells the states that may hold collections", () => {
    const Tree = Schema.Struct({
      when: Schema.Date,
      names: Schema.ReadonlyMap(Schema.String, Schema.Array(Schema.NullOr(Schema.Finite))),
      children: Schema.Array(Schema.suspend((): Schema.Codec<unknown> => Tree))
    })
    expect(Collection.mayBeIn(Tree)).toBe(false)
    const within = (field: Schema.Constraint) => Schema.Struct({ list: Schema.Array(Schema.NullOr(field)) })
    for (const field of [
      Flights,
      Schema.Unknown,
      Schema.Option(Flights),
      Schema.declare((u): u is Flight => !!u)
    ]) {
      expect(Collection.mayBeIn(within(field))).toBe(true)
    }
  })

  it("has an empty value, also when annotated", () => {
    expect(Flights.empty.size).toBe(0)
    expect(Flights.annotate({ title: "Flights" }).empty.keyOf(flight("a"))).toBe("a")
  })

  it("infers its types", () => {
    expectTypeOf<typeof Flights.Type>().toEqualTypeOf<Collection.Collection<Flight, string>>()
    expectTypeOf<typeof Flights.Encoded>().toEqualTypeOf<ReadonlyArray<Flight>>()
    const Numbered = Collection.schema(Flight, (row) => row.number)
    expectTypeOf<typeof Numbered.Type>().toEqualTypeOf<Collection.Collection<Flight, number>>()
    const initial: typeof State.Type = { flights: Collection.make("id"), total: 0 }
    const other: typeof State.Type = { flights: Flights.empty, total: 0 }
    expect(initial.flights.size).toBe(other.flights.size)
    expectTypeOf(flights("a")).toEqualTypeOf<Collection.Collection<Flight, string>>()
    expectTypeOf(flights("a")).toExtend<Collection.Collection<{ readonly id: string }, string>>()
    // @ts-expect-error: no key is an array
    Collection.schema(Flight, "crew")
    // @ts-expect-error: not a field of the row
    Collection.make("callsign", [flight("a")])
    // @ts-expect-error: the key is a string
    flights("a").get(1)
  })
})

describe("tracking", () => {
  const recorder = () => {
    const seen: Array<unknown> = []
    const tracker: Collection.Tracker = {
      row: (collection, key, row) => seen.push([collection, key, row]),
      all: (collection) => seen.push(collection)
    }
    return { seen, tracker }
  }

  it("tells a read of a key from a read of the whole", () => {
    const abc = flights("a", "b")
    const { seen, tracker } = recorder()
    Collection.track(tracker, () => [abc.get("a"), abc.has("z")])
    expect(seen).toEqual([
      [abc, "a", abc.get("a")],
      [abc, "z", undefined]
    ])
    for (const read of [
      () => abc.size,
      () => abc.at(0),
      () => abc.keys(),
      () => abc.entries(),
      () => abc[Symbol.iterator](),
      () => abc.toArray(),
      () => abc.forEach(() => undefined),
      () => abc.filter(() => true),
      () => abc.update("a", (row) => row)
    ]) {
      const { seen, tracker } = recorder()
      Collection.track(tracker, read)
      expect(seen).toEqual([abc])
    }
  })

  it("restores the tracker around it, also after a throw", () => {
    const [outer, inner] = [recorder(), recorder()]
    const abc = flights("a")
    Collection.track(outer.tracker, () => {
      const fails = () =>
        Collection.track(inner.tracker, () => {
          abc.get("a")
          throw new Error("no")
        })
      expect(fails).toThrow("no")
      abc.has("b")
    })
    abc.has("c")
    expect(inner.seen).toEqual([[abc, "a", abc.get("a")]])
    expect(outer.seen).toEqual([[abc, "b", undefined]])
  })

  it("reports a draft as the whole that it was made from", () => {
    const state = { flights: flights("a") }
    const { seen, tracker } = recorder()
    Collection.track(tracker, () => Collection.mutate(state, (draft) => void draft.flights.get("a")))
    expect(seen.every((collection) => collection === state.flights)).toBe(true)
    expect(seen).not.toHaveLength(0)
  })
})

describe("mutate", () => {
  interface State {
    readonly flights: Collection.Collection<Flight>
    readonly nested: { readonly list: ReadonlyArray<{ readonly rows: Collection.Collection<Flight> }> }
    readonly pinned: Flight
    readonly total: number
  }
  const state: State = {
    flights: flights("a", "b", "c"),
    nested: { list: [{ rows: flights("x") }] },
    pinned: { ...flight("p"), crew: ["Ann"] },
    total: 3
  }

  it("gives the same state when nothing changed", () => {
    const same = Collection.mutate(state, (draft) => {
      draft.flights.set(draft.flights.get("a")!)
      draft.flights.update("b", () => undefined)
      draft.flights.update("b", (row) => row)
      draft.flights.update("z", (row) => void (row.delay = 1))
      draft.flights.remove("z")
      draft.nested.list[0]!.rows.setAll([])
    })
    expect(same).toBe(state)
  })

  it("writes in place, and reads what was written", () => {
    const next = Collection.mutate(state, (draft) => {
      const rows = draft.flights
      rows.set(flight("d"))
      rows.setAll([flight("e"), flight("a", 1)])
      rows.update("b", (row) => {
        row.delay = 5
        row.crew.push("Bo")
      })
      rows.update("c", (row) => ({ ...row, delay: 6 }))
      expect(rows.get("b")).toEqual({ ...flight("b", 5), crew: ["Bo"] })
      expect([rows.size, draft.flights.size, ids(rows), rows.at(4)?.id]).toEqual([5, 5, "abcde", "e"])
      expect([rows.remove("d"), rows.remove("d"), rows.has("d")]).toEqual([true, false, false])
      draft.total = rows.size
    })
    expect(ids(next.flights)).toBe("abce")
    expect([...next.flights].map((row) => row.delay)).toEqual([1, 5, 6, 0])
    expect(next.total).toBe(4)
    expect(next.nested).toBe(state.nested)
    expect(state.flights.toArray()).toEqual([flight("a"), flight("b"), flight("c")])
    expect(next.flights.set(flight("f")).size).toBe(5)
  })

  it("drafts collections inside objects and arrays, and as the state itself", () => {
    const next = Collection.mutate(state, (draft) => {
      draft.nested.list[0]!.rows.clear()
      draft.nested.list[0]!.rows.set(flight("y"))
    })
    expect(ids(next.nested.list[0]!.rows)).toBe("y")
    expect(next.flights).toBe(state.flights)
    expect(ids(Collection.mutate(state.flights, (draft) => draft.removeAll(["a", "c"])))).toBe("b")
  })

  it("drafts collections inside rows", () => {
    const gates = Collection.make("id", [{ id: 1, flights: flights("a") }])
    const next = Collection.mutate({ gates }, (draft) => {
      draft.gates.update(1, (gate) => gate.flights.set(flight("b")))
    })
    expect(ids(next.gates.get(1)!.flights)).toBe("ab")
    expect(ids(gates.get(1)!.flights)).toBe("a")
  })

  it("takes drafts as rows and in rows", () => {
    const next = Collection.mutate(state, (draft) => {
      draft.pinned.crew.push("Bo")
      draft.flights.set(draft.pinned)
      draft.flights.set({ ...draft.pinned, id: "q" })
      draft.flights.update("a", (row) => void (row.crew = draft.pinned.crew))
      draft.flights.update("b", (row) => ({ ...row, crew: draft.pinned.crew }))
    })
    for (const id of ["p", "q", "a", "b"]) expect(next.flights.get(id)?.crew).toEqual(["Ann", "Bo"])
  })

  it("lets a draft be put elsewhere", () => {
    const two = { left: flights("a"), right: flights("b") }
    const next = Collection.mutate(two, (draft) => {
      draft.left.set(flight("c"))
      draft.right = draft.left
    })
    expect(Collection.isCollection(next.right)).toBe(true)
    expect([ids(next.left), ids(next.right)]).toEqual(["ac", "ac"])
  })

  it("ends its drafts with the recipe", () => {
    const kept: Array<Collection.Draft<Flight>> = []
    Collection.mutate(state, (draft) => void kept.push(draft.flights))
    expect(() => kept[0]!.get("a")).toThrow(TypeError)
    expect(() => kept[0]!.set(flight("z"))).toThrow(TypeError)
  })

  it("changes nothing when the recipe throws", () => {
    const fails = () =>
      Collection.mutate(state, (draft) => {
        draft.flights.clear()
        throw new Error("no")
      })
    expect(fails).toThrow("no")
    expect(ids(state.flights)).toBe("abc")
    const renames = () =>
      Collection.mutate(state, (draft) => draft.flights.update("a", (row) => void (row.id = "z")))
    expect(renames).toThrow(Collection.CollectionKeyChanged)
  })

  it("refuses a recipe that returns a promise", async () => {
    // oxlint-disable-next-line typescript/no-misused-promises -- what is refused
    const waits = () => Collection.mutate(state, async (draft) => void (await Promise.resolve(draft)))
    expect(waits).toThrow(Collection.MutateReturnedPromise)
    // oxlint-disable-next-line typescript/no-misused-promises -- what is refused
    const fails = () => Collection.mutate(state, () => Promise.reject(new Error("unhandled")))
    expect(fails).toThrow("Wait first, then mutate")
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(state.total).toBe(3)
  })

  it("ignores what the recipe returns", () => {
    expect(Collection.mutate(state, (draft) => (draft.total = 8))).toEqual({ ...state, total: 8 })
  })

  it("gives rows of a class to the recipe as they are", () => {
    class Point extends Schema.Class<Point>("Point")({ id: Schema.String, x: Schema.Number }) {}
    const points = Collection.make("id", [new Point({ id: "a", x: 1 })])
    const next = Collection.mutate({ points }, (draft) => {
      draft.points.update("a", (row) => new Point({ id: row.id, x: 2 }))
    })
    expect(next.points.get("a")).toEqual(new Point({ id: "a", x: 2 }))
  })

  it("types the draft", () => {
    interface Typed extends State {
      readonly selected: Option.Option<string>
      readonly pair: readonly [number, { readonly a: string }]
      readonly byName: ReadonlyMap<string, { readonly a: number }>
      readonly tags: ReadonlySet<string>
      readonly when: Date
      readonly anything: unknown
      readonly maybe?: { readonly a: number }
      readonly read: () => number
    }
    type Draft = Collection.Drafted<Typed>
    expectTypeOf<Draft["flights"]>().toEqualTypeOf<Collection.Draft<Flight, string>>()
    expectTypeOf<Draft["nested"]["list"][number]["rows"]>().toEqualTypeOf<Collection.Draft<Flight, string>>()
    expectTypeOf<Draft["selected"]>().toEqualTypeOf<Option.Option<string>>()
    expectTypeOf<Draft["pair"]>().toEqualTypeOf<[number, { a: string }]>()
    expectTypeOf<Draft["byName"]>().toEqualTypeOf<Map<string, { a: number }>>()
    expectTypeOf<Draft["tags"]>().toEqualTypeOf<Set<string>>()
    expectTypeOf<Draft["when"]>().toEqualTypeOf<Date>()
    expectTypeOf<Draft["anything"]>().toEqualTypeOf<unknown>()
    expectTypeOf<Draft["maybe"]>().toEqualTypeOf<{ a: number } | undefined>()
    expectTypeOf<Draft["read"]>().toEqualTypeOf<() => number>()
    const checked = (draft: Draft) => {
      draft.total = 1
      // @ts-expect-error: rows are immutable; they change through `update`
      draft.flights.get("a")!.delay = 1
      // @ts-expect-error: a row's draft has no such field
      draft.flights.update("a", (row) => void (row.late = true))
    }
    expect(checked).toBeTypeOf("function")
  })
})
