import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { makeFilter } from "../src/filter.ts"
import { History } from "../src/session/history.ts"
import { Timeline, type TimelineEntry } from "../src/timeline.ts"
import { cut, sessionOf, steps } from "./commits.ts"

const sizes = fc.array(fc.nat({ max: 7 }), { maxLength: 12 })
const ids = (timeline: Timeline) => timeline.entries.map((entry) => entry.txnId)

describe("timeline", () => {
  test("has every entry once, in the order they happened, whichever of commits and trace comes first", () => {
    const leads = fc.array(fc.nat({ max: 7 }), { maxLength: 14 })
    fc.assert(
      fc.property(steps({ maxLength: 60 }), sizes, leads, (steps, sizes, leads) => {
        const { commits, events, order } = sessionOf(steps)
        const history = new History(1000)
        const timeline = new Timeline(history, { sampled: false })
        const append = (until: number) => history.append(commits.slice(history.appended, until))
        // A commit comes before its event, with it, or one tick later.
        let due = 0
        for (const [tick, batch] of cut(events, sizes).entries()) {
          append(due + (leads[tick] ?? 0))
          timeline.advance(batch)
          due += batch.filter((event) => event.outcome === "commit").length
        }
        append(due)
        timeline.advance([])
        expect(timeline.isWaiting).toBe(false)
        expect(ids(timeline)).toEqual(order)
        for (const entry of timeline.entries) {
          expect(timeline.find(entry.txnId)).toBe(entry)
          expect(entry.traced?.txnId).toBe(entry.txnId)
          expect(entry.outcome === "commit").toBe(entry.commit !== undefined)
        }
      })
    )
  })

  test("waits one round for the commit of an event that came first", () => {
    const { commits, events, order } = sessionOf([
      { instance: 0, outcome: "commit" },
      { instance: 0, outcome: "rollback" },
      { instance: 1, outcome: "commit" }
    ])
    const history = new History(10)
    const timeline = new Timeline(history, { sampled: false })
    timeline.advance(events)
    expect(ids(timeline)).toEqual([])
    expect(timeline.isWaiting).toBe(true)
    history.append(commits)
    timeline.advance([])
    expect(ids(timeline)).toEqual(order)
    expect(timeline.isWaiting).toBe(false)
  })

  test("shows what was committed before the recording, without its commit", () => {
    const { commits, events, order } = sessionOf([
      { instance: 0, outcome: "commit" },
      { instance: 0, outcome: "rollback" },
      { instance: 1, outcome: "commit" }
    ])
    const history = new History(10)
    history.append(commits.slice(1))
    const timeline = new Timeline(history, { sampled: false })
    timeline.advance(events)
    timeline.advance([])
    expect(ids(timeline)).toEqual(order)
    expect(timeline.entries.map((entry) => entry.commit?.seq)).toEqual([undefined, undefined, 2])
    expect(timeline.entries.map((entry) => history.reaches(entry.position))).toEqual([false, false, true])
  })

  test("has an entry once, even if its commit came later than is thought", () => {
    const { commits, events, order } = sessionOf([
      { instance: 0, outcome: "commit" },
      { instance: 1, outcome: "commit" }
    ])
    const history = new History(10)
    const timeline = new Timeline(history, { sampled: false })
    timeline.advance(events)
    timeline.advance([])
    expect(timeline.entries.map((entry) => entry.commit)).toEqual([undefined, undefined])
    history.append(commits)
    timeline.advance([])
    expect(ids(timeline)).toEqual(order)
    expect(timeline.entries.map((entry) => entry.commit)).toEqual(commits)
  })

  test("keeps what the history keeps, and as many entries without a commit", () => {
    fc.assert(
      fc.property(
        steps({ maxLength: 80 }),
        sizes,
        fc.integer({ min: 1, max: 12 }),
        (steps, sizes, capacity) => {
          const { commits, events } = sessionOf(steps)
          const history = new History(capacity)
          const timeline = new Timeline(history, { sampled: false })
          let given = 0
          for (const batch of cut(events, sizes)) {
            const made = batch.filter((event) => event.outcome === "commit").length
            history.append(commits.slice(given, given + made))
            given += made
            timeline.advance(batch)
            const kept = history.after(0)
            const entries = timeline.entries
            expect(entries.filter((entry) => entry.commit).map((entry) => entry.commit)).toEqual(kept)
            const others = entries.filter((entry) => entry.commit === undefined)
            expect(others.length).toBeLessThanOrEqual(capacity)
            for (const entry of entries) expect(history.reaches(entry.position)).toBe(true)
            const places = entries.map((entry) => events.findIndex((event) => event.txnId === entry.txnId))
            expect(places).toEqual(places.toSorted((a, b) => a - b))
          }
        }
      )
    )
  })

  test("places a sampled rollback by its clock among commits that were not traced", () => {
    const { commits, events } = sessionOf([
      { instance: 0, outcome: "commit" },
      { instance: 0, outcome: "commit" },
      { instance: 0, outcome: "rollback" },
      { instance: 0, outcome: "commit" }
    ])
    const history = new History(10)
    history.append(commits)
    const timeline = new Timeline(history, { sampled: true })
    timeline.advance(events.filter((event) => event.outcome === "rollback"))
    expect(timeline.entries.map((entry) => entry.outcome)).toEqual(["commit", "commit", "rollback", "commit"])
  })

  test("without a trace it has the commits, and no durations", () => {
    const { commits } = sessionOf([{ instance: 2, outcome: "commit" }])
    const history = new History(10)
    history.append(commits)
    const timeline = new Timeline(history, { sampled: false })
    expect(timeline.advance([])).toBe(true)
    expect(timeline.advance([])).toBe(false)
    expect(timeline.entries).toMatchObject([{ txnId: "M2#1::t1", tags: ["go"], traced: undefined }])
  })
})

describe("filter", () => {
  const entry = (changes: Partial<TimelineEntry>): TimelineEntry => ({
    txnId: "Flights#1::t7",
    instanceId: "Flights#1",
    origin: { kind: "service-callback", name: "arrived" },
    tags: ["arrived"],
    outcome: "commit",
    cause: undefined,
    at: 0,
    position: 1,
    commit: undefined,
    traced: undefined,
    ...changes
  })

  test("finds by instance, action, origin and outcome, in any case", () => {
    for (const text of ["flights", "ARRIVED", "callback", "#1::t7", "  flights   callback "])
      expect(makeFilter(text)?.(entry({}))).toBe(true)
    for (const text of ["alerts", "flights alerts", "rollback"])
      expect(makeFilter(text)?.(entry({}))).toBe(false)
    expect(makeFilter("rollback")?.(entry({ outcome: "rollback" }))).toBe(true)
  })

  test("leaves out what a word with a minus matches", () => {
    expect(makeFilter("-arrived")?.(entry({}))).toBe(false)
    expect(makeFilter("flights -devtools")?.(entry({}))).toBe(true)
  })

  test("is none without a word", () => {
    expect(makeFilter("  ")).toBeUndefined()
    expect(makeFilter("-")).toBeUndefined()
  })

  test("agrees with a search of each part", () => {
    const parts = ["flights", "alerts", "add", "arrived", "action", "devtools", "commit"]
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 3 }),
        fc.subarray(parts, { minLength: 2 }),
        (words, own) => {
          const [instanceId = "", ...tags] = own
          const tested = entry({ txnId: instanceId, instanceId, tags, origin: { kind: "action", name: "x" } })
          const searched = [instanceId, "action", "x", ...tags]
          expect(makeFilter(words.join(" "))?.(tested)).toBe(
            words.every((word) => searched.some((part) => part.includes(word)))
          )
        }
      )
    )
  })
})
