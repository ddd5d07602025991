/** The lines of a list, collected in any steps while the app goes on, against the log read from scratch. */
import { Module, Runtime, type Trace } from "@sluice/core"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { filterOf, Items, type Query } from "../../src/panel/modules/Items.ts"
import type { Row } from "../../src/protocol/index.ts"
import { find } from "../../src/protocol/find.ts"
import { Log as EntryLog } from "../../src/protocol/log.ts"
import { History } from "../../src/session/history.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Int }),
  actions: { add: Schema.Int, fail: Schema.Void },
  reducers: {
    add: (state, by) => ({ count: state.count + by }),
    fail: () => {
      throw new Error("on purpose")
    }
  }
})

const Log = Module.make("Log", {
  state: Schema.Struct({ lines: Schema.Int }),
  actions: { touch: Schema.String }
})

const kinds = ["add", "add", "touch", "fail", "both"] as const
type Kind = (typeof kinds)[number]

/** So many entries of a kind at once; the trace's turn to tell its readers; so many places to collect, at either end. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ enter: fc.constantFrom(...kinds), times: fc.integer({ min: 1, max: 9 }) })
    },
    { weight: 1, arbitrary: fc.constant("tell" as const) },
    { weight: 2, arbitrary: fc.record({ newer: fc.integer({ min: 1, max: 7 }) }) },
    { weight: 2, arbitrary: fc.record({ older: fc.integer({ min: 1, max: 7 }) }) }
  ),
  { maxLength: 40 }
)

const queries: fc.Arbitrary<Query> = fc.record({
  text: fc.constantFrom("", "", "add", "-touch", "on purpose", "log#1", "word -t3", "rollback"),
  kinds: fc.constantFrom([], ["action"]),
  outcomes: fc.constantFrom([], [], ["commit"], ["rollback", "unchanged"]),
  instances: fc.constantFrom([], [], ["Counter#1"]),
  collapse: fc.boolean()
})

const macrotask = () => new Promise<void>((resolve) => setTimeout(resolve))

const makeApp = (level: Trace.TraceLevel, capacity: number) => {
  const runtime = Runtime.make(
    [Counter.implement({ initial: { count: 0 } }), Log.implement({ initial: { lines: 0 } })],
    { trace: { level, capacity }, onError: () => {} }
  )
  const counter = runtime.resolve(Counter.tag)
  const log = runtime.resolve(Log.tag)
  const enter = (kind: Kind) => {
    try {
      if (kind === "both")
        runtime.unsafe.transact([counter, log], "both", (a, b) => {
          a.update(({ count }) => ({ count: count + 1 }))
          b.update(({ lines }) => ({ lines: lines + 1 }))
        })
      else if (kind === "add") counter.unsafe.dispatch({ _tag: "add", payload: 1 })
      else if (kind === "touch") log.unsafe.dispatch({ _tag: "touch", payload: "word" })
      else counter.unsafe.dispatch({ _tag: "fail" })
    } catch {
      // The log tells it.
    }
  }
  return { runtime, enter }
}

const placeOf = (items: Items, index: number): number | undefined => {
  const item = items.at(index)
  return item === undefined || item.isGap ? undefined : item.place
}

const textOf = ({ error = "", origin, outcome, payload = "", tags, txnId }: Row): string =>
  `${txnId} ${origin.kind} ${origin.name} ${tags.join(" ")} ${outcome === "commit" ? "" : outcome} ${error} ${payload}`.toLowerCase()

const passes = (row: Row, { instances, kinds, outcomes, text }: Query): boolean =>
  (kinds.length === 0 || kinds.includes(row.origin.kind)) &&
  (outcomes.length === 0 || outcomes.includes(row.outcome)) &&
  (instances.length === 0 || instances.includes(row.instanceId)) &&
  text
    .split(" ")
    .every((word) =>
      word.startsWith("-") ? !textOf(row).includes(word.slice(1)) : textOf(row).includes(word)
    )

const kindOf = ({ groupId, instanceId, origin, outcome, place, tags }: Row): string =>
  groupId === undefined ? JSON.stringify([instanceId, origin, outcome, tags]) : String(place)

/** Each line as it is to be, from the rows alone. */
const linesOf = (rows: ReadonlyArray<Row>, first: number, last: number, query: Query) => {
  const known = new Map(rows.map((row) => [row.place, row]))
  const lines: Array<{ place: number; count: number; isGap: boolean; kind: string }> = []
  for (let place = first; place <= last; place++) {
    const row = known.get(place)
    if (row !== undefined && !passes(row, query)) continue
    const kind = row === undefined ? "gap" : query.collapse ? kindOf(row) : String(place)
    const before = lines.at(-1)
    if (before?.kind === kind) Object.assign(before, { place, count: before.count + 1 })
    else lines.push({ place, count: 1, isGap: row === undefined, kind })
  }
  return lines.map(({ count, isGap, place }) => ({ count, isGap, place }))
}

test("the lines that a panel has collected are those of the log read from scratch, and its gaps add up", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      queries,
      fc.constantFrom("light" as const, "full" as const, "off" as const, { sample: 3 } as const),
      fc.record({ history: fc.integer({ min: 3, max: 60 }), trace: fc.integer({ min: 4, max: 80 }) }),
      async (steps, query, level, capacity) => {
        const { enter, runtime } = makeApp(level, capacity.trace)
        // An entry that has left the history is not taken out of the count of those it is one with.
        const history = new History(query.collapse ? 1000 : capacity.history)
        const end = runtime.onCommit((commit) => history.append([commit]))
        const log = new EntryLog(history, runtime.trace, () => {})
        log.open()
        let items = Items.empty(log.places.last + 1)
        let entered = 0
        let others = 0
        const search = (from: number, to: number, beside: { before?: number; after?: number }) =>
          find(log, { filter: filterOf(query), collapse: query.collapse, from, to, ...beside })
        const newer = (most: number) => {
          const { first, last } = log.places
          items = items.since(first)
          const to = Math.min(last + 1, items.to + most)
          const before = placeOf(items, items.length - 1)
          items = items.appended(search(items.to, to, before === undefined ? {} : { before }), to)
        }
        const older = (most: number) => {
          const { first } = log.places
          items = items.since(first)
          const after = placeOf(items, 0)
          const from = Math.max(first, items.from - most)
          items = items.prepended(search(from, items.from, after === undefined ? {} : { after }))
        }
        for (const step of steps) {
          if (step === "tell") {
            await macrotask()
            log.settle()
          } else if ("enter" in step) {
            entered += step.times * (step.enter === "both" ? 2 : 1)
            others += step.enter === "touch" || step.enter === "fail" ? step.times : 0
            for (let n = 0; n < step.times; n++) enter(step.enter)
          } else if ("newer" in step) newer(step.newer)
          else older(step.older)
        }
        log.sync()
        const { first, last } = log.places
        while (items.to <= last) newer(4)
        while (items.from > first) older(4)
        items = items.since(first)

        const rows = log.before(undefined, Infinity).rows
        const lines = Array.from({ length: items.length }, (_, index) => items.at(index))
        const expected = linesOf(rows, first, last, query)
        // Of more than these some may have been let go of after they were collected.
        const isKept = others <= 2 * history.capacity
        const known = new Set(rows.map(({ place }) => place))
        const isKnown = (line: { place: number; isGap: boolean } | undefined) =>
          line !== undefined && !line.isGap && known.has(line.place)
        if (isKept) expect(lines).toEqual(expected)
        else expect(lines.filter(isKnown)).toEqual(expected.filter(isKnown))
        expect(rows.map(({ place }) => place)).toEqual(
          rows.map(({ place }) => place).toSorted((a, b) => a - b)
        )
        // At these levels each entry has its place, whether or not the trace has told of it before it was overwritten.
        if (level === "light") expect(last).toBe(entered)
        if (level === "full") expect(last).toBeGreaterThanOrEqual(entered)
        if (isKept && Object.keys(filterOf(query)).length === 0)
          expect(lines.reduce((sum, line) => sum + (line?.count ?? 0), 0)).toBe(last - first + 1)
        for (const { place, txnId } of rows) expect(log.placeOf(txnId)).toBe(place)
        end()
        log.close()
        await runtime.dispose()
      }
    ),
    { numRuns: 200 }
  )
})
