import { Collection } from "@sluice/core"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { apply, decode, decodePatch, encode, patch, PatchConflict } from "../../src/codec/index.ts"
import { classes, graphs, sameValue, values } from "./values.ts"

const runs = { numRuns: 500, verbose: fc.VerbosityLevel.Verbose }
const bytes = (value: unknown) => JSON.stringify(encode(value, { classes }))
const overJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const sent = (value: unknown) => Result.getOrThrow(decode(overJson(encode(value, { classes })), { classes }))

interface Row {
  readonly id: number
  readonly n: number
  readonly tags: ReadonlyArray<string>
}
interface State {
  readonly count: number
  readonly list: ReadonlyArray<unknown>
  readonly byName: Readonly<Record<string, unknown>>
  readonly map: ReadonlyMap<unknown, unknown>
  readonly set: ReadonlySet<unknown>
  readonly rows: Collection.Collection<Row, number>
}

const row = fc.record({
  id: fc.nat(12),
  n: fc.nat(3),
  tags: fc.array(fc.constantFrom("a", "b"), { maxLength: 2 })
})
const name = fc.constantFrom("a", "b", "c", "1", "2", "10", "__proto__")
const item = fc.oneof(fc.nat(5), fc.record({ n: fc.nat(3) }))

/** A change as reducers make them: what does not change is the same reference. */
const step = fc.oneof(
  fc.record({ op: fc.constant("count" as const), by: fc.nat(3) }),
  fc.record({ op: fc.constant("insert" as const), at: fc.nat(8), item }),
  fc.record({ op: fc.constant("drop" as const), at: fc.nat(8) }),
  fc.record({ op: fc.constant("swap" as const), at: fc.nat(8), with: fc.nat(8) }),
  fc.record({ op: fc.constant("field" as const), name, item }),
  fc.record({ op: fc.constant("no field" as const), name }),
  fc.record({ op: fc.constant("entry" as const), name, item }),
  fc.record({ op: fc.constant("last entry" as const), name, item }),
  fc.record({ op: fc.constant("no entry" as const), name }),
  fc.record({ op: fc.constant("member" as const), item: fc.nat(6) }),
  fc.record({ op: fc.constant("no member" as const), item: fc.nat(6) }),
  fc.record({ op: fc.constant("row" as const), row }),
  fc.record({ op: fc.constant("last row" as const), row }),
  fc.record({ op: fc.constant("no row" as const), id: fc.nat(12) }),
  fc.record({ op: fc.constant("rows anew" as const) })
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const stepped = (state: State, step: Step): State => {
  switch (step.op) {
    case "count":
      return { ...state, count: state.count + step.by }
    case "insert":
      return { ...state, list: state.list.toSpliced(step.at, 0, step.item) }
    case "drop":
      return { ...state, list: state.list.toSpliced(step.at, 1) }
    case "swap": {
      const list = [...state.list]
      const [a, b] = [step.at % (list.length + 1), step.with % (list.length + 1)]
      if (a < list.length && b < list.length) [list[a], list[b]] = [list[b], list[a]]
      return { ...state, list }
    }
    case "field":
      return {
        ...state,
        byName: Object.fromEntries([...Object.entries(state.byName), [step.name, step.item]])
      }
    case "no field":
      return {
        ...state,
        byName: Object.fromEntries(Object.entries(state.byName).filter(([key]) => key !== step.name))
      }
    case "entry":
      return { ...state, map: new Map([...state.map, [step.name, step.item]]) }
    case "last entry":
      return {
        ...state,
        map: new Map([...[...state.map].filter(([key]) => key !== step.name), [step.name, step.item]])
      }
    case "no entry":
      return { ...state, map: new Map([...state.map].filter(([key]) => key !== step.name)) }
    case "member":
      return { ...state, set: new Set([...state.set, step.item]) }
    case "no member":
      return { ...state, set: new Set([...state.set].filter((member) => member !== step.item)) }
    case "row":
      return { ...state, rows: state.rows.set(step.row) }
    case "last row":
      return { ...state, rows: state.rows.remove(step.row.id).set(step.row) }
    case "no row":
      return { ...state, rows: state.rows.remove(step.id) }
    case "rows anew":
      return { ...state, rows: Collection.make("id", state.rows.toArray().toReversed()) }
  }
}

const initial: fc.Arbitrary<State> = fc.record({
  count: fc.nat(3),
  list: fc.array(item, { maxLength: 6 }),
  byName: fc.dictionary(name, item, { maxKeys: 4, noNullPrototype: true }),
  map: fc.array(fc.tuple(name, item), { maxLength: 4 }).map((entries) => new Map<unknown, unknown>(entries)),
  set: fc.array(fc.nat(6), { maxLength: 4 }).map((members) => new Set<unknown>(members)),
  rows: fc.array(row, { maxLength: 10 }).map((rows) => Collection.make("id", rows))
})

const history = fc.tuple(initial, fc.array(step, { minLength: 1, maxLength: 12 })).map(([first, steps]) => {
  const states = [first]
  for (const step of steps) states.push(stepped(states.at(-1) ?? first, step))
  return states
})

const expectLeads = (from: unknown, to: unknown): void => {
  const found = patch(from, to, { classes })
  expect(sameValue(Result.getOrThrow(apply(found, from, { classes })), to)).toBe(true)
  const received = Result.getOrThrow(decodePatch(overJson(encode(found, { classes })), { classes }))
  expect(sameValue(Result.getOrThrow(apply(received, sent(from), { classes })), to)).toBe(true)
}

describe("a patch", () => {
  test("leads from one state of a history to any other, here and in another context", () => {
    fc.assert(
      fc.property(history, fc.nat(), fc.nat(), (states, a, b) => {
        for (const [at, state] of states.entries()) expectLeads(states[at - 1] ?? state, state)
        expectLeads(states[a % states.length], states[b % states.length])
      }),
      runs
    )
  }, 60_000)

  test("is the same once more, of the states that it has led to in another context", () => {
    fc.assert(
      fc.property(history, (states) => {
        let there = sent(states[0])
        for (const [at, state] of states.entries()) {
          const encoded = encode(patch(states[at - 1] ?? state, state))
          const next = Result.getOrThrow(apply(Result.getOrThrow(decodePatch(overJson(encoded))), there))
          expect(JSON.stringify(encode(patch(there, next)))).toBe(JSON.stringify(encoded))
          there = next
        }
      }),
      runs
    )
  }, 60_000)

  test("leads from any value to any other", () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const found = patch(a, b, { classes })
        expect(sameValue(Result.getOrThrow(apply(found, a, { classes })), b)).toBe(true)
      }),
      runs
    )
  }, 60_000)

  test("leads through sharing and cycles", () => {
    fc.assert(
      fc.property(graphs, graphs, (a, b) => {
        const [from, to] = [
          { is: a, n: 1 },
          { is: b, n: 2 }
        ]
        expect(sameValue(Result.getOrThrow(apply(patch(from, to), from)), to)).toBe(true)
      }),
      runs
    )
  }, 60_000)

  test("of a value and itself, or the same made anew, is empty", () => {
    fc.assert(
      fc.property(history, (states) => {
        for (const state of states) {
          expect(patch(state, state)).toEqual({ kind: "same" })
          expect(patch(state, sent(state))).toEqual({ kind: "same" })
        }
      }),
      runs
    )
  }, 60_000)

  test("leaves what did not change as it is", () => {
    fc.assert(
      fc.property(initial, step, (before, step) => {
        const after = stepped(before, step)
        const made = Result.getOrThrow(apply(patch(before, after), before)) as State
        for (const key of ["list", "byName", "map", "set", "rows"] as const)
          if (before[key] === after[key]) expect(made[key]).toBe(before[key])
        for (const { id } of made.rows)
          if (before.rows.get(id) === after.rows.get(id)) expect(made.rows.get(id)).toBe(before.rows.get(id))
      }),
      runs
    )
  }, 60_000)
})

/** Whether the step is of one key and what is under it, so that where it fits it does there the same. */
const isOneKey = ({ op }: Step): boolean =>
  ["count", "field", "no field", "entry", "no entry", "member", "no member", "row", "no row"].includes(op)

describe("a patch to another value", () => {
  test("fits, or is refused with the place; it changes nothing else", () => {
    let [fitted, refused] = [0, 0]
    fc.assert(
      fc.property(initial, step, fc.array(step, { maxLength: 4 }), (before, step, others) => {
        const change = patch(before, stepped(before, step))
        const other = others.reduce(stepped, before)
        const kept = bytes(other)
        const result = apply(change, other)
        expect(bytes(other)).toBe(kept)
        if (Result.isFailure(result)) {
          refused++
          expect(result.failure).toBeInstanceOf(PatchConflict)
        } else {
          fitted++
          if (change.kind !== "same" && isOneKey(step))
            expect(sameValue(result.success, stepped(other, step))).toBe(true)
        }
      }),
      runs
    )
    expect(Math.min(fitted, refused)).toBeGreaterThan(50)
  }, 60_000)

  test("that comes from anyone is refused or fits, and nothing else ever happens", () => {
    const key = fc.oneof(fc.constantFrom<unknown>("count", "list", "rows", "a", "__proto__"), fc.nat(12))
    const { hostile } = fc.letrec<{ hostile: unknown }>((tie) => ({
      hostile: fc.oneof(
        { maxDepth: 4 },
        fc.record({ kind: fc.constant("replace"), from: item, to: item }),
        fc.record({
          kind: fc.constantFrom("fields", "entries", "members", "rows", "elements", "parts"),
          changed: fc.array(fc.tuple(key, tie("hostile")), { maxLength: 2 }),
          removed: fc.array(fc.tuple(key, item), { maxLength: 2 }),
          inserted: fc.array(fc.oneof(fc.tuple(key, row), fc.tuple(key, row, key)), { maxLength: 2 }),
          splices: fc.array(fc.tuple(fc.nat(8), fc.array(item), fc.array(item)), { maxLength: 2 }),
          length: fc.nat(8),
          tag: fc.constantFrom("Some", "Date", "Collection", "nothing")
        }),
        fc.jsonValue({ maxDepth: 1 })
      )
    }))
    let taken = 0
    fc.assert(
      fc.property(hostile, initial, (data, state) => {
        const received = decodePatch(overJson(encode(data)))
        if (Result.isFailure(received)) return
        taken++
        for (const value of [state, state.list, state.map, state.rows, state.byName]) {
          const result = apply(received.success, value)
          if (Result.isFailure(result)) expect(result.failure).toBeInstanceOf(PatchConflict)
        }
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      runs
    )
    // About 115, give or take 10
    expect(taken).toBeGreaterThan(30)
  }, 60_000)
})
