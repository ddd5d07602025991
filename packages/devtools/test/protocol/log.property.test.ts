/** The entries of any session, as a panel is given them, against what the app has done. */
import { Module, Runtime, type Trace } from "@sluice/core"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { History } from "../../src/session/history.ts"
import { compareCursors, Log } from "../../src/protocol/log.ts"
import type { Row } from "../../src/protocol/index.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Int }),
  actions: { add: Schema.Int, touch: Schema.Void, fail: Schema.Void },
  reducers: {
    add: (state, by) => ({ count: state.count + by }),
    fail: () => {
      throw new Error("on purpose")
    }
  }
})

const kinds = ["add", "touch", "fail"] as const
type Kind = (typeof kinds)[number]
const outcomes = { add: "commit", touch: "unchanged", fail: "rollback" } as const

/** An entry of the app, the trace's turn to tell its readers, or the reader's to take so many rows. */
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...kinds) },
    { weight: 1, arbitrary: fc.constant("tell" as const) },
    { weight: 2, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 6 }) }) }
  ),
  { maxLength: 60 }
)
const levels = fc.constantFrom("light" as const, "full" as const, "off" as const, { sample: 3 } as const)

const makeApp = (level: Trace.TraceLevel) => {
  const runtime = Runtime.make(Counter.implement({ initial: { count: 0 } }), {
    trace: { level, capacity: 4096 },
    onError: () => {}
  })
  const { unsafe } = runtime.resolve(Counter.tag)
  const enter = (kind: Kind) => {
    try {
      unsafe.dispatch(kind === "add" ? { _tag: "add", payload: 1 } : { _tag: kind })
    } catch {
      // It is told by the trace.
    }
  }
  return { runtime, enter }
}

/** The trace tells its readers sooner than this. */
const macrotask = () => new Promise<void>((resolve) => setTimeout(resolve))

test("whoever reads gets each entry once, or is told how many commits it was too late for; pages agree", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      levels,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (steps, level, capacity, limit) => {
        const { enter, runtime } = makeApp(level)
        const history = new History(capacity)
        const end = runtime.onCommit((commit) => history.append([commit]))
        const log = new Log(history, runtime.trace, () => {})
        log.open()
        const reader = log.reader(undefined)
        const given: Array<Row> = []
        let missed = 0
        let missedEvents = 0
        const take = (most: number) => {
          const { gap, more, rows } = log.next(reader, most)
          given.push(...rows)
          missed += gap.commits
          missedEvents += gap.events
          expect(rows.length).toBeLessThanOrEqual(most)
          const rest = log.next({ ...reader }, Infinity)
          // What was lost is told before the rows that come after it.
          expect([rest.rows.length + rest.gap.events > 0, rest.gap.commits]).toEqual([more, 0])
          expect(rows).toEqual(rows.toSorted((a, b) => compareCursors(a.at, b.at)))
        }
        const done: Array<Kind> = []
        for (const step of steps) {
          if (step === "tell") {
            await macrotask()
            log.settle()
          } else if (typeof step === "object") take(step.take)
          else {
            done.push(step)
            enter(step)
          }
        }
        log.sync()
        for (let before = -1; before !== given.length;) {
          before = given.length
          take(limit)
        }

        const commits = given.filter(({ outcome }) => outcome === "commit")
        const count = done.filter((kind) => kind === "add").length
        expect(commits.length + missed).toBe(count)
        expect(new Set(given.map(({ at }) => `${at.seq} ${at.n}`)).size).toBe(given.length)
        expect(commits.map(({ at }) => at.seq)).toEqual(
          commits.map(({ at }) => at.seq).toSorted((a, b) => a - b)
        )
        if (level === "light" || level === "full") {
          expect(given.length + missed + missedEvents).toBe(done.length)
          if (missed + missedEvents === 0)
            expect(
              given.toSorted((a, b) => compareCursors(a.at, b.at)).map(({ outcome }) => outcome)
            ).toEqual(done.map((kind) => outcomes[kind]))
        }
        if (level === "full")
          for (const { durationMs } of commits) expect(durationMs).toBeGreaterThanOrEqual(0)

        const paged: Array<Row> = []
        for (let more = true; more;) {
          const page = log.before(paged[0]?.at, limit)
          paged.unshift(...page.rows)
          ;({ more } = page)
        }
        const whole = log.before(undefined, Infinity).rows
        expect(paged).toEqual(whole)
        expect(paged.filter(({ outcome }) => outcome === "commit").map(({ at }) => at.seq)).toEqual(
          history.after(0).map(({ seq }) => seq)
        )
        end()
        log.close()
        await runtime.dispose()
      }
    ),
    { numRuns: 200 }
  )
})

const visits = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Kind>("add", "fail", "touch") },
    { weight: 3, arbitrary: fc.constantFrom("tell", "take", "sync", "leave", "return") }
  ),
  { maxLength: 30 }
)

test.each(["light", "full", { sample: 1 }] as const)(
  "a panel that leaves and returns is given each entry once, at trace level %o",
  async (level) => {
    await fc.assert(
      fc.asyncProperty(visits, async (steps) => {
        const { enter, runtime } = makeApp(level)
        const history = new History(1000)
        const end = runtime.onCommit((commit) => history.append([commit]))
        const log = new Log(history, runtime.trace, () => {})
        let last: Row["at"] = { seq: 0, n: 0 }
        log.open()
        let reader = log.reader(last)
        const given: Array<string> = []
        const comeBack = () => {
          log.close()
          log.open()
          reader = log.reader(last)
        }
        const take = () => {
          const { rows } = log.next(reader, 5)
          for (const { at, txnId } of rows) {
            given.push(txnId)
            last = at
          }
          return rows.length
        }
        let entries = 0
        for (const step of steps) {
          if (step === "tell") {
            await macrotask()
            if (log.isOpen) log.settle()
          } else if (step === "leave") log.close()
          else if (step === "return") comeBack()
          else if (step === "take" || step === "sync") {
            if (log.isOpen && step === "sync") log.sync()
            if (log.isOpen && step === "take") take()
          } else {
            enter(step)
            entries++
          }
        }
        comeBack()
        await macrotask()
        log.sync()
        while (take() > 0);
        end()
        await runtime.dispose()
        expect(given).toHaveLength(entries)
        expect(new Set(given).size).toBe(entries)
      }),
      { numRuns: 200 }
    )
  }
)
