/** The page as the server sends it, with what the browser makes of it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { DeskBrowser, type DeskPage, eventually, type OpenOptions } from "./openDesk.ts"
import { readFlights } from "./realData.ts"

/** Those of the first day before ten o'clock, newest first, as the table shows them. */
const opening = readFlights()
  .filter(({ date }) => date < "2001/01/01 10:00")
  .toReversed()
const routeOf = ({ destination, origin }: (typeof opening)[number]): string => `${origin}→${destination}`

let browser: DeskBrowser
const open: Array<DeskPage> = []

beforeAll(async () => {
  browser = await DeskBrowser.launch()
})
afterAll(() => browser?.close())
afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close()
})

const openDesk = async (options?: OpenOptions): Promise<DeskPage> => {
  const desk = await browser.open(options)
  open.push(desk)
  return desk
}

const routesShown = (desk: DeskPage): Promise<Array<string>> =>
  desk.page.locator(".flights-panel .row .route").allTextContents()

describe("the first page", () => {
  test("is in the document that the server sends, and what it was rendered from too", async () => {
    const { server } = await openDesk({ early: true })
    const response = await fetch(server.address)
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8")
    expect(response.headers.get("content-encoding")).toBe("gzip")
    const html = await response.text()
    const cells = [...html.matchAll(/class="cell route">(.*?)<\/div>/g)].map(([, cell = ""]) =>
      cell.replaceAll(/<[^>]*>/g, "")
    )
    expect(cells.length).toBeGreaterThan(10)
    expect(cells).toEqual(opening.slice(0, cells.length).map(routeOf))
    expect(html).toContain("<dt>Flights</dt><dd>50</dd>")
    expect(html).toMatch(/<path class="land" d="M[^"]{10000}/)
    const [, snapshot = ""] = /<script id="opening" type="application\/json">(.*?)<\/script>/.exec(html) ?? []
    const { instances } = JSON.parse(snapshot) as { instances: Array<{ module: string }> }
    expect(instances.map(({ module }) => module).sort()).toEqual([
      "AirportDetail",
      "Atlas",
      "Desk",
      "Flights",
      "Replay"
    ])
  })

  test("without JavaScript can be read, and filtered by the server", async () => {
    const desk = await openDesk({ javaScriptEnabled: false, early: true })
    const { complaints, page } = desk
    expect(opening.map(routeOf)).toEqual(expect.arrayContaining(await routesShown(desk)))
    expect(await page.getByText("Jan 1", { exact: false }).count()).toBeGreaterThan(10)
    expect(await page.getByRole("button", { name: "Play" }).isDisabled()).toBe(true)
    await page.getByRole("searchbox", { name: "Route" }).fill("lax-")
    await page.getByRole("button", { name: "Show" }).click()
    const fromLax = opening.filter(({ origin }) => origin === "LAX").map(routeOf)
    expect(fromLax.length).toBeGreaterThan(0)
    expect(await routesShown(desk)).toEqual(fromLax)
    expect(await page.getByRole("searchbox", { name: "Route" }).inputValue()).toBe("lax-")
    expect(complaints).toEqual([])
  })

  test.each(["/", "/?concurrent=false"])(
    "%s is taken over as it is, and goes on from there",
    async (path) => {
      const desk = await openDesk({ path, keepElement: ".flights-panel .row .route" })
      const { complaints, page } = desk
      // The element that the server sent is still there: it was taken over and not made anew.
      expect(await page.evaluate(() => window.kept?.isConnected)).toBe(true)
      expect(complaints).toEqual([])
      await page.getByText("50 of 20,000").waitFor()
      await page.getByRole("button", { name: "Step" }).click()
      await page.getByText("51 of 20,000").waitFor()
      await eventually(async () => (await routesShown(desk)).slice(1, 6)).toEqual(
        opening.slice(0, 5).map(routeOf)
      )
      await page.getByRole("searchbox", { name: "Route" }).fill("lax-")
      await eventually(
        async () => new Set((await routesShown(desk)).map((route) => route.slice(0, 3)))
      ).toEqual(new Set(["LAX"]))
      expect(complaints).toEqual([])
    }
  )

  test("may be of one airport, with its details, which are not asked for again", async () => {
    const desk = await openDesk({ path: "/?airport=ORD&delay=15", keepElement: ".detail-panel .tile" })
    const { complaints, page, requests } = desk
    expect(await page.evaluate(() => window.kept?.isConnected)).toBe(true)
    const arrivals = readFlights().filter(({ destination }) => destination === "ORD").length
    await page.locator(".detail-panel .tile").getByText(arrivals.toLocaleString("en-US")).waitFor()
    const form = page.getByRole("form", { name: "Filter flights" })
    expect(await form.getByLabel("Airport").inputValue()).toBe("ORD")
    expect(await form.getByLabel("Delay").inputValue()).toBe("15")
    const late = opening.filter(
      ({ delay, destination, origin }) => delay >= 15 && [origin, destination].includes("ORD")
    )
    expect(await routesShown(desk)).toEqual(late.map(routeOf))
    expect(requests.filter((path) => path.startsWith("/api/airports"))).toEqual([])
    // Nor for the map, which is in the page.
    expect(requests).not.toContain("/data/us-10m.json")
    await page.getByRole("button", { name: "Load ORD again" }).click()
    await eventually(() => requests.filter((path) => path.startsWith("/api/airports"))).toEqual([
      "/api/airports/ORD"
    ])
    expect(complaints).toEqual([])
  })

  test("two visitors share nothing", async () => {
    const { server } = await openDesk({ early: true })
    const [filtered, plain] = await Promise.all(
      ["/?route=lax-", "/"].map(async (path) => (await fetch(server.address + path)).text())
    )
    expect(filtered).toContain('value="lax-"')
    expect(plain).not.toContain("lax-")
  })
})
