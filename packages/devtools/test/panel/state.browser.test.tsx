import { Module } from "@sluice/core"
import { RuntimeProvider, useModule } from "@sluice/react"
import * as Schema from "effect/Schema"
import { createRoot } from "react-dom/client"
import { describe, expect, test } from "vitest"
import { page, userEvent } from "vitest/browser"
import { makeDesk, openView } from "./places.tsx"
import { inPanel, panel, screenshot } from "./support.tsx"

const item = (name: string | RegExp) => panel.getByRole("treeitem", { name })
const labels = () => inPanel(".state-main [role=treeitem]").map((element) => element.textContent)

describe("the tree", () => {
  test("shows each kind of value as it is, opens by key and by click, and large ones by hundreds", async () => {
    const { runtime } = makeDesk()
    await openView(runtime, "State")
    await expect.element(item(/^count/)).toBeVisible()
    const shown = labels().join("\n")
    for (const text of [
      "Collection(250)",
      "Map(2)",
      "Set(2)",
      "2026-03-01T06:00:00.000Z",
      "90071992547409930n",
      "undefined",
      'Some("SL101")',
      'Money {amount: 1200, currency: "EUR"}'
    ])
      expect(shown).toContain(text)
    await item(/^flights/).click()
    await expect.element(item(/^"SL199"/)).toBeVisible()
    expect(labels().filter((text) => text.includes("gate")).length).toBe(100)
    await item(/100 more/).click()
    await item(/50 more/).click()
    await expect.element(item(/^"SL349"/)).toBeVisible()
    await panel.getByRole("textbox", { name: "Go to the key" }).fill("SL1")
    await panel.getByRole("button", { name: "Go", exact: true }).click()
    await expect.element(panel.getByRole("alert")).toMatchTextContent(/no such part/)
    await panel.getByRole("textbox", { name: "Go to the key" }).fill("SL340")
    await panel.getByRole("button", { name: "Go", exact: true }).click()
    await panel.getByRole("button", { name: "Edit" }).click()
    await expect.element(panel.getByRole("textbox", { name: "gate" })).toHaveValue("A1")

    inPanel("[role=treeitem]")[0]?.focus()
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{ArrowLeft}")
    await expect.poll(() => labels().filter((text) => text.includes("gate")).length).toBe(0)
    await userEvent.keyboard("{ArrowDown}{ArrowRight}")
    await expect.element(item(/^"A1" →/)).toBeVisible()
  })

  test("shows the moment of the selected transaction", async () => {
    const { desk, runtime } = makeDesk(3)
    await openView(runtime, "State")
    desk.unsafe.dispatch({ _tag: "add", payload: 4 })
    desk.unsafe.dispatch({ _tag: "add", payload: 3 })
    await expect.element(item(/^count: 7/)).toBeVisible()
    await item(/^count/).click()
    await panel.getByRole("button", { name: "Who changed this" }).click()
    const who = panel.getByRole("list", { name: "Who changed it" })
    await expect.element(who.getByText("4 → 7")).toBeVisible()
    await who.getByRole("button", { name: /^add/ }).last().click()
    await panel.getByRole("combobox", { name: "Moment" }).selectOptions("selected")
    await expect.element(item(/^count: 4/)).toBeVisible()
    await expect.element(panel.getByRole("button", { name: "Edit" })).toHaveAttribute("aria-disabled", "true")
    await panel.getByRole("tab", { name: "Timeline" }).click()
    await expect.element(panel.getByRole("option", { selected: true })).toMatchTextContent("add")
    await panel.getByRole("tab", { name: "State", exact: true }).click()
    await expect.element(item(/^count: 4/)).toBeVisible()
  })
})

test("an instance that has closed is marked, and shown as it was at its end", async () => {
  const { runtime } = makeDesk(3)
  await openView(runtime, "State")
  const Note = Module.make("Note", {
    state: Schema.Struct({ text: Schema.String }),
    actions: { write: Schema.String },
    reducers: { write: (_, text) => ({ text }) }
  })
  const NoteLive = Note.implement({ initial: { text: "" } })
  const Local = () => {
    const note = useModule(NoteLive)
    return (
      <button type="button" onClick={() => note.actions.write("kept")}>
        Write
      </button>
    )
  }
  const container = document.body.appendChild(document.createElement("div"))
  const root = createRoot(container)
  root.render(
    <RuntimeProvider runtime={runtime}>
      <Local />
    </RuntimeProvider>
  )
  await page.getByRole("button", { name: "Write" }).click()
  root.unmount()
  container.remove()
  await panel.getByRole("combobox", { name: "Instance" }).selectOptions("Note#1 (closed)")
  await expect.element(item(/^text: "kept"/)).toBeVisible()
  await item(/^text/).click()
  await expect.element(panel.getByRole("button", { name: "Edit" })).toHaveAttribute("aria-disabled", "true")
})

describe("a place", () => {
  test("is pinned, watched while it changes, kept for the next panel, found again and let go", async () => {
    const { desk, runtime } = makeDesk(3)
    const close = await openView(runtime, "State")
    await item(/^flights/).click()
    await item(/^"SL101"/).click()
    await item(/^delay/).click()
    await panel.getByRole("button", { name: "Pin", exact: true }).click()
    const pins = panel.getByRole("list", { name: "Pinned" })
    await expect.element(pins).toMatchTextContent('flights["SL101"].delay0')
    desk.unsafe.dispatch({ _tag: "delay", payload: { id: "SL101", by: 25, why: "crew" } })
    await expect.element(pins).toMatchTextContent('flights["SL101"].delay25')
    desk.unsafe.dispatch({ _tag: "delay", payload: { id: "SL101", by: 15, why: "weather" } })
    await panel.getByRole("button", { name: "Who changed this" }).click()
    await expect
      .element(panel.getByRole("list", { name: "Who changed it" }).getByText("25 → 40"))
      .toBeVisible()
    await item(/^byGate/).click()
    await item(/^delay/).click()
    await screenshot("state")
    await panel.getByRole("button", { name: "All that Desk#1::t1 changed" }).click()
    await expect
      .element(panel.getByRole("region", { name: 'flights["SL101"]' }))
      .toMatchTextContent("before 0after 25")
    await panel.getByRole("tab", { name: "State", exact: true }).click()
    close()
    await openView(runtime, "State")
    await expect.element(pins).toMatchTextContent('flights["SL101"].delay40')
    await panel.getByRole("combobox", { name: "Instance" }).selectOptions("Log#1")
    await expect.element(item(/^lines/)).toBeVisible()
    await pins.getByRole("button", { name: /^Desk#1 flights/ }).click()
    await expect.element(item(/^delay: 40/)).toBeVisible()
    await pins.getByRole("button", { name: /^Unpin/ }).click()
    await expect.poll(() => pins.elements()).toEqual([])
  })

  test("is edited by the input of its schema, and refused at its field", async () => {
    const { desk, runtime } = makeDesk(3)
    await openView(runtime, "State")
    const edit = async (name: RegExp) => {
      await item(name).click()
      await panel.getByRole("button", { name: "Edit" }).click()
    }
    const set = panel.getByRole("button", { name: "Set" })
    await edit(/^count/)
    const count = panel.getByRole("spinbutton", { name: "count" })
    await expect.element(count).toHaveValue(0)
    await count.fill("-2")
    await set.click()
    await expect.element(count).toHaveAttribute("aria-invalid", "true")
    await expect.element(panel.getByText(/greater than or equal to 0/).last()).toBeVisible()
    expect(desk.unsafe.getState().count).toBe(0)
    await count.fill("12")
    await set.click()
    await expect.element(panel.getByText("Edited.")).toBeVisible()
    expect(desk.unsafe.getState()).toMatchObject({ count: 12, double: 24 })

    await edit(/^open/)
    await panel.getByRole("checkbox", { name: "open" }).click()
    await set.click()
    await expect.poll(() => desk.unsafe.getState().open).toBe(true)

    await edit(/^fuel/)
    await panel.getByRole("textbox", { name: "fuel" }).fill("123456789012345678901")
    await set.click()
    await expect.poll(() => desk.unsafe.getState().fuel).toBe(123456789012345678901n)

    await edit(/^flights/)
    await item(/^"SL101"/).click()
    await panel.getByRole("button", { name: "Edit" }).click()
    const delay = panel.getByRole("spinbutton", { name: "delay" })
    await delay.fill("1.5")
    await panel.getByRole("textbox", { name: "gate" }).fill("Z9")
    await set.click()
    await expect.element(delay).toHaveAttribute("aria-invalid", "true")
    await screenshot("state-edit")
    await delay.fill("90")
    await set.click()
    await expect
      .poll(() => desk.unsafe.getState().flights.get("SL101"))
      .toEqual({ id: "SL101", gate: "Z9", delay: 90 })

    await edit(/^next/)
    await panel.getByRole("combobox", { name: "next is" }).selectOptions("None")
    await set.click()
    await expect.element(item(/^next: None/)).toBeVisible()
  })
})

test("the raw text is as it is, by the schema, and copied whole", async () => {
  const { desk, runtime } = makeDesk(2000)
  let copied = ""
  Object.defineProperty(navigator, "clipboard", {
    configurable: true,
    value: { writeText: (text: string) => Promise.resolve(void (copied = text)) }
  })
  await openView(runtime, "State")
  await panel.getByRole("tab", { name: "Raw" }).click()
  const raw = panel.getByRole("region", { name: "Raw" })
  await expect.element(raw).toMatchTextContent('"SL100" => { id: "SL100", gate: "A1", delay: 0 }')
  await panel.getByRole("combobox", { name: "Written as" }).selectOptions("schema")
  await expect.element(raw).toMatchTextContent('"count": 0')
  desk.unsafe.dispatch({ _tag: "add", payload: 3 })
  await panel.getByRole("button", { name: "Take again" }).click()
  await expect.element(raw).toMatchTextContent('"count": 3')
  await panel.getByRole("button", { name: "Copy all" }).click()
  await expect.element(panel.getByText(/characters copied/)).toBeVisible()
  expect(JSON.parse(copied)).toMatchObject({ flights: { length: 2000 } })
  await panel.getByRole("tab", { name: "Tree" }).click()
  await item(/^byGate/).click()
  await panel.getByRole("button", { name: "Copy", exact: true }).click()
  await expect.poll(() => copied).toBe('Map(2) { "A1" => 62, "B7" => 63 }')
  Reflect.deleteProperty(navigator, "clipboard")
})

test("the chart shows what is open, opens more, zooms and goes by keys, at 390 px as well", async () => {
  await page.viewport(390, 800)
  const { desk, runtime } = makeDesk(200)
  await openView(runtime, "State")
  await panel.getByRole("tab", { name: "Chart" }).click()
  const tree = panel.getByRole("tree", { name: "Desk#1" })
  await expect.element(item(/^flights: Collection/)).toBeVisible()
  const { width } = tree.element().getBoundingClientRect()
  const top = () =>
    Math.round(
      item(/^flights: Collection/)
        .element()
        .getBoundingClientRect().top
    )
  await item(/^flights: Collection/).click()
  const before = top()
  await expect.element(tree.getByText("170 more")).toBeInTheDocument()
  expect(Math.abs(top() - before)).toBeLessThan(3)
  desk.unsafe.dispatch({ _tag: "delay", payload: { id: "SL100", by: 9, why: "crew" } })
  await expect.element(item(/SL100.*delay: 9/)).toBeInTheDocument()
  expect(tree.element().getBoundingClientRect().width).toBeGreaterThan(width)
  await panel.getByRole("button", { name: "Zoom in" }).click()
  await expect.element(panel.getByLabelText("Zoom", { exact: true })).toMatchTextContent("125 %")
  await panel.getByRole("button", { name: "Fit" }).click()
  const nodes = () => inPanel("svg [role=treeitem]")
  nodes()[0]?.focus()
  await userEvent.keyboard("{ArrowDown}{ArrowDown}{ArrowLeft}")
  await expect.poll(() => nodes().length).toBe(13)
  await page.viewport(1280, 800)
  await item(/^cost/).click()
  await item(/^byGate/).click()
  await item(/^weather/).click()
  await expect.poll(() => nodes().length).toBeGreaterThan(17)
  await screenshot("state-chart")
})
