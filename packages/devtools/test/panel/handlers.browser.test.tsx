/** The view of handlers: on a real app whose handler computes outside the window, and traps when it is told to. */
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { page, userEvent } from "vitest/browser"
import { makeHandled } from "../handling.ts"
import { focused, inPanel, makeApp, mount, panel, screenshot } from "./support.tsx"

const open = async (height = 560) => {
  const app = makeHandled("test app")
  onTestFinished(() => app.runtime.dispose())
  localStorage.setItem("sluice-devtools", JSON.stringify({ dock: "bottom", height }))
  mount({ runtime: app.runtime, initialOpen: true, initialDock: "bottom" })
  await panel.getByRole("tab", { name: "Handlers", exact: true }).click()
  return app
}

const told = { at: Date.now(), handler: "Risk", instanceId: "Desk#1" }
const list = panel.getByRole("listbox", { name: "What handlers told" })
const options = list.getByRole("option")
const chosen = panel.getByRole("region", { name: "Chosen" })
const letters = panel.getByRole("region", { name: "Dead letters" })
const totals = panel.getByRole("region", { name: "Handlers" })

/** One of each kind, and calls of another handler. */
const tellAll = ({ activity, call }: ReturnType<typeof makeHandled>) => {
  const other = { ...call, handler: "Fraud", instanceId: "Desk#2", action: "scan" }
  for (const ranMs of [4, 8, 400]) activity.tell({ ...other, at: told.at, ranMs })
  activity.tell({ _tag: "Console", ...told, level: "warn", text: "the book has no price for AA-17" })
  activity.tell({
    _tag: "Snapshot",
    ...told,
    slot: 50,
    full: false,
    bytes: 131_072,
    memoryBytes: 16 * 1024 * 1024,
    sha256: "9f2c".repeat(16),
    path: "snapshots/Desk#1/50"
  })
  activity.tell({
    _tag: "Restart",
    ...told,
    policy: "lastGood",
    attempt: 4,
    of: 3,
    escalated: true,
    reason: "unreachable",
    tookMs: 3
  })
}

test("without handlers it says what one is, and how to get one; with one, which actions it computes", async () => {
  const { runtime } = makeApp()
  const unmount = mount({ runtime, initialOpen: true })
  await panel.getByRole("tab", { name: "Handlers", exact: true }).click()
  await expect.element(panel.getByRole("heading", { name: "No handlers yet" })).toBeVisible()
  await expect.element(panel.getByText(/handlers: \{ assess: Risk \}/)).toBeVisible()
  unmount()
  await open()
  await expect.element(panel.getByRole("heading", { name: "No handler was called yet" })).toBeVisible()
  await expect.element(panel.getByText("Desk.assess")).toBeVisible()
})

describe("calls", () => {
  test("are shown newest first, with all that is known of the chosen one, and lead to its transaction", async () => {
    const app = await open()
    await app.assess(250)
    tellAll(app)
    await expect.element(options.nth(0)).toMatchTextContent(/restart, lastGood/)
    expect(list.getByRole("option").all()).toHaveLength(7)
    // By the keyboard alone.
    const listbox = inPanel("[role=listbox]")[0]
    listbox?.focus()
    await userEvent.keyboard("{End}")
    expect(focused()).toBe(listbox)
    await expect.element(options.nth(6)).toHaveAttribute("aria-selected", "true")
    await expect.element(chosen.getByText("send for the action assess, worker")).toBeVisible()
    await expect.element(chosen.getByText("ran 1.00 ms, waited 0.20 ms for its turn")).toBeVisible()
    await expect.element(chosen.getByText("100 B in, 40 B out")).toBeVisible()
    await expect.element(chosen.getByText("1 of 2 pages changed (128 KiB in all)")).toBeVisible()
    await expect.element(chosen.getByText("5,000")).toBeVisible()
    await userEvent.keyboard("{ArrowUp}{ArrowUp}{ArrowUp}{ArrowUp}")
    await expect.element(chosen.getByText("the book has no price for AA-17")).toBeVisible()
    await userEvent.keyboard("{ArrowUp}")
    await expect.element(chosen.getByText("128 KiB of 16 MiB")).toBeVisible()
    await expect.element(chosen.getByText("snapshots/Desk#1/50")).toBeVisible()
    await userEvent.keyboard("{Home}")
    await expect
      .element(chosen.getByText("no more: all 3 within its window were used, and its parent was told"))
      .toBeVisible()
    await userEvent.keyboard("{End}")
    await chosen.getByRole("button", { name: "Desk#1::t1", exact: true }).click()
    await expect
      .element(panel.getByRole("tab", { name: "Timeline" }))
      .toHaveAttribute("aria-selected", "true")
    await expect
      .element(panel.getByRole("listbox", { name: "Transactions" }).getByRole("option", { selected: true }))
      .toMatchTextContent(/assess/)
  })

  test("lead to their instance's state", async () => {
    const { assess } = await open()
    await assess(250)
    await options.nth(0).click()
    await chosen.getByRole("button", { name: "Desk#1", exact: true }).click()
    await expect.element(panel.getByRole("treeitem", { name: "risk: 2.5" })).toBeVisible()
  })

  test("add up by handler: calls, failures, and what half and nearly all of them took", async () => {
    const app = await open()
    tellAll(app)
    app.is.trapping = true
    await app.assess(1)
    await expect.element(totals.getByRole("row", { name: /Fraud/ })).toBeVisible()
    const cells = inPanel("[aria-label=Handlers] tbody tr").map((row) =>
      [...row.children].map(({ textContent }) => textContent)
    )
    expect(cells).toEqual([
      ["Fraud", "3", "0", "8.00 ms", "400.0 ms", "300 B / 120 B"],
      ["Risk", "1", "1", "1.00 ms", "1.00 ms", "100 B / 0 B"]
    ])
  })

  test("are filtered by instance, handler, outcome and kind, and what is left out is counted", async () => {
    const app = await open()
    await app.assess(1)
    app.is.trapping = true
    await app.assess(2)
    tellAll(app)
    await expect.element(panel.getByText(/^8 shown of 8 /)).toBeVisible()
    await panel.getByRole("combobox", { name: "Outcome" }).selectOptions("failed")
    await expect.element(panel.getByText(/^1 shown of 8 /)).toBeVisible()
    await expect.element(options.nth(0)).toMatchTextContent(/trapped/)
    await panel.getByRole("button", { name: "Show all", exact: true }).click()
    await panel.getByRole("combobox", { name: "Handler" }).selectOptions("Fraud")
    await expect.element(panel.getByText(/^3 shown of 8 /)).toBeVisible()
    await expect.element(letters).not.toBeInTheDocument()
    await panel.getByRole("combobox", { name: "Handler" }).selectOptions("")
    await panel.getByRole("combobox", { name: "Instance" }).selectOptions("Desk#1")
    await expect.element(panel.getByText(/^5 shown of 8 /)).toBeVisible()
    await panel.getByRole("button", { name: "Calls 2" }).click()
    await expect.element(panel.getByText(/^3 shown of 8 /)).toBeVisible()
    for (let n = 0; n < 1200; n++) app.activity.tell(app.call)
    await expect.element(panel.getByText(/1,208 recorded/)).toBeVisible()
    await expect.element(panel.getByText("208 dropped")).toBeVisible()
    await panel.getByRole("button", { name: "Show all", exact: true }).click()
    await expect.element(panel.getByText(/^1,000 shown of 1,000 /)).toBeVisible()
  })
})

test("a dead letter shows its action, error and payload, and is retried from there until it commits", async () => {
  const { assess, desk, is } = await open()
  is.trapping = true
  await assess(120)
  await expect.element(letters.getByText("Risk trapped: unreachable")).toBeVisible()
  await expect.element(letters.getByText(/tried once/)).toBeVisible()
  await letters.getByRole("button", { name: /amount/ }).click()
  await expect
    .element(letters.getByRole("treeitem", { name: "token", exact: false }).last())
    .toMatchTextContent(/secret/)
  const retry = letters.getByRole("button", { name: "Retry assess of Risk" })
  await retry.click()
  await expect.element(letters.getByText(/It failed again/)).toBeVisible()
  await expect.element(letters.getByText(/tried 2 times/)).toBeVisible()
  const gate = Promise.withResolvers<void>()
  is.trapping = false
  is.gate = gate.promise
  await retry.click()
  await expect.element(retry).toMatchTextContent(/Retrying…/)
  gate.resolve()
  await expect.element(letters.getByText("assess of Risk was retried, and has committed.")).toBeVisible()
  await expect.element(retry).not.toBeInTheDocument()
  expect(desk.unsafe.getState()).toEqual({ risk: 1.2 })
})

test("the page is asked only while the view is looked at", async () => {
  const { activity } = await open()
  const asked = vi.spyOn(activity, "snapshot")
  await expect.poll(() => asked.mock.calls.length).toBeGreaterThan(1)
  await panel.getByRole("tab", { name: "Ring", exact: true }).click()
  await expect.element(panel.getByRole("region", { name: "Trace" })).toBeVisible()
  const before = asked.mock.calls.length
  // The ring asks once a second: by its second answer the handlers would have been asked several times.
  activity.tell({ _tag: "Console", ...told, level: "log", text: "unseen" })
  await panel.getByRole("tab", { name: "Channels", exact: true }).click()
  await panel.getByRole("tab", { name: "Timeline", exact: true }).click()
  await expect.element(panel.getByRole("listbox", { name: "Transactions" })).toBeVisible()
  expect(asked.mock.calls.length - before).toBeLessThanOrEqual(1)
  await panel.getByRole("tab", { name: "Handlers", exact: true }).click()
  await expect.element(panel.getByText("unseen")).toBeVisible()
})

describe.each([
  ["wide", 1280],
  ["narrow", 390]
])("on a %s screen", (name, width) => {
  test("everything has its room", async () => {
    await page.viewport(width, 800)
    const app = await open(760)
    for (const amount of [250, 90, 410]) await app.assess(amount)
    tellAll(app)
    app.is.trapping = true
    await app.assess(99_000)
    await expect.element(letters).toBeVisible()
    await options.nth(3).click()
    await expect.element(chosen).toBeVisible()
    const overflowing = inPanel(".handlers, .handlers .tools, .handler-details .body, .counts").filter(
      ({ clientWidth, scrollWidth }) => scrollWidth > clientWidth + 1
    )
    expect(overflowing).toEqual([])
    await screenshot(name === "wide" ? "handlers" : "handlers-narrow")
  })
})
