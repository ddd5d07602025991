/**
 * Random graphs of computed fields against a recomputation from scratch: after each write every value is the
 * same, and exactly the fields ran whose function read something that changed.
 */
import { Module, Runtime } from "@sluice/core"
import * as fc from "fast-check"
import * as Schema from "effect/Schema"
import { expect, test } from "vitest"

/**
 * A field computes from earlier ones. With `by`, which of the halves it reads follows from that field's value:
 * then what it reads changes from run to run. `modulo` makes equal values come about.
 */
interface Spec {
  readonly reads: ReadonlyArray<number>
  readonly by: number | undefined
  readonly modulo: number
}

interface Graph {
  readonly bases: number
  readonly specs: ReadonlyArray<Spec>
  /** In which order the traits are declared: positions of `specs`. */
  readonly order: ReadonlyArray<number>
}

type State = Readonly<Record<string, number>>

const name = (index: number): string => `f${index}`

const compute = (spec: Spec, read: (index: number) => number): number => {
  const half = Math.ceil(spec.reads.length / 2)
  const all = spec.reads
  const reads = spec.by === undefined ? all : read(spec.by) % 2 === 0 ? all.slice(0, half) : all.slice(half)
  return reads.reduce((sum, index) => sum + read(index), 1) % spec.modulo
}

/** From nothing, with what each field read. */
const model = (graph: Graph, base: ReadonlyArray<number>) => {
  const values = [...base]
  const reads: Array<ReadonlySet<number>> = []
  for (const spec of graph.specs) {
    const read = new Set<number>()
    const value = compute(spec, (index) => {
      read.add(index)
      return values[index]!
    })
    reads.push(read)
    values.push(value)
  }
  return { values, reads }
}

const graphs = (maxFields: number): fc.Arbitrary<Graph> =>
  fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: maxFields })).chain(([bases, derived]) =>
    fc.record({
      bases: fc.constant(bases),
      specs: fc.tuple(
        ...Array.from({ length: derived }, (_, i) =>
          fc.record({
            reads: fc.array(fc.integer({ min: 0, max: bases + i - 1 }), { minLength: 1, maxLength: 5 }),
            by: fc.option(fc.integer({ min: 0, max: bases + i - 1 }), { nil: undefined }),
            modulo: fc.constantFrom(2, 3, 1_000_003)
          })
        )
      ),
      order: fc.shuffledSubarray(
        Array.from({ length: derived }, (_, i) => i),
        { minLength: derived, maxLength: derived }
      )
    })
  )

type Write = { readonly sets: ReadonlyArray<readonly [number, number]>; readonly refused: boolean }

const writes = fc.array(
  fc.record({
    sets: fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 3 }),
    refused: fc.boolean()
  }),
  { minLength: 1, maxLength: 12 }
)

let modules = 0

const check = (
  graph: Graph,
  sequence: ReadonlyArray<Write>
): { ran: number; spared: number; refused: number } => {
  const counts = { ran: 0, spared: 0, refused: 0 }
  const { bases, specs } = graph
  const size = bases + specs.length
  const ran = new Set<number>()
  let twice = false
  const Random = Module.make(`Random${++modules}`, {
    // A base field of 10 is refused, behind the convergence.
    state: Schema.Struct(
      Object.fromEntries(
        Array.from({ length: size }, (_, i) => [
          name(i),
          i < bases ? Schema.Number.check(Schema.isLessThan(10)) : Schema.Number
        ])
      )
    ),
    actions: { set: Schema.Record(Schema.String, Schema.Number) },
    reducers: { set: (state, change: State) => ({ ...state, ...change }) },
    traits: (t) =>
      Object.fromEntries(
        graph.order.map((i) => [
          name(bases + i),
          t.computed((state) => {
            twice ||= ran.has(i)
            ran.add(i)
            return compute(specs[i]!, (index) => state[name(index)]!)
          })
        ])
      )
  })
  let base = Array.from({ length: bases }, () => 0)
  const initial = Object.fromEntries(base.map((value, i) => [name(i), value]))
  const runtime = Runtime.make(Random.implement({ initial, validate: "commit" }), {
    onError: () => {},
    trace: { level: "off" }
  })
  const { unsafe } = runtime.resolve(Random.tag)
  let before = model(graph, base)
  for (const { refused, sets } of sequence) {
    const next = [...base]
    for (const [index, value] of sets) next[index % bases] = value
    ran.clear()
    twice = false
    const change = Object.fromEntries(next.map((value, i) => [name(i), value]))
    if (refused) {
      counts.refused++
      expect(() => unsafe.dispatch({ _tag: "set", payload: { ...change, f0: 10 } })).toThrow("less than 10")
      // What is known of the reads is of the discarded draft; the next entry finds them again.
      unsafe.dispatch({ _tag: "set", payload: { f0: (base[0]! + 1) % 10 } })
      unsafe.dispatch({ _tag: "set", payload: { f0: base[0]! } })
      expect(Object.values(unsafe.getState())).toEqual(before.values)
      continue
    }
    unsafe.dispatch({ _tag: "set", payload: change })
    const after = model(graph, next)
    const state: State = unsafe.getState()
    expect(after.values.map((_, i) => state[name(i)])).toEqual(after.values)
    const differs = (index: number) => before.values[index] !== after.values[index]
    const affected = specs.flatMap((_, i) => ([...before.reads[i]!].some(differs) ? [i] : []))
    expect([...ran].toSorted((a, b) => a - b)).toEqual(affected)
    expect(twice).toBe(false)
    counts.ran += affected.length
    counts.spared += specs.length - affected.length
    base = next
    before = after
  }
  void runtime.dispose()
  return counts
}

test.each([
  ["at most 30 fields", 20, 400],
  ["more than 30 fields", 90, 60]
])(
  "T9: random graphs of %s are as computed from scratch, and only what is affected runs",
  (_, fields, numRuns) => {
    const total = { ran: 0, spared: 0, refused: 0 }
    const seed = Number(process.env["TRAITS_SEED"] ?? Math.floor(Math.random() * 2 ** 31))
    console.log(`traits: seed ${seed}`)
    fc.assert(
      fc.property(graphs(fields), writes, (graph, sequence) => {
        const { ran, refused, spared } = check(graph, sequence)
        total.ran += ran
        total.spared += spared
        total.refused += refused
      }),
      { seed, numRuns }
    )
    console.log("traits:", total)
    expect(total.ran).toBeGreaterThan(0)
    expect(total.spared).toBeGreaterThan(0)
    expect(total.refused).toBeGreaterThan(0)
  }
)
