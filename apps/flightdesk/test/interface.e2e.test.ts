/** The desk by keyboard, on a small screen, and for those who do not see it. */
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { DeskBrowser, type DeskPage, eventually, type OpenOptions } from "./openDesk.ts"

let browser: DeskBrowser
let desk: DeskPage | undefined

beforeAll(async () => {
  browser = await DeskBrowser.launch()
})
afterAll(() => browser?.close())
afterEach(async () => {
  await desk?.close()
  desk = undefined
})

const openDesk = async (options?: OpenOptions): Promise<Page> => {
  desk = await browser.open(options)
  return desk.page
}

/** Plays until so many flights are there, and pauses. */
const playUntil = async (page: Page, flights: number): Promise<void> => {
  await page.getByRole("radio", { name: "Max" }).check()
  await page.getByRole("button", { name: "Play", exact: true }).click()
  await page.waitForFunction((count) => {
    const { modules, runtime } = window.flightdesk
    return runtime.resolve(modules.Flights.tag).unsafe.getState().flights.size >= count
  }, flights)
  await page.getByRole("button", { name: "Pause", exact: true }).click()
  await page.getByText("Paused", { exact: true }).waitFor()
}

const focusedName = (page: Page): Promise<string | null> =>
  page.evaluate(
    () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? null
  )

describe("by keyboard", () => {
  test("everything in the header is reached and works", async () => {
    const page = await openDesk()
    const names: Array<string | null> = []
    for (let tab = 0; tab < 5; tab++) {
      await page.keyboard.press("Tab")
      names.push(await page.evaluate(() => document.activeElement?.tagName ?? null))
    }
    expect(names).toEqual(["SELECT", "BUTTON", "BUTTON", "BUTTON", "INPUT"])
    await page.keyboard.press("ArrowRight")
    expect(await page.getByRole("radio", { name: "Max" }).isChecked()).toBe(true)
    await page.getByRole("button", { name: "Step" }).focus()
    await page.keyboard.press("Enter")
    await page.locator(".progress .count").getByText("51 of 20,000").waitFor()
    await page.getByRole("button", { name: "Play", exact: true }).focus()
    await page.keyboard.press("Space")
    await page.getByText("Playing", { exact: true }).waitFor()
    expect(await focusedName(page)).toBe("Pause")
    await page.keyboard.press("Space")
    await page.getByText("Paused", { exact: true }).waitFor()
  })

  test("the map is one tab stop: arrows move between airports, Enter picks", async () => {
    const page = await openDesk()
    await playUntil(page, 3_000)
    expect(await page.locator('.spot[tabindex="0"]').count()).toBe(1)
    await page.locator('.spot[tabindex="0"]').focus()
    const start = await focusedName(page)
    await page.keyboard.press("ArrowLeft")
    const next = await focusedName(page)
    expect(next).toMatch(/^[A-Z]{3} .+: [\d,]+ flights?, mean delay (?:−?[\d.]+ min|–)$/)
    expect(next).not.toBe(start)
    await page
      .locator(".tooltip")
      .getByText(next?.slice(0, 3) ?? "")
      .waitFor()
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: new RegExp(`^${next?.slice(0, 3)}`) }).waitFor()
    await eventually(() => page.locator('.spot[aria-pressed="true"]').getAttribute("id")).toBe(
      `airport-${next?.slice(0, 3)}`
    )
    await page.keyboard.press("Enter")
    await page.locator(".detail-panel").waitFor({ state: "detached" })
  })

  test("on the map Home and End lead to the first and the last airport, Escape closes the details", async () => {
    const page = await openDesk()
    await playUntil(page, 2_000)
    const spots = page.locator(".spot")
    await page.locator('.spot[tabindex="0"]').focus()
    await page.keyboard.press("End")
    await eventually(() => focusedName(page)).toBe(await spots.last().getAttribute("aria-label"))
    await page.keyboard.press("Home")
    const first = await spots.first().getAttribute("aria-label")
    await eventually(() => focusedName(page)).toBe(first)
    await page.keyboard.press("Enter")
    await page.locator(".detail-panel").waitFor()
    await page.keyboard.press("Escape")
    await page.locator(".detail-panel").waitFor({ state: "detached" })
    expect(await focusedName(page)).toBe(first)
    // From within the panel too; the focus goes back to where it came from.
    await page.keyboard.press("Enter")
    await page.getByRole("button", { name: /^Close [A-Z]{3}$/ }).focus()
    await page.keyboard.press("Escape")
    await page.locator(".detail-panel").waitFor({ state: "detached" })
    expect(await focusedName(page)).toBe(first)
    await page.keyboard.press("Enter")
    await page.getByRole("button", { name: /^Close [A-Z]{3}$/ }).click()
    await page.locator(".detail-panel").waitFor({ state: "detached" })
    expect(await focusedName(page)).toBe(first)
  })

  test("the table sorts by its headings and scrolls", async () => {
    const page = await openDesk()
    await playUntil(page, 2_000)
    const table = page.getByRole("table", { name: "Flights" })
    const heading = table.getByRole("columnheader", { name: "Delay" })
    await heading.getByRole("button").focus()
    await page.keyboard.press("Enter")
    await eventually(() => heading.getAttribute("aria-sort")).toBe("descending")
    await page.keyboard.press("Enter")
    await eventually(() => heading.getAttribute("aria-sort")).toBe("ascending")
    const first = table.locator(".row").first()
    expect(await first.getAttribute("aria-rowindex")).toBe("2")
    expect(await first.locator(".delay").textContent()).toMatch(/min early$/)
    await table.focus()
    await page.keyboard.press("End")
    await eventually(async () => table.locator(".row").last().getAttribute("aria-rowindex")).toBe(
      await table.getAttribute("aria-rowcount")
    )
  })

  test("filters narrow the table, and rules are added, edited and removed", async () => {
    const page = await openDesk()
    await playUntil(page, 2_000)
    const count = page.locator(".flights-panel .panel-head .count")
    await page.getByRole("searchbox", { name: "Route" }).fill("ord-lax")
    await eventually(() => count.textContent()).toMatch(/^\d+ of /)
    const routes = await page.locator(".flights-panel .row .route").allTextContents()
    expect(routes.length).toBeGreaterThan(0)
    expect(new Set(routes)).toEqual(new Set(["ORD→LAX"]))
    await page.getByRole("button", { name: "Clear" }).click()
    await eventually(() => count.textContent()).toMatch(/^[\d,]+ flights$/)

    const rules = page.getByRole("list", { name: "Rules" }).getByRole("listitem")
    expect(await rules.count()).toBe(3)
    const draft = page.getByRole("form", { name: "New rule" })
    await draft.getByLabel("Minutes late").fill("30")
    await draft.getByLabel("Direction").selectOption("out of")
    await draft.getByLabel("Airport").selectOption("DEN")
    await draft.getByRole("button", { name: "Add this rule" }).press("Enter")
    await eventually(() => rules.count()).toBe(4)
    await rules.nth(3).getByRole("spinbutton").fill("35")
    await page.getByRole("button", { name: "Remove the rule over 35 minutes late out of DEN" }).press("Enter")
    await eventually(() => rules.count()).toBe(3)
  })
})

describe("the rules", () => {
  const rulesOf = (page: Page) => page.getByRole("list", { name: "Rules" }).getByRole("listitem")

  const rulesInForce = (page: Page) =>
    page.evaluate(() => {
      const { modules, runtime } = window.flightdesk
      return runtime
        .resolve(modules.Watch.tag)
        .unsafe.getState()
        .rules.map(({ airport, direction, minutes }) => `${minutes} ${direction} ${airport}`)
    })

  test("the minutes are typed as in any field of numbers; what cannot be is said and not in force", async () => {
    const page = await openDesk()
    const rule = rulesOf(page).first()
    const minutes = rule.getByRole("spinbutton")
    const message = rule.getByRole("status")
    await minutes.click()
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Backspace")
    expect(await minutes.inputValue()).toBe("")
    const refused =
      "The minutes must be a whole number from 0 to 999. Still in force: over 60 minutes late into ORD."
    await eventually(() => message.textContent()).toBe(refused)
    await page.keyboard.type("75")
    expect(await minutes.inputValue()).toBe("75")
    await eventually(async () => (await rulesInForce(page))[0]).toBe("75 into ORD")
    expect(await message.textContent()).toBe("")
    // The caret stays between the two digits.
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.type("0")
    await eventually(async () => (await rulesInForce(page))[0]).toBe("705 into ORD")
    await page.keyboard.press("Backspace")
    await page.keyboard.type("1")
    expect(await minutes.inputValue()).toBe("715")
    await eventually(async () => (await rulesInForce(page))[0]).toBe("715 into ORD")
    for (const bad of ["5000", "-5", "7.5"]) {
      await page.keyboard.press("Control+a")
      await page.keyboard.type(bad)
      expect(await minutes.inputValue()).toBe(bad)
      await eventually(() => message.textContent()).toBe(refused.replace("60", "715"))
      expect(await minutes.getAttribute("aria-invalid")).toBe("true")
    }
    // It is there still to be corrected when the field is left, and Escape takes it back.
    await page.keyboard.press("Tab")
    expect(await minutes.inputValue()).toBe("7.5")
    expect((await rulesInForce(page))[0]).toBe("715 into ORD")
    await minutes.press("Escape")
    expect(await minutes.inputValue()).toBe("715")
    expect(await message.textContent()).toBe("")
  })

  test("typing 120 is never a rule over 1 minute or 12", async () => {
    const page = await openDesk()
    const seen = page.evaluate(
      () =>
        new Promise<Array<number | undefined>>((resolve) => {
          const { modules, runtime } = window.flightdesk
          const watch = runtime.resolve(modules.Watch.tag)
          const minutes: Array<number | undefined> = []
          watch.unsafe.subscribe(() => {
            minutes.push(watch.unsafe.getState().rules[0]?.minutes)
            if (minutes.at(-1) === 120) resolve(minutes)
          })
        })
    )
    await rulesOf(page).first().getByRole("spinbutton").click()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("120")
    await page.keyboard.press("Enter")
    expect(await seen).toEqual([120])
  })

  test("a rule that is there already is refused, added or edited", async () => {
    const page = await openDesk()
    const before = await rulesInForce(page)
    const draft = page.getByRole("form", { name: "New rule" })
    await draft.getByLabel("Minutes late").fill("90")
    // With any airport, a direction makes no difference.
    await draft.getByLabel("Direction").selectOption("out of")
    await draft.getByRole("button", { name: "Add this rule" }).click()
    const refused = "There is already a rule “over 90 minutes late anywhere”."
    await eventually(() => draft.getByRole("status").textContent()).toBe(refused)
    await draft.getByLabel("Minutes late").fill("91")
    await eventually(() => draft.getByRole("status").textContent()).toBe("")
    const rule = rulesOf(page).first()
    await rule.getByLabel("Airport", { exact: true }).selectOption("")
    await rule.getByRole("spinbutton").fill("90")
    await eventually(() => rule.getByRole("status").textContent()).toContain(refused)
    await rule.getByLabel("Airport", { exact: true }).selectOption("ORD")
    await eventually(() => rulesInForce(page)).toEqual(["90 into ORD", ...before.slice(1)])
    expect(await rule.getByRole("status").textContent()).toBe("")
  })

  test("each has an instance of its own, which keeps what is typed while the list is put away", async () => {
    const page = await openDesk()
    const items = () =>
      page.evaluate(() =>
        window.flightdesk.runtime
          .list()
          .filter(({ moduleId }) => moduleId === "WatchItem")
          .map(({ instanceId, local }) => [instanceId, local?.key, local?.mounts])
      )
    const shown = await items()
    expect(shown.map(([, key, mounts]) => [key, mounts])).toEqual([
      ["1", 1],
      ["2", 1],
      ["3", 1]
    ])
    await rulesOf(page).first().getByRole("spinbutton").fill("7.5")
    await page.getByRole("button", { name: "Hide rules" }).click()
    expect(await rulesOf(page).count()).toBe(0)
    expect(await items()).toEqual(shown.map(([instanceId, key]) => [instanceId, key, 0]))
    // Their logic goes on meanwhile.
    await playUntil(page, 3_000)
    await page.getByRole("button", { name: "Show rules" }).click()
    expect(await items()).toEqual(shown)
    const rule = rulesOf(page).first()
    expect(await rule.getByRole("spinbutton").inputValue()).toBe("7.5")
    expect(await rule.getByRole("status").textContent()).toContain(
      "Still in force: over 60 minutes late into ORD."
    )
    const raised = await page.evaluate(() => {
      const { modules, runtime } = window.flightdesk
      const { alerts } = runtime.resolve(modules.Watch.tag).unsafe.getState()
      return ["ORD", "ATL", "anywhere"].map((where) =>
        alerts
          .toArray()
          .filter(({ rule }) => rule.endsWith(where))
          .length.toLocaleString("en-US")
      )
    })
    expect(raised.every((count) => count !== "0")).toBe(true)
    await eventually(() => page.locator(".rule .raised").allTextContents()).toEqual(raised)
  })

  test("the focus of a removed rule goes to its neighbour, and at last to the new rule", async () => {
    const page = await openDesk()
    const removals = page.getByRole("button", { name: /^Remove the rule/ })
    const names = await removals.evaluateAll((buttons) =>
      buttons.map((button) => button.getAttribute("aria-label"))
    )
    await removals.nth(1).press("Enter")
    await eventually(() => focusedName(page)).toBe(names[2])
    await page.keyboard.press("Enter")
    await eventually(() => focusedName(page)).toBe(names[0])
    await removals.first().click()
    await eventually(() => focusedName(page)).toBe("Minutes late")
    expect(await rulesOf(page).count()).toBe(0)
  })

  test.each([
    [1280, 860],
    [1280, 720],
    [390, 844]
  ])("many of them leave room for the alerts, at %i by %i", async (width, height) => {
    const page = await openDesk({ width, height })
    await playUntil(page, 2_000)
    if (width === 390) await page.getByRole("navigation").getByRole("button", { name: "Watch" }).click()
    const draft = page.getByRole("form", { name: "New rule" })
    for (let minutes = 100; minutes < 112; minutes++) {
      await draft.getByLabel("Minutes late").fill(String(minutes))
      await draft.getByRole("button", { name: "Add this rule" }).click()
    }
    await eventually(() => rulesOf(page).count()).toBe(15)
    const boxes = await page.evaluate(() => {
      const boxOf = (selector: string) => {
        const { bottom, height, top } = document.querySelector(selector)?.getBoundingClientRect() ?? {}
        return { top: top ?? NaN, bottom: bottom ?? NaN, height: height ?? NaN }
      }
      return {
        card: boxOf(".watch-panel"),
        rules: boxOf(".rules ul"),
        newest: boxOf(".rules li:last-child"),
        draft: boxOf(".new-rule"),
        alerts: boxOf(".watch-panel .scroller")
      }
    })
    const { alerts, card, draft: form, newest, rules } = boxes
    expect(alerts.height).toBeGreaterThanOrEqual(92)
    expect(alerts.bottom).toBeLessThanOrEqual(card.bottom)
    expect(form.bottom).toBeLessThanOrEqual(alerts.top)
    expect(rules.bottom).toBeLessThanOrEqual(form.top)
    // The one just added is in view.
    expect(newest.bottom).toBeLessThanOrEqual(rules.bottom + 1)
    const alertList = page.getByRole("list", { name: "Alerts, newest first" })
    await alertList.focus()
    await page.keyboard.press("End")
    await eventually(() => alertList.getByRole("listitem").last().getAttribute("aria-posinset")).toBe(
      await alertList.getByRole("listitem").last().getAttribute("aria-setsize")
    )
  })
})

test.each([
  [1280, 860],
  [390, 844]
])("what the map says of an airport is legible and within the map, at %i by %i", async (width, height) => {
  const page = await openDesk({ width, height })
  await playUntil(page, 4_000)
  for (const code of ["ATL", "MIA", "SEA", "BOS", "HNL"]) {
    await page.locator(`#airport-${code}`).focus()
    const tooltip = page.locator(".tooltip")
    await tooltip.getByText(code).waitFor()
    const { fontSize, overflow, outside } = await tooltip.evaluate((element) => {
      const box = element.getBoundingClientRect()
      const map = element.parentElement?.getBoundingClientRect() ?? box
      const lines = [...element.children].map((line) => {
        const range = document.createRange()
        range.selectNodeContents(line)
        return range.getBoundingClientRect()
      })
      return {
        fontSize: Number.parseFloat(getComputedStyle(element).fontSize),
        overflow: Math.max(...lines.map(({ right }) => right - box.right)),
        outside: Math.max(
          map.left - box.left,
          map.top - box.top,
          box.right - map.right,
          box.bottom - map.bottom
        )
      }
    })
    expect(fontSize).toBeGreaterThanOrEqual(12)
    expect({ code, isWhole: overflow < 0, isInside: outside < 0.5 }).toEqual({
      code,
      isWhole: true,
      isInside: true
    })
  }
})

test("all controls have names, and roles are whole", async () => {
  const page = await openDesk()
  await playUntil(page, 2_000)
  await page.getByRole("form", { name: "Filter flights" }).getByLabel("Airport").selectOption("ORD")
  await page.locator(".detail-panel .tile").first().waitFor()
  const cdp = await page.context().newCDPSession(page)
  const { nodes } = await cdp.send("Accessibility.getFullAXTree")
  const controls = nodes.filter(({ ignored, role }) => {
    const kinds = [
      "button",
      "combobox",
      "searchbox",
      "spinbutton",
      "radio",
      "table",
      "list",
      "group",
      "meter",
      "progressbar"
    ]
    return !ignored && kinds.includes(String(role?.value))
  })
  expect(controls.length).toBeGreaterThan(50)
  const nameless = controls
    .filter(
      ({ name, role }) =>
        String(name?.value ?? "").trim() === "" && role?.value !== "group" && role?.value !== "list"
    )
    .map(({ role }) => String(role?.value))
  expect(nameless).toEqual([])
})

test.each(["light", "dark"] as const)("text has the contrast of WCAG AA in the %s", async (colorScheme) => {
  const page = await openDesk({ colorScheme })
  await playUntil(page, 2_000)
  await page.getByRole("form", { name: "Filter flights" }).getByLabel("Airport").selectOption("ORD")
  await page.locator(".detail-panel .tile").first().waitFor()
  const tooFaint = await page.evaluate(() => {
    type Color = readonly [red: number, green: number, blue: number, alpha: number]
    const parse = (text: string): Color => {
      const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number)
      return [red, green, blue, alpha]
    }
    const luminance = ([red, green, blue]: Color): number => {
      const [r = 0, g = 0, b = 0] = [red, green, blue].map((channel) => {
        const share = channel / 255
        return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const groundOf = (element: Element | null): Color => {
      if (element === null) return [255, 255, 255, 1]
      const color = parse(getComputedStyle(element).backgroundColor)
      return color[3] === 1 ? color : groundOf(element.parentElement)
    }
    const found = new Set<string>()
    for (const element of document.querySelectorAll("#root *")) {
      const hasText = [...element.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== ""
      )
      if (!hasText || element.closest("svg, :disabled, option, .visually-hidden") !== null) continue
      const [ink, ground] = [luminance(parse(getComputedStyle(element).color)), luminance(groundOf(element))]
      const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)
      if (ratio < 4.5)
        found.add(`${element.className || element.tagName} ${ratio.toFixed(2)}: ${element.textContent}`)
    }
    return [...found]
  })
  expect(tooFaint).toEqual([])
})

describe("390 pixels wide", () => {
  test("every view fits, and the page does not scroll sideways", async () => {
    const page = await openDesk({ width: 390, height: 844 })
    await playUntil(page, 2_000)
    for (const view of ["Map", "Flights", "Airports", "Watch"]) {
      await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: view }).click()
      await page.locator(`main > [data-view="${view.toLowerCase()}"]`).waitFor()
      // The longest delays are the widest.
      if (view === "Flights")
        await page.getByRole("columnheader", { name: "Delay" }).getByRole("button").click()
      expect(await page.locator("main > [data-view]:visible").count()).toBe(1)
      const cut = await page.evaluate(() => {
        const { scrollWidth } = document.documentElement
        const outside = [...document.querySelectorAll("#root *")].filter((element) => {
          const { height, left, right, width } = element.getBoundingClientRect()
          const isShown = width > 0 && height > 0 && element.closest("svg, .visually-hidden") === null
          return isShown && (right > innerWidth + 0.5 || left < -0.5)
        })
        const overflowing = [...document.querySelectorAll(".cell, .tile, button, .chip")].filter(
          (element) =>
            element.clientWidth > 0 &&
            element.scrollWidth > element.clientWidth + 1 &&
            getComputedStyle(element).textOverflow !== "ellipsis"
        )
        return {
          scrollWidth,
          outside: outside.map((element) => element.outerHTML.slice(0, 120)),
          overflowing: overflowing.map((element) => element.outerHTML.slice(0, 120))
        }
      })
      expect({ view, ...cut }).toEqual({ view, scrollWidth: 390, outside: [], overflowing: [] })
    }
  })

  test("the details of an airport fit too", async () => {
    const page = await openDesk({ width: 390, height: 844 })
    await page.getByRole("button", { name: "Step" }).click()
    await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: "Airports" }).click()
    await page.locator(".airports-panel .link").first().click()
    await page.locator(".detail-panel .tile").first().waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  })
})
