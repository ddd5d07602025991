/**
 * Many watches of one instance, that come, go, and exchange their selectors, also while one of them is told: each is
 * told when its selector, run again after every commit, gives something else, and never otherwise.
 */
import { Collection, Module, Runtime, type Watch } from "@sluice/core"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { collectErrors } from "./support.ts"

const seed = Number(process.env["WATCH_SEED"] ?? Math.floor(Math.random() * 2 ** 31))

const Rows = Collection.schema(Schema.Struct({ id: Schema.Number, n: Schema.Number }), "id")
const BoardState = Schema.Struct({ x: Schema.Number, y: Schema.Number, z: Schema.Number, rows: Rows })
const Board = Module.make("Board", {
  state: BoardState,
  actions: { noop: Schema.Void },
  reducers: { noop: (state) => state }
})
type State = typeof BoardState.Type
type Select = (state: State) => unknown

const selectors: ReadonlyArray<Select> = [
  ({ x }) => x,
  ({ y }) => y,
  ({ x, y }) => x + y,
  ({ x, y, z }) => (x % 2 === 0 ? y : z),
  ({ x }) => Math.floor(x / 3),
  ({ rows }) => rows.get(0)?.n,
  ({ rows }) => rows.get(1),
  ({ rows, x }) => rows.get(x % 3)?.n,
  ({ rows }) => rows,
  ({ rows }) => rows.size,
  ({ x }) => ({ x }),
  ({ y }) => [y],
  (state) => state,
  ({ x, z }) => {
    if (x % 5 === 4) throw new Error("four")
    return z
  }
]
const byParts = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** What a watch does while it is told. */
const acts = ["nothing", "exchange", "make anew", "end", "begin another"] as const

const value = fc.nat(6)
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ set: fc.constantFrom("x" as const, "y" as const, "z" as const), value })
  },
  { weight: 3, arbitrary: fc.record({ row: fc.nat(3), value }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      begin: fc.nat(selectors.length - 1),
      equals: fc.constantFrom(Object.is, byParts),
      act: fc.constantFrom(...acts),
      // Of more than 128, not all are noted by what they read at once.
      times: fc.constantFrom(1, 1, 60)
    })
  },
  { weight: 2, arbitrary: fc.record({ exchange: fc.nat(80), by: fc.nat(selectors.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ end: fc.nat(80), times: fc.constantFrom(1, 1, 50) }) }
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const attempt = (select: Select, state: State): { readonly value: unknown } | undefined => {
  try {
    return { value: select(state) }
  } catch {
    return undefined
  }
}

class Watched {
  readonly equals: typeof Object.is
  select: Select
  last: { readonly value: unknown } | undefined
  told = 0
  expected = 0
  active = true
  /** Whether it has come, or was given its selector, since the last commit began. */
  fresh = true
  watch: Watch<State, unknown> | undefined = undefined

  constructor(select: Select, equals: typeof Object.is, state: State) {
    this.select = select
    this.equals = equals
    this.last = attempt(select, state)
  }

  give(select: Select, state: State): void {
    this.select = select
    this.last = attempt(select, state)
    this.fresh = true
    this.watch?.select(select)
  }

  end(): void {
    this.active = false
    this.watch?.end()
  }

  /** After a commit, where `fresh` has been taken back before it. */
  compare(before: Pick<Watched, "select" | "last">, state: State): void {
    const now = attempt(before.select, state)
    const same =
      before.last !== undefined &&
      now !== undefined &&
      (Object.is(before.last.value, now.value) || this.equals(before.last.value, now.value))
    if (same) return
    this.expected++
    if (!this.fresh) this.last = now
  }
}

const start = () => {
  const { errors, onError } = collectErrors()
  const initial = { x: 0, y: 0, z: 0, rows: Rows.empty.setAll([0, 1, 2].map((id) => ({ id, n: 0 }))) }
  const { unsafe } = Runtime.make(Board.implement({ initial }), { onError }).resolve(Board.tag)
  const all: Array<Watched> = []
  let runs = 0

  const begin = (chosen: number, equals: typeof Object.is, act: (typeof acts)[number]): void => {
    const selector = (at: number): Select => {
      const select = selectors[at % selectors.length]!
      return (state) => {
        runs++
        return select(state)
      }
    }
    const watched = new Watched(selector(chosen), equals, unsafe.getState())
    const told = () => {
      watched.told++
      if (act === "exchange") watched.give(selector(chosen + watched.told), unsafe.getState())
      if (act === "make anew") {
        const { select } = watched
        watched.give((state) => select(state), unsafe.getState())
      }
      if (act === "end") watched.end()
      if (act === "begin another" && all.length < 200) begin(chosen + 3, equals, "nothing")
    }
    watched.watch = unsafe.watch(watched.select, told, equals)
    all.push(watched)
  }

  const change = (f: (state: State) => State): void => {
    const present = all.filter(({ active }) => active)
    const before = present.map(({ last, select }) => ({ last, select }))
    for (const watched of present) watched.fresh = false
    const previous = unsafe.getState()
    unsafe.transact("change", (tx) => tx.update(f))
    if (unsafe.getState() === previous) return
    present.forEach((watched, i) => {
      watched.compare(before[i]!, unsafe.getState())
      expect(watched.told).toBe(watched.expected)
    })
  }

  const take = (step: Step): void => {
    if ("set" in step) change((state) => ({ ...state, [step.set]: step.value }))
    else if ("row" in step)
      change((state) => ({ ...state, rows: state.rows.set({ id: step.row, n: step.value }) }))
    else if ("remove" in step) change((state) => ({ ...state, rows: state.rows.remove(step.remove) }))
    else if ("begin" in step)
      for (let i = 0; i < step.times; i++) begin(step.begin + i, step.equals, step.act)
    else if ("exchange" in step) {
      const watched = all[step.exchange]
      if (watched?.active === true) watched.give(selectors[step.by]!, unsafe.getState())
    } else for (const watched of all.slice(step.end, step.end + step.times)) watched.end()
  }

  /** How many selectors a commit runs when all have ended. */
  const runsOfEnded = (): number => {
    for (const watched of all) watched.end()
    runs = 0
    change((state) => ({ ...state, x: state.x + 1, rows: state.rows.set({ id: 0, n: 100 }) }))
    return runs
  }

  return { take, runsOfEnded, errors }
}

test("T3 each is told exactly when its selector gives something else; of those that have ended none is run", () => {
  console.log(`watches: WATCH_SEED=${seed}`)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { take, runsOfEnded, errors } = start()
      for (const each of steps) take(each)
      expect(runsOfEnded()).toBe(0)
      expect(errors).toEqual([])
    }),
    { seed, numRuns: 1000 }
  )
})
