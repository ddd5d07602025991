/** Sessions that leave the page, come back, and are played again. */
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { afterEach, expect, onTestFinished, test, vi } from "vitest"
import { list, makeApp, mount, panel, screenshot } from "./support.tsx"

const tab = (name: string) => panel.getByRole("tab", { name, exact: true })
const button = (name: string | RegExp) =>
  panel.getByRole("button", { name, ...(typeof name === "string" ? { exact: true } : {}) })
const pasted = panel.getByRole("textbox", { name: "Session to import" })

afterEach(() => {
  vi.restoreAllMocks()
  sessionStorage.clear()
})

/** What is put into the clipboard. */
const clipboard = () => {
  const texts: Array<string> = []
  vi.spyOn(navigator.clipboard, "writeText").mockImplementation((text) => {
    texts.push(text)
    return Promise.resolve()
  })
  return texts
}

const open = async (props: Omit<Parameters<typeof mount>[0], "runtime"> = {}) => {
  const app = makeApp()
  const unmount = mount({ runtime: app.runtime, initialOpen: true, ...props })
  await expect.poll(() => tab("Sessions")).toBeVisible()
  const add = (by: number) => app.counter.unsafe.dispatch({ _tag: "add", payload: by })
  return { ...app, add, unmount }
}

test("a session is copied, imported again, by itself or as a link, replayed, and looked at", async () => {
  const { add, counter, unmount } = await open()
  const copied = clipboard()
  for (const by of [1, 2, 3]) add(by)
  await tab("Sessions").click()
  await button("Copy").click()
  await expect.poll(() => copied[0]).toContain('"format":1')
  await button("Copy as a link").click()
  await expect.poll(() => copied[1]).toMatch(/#sluice-session=[\w-]+$/)
  await panel.getByRole("textbox", { name: "Leave out" }).fill("Counter: last; Counter.add: ")
  await button("Copy").click()
  await expect.poll(() => panel.getByRole("alert").element().textContent).toContain("cannot be read")
  await panel.getByRole("textbox", { name: "Leave out" }).fill("Counter: last")
  await button("Copy").click()
  await expect.poll(() => copied[2]).toContain("~redacted")
  expect(copied[2]).not.toContain("add 1")
  add(4)
  await pasted.fill(copied[1] ?? "")
  await button("Import what is pasted").click()
  await expect.element(button(/test app, from a link 3 entries/)).toHaveAttribute("aria-pressed", "true")
  await button("Replay through the reducers").click()
  await expect
    .element(panel.getByText("All came out as they were recorded: 3 were made again."))
    .toBeVisible()
  await screenshot("sessions")
  await tab("What if").click()
  await expect.element(panel.getByText("Of the session test app")).toBeVisible()
  await expect.poll(() => panel.getByRole("checkbox", { name: /^Keep add/ }).elements().length).toBe(3)

  await tab("Sessions").click()
  await pasted.fill((copied[0] ?? "").replace('"count"', '"Count"'))
  await button("Import what is pasted").click()
  await expect.poll(() => panel.getByRole("alert").element().textContent).toMatch(/base\[\d\]/)
  expect(counter.unsafe.getState().count).toBe(10)

  // Whoever opens the link has the session, too.
  unmount()
  location.hash = new URL(copied[1] ?? "").hash
  const next = await open()
  await tab("Sessions").click()
  await expect.element(button(/test app, from a link 3 entries/)).toHaveAttribute("aria-pressed", "true")
  expect(next.counter.unsafe.getState().count).toBe(0)
  location.hash = ""
})

test("a reducer that reads a clock is named, and shown in the timeline", async () => {
  let now = 1
  const Clock = Module.make("Clock", {
    state: Schema.Struct({ at: Schema.Number }),
    actions: { tick: Schema.Void, rest: Schema.Void },
    reducers: { tick: () => ({ at: now }), rest: (state) => ({ ...state }) }
  })
  const runtime = Runtime.make(Clock.implement({ initial: { at: 0 } }), {
    label: "test app",
    trace: { level: "full" }
  })
  const clock = runtime.resolve(Clock.tag).unsafe
  mount({ runtime, initialOpen: true })
  await expect.element(list).toBeVisible()
  for (const _tag of ["rest", "tick", "rest"] as const) clock.dispatch({ _tag })
  now = 2
  await tab("Sessions").click()
  await button("Replay through the reducers").click()
  await expect
    .poll(() => panel.getByRole("alert").element().textContent)
    .toMatch(/After 1 .*Clock#1::t2.*at at of Clock#1.*recorded: 1.*now: 2/)
  await screenshot("replay")
  await button("Show it in the timeline").click()
  await expect.element(panel.getByRole("option", { name: /tick/ })).toHaveAttribute("aria-selected", "true")
  await runtime.dispose()
})

test("a test is made; the files are asked for once, and kept", async () => {
  const { add } = await open()
  const copied = clipboard()
  for (const by of [1, 2]) add(by)
  await tab("Sessions").click()
  await button("Make a test").click()
  await panel.getByRole("textbox", { name: "The test" }).fill("/app/test/counter.test.ts")
  await expect.element(button("Write the test")).toBeDisabled()
  await panel.getByRole("textbox", { name: "Counter" }).fill("/app/src/counter.ts")
  await button("Write the test").click()
  await expect
    .poll(() => panel.getByLabelText("The test").last().element().textContent)
    .toMatch(/from "..\/src\/counter.ts"/)
  await screenshot("make-test")
  await button("Copy the test").click()
  await expect.poll(() => copied[0]).toContain('counter.dispatch({ _tag: "add", payload: 2 })')
  await button(/This page/).click()
  await tab("Timeline").click()
  await tab("Sessions").click()
  await expect.element(panel.getByRole("textbox", { name: "Counter" })).toHaveValue("/app/src/counter.ts")
})

test("a session survives a reload, as an earlier one; what is redacted is in neither, and it says so", async () => {
  const redact = [{ module: "Counter", state: ["last"], payload: { add: [""] } }]
  const before = await open({ keep: true, redact })
  before.add(7)
  before.add(8)
  window.dispatchEvent(new Event("pagehide"))
  before.unmount()
  expect(JSON.stringify(Object.entries(sessionStorage))).not.toContain("add 7")

  const after = await open({ keep: true, redact })
  await tab("Sessions").click()
  await button(/test app, before the reload 2 entries/).click()
  await expect.element(panel.getByText(/Something in it was redacted/)).toBeVisible()
  await button("Replay through the reducers").click()
  await expect.element(panel.getByText(/2 could not be compared, since something was redacted/)).toBeVisible()
  expect(after.counter.unsafe.getState().count).toBe(0)
})

test("a link with a session in it opens the panel", async () => {
  history.replaceState(null, "", "#sluice-session=AAAA")
  onTestFinished(() => history.replaceState(null, "", location.pathname + location.search))
  mount({ runtime: makeApp().runtime })
  await panel.getByRole("tab", { name: "Sessions" }).click()
  await expect.element(panel.getByRole("alert")).toBeVisible()
})
