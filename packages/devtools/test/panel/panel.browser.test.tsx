import { describe, expect, test } from "vitest"
import { page, userEvent } from "vitest/browser"
import { focused, inPanel, list, makeApp, mount, panel, rows } from "./support.tsx"

const titles = () => inPanel("[role=option] .name").map((element) => element.textContent)
const row = (name: string | RegExp) => panel.getByRole("option", { name })

describe("the list", () => {
  test("shows each transaction with its instance, action, origin, duration and cause, in order", async () => {
    const { counter, log, runtime } = makeApp({ logs: true })
    mount({ runtime, initialOpen: true })
    await expect.element(list).toBeVisible()
    counter.unsafe.dispatch({ _tag: "add", payload: 2 })
    await expect.element(row(/Log#1.*write.*action.*↳ t\d+ Counter#1/)).toBeVisible()
    counter.unsafe.dispatch({ _tag: "touch" })
    expect(() => counter.unsafe.dispatch({ _tag: "fail", payload: "on purpose" })).toThrow("on purpose")
    log.unsafe.transact("by hand", (tx) => tx.set({ lines: [] }))
    counter.unsafe.dispatchBatch([
      { _tag: "add", payload: 1 },
      { _tag: "add", payload: 1 },
      { _tag: "add", payload: 1 }
    ])
    await expect.element(row(/add, add \+1/)).toBeVisible()
    await expect
      .poll(() => titles().filter((title) => title !== "write"))
      .toEqual(["add", "touchunchanged", "failrollback", "by hand", "add, add +1"])
    await expect.element(row(/Counter#1 ?add 2 ?action.*?<?[\d.]+ ms/).first()).toBeVisible()
  })

  test("shows no duration where none was traced, and what happened before the panel was opened", async () => {
    const { counter, runtime } = makeApp({ trace: { level: "light" } })
    mount({ runtime })
    await expect
      .element(page.getByRole("button", { name: "Open Sluice devtools for test app" }))
      .toBeVisible()
    counter.unsafe.dispatch({ _tag: "add", payload: 2 })
    expect(() => counter.unsafe.dispatch({ _tag: "fail", payload: "early" })).toThrow()
    counter.unsafe.dispatch({ _tag: "add", payload: 3 })
    await page.getByRole("button", { name: "Open Sluice devtools for test app" }).click()
    await expect.poll(titles).toEqual(["add", "failrollback", "add"])
    expect(inPanel(".row .duration").map((element) => element.textContent)).toEqual(["", "", ""])
    await expect.poll(() => focused()).toBe(list.element())
    await panel.getByRole("button", { name: "Close devtools" }).click()
    await expect
      .poll(() => focused())
      .toBe(page.getByRole("button", { name: "Open Sluice devtools for test app" }).element())
  })

  test("hides what the filter does not find, and drops none of it", async () => {
    const { counter, log, runtime } = makeApp()
    mount({ runtime, initialOpen: true })
    await expect.element(list).toBeVisible()
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    log.unsafe.dispatch({ _tag: "write", payload: "x" })
    await expect.poll(titles).toEqual(["add", "write"])
    const filter = panel.getByRole("searchbox", { name: /Filter/ })
    await filter.fill("LOG action")
    await expect.poll(titles).toEqual(["write"])
    await expect.element(panel.getByText("1 of 2")).toBeVisible()
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await expect.element(panel.getByText("1 of 3")).toBeVisible()
    await filter.fill("nothing like it")
    await expect.element(panel.getByText("Nothing matches the filter.")).toBeVisible()
    await userEvent.keyboard("{Escape}")
    await expect.poll(titles).toEqual(["add", "write", "add"])
  })

  test("follows the latest entry until the user scrolls or selects", async () => {
    const { counter, runtime } = makeApp()
    mount({ runtime, initialOpen: true })
    await expect.element(list).toBeVisible()
    const add = (times: number) => {
      for (let n = 0; n < times; n++) counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    }
    const follow = panel.getByRole("button", { name: "Follow" })
    const lastShown = () => Math.max(...inPanel("[role=option]").map((option) => Number(option.ariaPosInSet)))
    add(200)
    await expect.poll(lastShown).toBe(200)
    const scroller = list.element()
    const scrolled = new Promise((resolve) => scroller.addEventListener("scroll", resolve, { once: true }))
    scroller.scrollTop -= 300
    await scrolled
    await expect.element(follow).toHaveAttribute("aria-pressed", "false")
    const { scrollTop } = scroller
    add(50)
    await expect.element(panel.getByText("250", { exact: true }).first()).toBeVisible()
    expect(scroller.scrollTop).toBe(scrollTop)
    await follow.click()
    await expect.poll(lastShown).toBe(250)
    await panel.getByRole("button", { name: "Dock bottom" }).click()
    await panel.getByRole("button", { name: "Dock right" }).click()
    await expect.poll(lastShown).toBe(250)
    await expect.element(follow).toHaveAttribute("aria-pressed", "true")
    await rows.last().click()
    await expect.element(follow).toHaveAttribute("aria-pressed", "false")
  })

  test("keeps what the user reads in view while the history moves on", async () => {
    const { counter, runtime } = makeApp()
    mount({ runtime, initialOpen: true, history: 100 })
    await expect.element(list).toBeVisible()
    const add = (times: number) => {
      for (let n = 0; n < times; n++) counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    }
    add(100)
    await expect.element(row(/Counter#1/).first()).toBeVisible()
    await expect.poll(() => inPanel("[role=option]").at(-1)?.ariaPosInSet).toBe("100")
    await rows.last().click()
    const selected = () => inPanel("[role=option][aria-selected=true]")[0]
    const { id = "" } = selected() ?? {}
    const top = selected()?.getBoundingClientRect().top
    add(30)
    await expect.poll(() => selected()?.ariaPosInSet).toBe("70")
    expect(selected()?.id).toBe(id)
    expect(selected()?.getBoundingClientRect().top).toBe(top)
    await expect.element(panel.getByText(/history 100\/100 · dropped 30/)).toBeVisible()
  })
})

describe("travel", () => {
  test("shows an earlier moment of all instances, fires no handler, and loses nothing meanwhile", async () => {
    const { counter, handled, log, runtime } = makeApp()
    mount({ runtime, initialOpen: true })
    const seen: Array<unknown> = []
    counter.unsafe.subscribe((state) => seen.push(state.count))
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    log.unsafe.dispatch({ _tag: "write", payload: "between" })
    counter.unsafe.dispatch({ _tag: "add", payload: 10 })
    log.unsafe.dispatch({ _tag: "write", payload: "after" })
    await expect.poll(() => handled).toEqual([1, 10])

    await row(/Counter#1.*add/)
      .first()
      .click()
    await panel.getByRole("button", { name: "Jump here" }).click()
    await expect.element(panel.getByText(/Showing the past after/)).toBeVisible()
    await expect.poll(() => counter.unsafe.getState().count).toBe(1)
    expect(log.unsafe.getState().lines).toEqual([])
    expect(seen).toEqual([1, 11, 1])
    await expect
      .element(panel.getByRole("button", { name: "You are here" }))
      .toHaveAttribute("aria-disabled", "true")
    await expect.element(row(/jump.*devtools/).first()).toBeVisible()

    counter.unsafe.dispatch({ _tag: "add", payload: 100 })
    await expect.poll(() => counter.unsafe.getState().count).toBe(1)
    await panel.getByRole("button", { name: "Back to live" }).click()
    await expect.poll(() => counter.unsafe.getState().count).toBe(111)
    expect(log.unsafe.getState().lines).toEqual(["between", "after"])
    expect(seen).toEqual([1, 11, 1, 11, 111])
    await expect.poll(() => handled).toEqual([1, 10, 100])
    await expect.poll(() => panel.getByText(/Showing the past/).elements()).toEqual([])
    await expect.element(row(/live.*devtools/).first()).toBeVisible()
    expect(runtime.travel.active()).toBe(false)
  })

  test("reaches back to the base of the history, and says where it ends", async () => {
    const { counter, runtime } = makeApp()
    mount({ runtime, initialOpen: true, history: 3 })
    for (let n = 1; n <= 5; n++) counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await expect.poll(titles).toEqual(["add", "add", "add"])
    await rows.first().click()
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await expect
      .element(panel.getByRole("button", { name: "Jump here" }))
      .toHaveAttribute("aria-disabled", "false")
    for (let n = 1; n <= 3; n++) counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await expect
      .element(panel.getByRole("button", { name: "Jump here" }))
      .toHaveAttribute("aria-disabled", "true")
    await rows.first().click()
    await panel.getByRole("button", { name: "Jump here" }).click()
    await expect.poll(() => counter.unsafe.getState().count).toBe(7)
    await userEvent.keyboard("{Escape}")
    await expect.poll(() => counter.unsafe.getState().count).toBe(9)
    await rows.last().click()
    expect(focused()).toBe(list.element())
  })

  test("goes by keyboard alone", async () => {
    const { counter, runtime } = makeApp()
    mount({ runtime, initialOpen: false })
    for (let n = 1; n <= 60; n++) counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await expect.element(page.getByRole("button", { name: /Open Sluice/ })).toBeVisible()
    const selected = () => inPanel("[role=option][aria-selected=true]")[0]
    for (let n = 1; n <= 60; n++) counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await userEvent.tab()
    await userEvent.keyboard("{Enter}")
    await expect.poll(() => focused()).toBe(list.element())
    await expect.poll(() => rows.elements().length).toBeGreaterThan(5)
    await userEvent.keyboard("{ArrowUp}{ArrowUp}{ArrowUp}")
    const last = Number(selected()?.ariaSetSize)
    expect(selected()?.ariaPosInSet).toBe(String(last - 2))
    expect(list.element().getAttribute("aria-activedescendant")).toBe(selected()?.id)
    await userEvent.keyboard("{ArrowDown}")
    expect(selected()?.ariaPosInSet).toBe(String(last - 1))
    await userEvent.keyboard("{Enter}")
    await expect.poll(() => counter.unsafe.getState().count).toBe(119)
    await userEvent.keyboard("{Home}{ArrowDown}{Enter}")
    const [first] = inPanel("[role=option]")
    expect(first?.ariaPosInSet).toBe("1")
    expect(selected()?.getBoundingClientRect().top).toBeGreaterThan(
      list.element().getBoundingClientRect().top
    )
    await expect.poll(() => counter.unsafe.getState().count).toBe(120 - last + 2)
    await userEvent.keyboard("{Escape}")
    await expect.poll(() => counter.unsafe.getState().count).toBe(120)
    expect(runtime.travel.active()).toBe(false)
    const outline = getComputedStyle(inPanel("[role=option][aria-selected=true]")[0] ?? document.body)
    expect(outline.outlineStyle).toBe("solid")
  })
})

describe("the shell", () => {
  test("docks and resizes, and remembers both", async () => {
    const { runtime } = makeApp()
    mount({ runtime, initialOpen: true, initialDock: "bottom" })
    const box = () => panel.element().getBoundingClientRect()
    await expect.poll(() => Math.round(box().width)).toBe(innerWidth)
    await panel.getByRole("button", { name: "Dock left" }).click()
    await expect.poll(() => box().left).toBe(0)
    const edge = panel.getByRole("separator", { name: "Resize devtools" })
    const { width } = box()
    edge.element().focus()
    await userEvent.keyboard("{ArrowRight}{Shift>}{ArrowRight}{/Shift}")
    await expect.poll(() => box().width).toBe(width + 96)
    await userEvent.keyboard("{Home}")
    await expect.poll(() => box().width).toBe(300)
    await expect.element(edge).toHaveAttribute("aria-valuenow", "300")
    expect(JSON.parse(localStorage.getItem("sluice-devtools") ?? "")).toMatchObject({
      dock: "left",
      width: 300
    })
  })

  test("is dragged by its edge", async () => {
    const { runtime } = makeApp()
    mount({ runtime, initialOpen: true })
    await expect.element(panel).toBeVisible()
    const edge = panel.getByRole("separator").element()
    const captured: Array<number> = []
    edge.setPointerCapture = (id) => void captured.push(id)
    const pointer = (type: string, clientX: number) =>
      edge.dispatchEvent(new PointerEvent(type, { clientX, pointerId: 1, bubbles: true, cancelable: true }))
    pointer("pointerdown", 760)
    pointer("pointermove", 680)
    await expect.poll(() => panel.element().getBoundingClientRect().width).toBe(innerWidth - 680)
    pointer("lostpointercapture", 680)
    pointer("pointermove", 500)
    expect(captured).toEqual([1])
    expect(panel.element().getBoundingClientRect().width).toBe(innerWidth - 680)
  })

  test.each(["{", "null", '{"dock":"top","width":-4,"height":"x"}'])(
    "stands what is stored as %s",
    async (stored) => {
      localStorage.setItem("sluice-devtools", stored)
      const { runtime } = makeApp()
      mount({ runtime, initialOpen: true })
      await expect.poll(() => panel.element().getBoundingClientRect().width).toBe(560)
    }
  )

  test("is a full-width sheet at the bottom of a narrow screen", async () => {
    await page.viewport(390, 800)
    const { counter, runtime } = makeApp()
    mount({ runtime, initialOpen: true })
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await expect.element(row(/add/)).toBeVisible()
    const box = panel.element().getBoundingClientRect()
    expect([box.left, box.width, Math.round(box.bottom)]).toEqual([0, 390, 800])
    expect(document.documentElement.scrollWidth).toBe(390)
    for (const button of inPanel("button"))
      expect(button.getBoundingClientRect().right).toBeLessThanOrEqual(390)
  })

  test("and the app leave each other's styles and keys alone", async () => {
    const style = document.createElement("style")
    style.textContent =
      "* { color: red !important; font-size: 40px !important } button { display: none !important }"
    document.head.append(style)
    const keys: Array<string> = []
    const onKey = (event: KeyboardEvent) => keys.push(event.key)
    document.addEventListener("keydown", onKey)
    try {
      const { runtime } = makeApp()
      mount({ runtime, initialOpen: true })
      await panel.getByRole("searchbox").fill("")
      await userEvent.keyboard("a")
      await expect.element(panel.getByRole("searchbox")).toHaveValue("a")
      expect(keys).toEqual([])
      await expect.element(panel.getByRole("button", { name: "Follow" })).toBeVisible()
      expect(getComputedStyle(inPanel(".panel")[0] ?? document.body).fontSize).toBe("12.5px")
    } finally {
      style.remove()
      document.removeEventListener("keydown", onKey)
    }
  })

  test("keeps its place while it is closed, and says that the past is shown", async () => {
    const { counter, runtime } = makeApp()
    mount({ runtime, initialOpen: true })
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await row(/add/).first().dblClick()
    await expect.poll(() => counter.unsafe.getState().count).toBe(1)
    await panel.getByRole("button", { name: "Close devtools" }).click()
    const opener = page.getByRole("button", { name: /Open Sluice/ })
    await expect.element(opener).toHaveTextContent("Showing the past")
    await opener.click()
    await expect.element(panel.getByRole("button", { name: "You are here" })).toBeVisible()
    await panel.getByRole("button", { name: "Back to live" }).click()
    await expect.poll(() => focused()).toBe(list.element())
    await expect.poll(() => counter.unsafe.getState().count).toBe(2)
  })

  test("goes back to live when it is removed", async () => {
    const { counter, runtime } = makeApp()
    const unmount = mount({ runtime, initialOpen: true })
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await row(/add/).first().dblClick()
    await expect.poll(() => counter.unsafe.getState().count).toBe(1)
    unmount()
    await expect.poll(() => counter.unsafe.getState().count).toBe(2)
  })

  test("is gone with its runtime's app, and stops recording", async () => {
    const { counter, runtime } = makeApp()
    let listeners = 0
    const counted = {
      ...runtime,
      instances: runtime.instances,
      onCommit: (listener: Parameters<typeof runtime.onCommit>[0]) => {
        listeners++
        const end = runtime.onCommit(listener)
        return () => {
          listeners--
          end()
        }
      }
    }
    const unmount = mount({ runtime: counted, initialOpen: true })
    await expect.element(list).toBeVisible()
    expect(listeners).toBeGreaterThan(0)
    unmount()
    await expect.poll(() => document.querySelector("sluice-devtools")).toBeNull()
    expect(listeners).toBe(0)
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await expect.poll(() => counter.unsafe.getState().count).toBe(1)
  })
})

test("stays usable while 1,000 transactions a second run", async () => {
  const { counter, runtime } = makeApp()
  // Smaller than the session, so that the list is also seen as it moves on.
  mount({ runtime, initialOpen: true, history: 1500 })
  await expect.element(list).toBeVisible()
  let mostRows = 0
  let renders = 0
  const observer = new MutationObserver(() => {
    renders++
    mostRows = Math.max(mostRows, inPanel("[role=option]").length)
  })
  observer.observe(list.element(), { childList: true, subtree: true })
  const total = 2000
  const started = performance.now()
  await new Promise<void>((resolve) => {
    let done = 0
    const step = () => {
      const due = Math.min(total, Math.floor(performance.now() - started))
      for (; done < due; done++) counter.unsafe.dispatch({ _tag: "add", payload: 1 })
      if (done < total) setTimeout(step, 0)
      else resolve()
    }
    step()
  })
  await expect.element(panel.getByText("history 1,500/1,500 · dropped 500")).toBeVisible()
  await expect.element(row(/add/).last()).toHaveAttribute("aria-posinset", "1500")
  observer.disconnect()
  expect(counter.unsafe.getState().count).toBe(total)
  expect(mostRows).toBeLessThan(100)
  expect(renders).toBeLessThan(400)
  await rows.last().click()
})
