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
    await page.locator(".progress .count").getByText("1 of 20,000").waitFor()
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

test("all controls have names, and roles are whole", async () => {
  const page = await openDesk()
  await playUntil(page, 2_000)
  await page.getByRole("form", { name: "Filter flights" }).getByLabel("Airport").selectOption("ORD")
  await page.getByRole("heading", { name: "ORD Chicago O'Hare International" }).waitFor()
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
  await page.getByRole("heading", { name: "ORD Chicago O'Hare International" }).waitFor()
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
