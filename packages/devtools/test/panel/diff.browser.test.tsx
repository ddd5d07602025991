import { expect, test } from "vitest"
import { makeDesk, openView } from "./places.tsx"
import { panel, screenshot } from "./support.tsx"

const section = (name: string) => panel.getByRole("region", { name, exact: true })
const option = (name: RegExp) => panel.getByRole("option", { name })

test("what a transaction changed, by the part that it is in; each side opens, and its neighbours are a step away", async () => {
  const { desk, runtime } = makeDesk(400)
  await openView(runtime, "Timeline")
  desk.unsafe.dispatch({ _tag: "add", payload: 2 })
  desk.unsafe.dispatch({ _tag: "delay", payload: { id: "SL101", by: 25, why: "crew" } })
  desk.unsafe.transact("shuffle", (tx) =>
    tx.update((state) => ({
      ...state,
      byGate: new Map([["A1", 61]]),
      tags: new Set(["night"]),
      note: "late",
      flights: state.flights.set({ id: "SL999", gate: "E5", delay: 1 })
    }))
  )
  await option(/delay/).click()
  await panel.getByRole("tab", { name: "Diff" }).click()
  await expect.element(section('flights["SL101"]')).toMatchTextContent("before 0after 25")
  await panel.getByRole("button", { name: "The transaction before it" }).click()
  await expect.element(section("state")).toMatchTextContent("countbefore 0after 2")
  await panel.getByRole("button", { name: "The transaction after it" }).click()
  await panel.getByRole("button", { name: "The transaction after it" }).click()
  await expect.element(section("tags")).toMatchTextContent('{"charter"}before "charter"')
  await expect.element(section("byGate")).toMatchTextContent(/A1.*before 62after 61/)
  await expect.element(section("state")).toMatchTextContent('notebefore undefinedafter "late"')
  await section("flights")
    .getByRole("treeitem", { name: /^after/ })
    .click()
  await expect.element(panel.getByRole("treeitem", { name: /^gate: "E5"/ })).toBeVisible()
  await screenshot("diff")
})

test("what is otherwise between any two moments, in each instance", async () => {
  const { desk, log, runtime } = makeDesk(5)
  await openView(runtime, "Diff")
  await expect.element(panel.getByText(/Select a transaction in the timeline/)).toBeVisible()
  desk.unsafe.dispatch({ _tag: "add", payload: 2 })
  log.unsafe.dispatch({ _tag: "write", payload: "first" })
  desk.unsafe.dispatch({ _tag: "add", payload: 3 })
  await panel.getByRole("tab", { name: "Two moments" }).click()
  await expect.element(section("Desk#1")).toMatchTextContent("before 0after 5")
  await expect.element(section("Log#1")).toMatchTextContent('lines+[0]after "first"')
  await panel.getByRole("spinbutton", { name: "A" }).fill("2")
  await expect.element(section("Desk#1")).toMatchTextContent("before 2after 5")
  await expect.poll(() => section("Log#1").elements()).toEqual([])
  await panel.getByRole("button", { name: "Swap" }).click()
  await expect.element(section("Desk#1")).toMatchTextContent("before 5after 2")
  await panel.getByRole("tab", { name: "Timeline" }).click()
  await option(/write/).click()
  await panel.getByRole("tab", { name: "Diff" }).click()
  await panel.getByRole("button", { name: "B is the selected transaction" }).click()
  await panel.getByRole("spinbutton", { name: "A" }).fill("99")
  await expect.element(panel.getByRole("alert")).toMatchTextContent(/99 is not in it/)
  await panel.getByRole("spinbutton", { name: "A" }).fill("0")
  await expect.element(section("Log#1")).toBeVisible()
  await screenshot("diff-moments")
})
