import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Collection from "../src/Collection.ts"
import * as Edits from "../src/Edits.ts"

interface Row {
  readonly key: string | number
  readonly n: number
}
type Rows = Collection.Collection<Row, string | number>
/** The model: insertion order is that of a Map, which also keeps a replaced entry's place. */
type Model = ReadonlyMap<string | number, Row>

const rowsOf = (rows: ReadonlyArray<Row>): Rows => Collection.make((row) => row.key, rows)
const modelOf = (rows: Iterable<Row>): Map<string | number, Row> => {
  const model = new Map<string | number, Row>()
  for (const row of rows) model.set(row.key, row)
  return model
}

const key = fc.oneof(fc.nat(90), fc.nat(9).map(String))
const row = fc.record({ key, n: fc.nat() })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("set" as const), row }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("update" as const), key, n: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("remove" as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("setAll" as const), rows: fc.array(row, { maxLength: 80 }) })
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("removeAll" as const), keys: fc.array(key, { maxLength: 80 }) })
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("filter" as const), modulus: fc.integer({ min: 2, max: 9 }) })
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("clear" as const) }) },
  /** The next steps start from an earlier version, as after a rollback. */
  { weight: 2, arbitrary: fc.record({ op: fc.constant("back" as const), to: fc.nat() }) }
)
type Step = Exclude<typeof step extends fc.Arbitrary<infer S> ? S : never, { readonly op: "back" }>

const applied = (rows: Rows, step: Step): Rows => {
  switch (step.op) {
    case "set":
      return rows.set(step.row)
    case "update":
      return rows.update(step.key, (row) => ({ ...row, n: step.n }))
    case "remove":
      return rows.remove(step.key)
    case "setAll":
      return rows.setAll(step.rows)
    case "removeAll":
      return rows.removeAll(step.keys)
    case "filter":
      return rows.filter((row) => row.n % step.modulus !== 0)
    case "clear":
      return rows.clear()
  }
}

const drafted = (rows: Collection.Draft<Row, string | number>, step: Step): void => {
  switch (step.op) {
    case "set":
      return rows.set(step.row)
    case "update":
      return rows.update(step.key, (row) => void (row.n = step.n))
    case "remove":
      return void rows.remove(step.key)
    case "setAll":
      return rows.setAll(step.rows)
    case "removeAll":
      return rows.removeAll(step.keys)
    case "filter":
      return rows.removeAll(rows.toArray().flatMap((row) => (row.n % step.modulus === 0 ? [row.key] : [])))
    case "clear":
      return rows.clear()
  }
}

const modelled = (before: Model, step: Step): Model => {
  const model = new Map(before)
  switch (step.op) {
    case "set":
      return model.set(step.row.key, step.row)
    case "update":
      return model.has(step.key) ? model.set(step.key, { key: step.key, n: step.n }) : model
    case "remove":
      model.delete(step.key)
      return model
    case "setAll":
      for (const row of step.rows) model.set(row.key, row)
      return model
    case "removeAll":
      for (const key of step.keys) model.delete(key)
      return model
    case "filter":
      return modelOf([...model.values()].filter((row) => row.n % step.modulus !== 0))
    case "clear":
      return new Map()
  }
}

const expectSame = (rows: Collection.Draft<Row, string | number> | Rows, model: Model) => {
  const expected = [...model.values()]
  expect(rows.size).toBe(model.size)
  expect(rows.toArray()).toEqual(expected)
  expect([...rows]).toEqual(expected)
  expect([...rows.keys()]).toEqual([...model.keys()])
  for (const [at, row] of expected.entries()) {
    expect(rows.get(row.key)).toEqual(row)
    expect(rows.at(at)).toEqual(row)
  }
  for (const key of [0, "0", 1, "1", 50, 91]) expect(rows.get(key)).toEqual(model.get(key))
}

const expectDiff = (before: Rows, after: Rows) => {
  const expected = new Map<string | number, [Row | undefined, Row | undefined]>()
  for (const key of [...before.keys(), ...after.keys()]) {
    const [was, is] = [before.get(key), after.get(key)]
    if (was !== is) expected.set(key, [was, is])
  }
  const visited = new Map<string | number, [Row | undefined, Row | undefined]>()
  Collection.diff(before, after, (key, was, is) => {
    expect(visited.has(key)).toBe(false)
    visited.set(key, [was, is])
  })
  expect(visited.size).toBe(expected.size)
  for (const [key, [was, is]] of expected) {
    expect(visited.get(key)?.[0]).toBe(was)
    expect(visited.get(key)?.[1]).toBe(is)
  }
}

/** Where there are edits, they make the one of the other, order and all. */
const expectEdits = (before: Rows, after: Rows) => {
  const edits = Edits.between(before, after)
  if (edits === undefined) return
  const removed = new Set(edits.removed.map(({ key }) => key))
  const replaced = new Map(edits.replaced.map(({ key, next }) => [key, next]))
  const rows = before.toArray().filter(({ key }) => !removed.has(key))
  const made = rows.map((row) => replaced.get(row.key) ?? row)
  for (const { before: anchor, row } of edits.inserted.toReversed()) {
    const at = anchor === undefined ? made.length : made.findIndex(({ key }) => key === anchor)
    expect(at).toBeGreaterThanOrEqual(0)
    made.splice(at, 0, row)
  }
  expect(made).toEqual(after.toArray())
  for (const { key, row } of edits.removed) expect(before.get(key)).toBe(row)
  for (const { key, previous } of edits.replaced) expect(before.get(key)).toBe(previous)
}

describe("a collection agrees with a Map", () => {
  it("after any steps, in every version", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 100 }), fc.array(step, { maxLength: 60 }), (initial, steps) => {
        const versions = [{ rows: rowsOf(initial), model: modelOf(initial) as Model }]
        let now = versions[0]!
        for (const step of steps) {
          if (step.op === "back") now = versions[step.to % versions.length]!
          else {
            const next = { rows: applied(now.rows, step), model: modelled(now.model, step) }
            expectSame(next.rows, next.model)
            expectDiff(now.rows, next.rows)
            expectEdits(now.rows, next.rows)
            expectEdits(next.rows, now.rows)
            if (next.rows === now.rows) expect([...next.model]).toEqual([...now.model])
            versions.push(next)
            now = next
          }
        }
        for (const [at, { rows, model }] of versions.entries()) {
          expectSame(rows, model)
          expectDiff(rows, versions[(at * 7) % versions.length]!.rows)
          expectEdits(rows, versions[(at * 7) % versions.length]!.rows)
        }
      }),
      { numRuns: 300, verbose: fc.VerbosityLevel.Verbose }
    )
  }, 60_000)

  it("after any steps in one recipe", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 100 }), fc.array(step, { maxLength: 30 }), (initial, steps) => {
        const before = { deep: [{ rows: rowsOf(initial) }], other: 1 }
        let model: Model = modelOf(initial)
        const after = Collection.mutate(before, (draft) => {
          for (const step of steps) {
            if (step.op === "back") continue
            drafted(draft.deep[0]!.rows, step)
            model = modelled(model, step)
            expectSame(draft.deep[0]!.rows, model)
          }
        })
        expectSame(after.deep[0]!.rows, model)
        expectSame(before.deep[0]!.rows, modelOf(initial))
        expectDiff(before.deep[0]!.rows, after.deep[0]!.rows)
      }),
      { numRuns: 200, verbose: fc.VerbosityLevel.Verbose }
    )
  }, 60_000)

  it("when one key is removed and comes back again and again", () => {
    let rows = rowsOf(Array.from({ length: 200 }, (_, key) => ({ key, n: 0 })))
    const first = rows
    for (let n = 1; n <= 2000; n++) {
      const gone = rows.remove(7)
      expect(gone.get(7)).toBeUndefined()
      rows = gone.set({ key: 7, n })
      expect(rows.get(7)?.n).toBe(n)
      expect(rows.at(199)?.n).toBe(n)
    }
    expect(first.get(7)?.n).toBe(0)
    expectDiff(first, rows)
  })
})
