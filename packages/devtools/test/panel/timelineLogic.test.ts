/** The panel's own collecting, against pages read one after another. */
import * as Effect from "effect/Effect"
import { expect, onTestFinished, test } from "vitest"
import { pair } from "../../src/adapters/index.ts"
import { Timeline } from "../../src/panel/modules/Timeline.ts"
import { openSession } from "../../src/panel/session.ts"
import { connections } from "../../src/protocol/index.ts"
import { allPages, makeApp, openPanel, serving } from "../protocol/remote.ts"

const open = (served: ReturnType<typeof serving>) => {
  const session = openSession(
    connections(
      Effect.sync(() => {
        const [page, panel] = pair()
        served.accept(page)
        return panel
      })
    )
  )
  onTestFinished(() => session.dispose())
  const { unsafe } = session.runtime.resolve(Timeline.tag)
  return { dispatch: unsafe.dispatch, state: unsafe.getState }
}

test("collects a long history in steps, goes on with it, and starts anew for another query", async () => {
  const { add, fail, runtime: app } = makeApp({ trace: { level: "light" } })
  const served = serving(app, { history: 12_500 })
  for (let n = 0; n < 12_000; n++) add(n)
  const { dispatch, state } = open(served)
  const isWhole = () => {
    const { items, places } = state()
    return places.last > 0 && items.from <= places.first && items.to > places.last
  }
  await expect.poll(isWhole).toBe(true)
  expect([state().items.length, state().items.entries]).toEqual([12_000, 12_000])
  const first = state().items

  dispatch({ _tag: "setQuery", payload: { text: "rollback", collapse: true } })
  for (let n = 0; n < 600; n++) {
    if (n % 3 === 0) fail("x")
    else add(1)
  }
  await expect.poll(() => isWhole() && state().items.entries === 200).toBe(true)
  expect(state().items.length).toBe(1)
  dispatch({ _tag: "setQuery", payload: { text: "add -fail", collapse: false } })
  await expect.poll(() => isWhole() && state().items !== first && state().items.length > 1).toBe(true)

  const { rows } = await allPages(await openPanel(served), "r1", 500)
  const { items, places } = state()
  const expected = rows.filter(({ outcome }) => outcome === "commit").map(({ place }) => place)
  expect([...items.places]).toEqual(expected)
  expect([places.first, places.last]).toEqual([rows[0]?.place, rows.at(-1)?.place])
})

test("asks for the rows in view alone, and again only for those that may still change", async () => {
  const { add, runtime: app } = makeApp({ trace: { level: "light" } })
  const served = serving(app)
  for (let n = 0; n < 300; n++) add(n)
  const { dispatch, state } = open(served)
  await expect.poll(() => state().items.length).toBe(300)
  const before = state().rows.size
  expect(before).toBeLessThanOrEqual(60)
  dispatch({ _tag: "look", payload: [1, 2, 3] })
  await expect.poll(() => state().rows.get(2)?.tags).toEqual(["add"])
  const row = state().rows.get(2)
  add(1)
  await expect.poll(() => state().items.length).toBe(301)
  expect(state().rows.get(2)).toBe(row)
  dispatch({ _tag: "selectAt", payload: 150 })
  await expect.poll(() => state().selected?.place).toBe(150)
  expect(state().rows.size).toBeLessThan(70)
  dispatch({ _tag: "open", payload: "Desk#1::t7" })
  await expect.poll(() => state().selected?.txnId).toBe("Desk#1::t7")
  dispatch({ _tag: "open", payload: "Desk#1::t7000" })
  await expect.poll(() => state().missing).toBe("Desk#1::t7000")
})

test("on a page that commits nothing the list has no more lines than the log", async () => {
  const { add, fail, runtime: app } = makeApp({ trace: { level: "light", capacity: 8192 } })
  const served = serving(app, { history: 2000 })
  add(1)
  const { state } = open(served)
  await expect.poll(() => state().items.length).toBe(1)
  let entered = 1
  for (let round = 0; round < 14; round++) {
    for (let n = 0; n < 3900; n++) fail("x")
    entered += 3900
    await expect.poll(() => state().items.to).toBe(entered + 1)
    expect(state().items.length).toBeLessThan(18_000)
  }
  const isWhole = () => state().items.from <= state().places.first
  await expect.poll(isWhole).toBe(true)
  const { items } = state()
  expect(items.at(0)).toEqual({ place: 1, count: 1, isGap: false })
  expect(items.at(1)?.isGap).toBe(true)
  const all = Array.from({ length: items.length }, (_, at) => items.at(at)?.count ?? 0)
  expect(all.reduce((sum, count) => sum + count, 0)).toBe(entered)
})
