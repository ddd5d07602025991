/** What survives a reload. */
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import {
  exportSession,
  firstDifference,
  History,
  importSession,
  makeRedaction,
  record,
  reducersOf,
  replay
} from "../../src/session/index.ts"
import { keep, type KeepStorage } from "../../src/session/keep.ts"
import { makeApp, steps } from "./app.ts"

beforeEach(() => {
  // With the clock: what is written in one go depends on how long it has taken
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })
})
afterEach(() => {
  vi.useRealTimers()
})

const memory = (most = Infinity) => {
  const items = new Map<string, string>()
  const storage: KeepStorage = {
    getItem: (key) => items.get(key) ?? null,
    removeItem: (key) => void items.delete(key),
    setItem: (key, text) => {
      if ([...items.values(), text].join("").length > most) throw new Error("QuotaExceededError")
      items.set(key, text)
    }
  }
  return { items, storage, size: () => [...items.values()].join("").length }
}

const named = { name: "shop", label: "shop" }

const reload = (storage: KeepStorage) => {
  const { earlier, end } = keep(new History(), { ...named, storage })
  end()
  return earlier === undefined ? undefined : Result.getOrThrow(importSession(earlier))
}

test("what was recorded is there after a reload, however it was written (property)", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps(40),
      fc.array(fc.nat({ max: 40 })),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom(1e6, 8000, 4000),
      async (given, rests, capacity, maxLength) => {
        const app = makeApp(capacity)
        const all = new History()
        record(app.runtime, all)
        const { size, storage } = memory()
        const keeper = keep(app.history, { ...named, storage, maxLength })
        for (const [at, step] of given.entries()) {
          app.run(step)
          if (rests.includes(at)) vi.advanceTimersByTime(5000)
        }
        keeper.flush()
        keeper.end()
        expect(keeper.problem()).toBeUndefined()
        expect(size()).toBeLessThan(maxLength + 200)
        const kept = reload(storage)
        if (app.history.length > 0) {
          const last = kept?.commits.at(-1)?.seq ?? app.history.end
          const from = (kept?.commits[0]?.seq ?? last + 1) - 1
          expect(last).toBe(app.history.end)
          const whole = all.recording({ label: "shop", from })
          if (maxLength === 1e6 && app.history.dropped === 0) expect(from).toBe(0)
          // The states between are the same, also of an instance that the base does not have.
          expect(firstDifference(whole.commits, kept?.commits)).toBeUndefined()
          if (kept !== undefined) {
            expect(replay(kept, reducersOf(app.runtime)).divergence).toBeUndefined()
            const text = exportSession(kept)
            expect(exportSession(Result.getOrThrow(importSession(text)))).toBe(text)
          }
        }
        await app.runtime.dispose()
      }
    ),
    { seed: 50_071, numRuns: 80 }
  )
})

const begun = (options: { maxLength?: number; most?: number } = {}) => {
  const app = makeApp()
  const kept = memory(options.most)
  const keeper = keep(app.history, {
    ...named,
    storage: kept.storage,
    ...(options.maxLength === undefined ? {} : { maxLength: options.maxLength })
  })
  const put = (qty: number) => app.run({ _tag: "put", id: "b", qty })
  return { ...app, ...kept, keeper, put }
}

describe("it", () => {
  test("writes after a rest, and only what is new", () => {
    const { items, put, storage } = begun()
    put(1)
    expect(items.size).toBe(0)
    vi.advanceTimersByTime(1000)
    const written = new Map(items)
    expect(reload(storage)?.commits.map(({ origin }) => origin.name)).toEqual(["put"])
    put(2)
    vi.advanceTimersByTime(1000)
    const changed = [...items].filter(([key, text]) => written.get(key) !== text).map(([key]) => key)
    expect(changed).toEqual(["sluice-devtools/shop/head", "sluice-devtools/shop/2"])
  })

  test("leaves what was kept before until there is something new", () => {
    const { keeper, put, storage } = begun()
    put(1)
    keeper.flush()
    for (let mounts = 0; mounts < 2; mounts++) expect(reload(storage)?.commits).toHaveLength(1)
    const next = makeApp()
    const again = keep(next.history, { ...named, storage })
    expect(again.earlier).toBeDefined()
    next.run({ _tag: "note", note: "x" })
    again.flush()
    expect(reload(storage)?.commits.map(({ origin }) => origin.name)).toEqual(["note"])
  })

  test("says why it keeps nothing: states that are too large, a storage that is full, or none", () => {
    const large = begun({ maxLength: 100 })
    large.put(1)
    large.keeper.flush()
    expect(large.keeper.problem()).toContain("100 may be kept")
    expect(large.items.size).toBe(0)
    const full = begun({ most: 300 })
    full.put(1)
    full.keeper.flush()
    expect(full.keeper.problem()).toContain("Quota")
    expect(full.items.size).toBe(0)
    const none = keep(new History(), named)
    expect([none.problem(), none.earlier]).toEqual(["the page has no sessionStorage", undefined])
    expect(reload(memory().storage)).toBeUndefined()
  })

  test("keeps nothing that is redacted", () => {
    const app = makeApp()
    const { items, storage } = memory()
    const redact = makeRedaction([{ module: "Stock", state: ["note"] }])
    const keeper = keep(app.history, { ...named, storage, redact })
    app.run({ _tag: "note", note: "secret" })
    keeper.flush()
    expect([...items.values()].join("")).not.toContain("secret")
    expect(reload(storage)?.commits[0]?.partial).toBe("states")
  })

  test("takes in an instance that is made meanwhile", () => {
    const { keeper, put, runtime, history, storage } = begun()
    put(1)
    keeper.flush()
    const second = makeApp()
    second.runtime.onCommit((commit) =>
      history.append([{ ...commit, seq: history.end + 1, instanceId: `${commit.instanceId}, too` }])
    )
    second.run({ _tag: "note", note: "x" })
    second.run({ _tag: "note", note: "y" })
    keeper.flush()
    const kept = reload(storage)
    expect(kept?.commits.map(({ instanceId }) => instanceId)).toEqual([
      "Stock#1",
      "Stock#1, too",
      "Stock#1, too"
    ])
    expect(
      replay(kept ?? { label: "", base: [], commits: [] }, reducersOf(runtime)).divergence
    ).toBeUndefined()
  })

  test("what was written by someone else is refused, or none", () => {
    const { items, storage } = memory()
    items.set("sluice-devtools/shop/head", "{}")
    expect(reload(storage)).toBeUndefined()
    items.set("sluice-devtools/shop/head", JSON.stringify({ head: { label: "", sum: "" }, segments: 2 }))
    items.set("sluice-devtools/shop/0", "<script>")
    expect(() => reload(storage)).toThrow("imported")
  })
})
