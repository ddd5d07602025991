import { expect, test } from "vitest"
import { page } from "vitest/browser"
import * as Option from "effect/Option"
import { makeDesk, openView } from "./places.tsx"
import { panel, screenshot } from "./support.tsx"

const choose = (name: string, value: string) => panel.getByRole("combobox", { name }).selectOptions(value)
const send = panel.getByRole("button", { name: "Dispatch", exact: true })

test("an action is dispatched from the form of its schema, refused at its fields, and sent again", async () => {
  const { desk, runtime } = makeDesk(3)
  await openView(runtime, "Dispatch")
  await expect.element(panel.getByRole("spinbutton", { name: "payload" })).toBeVisible()
  await choose("Action", "delay")
  const by = panel.getByRole("spinbutton", { name: "by" })
  await by.fill("900")
  await choose("why", "crew")
  await send.click()
  await expect.element(by).toHaveAttribute("aria-invalid", "true")
  await expect.element(panel.getByRole("textbox", { name: "id" })).toHaveAttribute("aria-invalid", "true")
  await screenshot("dispatch")
  await by.fill("30")
  await panel.getByRole("textbox", { name: "id" }).fill("SL102")
  await send.click()
  await expect.element(panel.getByText("delay was dispatched.")).toBeVisible()
  expect(desk.unsafe.getState().flights.get("SL102")?.delay).toBe(30)
  await panel.getByRole("button", { name: /^Dispatch delay .*again$/ }).click()
  await expect.poll(() => desk.unsafe.getState().flights.get("SL102")?.delay).toBe(60)
})

test("dates, options and lists are typed in; what takes nothing is sent with nothing; JSON does as well", async () => {
  const { desk, runtime } = makeDesk(3)
  await openView(runtime, "Dispatch")
  await choose("Action", "schedule")
  await panel.getByLabelText("due", { exact: true }).fill("2026-05-01T10:30")
  await panel.getByRole("textbox", { name: "value" }).fill("SL102")
  await panel.getByRole("button", { name: "Add to tags" }).click()
  await panel.getByRole("textbox", { name: "0" }).fill("night")
  await send.click()
  await expect.poll(() => desk.unsafe.getState().due).toEqual(new Date("2026-05-01T10:30"))
  expect(desk.unsafe.getState().next).toEqual(Option.some("SL102"))

  await panel.getByRole("tab", { name: "JSON" }).click()
  const json = panel.getByRole("textbox", { name: /as JSON/ })
  await json.fill('{"due": "2026-06-01T00:00:00.000Z", "next": {"_tag": "None"}, "tags": [1]}')
  await send.click()
  await expect
    .element(panel.getByRole("list", { name: "Where it does not fit" }))
    .toMatchTextContent("tags[0]: Expected string")
  await json.fill('{"due": "2026-06-01T00:00:00.000Z", "next": {"_tag": "None"}, "tags": []}')
  await send.click()
  await expect.poll(() => desk.unsafe.getState().next).toEqual(Option.none())

  await choose("Action", "reopen")
  await expect.element(panel.getByText("It takes no payload.")).toBeVisible()
  await send.click()
  await expect.poll(() => desk.unsafe.getState().open).toBe(true)
})

test("what is dispatched to a locked instance waits, and says so; at 390 px it all fits", async () => {
  await page.viewport(390, 800)
  const { desk, runtime } = makeDesk(3)
  await openView(runtime, "Timeline")
  desk.unsafe.dispatch({ _tag: "add", payload: 1 })
  desk.unsafe.dispatch({ _tag: "add", payload: 1 })
  await panel.getByRole("option", { name: /add/ }).first().dblClick()
  await expect.poll(() => desk.unsafe.getState().count).toBe(1)
  await panel.getByRole("tab", { name: "Dispatch" }).click()
  await expect.element(panel.getByText(/It shows the past/)).toBeVisible()
  await panel.getByRole("spinbutton", { name: "payload" }).fill("40")
  await send.click()
  await expect
    .element(panel.getByText(/add waits: Desk#1 is locked, at another moment or busy/))
    .toBeVisible()
  expect(document.documentElement.scrollWidth).toBe(390)
  await screenshot("dispatch-narrow")
  await panel.getByRole("button", { name: "Back to live" }).click()
  await expect.poll(() => desk.unsafe.getState().count).toBe(42)
})
