import { Collection, Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { startLane } from "./lane.ts"
import { collectErrors, disposing } from "./support.ts"
import * as Effect from "effect/Effect"

const a = (payload: number) => ({ _tag: "a", payload }) as const

// ---------------------------------------------------------------------------------------------------------
// A state with plain fields, nested ones, and collections

const Row = Schema.Struct({ id: Schema.Number, n: Schema.Number, tag: Schema.String })
type Row = typeof Row.Type
const Rows = Collection.schema(Row, "id")
type Rows = Collection.Collection<Row, number>

const Board = Module.make("Board", {
  state: Schema.Struct({
    x: Schema.Number,
    y: Schema.Number,
    nested: Schema.Struct({ p: Schema.Number, deep: Schema.Struct({ q: Schema.Number }) }),
    list: Schema.Array(Schema.Number),
    rows: Rows,
    others: Rows,
    inner: Schema.Struct({ rows: Rows })
  }),
  actions: {}
})
interface BoardState {
  readonly x: number
  readonly y: number
  readonly nested: { readonly p: number; readonly deep: { readonly q: number } }
  readonly list: ReadonlyArray<number>
  readonly rows: Rows
  readonly others: Rows
  readonly inner: { readonly rows: Rows }
}

const row = (id: number, n = 0, tag = ""): Row => ({ id, n, tag })
const board = (ids: ReadonlyArray<number> = []): BoardState => ({
  x: 0,
  y: 0,
  nested: { p: 0, deep: { q: 0 } },
  list: [],
  rows: Rows.empty.setAll(ids.map((id) => row(id))),
  others: Rows.empty,
  // Not `Rows.empty`, which `others` is: see the limit named at `observe` in Subscription.ts.
  inner: { rows: Rows.empty.set(row(0)).clear() }
})

const startBoard = (initial: BoardState = board()) => {
  const { errors, infos, onError } = collectErrors()
  const runtime = disposing(Runtime.make(Board.implement({ initial }), { onError }))
  const { unsafe } = runtime.resolve(Board.tag)
  const update = (f: (state: BoardState) => BoardState) => unsafe.transact("test", (tx) => tx.update(f))
  return { unsafe, update, errors, infos }
}

// ---------------------------------------------------------------------------------------------------------

describe("subscribe", () => {
  it("T3 each listener is told once a commit, with the new state, in the order in which it came", () => {
    const { it: lane } = startLane(() => Effect.void)
    const told: Array<string> = []
    for (const name of ["p", "q"]) lane.unsafe.subscribe(({ log }) => told.push(`${name}${log.join("")}`))
    lane.unsafe.dispatchBatch([a(1), a(2)])
    lane.unsafe.dispatch(a(0))
    lane.unsafe.dispatch(a(3))
    expect(told).toEqual(["p12", "q12", "p123", "q123"])
  })

  it("T3 one that ended its subscription is told no more; ending it twice does nothing", () => {
    const { it: lane } = startLane(() => Effect.void)
    const told: Array<string> = []
    const listener = (name: string) => () => told.push(name)
    const [stopP] = [lane.unsafe.subscribe(listener("p")), lane.unsafe.subscribe(listener("q"))]
    lane.unsafe.subscribe(listener("r"))
    stopP?.()
    stopP?.()
    lane.unsafe.dispatch(a(1))
    expect(told).toEqual(["q", "r"])
  })

  it("T3 the same function subscribed twice is two subscriptions", () => {
    const { it: lane } = startLane(() => Effect.void)
    let told = 0
    const listener = () => void told++
    const stop = lane.unsafe.subscribe(listener)
    lane.unsafe.subscribe(listener)
    lane.unsafe.dispatch(a(1))
    expect(told).toBe(2)
    stop()
    lane.unsafe.dispatch(a(2))
    expect(told).toBe(3)
  })

  it("T3 subscribed while a commit is told: told from the next one on", () => {
    const { it: lane } = startLane(() => Effect.void)
    const told: Array<string> = []
    let first = true
    lane.unsafe.subscribe(() => {
      told.push("p")
      if (!first) return
      first = false
      lane.unsafe.subscribe(() => told.push("new"))
    })
    lane.unsafe.subscribe(() => told.push("q"))
    lane.unsafe.dispatch(a(1))
    lane.unsafe.dispatch(a(2))
    expect(told).toEqual(["p", "q", "p", "q", "new"])
  })

  it("T3 a listener that throws: the commit stands, the others are told, onError gets it", () => {
    const { it: lane, errors, infos, log } = startLane(() => Effect.void)
    const told: Array<string> = []
    lane.unsafe.subscribe(() => {
      throw new Error("listener")
    })
    lane.unsafe.subscribe(() => told.push("q"))
    lane.unsafe.subscribeTo(
      ({ log }) => log.length,
      () => {
        throw new Error("selected")
      }
    )
    lane.unsafe.subscribeTo(
      ({ log }) => log.length,
      () => told.push("r")
    )
    lane.unsafe.dispatch(a(1))
    expect(log()).toEqual([1])
    expect(told).toEqual(["q", "r"])
    expect(errors).toMatchObject([{ message: "listener" }, { message: "selected" }])
    expect(infos).toMatchObject([{ during: "listener" }, { during: "listener" }])
  })

  it("T3 any mix of subscribing and unsubscribing, also while telling, tells as a plain list would", () => {
    // What a listener does at each turn: whom it stops, itself perhaps, and whether it starts another.
    const act = fc.record({
      stops: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 3, arbitrary: fc.array(fc.nat(7), { maxLength: 3 }) }
      ),
      start: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.boolean())
    })
    fc.assert(
      fc.property(
        fc.array(fc.array(act, { maxLength: 4 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        (acts, commits) => {
          const { it: lane } = startLane(() => Effect.void)
          const told: Array<number> = []
          const stops: Array<() => void> = []
          const start = () => {
            const me = stops.length
            let turn = 0
            stops.push(
              lane.unsafe.subscribe(() => {
                told.push(me)
                const each = acts[me % acts.length]?.[turn++]
                for (const other of each?.stops ?? []) stops[other]?.()
                if (each?.start === true && stops.length < 40) start()
              })
            )
          }
          // The model: who is on the list when the telling begins, and still when its turn comes.
          const expected: Array<number> = []
          const list: Array<{ active: boolean; turn: number }> = []
          for (let i = 0; i < acts.length; i++) {
            start()
            list.push({ active: true, turn: 0 })
          }
          for (let n = 1; n <= commits; n++) {
            lane.unsafe.dispatch(a(n))
            const present = list.slice()
            present.forEach((listener, me) => {
              if (!listener.active) return
              expected.push(me)
              const each = acts[me % acts.length]?.[listener.turn++]
              for (const other of each?.stops ?? []) {
                const stopped = list[other]
                if (stopped !== undefined) stopped.active = false
              }
              if (each?.start === true && list.length < 40) list.push({ active: true, turn: 0 })
            })
          }
          expect(told).toEqual(expected)
        }
      ),
      { numRuns: 500 }
    )
  })
})

describe("subscribeTo", () => {
  it("T3 tells when the selection changed, with the selection", () => {
    const { unsafe, update } = startBoard()
    const told: Array<number> = []
    const stop = unsafe.subscribeTo(
      ({ x }) => x,
      (x) => told.push(x)
    )
    update((s) => ({ ...s, x: 1 }))
    update((s) => ({ ...s, y: 1 }))
    update((s) => ({ ...s, x: 1 }))
    update((s) => ({ ...s, x: 2 }))
    stop()
    stop()
    update((s) => ({ ...s, x: 3 }))
    expect(told).toEqual([1, 2])
  })

  it("T3 its equals decides; what is equal does not become the selection to compare with", () => {
    const { unsafe, update } = startBoard()
    const told: Array<number> = []
    unsafe.subscribeTo(
      ({ x }) => x,
      (x) => told.push(x),
      (p, q) => Math.abs(p - q) < 2
    )
    for (const x of [1, 2, 3, 4, 5]) update((s) => ({ ...s, x }))
    expect(told).toEqual([2, 4])
  })

  it("T3 NaN is itself, and 0 is not -0", () => {
    const { unsafe, update } = startBoard()
    const told: Array<number> = []
    unsafe.subscribeTo(
      ({ x }) => x,
      (x) => told.push(x)
    )
    for (const x of [Number.NaN, Number.NaN, -0, 0]) update((s) => ({ ...s, x }))
    expect(told).toEqual([Number.NaN, -0, 0])
  })

  it("T3 a selector whose fields did not change is not run", () => {
    const { unsafe, update } = startBoard()
    let runs = 0
    unsafe.subscribeTo(
      ({ x, nested }) => {
        runs++
        return x + nested.p
      },
      () => {}
    )
    expect(runs).toBe(1)
    update((s) => ({ ...s, y: 1, list: [1] }))
    expect(runs).toBe(1)
    update((s) => ({ ...s, nested: { ...s.nested, p: 1 } }))
    expect(runs).toBe(2)
  })

  it("T3 what it reads may change from run to run", () => {
    const { unsafe, update } = startBoard()
    const told: Array<number> = []
    let runs = 0
    unsafe.subscribeTo(
      (s) => {
        runs++
        return s.x === 0 ? s.y : s.nested.p
      },
      (selected) => told.push(selected)
    )
    update((s) => ({ ...s, nested: { ...s.nested, p: 7 } }))
    expect([runs, told]).toEqual([1, []])
    update((s) => ({ ...s, x: 1 }))
    expect([runs, told]).toEqual([2, [7]])
    update((s) => ({ ...s, y: 9 }))
    expect([runs, told]).toEqual([2, [7]])
    update((s) => ({ ...s, nested: { ...s.nested, p: 8 } }))
    expect([runs, told]).toEqual([3, [7, 8]])
  })

  it("T3 only the listeners of the changed row run their selector", () => {
    const ids = Array.from({ length: 100 }, (_, i) => i)
    const { unsafe, update } = startBoard(board(ids))
    const runs = ids.map(() => 0)
    const told: Array<string> = []
    for (const id of ids) {
      unsafe.subscribeTo(
        ({ rows }) => {
          runs[id] = (runs[id] ?? 0) + 1
          return rows.get(id)?.n
        },
        (n) => told.push(`${id}:${n}`)
      )
    }
    expect(runs.every((n) => n === 1)).toBe(true)
    update((s) => ({ ...s, rows: s.rows.update(42, (r) => ({ ...r, n: 5 })) }))
    expect(told).toEqual(["42:5"])
    expect(runs.reduce((sum, n) => sum + n, 0)).toBe(101)
    expect(runs[42]).toBe(2)
    // The row changed, what was selected of it did not.
    update((s) => ({ ...s, rows: s.rows.update(42, (r) => ({ ...r, tag: "new" })) }))
    expect(told).toEqual(["42:5"])
    expect(runs.reduce((sum, n) => sum + n, 0)).toBe(102)
    // Removed, inserted, and another field.
    update((s) => ({ ...s, rows: s.rows.remove(7).set(row(1000)), y: 1 }))
    expect(told).toEqual(["42:5", "7:undefined"])
    expect(runs.reduce((sum, n) => sum + n, 0)).toBe(103)
    update((s) => ({ ...s, rows: s.rows.set(row(7, 3)) }))
    expect(told).toEqual(["42:5", "7:undefined", "7:3"])
    expect(runs.reduce((sum, n) => sum + n, 0)).toBe(104)
  })

  it("T3 a row that is selected whole is narrowed to its key, and one not there yet is seen when it comes", () => {
    const { unsafe, update } = startBoard(board([1, 2]))
    const told: Array<Row | undefined> = []
    let runs = 0
    unsafe.subscribeTo(
      ({ rows }) => {
        runs++
        return rows.get(3)
      },
      (selected) => told.push(selected)
    )
    update((s) => ({ ...s, rows: s.rows.update(1, (r) => ({ ...r, n: 1 })) }))
    expect([runs, told]).toEqual([1, []])
    update((s) => ({ ...s, rows: s.rows.set(row(3, 9)) }))
    expect([runs, told]).toEqual([2, [row(3, 9)]])
    update((s) => ({ ...s, rows: s.rows.clear() }))
    expect([runs, told]).toEqual([3, [row(3, 9), undefined]])
  })

  it("T3 whoever reads all of a collection runs at each change of it, and only then", () => {
    const { unsafe, update } = startBoard(board([1, 2]))
    let runs = 0
    const told: Array<number> = []
    unsafe.subscribeTo(
      ({ rows }) => {
        runs++
        let sum = 0
        rows.forEach(({ n }) => {
          sum += n
        })
        return sum
      },
      (sum) => told.push(sum)
    )
    update((s) => ({ ...s, x: 1, others: s.others.set(row(1, 50)) }))
    expect([runs, told]).toEqual([1, []])
    update((s) => ({ ...s, rows: s.rows.update(2, (r) => ({ ...r, n: 4 })) }))
    expect([runs, told]).toEqual([2, [4]])
  })

  it("T3 two fields that are the same collection are told apart", () => {
    const same = Rows.empty.setAll([row(1, 1), row(2, 2)])
    const { unsafe, update } = startBoard({ ...board(), rows: same, others: same })
    const told: Array<number> = []
    unsafe.subscribeTo(
      (s) => {
        const { rows, others } = s
        return (rows.get(1)?.n ?? 0) * 100 + (others.get(2)?.n ?? 0)
      },
      (n) => told.push(n)
    )
    update((s) => ({ ...s, rows: s.rows.update(1, (r) => ({ ...r, n: 5 })) }))
    update((s) => ({ ...s, others: s.others.update(2, (r) => ({ ...r, n: 7 })) }))
    expect(told).toEqual([502, 507])
  })

  it("T3 a selector that compares or remembers a collection by its reference is told", () => {
    const { unsafe, update } = startBoard(board([1]))
    let seen: Rows | undefined
    let size = 0
    const memoised = ({ rows }: BoardState) => {
      if (rows !== seen) {
        seen = rows
        size = rows.size
      }
      return size
    }
    const told: Array<string> = []
    unsafe.subscribeTo(memoised, (n) => told.push(`first ${n}`))
    unsafe.subscribeTo(memoised, (n) => told.push(`second ${n}`))
    unsafe.subscribeTo(
      (s) => s.rows === s.others,
      (is) => told.push(`same ${is}`)
    )
    update((s) => ({ ...s, rows: s.rows.set(row(2)) }))
    expect(told.toSorted()).toEqual(["first 2", "second 2"])
    update((s) => ({ ...s, others: s.rows }))
    expect(told.toSorted()).toEqual(["first 2", "same true", "second 2"])
  })

  it("T3 a selection that was carried out in an object or closure is told at every change", () => {
    const { unsafe, update } = startBoard(board([1]))
    const told: Array<number> = []
    unsafe.subscribeTo(
      (s) => ({ both: s, rows: s.rows }),
      ({ both, rows }) => told.push(both.x + rows.size)
    )
    unsafe.subscribeTo(
      (s) => () => s.y,
      (read) => told.push(read() + 100)
    )
    update((s) => ({ ...s, x: 1 }))
    update((s) => ({ ...s, y: 1 }))
    expect(told).toEqual([2, 100, 2, 101])
  })

  it("T3 the whole state as a selection is the state itself", () => {
    const { unsafe, update } = startBoard()
    const told: Array<BoardState> = []
    unsafe.subscribeTo(
      (s) => s,
      (s) => told.push(s)
    )
    update((s) => ({ ...s, x: 1 }))
    expect(told).toHaveLength(1)
    expect(told[0]).toBe(unsafe.getState())
  })

  it("T3 a selector that throws is reported, and asked again at the next change", () => {
    const { unsafe, update, errors } = startBoard()
    const told: Array<number> = []
    unsafe.subscribeTo(
      (s) => {
        if (s.x === 0) return 0
        const first = s.list[0]
        if (first === undefined) throw new Error("no first")
        return first
      },
      (n) => told.push(n)
    )
    update((s) => ({ ...s, x: 1 }))
    expect(errors).toMatchObject([{ message: "no first" }])
    // It read `list` on the way to its error.
    update((s) => ({ ...s, list: [5] }))
    expect(told).toEqual([5])
  })

  it("T3 a listener that ends another's subscription while a commit is told: that one is not told", () => {
    const { unsafe, update } = startBoard()
    const told: Array<string> = []
    const stops: Array<() => void> = []
    for (const name of ["p", "q"]) {
      stops.push(
        unsafe.subscribeTo(
          ({ x }) => x,
          () => {
            told.push(name)
            for (const stop of stops) stop()
          }
        )
      )
    }
    update((s) => ({ ...s, x: 1 }))
    update((s) => ({ ...s, x: 2 }))
    expect(told).toEqual(["p"])
  })

  it("T3 subscribed while a commit is told, it compares with that commit's state", () => {
    const { unsafe, update } = startBoard()
    const told: Array<number> = []
    let first = true
    unsafe.subscribe(() => {
      if (first)
        unsafe.subscribeTo(
          ({ x }) => x,
          (x) => told.push(x)
        )
      first = false
    })
    update((s) => ({ ...s, x: 1 }))
    expect(told).toEqual([])
    update((s) => ({ ...s, x: 2 }))
    expect(told).toEqual([2])
  })

  for (const [name, schema, first, second, read] of [
    [
      "a Map",
      Schema.ReadonlyMap(Schema.String, Schema.Number),
      new Map([["k", 1]]),
      new Map([["k", 2]]),
      (state: unknown) => (state as ReadonlyMap<string, number>).get("k")
    ],
    ["a Date", Schema.Date, new Date(1), new Date(2), (state: unknown) => (state as Date).getTime()],
    ["a number", Schema.Number, 1, 2, (state: unknown) => state],
    [
      "an array",
      Schema.Array(Schema.Number),
      [1],
      [2],
      (state: unknown) => (state as ReadonlyArray<number>)[0]
    ],
    [
      "a collection",
      Rows,
      Rows.empty.set(row(1, 1)),
      Rows.empty.set(row(1, 2)),
      (state: unknown) => (state as Rows).get(1)?.n
    ]
  ] as const) {
    it(`T3 a state whose top level is ${name} can be selected from`, () => {
      // What these states have in common is nothing that a module's types could tell apart.
      const state: Schema.Codec<unknown> = schema
      const Top = Module.make("Top", { state, actions: {} })
      const runtime = disposing(Runtime.make(Top.implement({ initial: () => first })))
      const { unsafe } = runtime.resolve(Top.tag)
      const told: Array<unknown> = []
      unsafe.subscribeTo(read, (selected) => told.push(selected))
      unsafe.transact("set", (tx) => tx.set(second))
      expect(told).toEqual([2])
    })
  }
})

// ---------------------------------------------------------------------------------------------------------
// Random selectors over random states

const keys = fc.nat(5)
type Change = readonly [string, (state: BoardState) => BoardState]

const changeRows = (
  field: "rows" | "others" | "inner",
  f: (rows: Rows) => Rows
): ((state: BoardState) => BoardState) =>
  field === "inner"
    ? (s) => ({ ...s, inner: { rows: f(s.inner.rows) } })
    : (s) => ({ ...s, [field]: f(s[field]) })

const fieldName = fc.constantFrom("rows" as const, "others" as const, "inner" as const)
const small = fc.nat(2)

const change: fc.Arbitrary<Change> = fc.oneof(
  small.map((x): Change => [`x=${x}`, (s) => ({ ...s, x })]),
  small.map((y): Change => [`y=${y}`, (s) => ({ ...s, y })]),
  small.map((p): Change => [`nested.p=${p}`, (s) => ({ ...s, nested: { ...s.nested, p } })]),
  small.map((q): Change => [`deep.q=${q}`, (s) => ({ ...s, nested: { ...s.nested, deep: { q } } })]),
  fc.array(small, { maxLength: 3 }).map((list): Change => [`list=${list.join()}`, (s) => ({ ...s, list })]),
  fc
    .tuple(fieldName, keys, small)
    .map(([f, id, n]): Change => [`${f}.set(${id},${n})`, changeRows(f, (rows) => rows.set(row(id, n)))]),
  fc
    .tuple(fieldName, keys)
    .map(([f, id]): Change => [
      `${f}.bump(${id})`,
      changeRows(f, (rows) => rows.update(id, (r) => ({ ...r, n: (r.n + 1) % 3 })))
    ]),
  fc
    .tuple(fieldName, keys)
    .map(([f, id]): Change => [`${f}.remove(${id})`, changeRows(f, (rows) => rows.remove(id))]),
  fieldName.map((f): Change => [`${f}.clear()`, changeRows(f, (rows) => rows.clear())]),
  fc.constant<Change>(["others=rows", (s) => ({ ...s, others: s.rows })]),
  // Not `inner.rows = s.rows`, for the same reason.
  fc.constant<Change>(["nothing", (s) => ({ ...s })])
)

type Select = readonly [string, (state: BoardState) => unknown]

const rowsOf = (field: "rows" | "others" | "inner") => (s: BoardState) =>
  field === "inner" ? s.inner.rows : s[field]

const leaf: fc.Arbitrary<Select> = fc.oneof(
  fc.constantFrom<Select>(
    ["x", (s) => s.x],
    ["nested.p", (s) => s.nested.p],
    ["nested", (s) => s.nested],
    ["deep", (s) => s.nested.deep],
    ["list", (s) => s.list],
    ["list sum", (s) => s.list.reduce((sum, n) => sum + n, 0)],
    ["list evens", (s) => s.list.filter((n) => n % 2 === 0).length],
    ["state", (s) => s],
    ["x in", (s) => "x" in s],
    ["keys", (s) => Object.keys(s).length],
    ["spread", (s) => ({ ...s }).y],
    ["json", (s) => JSON.stringify([s.x, s.rows])],
    ["same", (s) => s.rows === s.others],
    ["constant", () => 1],
    ["branch", (s) => (s.x === 0 ? s.y : s.nested.deep.q)],
    ["indirect", (s) => s.rows.get(s.x)?.n],
    ["join", (s) => s.others.get(s.rows.get(1)?.n ?? 0)?.n]
  ),
  fc.tuple(fieldName, keys).map(([f, id]): Select => [`${f}.get(${id})`, (s) => rowsOf(f)(s).get(id)]),
  fc.tuple(fieldName, keys).map(([f, id]): Select => [`${f}.get(${id}).n`, (s) => rowsOf(f)(s).get(id)?.n]),
  fc.tuple(fieldName, keys).map(([f, id]): Select => [`${f}.has(${id})`, (s) => rowsOf(f)(s).has(id)]),
  fc.tuple(fieldName, keys).map(([f, id]): Select => [`${f}.at(${id})`, (s) => rowsOf(f)(s).at(id)?.id]),
  fieldName.map((f): Select => [`${f}.size`, (s) => rowsOf(f)(s).size]),
  fieldName.map((f): Select => [f, (s) => rowsOf(f)(s)]),
  fieldName.map((f): Select => [`${f} sum`, (s) => [...rowsOf(f)(s)].reduce((sum, { n }) => sum + n, 0)]),
  fieldName.map((f): Select => [`${f} keys`, (s) => [...rowsOf(f)(s).keys()].join()])
)

const pair = (
  left: Select,
  right: Select,
  combine: (l: unknown, r: unknown) => unknown,
  op: string
): Select => [`${left[0]} ${op} ${right[0]}`, (s) => combine(left[1](s), right[1](s))]

const selector: fc.Arbitrary<Select> = fc.oneof(
  { weight: 4, arbitrary: leaf },
  {
    weight: 1,
    arbitrary: fc
      .tuple(leaf, leaf)
      .map(([l, r]) => pair(l, r, (p, q) => `${JSON.stringify(p)}${JSON.stringify(q)}`, "+"))
  },
  {
    weight: 1,
    arbitrary: fc.tuple(leaf, leaf).map(([l, r]) => pair(l, r, (p, q) => (p === 0 ? q : p), "or"))
  },
  { weight: 1, arbitrary: fc.tuple(leaf, leaf).map(([l, r]) => pair(l, r, (p, q) => [p, q], ",")) },
  {
    // Memoised by the reference of a collection, and shared by all who subscribe to it.
    weight: 1,
    arbitrary: fieldName.map((f): Select => {
      let memo: { readonly rows: Rows; readonly value: string } | undefined
      return [
        `memo ${f}`,
        (s) => {
          const rows = rowsOf(f)(s)
          if (memo?.rows !== rows) memo = { rows, value: [...rows].map(({ id, n }) => `${id}:${n}`).join() }
          return memo.value
        }
      ]
    })
  }
)

describe("watch", () => {
  it("T3 its selector is exchanged: from then on only what the new one reads counts, and nobody is told of that", () => {
    const { unsafe, update } = startBoard(board([1, 2]))
    let told = 0
    const runs: Array<string> = []
    const rowOf = (id: number) => (s: BoardState) => {
      runs.push(`row ${id}`)
      return s.rows.get(id)?.n
    }
    const watch = unsafe.watch(rowOf(1), () => told++)
    // Run when a commit comes.
    expect(runs).toEqual([])
    update((s) => ({ ...s, rows: s.rows.update(2, (r) => ({ ...r, n: 3 })) }))
    expect([told, runs.splice(0)]).toEqual([0, ["row 1"]])
    watch.select(rowOf(2))
    const raise = (id: number) =>
      update((s) => ({ ...s, rows: s.rows.update(id, (r) => ({ ...r, n: r.n + 1 })) }))
    // On the state that it was given for, and at every commit until it has stayed the same for two.
    raise(1)
    expect([told, runs.splice(0)]).toEqual([0, ["row 2", "row 2"]])
    raise(1)
    expect([told, new Set(runs.splice(0))]).toEqual([0, new Set(["row 2"])])
    raise(1)
    expect([told, runs.splice(0)]).toEqual([0, []])
    raise(2)
    expect([told, runs]).toEqual([1, ["row 2"]])
  })

  it("T3 what is selected anew is what later selections are compared with, of the state of that moment", () => {
    const { unsafe, update } = startBoard()
    let told = 0
    const watch = unsafe.watch(
      (s) => s.x,
      () => told++
    )
    update((s) => ({ ...s, y: 7 }))
    watch.select((s) => s.y)
    update((s) => ({ ...s, y: 7, x: 7 }))
    expect(told).toBe(0)
    update((s) => ({ ...s, y: 8 }))
    expect(told).toBe(1)
  })

  it("T3 its equals decides; what is equal does not become the selection to compare with", () => {
    const { unsafe, update } = startBoard()
    let told = 0
    unsafe.watch(
      (s) => s.x,
      () => told++,
      (p, q) => Math.abs(p - q) < 2
    )
    update((s) => ({ ...s, x: 1 }))
    expect(told).toBe(0)
    update((s) => ({ ...s, x: 2 }))
    expect(told).toBe(1)
  })

  it("T3 a selector or an equals that throws is a change, which onError is not told of", () => {
    const { unsafe, update, errors } = startBoard()
    const told: Array<string> = []
    const failing = (s: BoardState) => {
      if (s.x === 1) throw new Error("one")
      return 0
    }
    unsafe.watch(failing, () => told.push("selector"))
    unsafe.watch(
      (s) => s.x,
      () => told.push("equals"),
      () => {
        throw new Error("equals")
      }
    )
    update((s) => ({ ...s, x: 1 }))
    expect(told.splice(0).toSorted()).toEqual(["equals", "selector"])
    // It failed, and fails again, whatever else changes; then it gives what it gave before it failed.
    update((s) => ({ ...s, y: 1 }))
    expect(told.splice(0)).toEqual(["selector"])
    update((s) => ({ ...s, x: 0 }))
    expect(told.splice(0).toSorted()).toEqual(["equals", "selector"])
    update((s) => ({ ...s, y: 2 }))
    expect(told).toEqual([])
    expect(errors).toEqual([])
  })

  it("T3 a selector that throws when it is first run, or taken, is run again at every change", () => {
    const { unsafe, update, errors } = startBoard()
    let told = 0
    const failing = (s: BoardState) => {
      if (s.y === 0) throw new Error("zero")
      return s.y
    }
    const watch = unsafe.watch(failing, () => told++)
    update((s) => ({ ...s, x: 1 }))
    expect(told).toBe(1)
    watch.select((s) => s.x)
    watch.select(failing)
    expect(told).toBe(1)
    update((s) => ({ ...s, y: 1 }))
    expect(told).toBe(2)
    expect(errors).toEqual([])
  })

  it("T3 ended, it runs no selector, and can be ended and told to select again", () => {
    const { unsafe, update } = startBoard()
    let runs = 0
    const watch = unsafe.watch(
      (s) => (runs++, s.x),
      () => {}
    )
    update((s) => ({ ...s, y: 1 }))
    expect(runs).toBe(1)
    watch.end()
    watch.end()
    watch.select((s) => (runs++, s.x))
    unsafe
      .watch(
        (s) => (runs++, s.x),
        () => {}
      )
      .end()
    update((s) => ({ ...s, x: 1 }))
    expect(runs).toBe(1)
  })

  it("T3 begun, or given another selector, while a commit is told: it compares with that commit's state", () => {
    const { unsafe, update } = startBoard()
    const told: Array<string> = []
    const exchanged = unsafe.watch(
      (s) => s.x,
      () => told.push("exchanged")
    )
    let first = true
    unsafe.subscribe(() => {
      if (!first) return
      first = false
      unsafe.watch(
        (s) => s.y,
        () => told.push("begun")
      )
      exchanged.select((s) => s.y)
    })
    update((s) => ({ ...s, x: 1, y: 1 }))
    expect(told).toEqual([])
    update((s) => ({ ...s, x: 2 }))
    expect(told).toEqual([])
    update((s) => ({ ...s, y: 2 }))
    expect(told.toSorted()).toEqual(["begun", "exchanged"])
  })

  it("T3 an onChange that throws is reported, and the others are told", () => {
    const { unsafe, update, errors } = startBoard()
    let told = 0
    unsafe.watch(
      (s) => s.x,
      () => {
        throw new Error("listener")
      }
    )
    unsafe.watch(
      (s) => s.x,
      () => told++
    )
    update((s) => ({ ...s, x: 1 }))
    expect(told).toBe(1)
    expect(errors).toMatchObject([{ message: "listener" }])
  })
})

describe("watch of very many", () => {
  it("T3 in time, a commit runs only the selectors that read what it changed", () => {
    const size = 1000
    const ids = Array.from({ length: size }, (_, id) => id)
    const { unsafe, update } = startBoard(board(ids))
    let runs = 0
    const told: Array<number> = []
    const watches = ids.map((id) =>
      unsafe.watch(
        (s) => (runs++, s.rows.get(id)?.n),
        () => told.push(id)
      )
    )
    expect(runs).toBe(0)
    const touch = (id: number, n: number) => {
      runs = 0
      update((s) => ({ ...s, rows: s.rows.update(id, (row) => ({ ...row, n })) }))
      return runs
    }
    expect(touch(3, 100)).toBeGreaterThan(size / 2)
    for (let n = 0; n < 40; n++) touch(3, n)
    expect(touch(4, 100)).toBeLessThan(10)
    expect(told.at(-1)).toBe(4)
    for (const watch of watches) watch.end()
    expect(touch(5, 100)).toBe(0)
  })
})

describe("watch against a naive re-run", () => {
  it("T3 tells when the selector of that moment, run again, gives another value, an error, or one after an error", () => {
    const failing: Select = [
      "failing",
      (s) => {
        if (s.x === 1) throw new Error("one")
        return s.y
      }
    ]
    const any = fc.oneof({ weight: 5, arbitrary: selector }, { weight: 1, arbitrary: fc.constant(failing) })
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.record({ change }) },
      { weight: 1, arbitrary: fc.record({ select: any }) }
    )
    const attempt = (select: Select[1], state: BoardState): { readonly value: unknown } | undefined => {
      try {
        return { value: select(state) }
      } catch {
        return undefined
      }
    }
    fc.assert(
      fc.property(
        any,
        fc.array(step, { minLength: 1, maxLength: 15 }),
        fc.boolean(),
        (first, steps, many) => {
          const { unsafe, update, errors } = startBoard(board([0, 1, 2]))
          // Among so many, what a selector reads is not noted at once.
          for (let i = 0; i < (many ? 130 : 0); i++)
            unsafe.watch(
              (s) => s.rows.get(i % 3)?.n,
              () => {}
            )
          let told = 0
          const watch = unsafe.watch(first[1], () => told++)
          let select = first[1]
          let last = attempt(select, unsafe.getState())
          let naive = 0
          for (const each of steps) {
            if ("select" in each) {
              select = each.select[1]
              watch.select(select)
              last = attempt(select, unsafe.getState())
            } else {
              const before = unsafe.getState()
              update(each.change[1])
              const after = unsafe.getState()
              if (after === before) continue
              const now = attempt(select, after)
              if (last === undefined || now === undefined || !Object.is(last.value, now.value)) naive++
              last = now
            }
            expect(told).toBe(naive)
          }
          expect(errors).toEqual([])
        }
      ),
      { numRuns: 1000 }
    )
  })
})

describe("subscribeTo against a naive re-run", () => {
  it("T3 tells exactly when the selector, run again after every commit, gives another value", () => {
    const selectors = fc.array(fc.tuple(selector, fc.boolean()), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(
        selectors,
        fc.array(fc.array(change, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 12 }),
        (chosen, commits) => {
          const { unsafe, update, errors } = startBoard(board([0, 1, 2]))
          const told: Array<string> = []
          const naive: Array<string> = []
          // Arrays made anew are compared by their parts where the second of the pair says so.
          const byParts = (p: unknown, q: unknown) => JSON.stringify(p) === JSON.stringify(q)
          const watches = chosen.map(([[name, select], parts], i) => {
            const equals = parts ? byParts : Object.is
            let n = 0
            unsafe.subscribeTo(select, () => told.push(`${i} ${name} at ${n}`), equals)
            return { name, select, equals, i, last: select(unsafe.getState()), count: () => n++ }
          })
          commits.forEach((changes) => {
            for (const watch of watches) watch.count()
            update((s) => changes.reduce((state, [, f]) => f(state), s))
          })
          expect(errors).toEqual([])
          // Once more from the start, without any tracking.
          let state = board([0, 1, 2])
          for (const watch of watches) watch.last = watch.select(state)
          commits.forEach((changes, at) => {
            state = changes.reduce((s, [, f]) => f(s), state)
            for (const watch of watches) {
              const next = watch.select(state)
              if (watch.equals(watch.last, next)) continue
              watch.last = next
              naive.push(`${watch.i} ${watch.name} at ${at + 1}`)
            }
          })
          expect(told.toSorted()).toEqual(naive.toSorted())
        }
      ),
      { numRuns: 1000 }
    )
  })
})
