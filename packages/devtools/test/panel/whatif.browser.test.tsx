/** What if an entry had not been, or had been elsewhere. */
import { expect, test } from "vitest"
import { userEvent } from "vitest/browser"
import { list, makeApp, mount, panel, screenshot } from "./support.tsx"

const tab = (name: string) => panel.getByRole("tab", { name, exact: true })
const button = (name: string | RegExp) =>
  panel.getByRole("button", { name, ...(typeof name === "string" ? { exact: true } : {}) })
const outcomes = panel.getByRole("list", { name: "Recomputed entries" })
const badges = () =>
  outcomes
    .getByRole("listitem")
    .elements()
    .map((item) => item.querySelector(".badge")?.textContent)
const keep = (name: string) => outcomes.getByRole("checkbox", { name: `Keep ${name}` })

test("entries are left out, alone or with what they caused; the rest is computed again, and shown in the app", async () => {
  const { counter, log, runtime } = makeApp({ logs: true })
  mount({ runtime, initialOpen: true })
  await expect.element(list).toBeVisible()
  for (const by of [1, 10]) {
    counter.unsafe.dispatch({ _tag: "add", payload: by })
    await expect.poll(() => log.unsafe.getState().lines.at(-1)).toBe(`added ${by}`)
  }
  counter.unsafe.transact("set by hand", (tx) => tx.update((state) => ({ ...state, count: 50 })))
  counter.unsafe.dispatch({ _tag: "add", payload: 100 })
  await expect.poll(() => log.unsafe.getState().lines.length).toBe(3)
  await tab("What if").click()
  await expect.poll(badges).toEqual(Array.from({ length: 7 }, () => "unchanged"))

  await keep("add t1").click()
  await expect
    .poll(badges)
    .toEqual(["skipped", "unchanged", "recomputed", "unchanged", "conflict", "recomputed", "unchanged"])
  await panel.getByRole("checkbox", { name: "Leave out what they caused, too" }).click()
  await expect
    .poll(badges)
    .toEqual(["skipped", "skipped", "recomputed", "recomputed", "conflict", "recomputed", "recomputed"])
  expect(counter.unsafe.getState().count).toBe(150)

  await button("set by hand t3").click()
  await expect.element(panel.getByText("count: something else stands there")).toBeVisible()
  await screenshot("whatif")
  await button("add t4").click()
  await expect
    .poll(() => panel.getByRole("region", { name: "Recomputed entry" }).element().textContent)
    .toMatch(/otherwise/)
  await expect
    .poll(() => panel.getByRole("tree", { name: "after" }).element().textContent)
    .toMatch(/count:\s*110/)
  await button("Show in the app").click()
  await expect.poll(() => counter.unsafe.getState().count).toBe(110)
  await button("Back to live").click()
  await expect.poll(() => counter.unsafe.getState().count).toBe(150)

  await button("As it was").click()
  await expect.poll(() => new Set(badges())).toEqual(new Set(["unchanged"]))
})

test("an entry is put somewhere else, also from the timeline", async () => {
  const { log, runtime } = makeApp()
  mount({ runtime, initialOpen: true })
  await expect.element(list).toBeVisible()
  for (const line of ["a", "b", "c"]) log.unsafe.dispatch({ _tag: "write", payload: line })
  await panel.getByRole("option", { name: /write/ }).first().click()
  await tab("What if").click()
  await expect.poll(badges).toEqual(["unchanged", "unchanged", "unchanged"])
  await button("Move it").click()
  await button("At the end").click()
  await expect.poll(badges).toEqual(["recomputed", "recomputed", "recomputed"])
  await button("write t1").click()
  await button("Show in the app").click()
  await expect.poll(() => log.unsafe.getState().lines).toEqual(["b", "c", "a"])
  await button("Move").click()
  await outcomes.getByRole("button", { name: "Put before" }).nth(1).click()
  await expect.element(panel.getByText(/write t1 before write t3/)).toBeVisible()
  await button("Put write t1 back").click()
  await expect.poll(badges).toEqual(["unchanged", "unchanged", "unchanged"])
  await button("Without the selected write").click()
  await expect.poll(badges).toEqual(["skipped", "recomputed", "recomputed"])
  await button("As it was").click()

  await tab("Timeline").click()
  await expect.element(list).toBeVisible()
  for (const line of [2, 3]) {
    await panel
      .getByRole("option", { name: /write/ })
      .nth(line - 1)
      .click()
    await userEvent.keyboard("p")
  }
  await tab("What if").click()
  await button("Without the 2 pinned").click()
  await expect.poll(badges).toEqual(["unchanged", "skipped", "skipped"])
})
