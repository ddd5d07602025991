import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import {
  exportSession,
  firstDifference,
  importSession,
  InvalidSession,
  makeRedaction,
  type Recording,
  reducersOf,
  replay
} from "../../src/session/index.ts"
import { makeApp, recorded, type Step, steps } from "./app.ts"

const seed = 50_053

const given: ReadonlyArray<Step> = [
  { _tag: "put", id: "b", qty: 2 },
  { _tag: "note", note: "x" },
  { _tag: "both", note: "y" },
  { _tag: "date", at: 2 },
  { _tag: "take", id: "a" }
]

const sample = async () => {
  const app = await recorded(given)
  onTestFinished(() => app.runtime.dispose())
  return { ...app, text: exportSession(app.recording) }
}

const imported = (text: string): Recording => Result.getOrThrow(importSession(text))

/** Throws what it is refused with. */
const refusal = (text: string, options?: Parameters<typeof importSession>[1]): InvalidSession =>
  Result.getOrThrow(Result.flip(importSession(text, options)))

/** JSON with what stands at the path replaced. */
const changed = (text: string, path: ReadonlyArray<string | number>, value: unknown): string => {
  const document = JSON.parse(text) as object
  let parent: object = document
  for (const step of path.slice(0, -1)) parent = Reflect.get(parent, step) as object
  Reflect.set(parent, path.at(-1) ?? "", value)
  return JSON.stringify(document)
}

test("what is imported is what was exported: states, entries, causes, groups", async () => {
  const { recording, runtime, text } = await sample()
  const again = imported(text)
  expect(firstDifference(recording, again)).toBeUndefined()
  expect(replay(again, reducersOf(runtime))).toEqual(replay(recording, reducersOf(runtime)))
})

test("export, import, export gives the same bytes (property), also of a part", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps(),
      fc.nat({ max: 10 }),
      fc.integer({ min: 1, max: 30 }),
      async (given, from, count) => {
        const { history, runtime } = await recorded(given)
        const recording = history.recording({ label: 'a "shop"', from, to: from + count })
        const text = exportSession(recording)
        const again = imported(text)
        expect(exportSession(again)).toBe(text)
        expect(firstDifference(recording, again)).toBeUndefined()
        await runtime.dispose()
      }
    ),
    { seed, numRuns: 60 }
  )
})

test("a recording with commits missing in between keeps that, and the same bytes", async () => {
  const { recording, runtime } = await sample()
  const commits = recording.commits.filter(({ seq }) => seq % 3 !== 1)
  const text = exportSession({ ...recording, commits })
  const again = imported(text)
  expect(firstDifference({ ...recording, commits }, again)).toBeUndefined()
  expect(exportSession(again)).toBe(text)
  expect(replay(again, reducersOf(runtime)).divergence).toBeUndefined()
})

test("a corrupted file is refused with its place, or says the same; nothing changes (property)", async () => {
  const { recording, states, text } = await sample()
  const before = states()
  const whole = imported(text)
  const character = fc.constantFrom(...'{}[],:"0123456789.-etfn\\abcxyz _~'.split(""))
  const mutation = fc.oneof(
    fc.record({
      at: fc.nat({ max: text.length - 1 }),
      length: fc.constantFrom(0, 1, 1, 1, 5, 200),
      text: fc.string({ unit: character, maxLength: 3 })
    }),
    fc.record({
      at: fc.nat({ max: text.length - 1 }),
      length: fc.nat({ max: text.length }),
      text: fc.constant("")
    })
  )
  let refused = 0
  fc.assert(
    fc.property(mutation, ({ at, length, text: put }) => {
      const mutated = text.slice(0, at) + put + text.slice(at + length)
      const result = importSession(mutated)
      if (Result.isSuccess(result)) {
        // Blanks, the order of fields, or the same again.
        expect(firstDifference(whole, result.success)).toBeUndefined()
        expect(exportSession(result.success)).toBe(text)
      } else {
        refused++
        expect(result.failure).toBeInstanceOf(InvalidSession)
        expect(result.failure.place).not.toBe("")
        expect(result.failure.issue).not.toBe("")
      }
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { seed, numRuns: 600 }
  )
  expect(refused).toBeGreaterThan(300)
  expect(states()).toEqual(before)
  expect(exportSession(recording)).toBe(text)
})

describe("the place", () => {
  test.each<[string, (text: string) => string, string, RegExp]>([
    ["of text that is no JSON", (text) => text.slice(0, 40), "the text", /JSON/],
    ["of another format", (text) => changed(text, ["format"], 2), "format", /1/],
    [
      "of a field that is missing",
      (text) => changed(text, ["entries", 1, "txnId"], undefined),
      "entries[1].txnId",
      /issing/
    ],
    [
      "of a field that nobody knows",
      (text) => changed(text, ["entries", 1, "run"], "alert(1)"),
      "entries[1].run",
      /excess/
    ],
    [
      "of a kind that is none",
      (text) => changed(text, ["entries", 2, "origin", "kind"], "eval"),
      "entries[2].origin.kind",
      /action/
    ],
    [
      "of a value that was changed",
      (text) => changed(text, ["entries", 2, "startedAt"], 5),
      "entries[2]",
      /as it was exported/
    ],
    [
      "of a state that was changed",
      (text) => changed(text, ["base", 0, "state", "root"], 5),
      "base[0]",
      /as it was exported/
    ],
    ["of the label", (text) => changed(text, ["label"], "other"), "base[0]", /as it was exported/],
    [
      "of an entry that was taken out",
      (text) => {
        const { entries, ...rest } = JSON.parse(text) as { readonly entries: ReadonlyArray<unknown> }
        return JSON.stringify({ ...rest, entries: entries.filter((_, at) => at !== 2) })
      },
      "entries[2]",
      /as it was exported/
    ],
    [
      "of entries that are missing at the end",
      (text) => {
        const { entries, ...rest } = JSON.parse(text) as { readonly entries: ReadonlyArray<unknown> }
        return JSON.stringify({ ...rest, entries: entries.slice(0, -1) })
      },
      "sum",
      /missing/
    ]
  ])("%s", async (_, damage, place, issue) => {
    const { text } = await sample()
    const refused = refusal(damage(text))
    expect(refused).toBeInstanceOf(InvalidSession)
    expect(refused.place).toBe(place)
    expect(refused.issue).toMatch(issue)
    expect(refused.message).toContain("Nothing was changed")
  })

  test("of a file that is too long, before it is read", () => {
    expect(refusal("[".repeat(11), { maxLength: 10 })).toMatchObject({ place: "character 10" })
  })

  test("of a file that is nested too deep", () => {
    const deep = `{"format":1,"label":"","base":[{"instanceId":"A#1","moduleId":"A","state":${"[".repeat(200_000)}${"]".repeat(200_000)},"sum":"0"}],"entries":[],"sum":"0"}`
    expect(refusal(deep)).toBeInstanceOf(InvalidSession)
  })

  test("of prototypes, which stay as they are", async () => {
    const { text } = await sample()
    for (const field of ["__proto__", "constructor", "prototype"]) {
      const evil = text.replace('"label":', `"${field}":{"polluted":true},"label":`)
      expect(refusal(evil)).toBeInstanceOf(InvalidSession)
    }
    expect(Reflect.get({}, "polluted")).toBeUndefined()
  })
})

test("what is redacted never gets into the file, and its replay is partial", async () => {
  const { recording, runtime } = await sample()
  const redact = makeRedaction([
    { module: "Stock", state: ["note"], payload: { put: ["qty"] } },
    { module: "Ledger", state: ["lines.*"], payload: { write: [""], echo: [""] } }
  ])
  const text = exportSession(recording, { redact })
  const again = imported(text)
  expect(exportSession(again)).toBe(text)
  expect(exportSession(again, { redact })).toBe(text)
  expect(text).not.toContain('"x"')
  expect(text).not.toContain("b 2")
  expect(again.base.filter(({ partial }) => partial).map(({ moduleId }) => moduleId)).toEqual(["Stock"])
  const result = replay(again, reducersOf(runtime))
  expect(result.divergence).toBeUndefined()
  expect(result.partial).toBeGreaterThan(0)
})

test("an imported session is replayed on a fresh runtime of the same modules", async () => {
  const { text } = await sample()
  const other = makeApp()
  onTestFinished(() => other.runtime.dispose())
  expect(replay(imported(text), reducersOf(other.runtime))).toMatchObject({
    divergence: undefined,
    missing: []
  })
  expect(other.history.length).toBe(0)
})
