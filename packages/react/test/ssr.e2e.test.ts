/** Section 6 of the contract: pages that a server streams, hydrated in Chromium with both Reacts. */
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { chromiumArgs, ensureChromium } from "../../../scripts/chromium.ts"
import { type ReactMajor, type Request, serve, type Site } from "./ssr/site.ts"

let browser: Browser

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: ensureChromium(),
    headless: true,
    args: [...chromiumArgs]
  })
})
afterAll(() => browser?.close())

/** Loads that end when they are told to. */
const controlled = () => {
  const asked: Array<string> = []
  const waiting = new Map<string, PromiseWithResolvers<string>>()
  const of = (name: string) => {
    const known = waiting.get(name) ?? Promise.withResolvers<string>()
    waiting.set(name, known)
    return known
  }
  return {
    asked,
    load: (name: string) => {
      asked.push(name)
      return of(name).promise
    },
    end: (name: string) => of(name).resolve(`server's ${name}`),
    fail: (name: string) => of(name).reject(new Error("offline"))
  }
}

const open = async (site: Site, request: Request) => {
  const page = await browser.newPage()
  const said: Array<string> = []
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) said.push(message.text())
  })
  page.on("pageerror", (error) => said.push(String(error)))
  await page.goto(site.url(request), { waitUntil: "commit" })
  const report = () => page.evaluate(() => window.report)
  return { page, said, report }
}

/** Other tests may run beside these. */
const slowly = { timeout: 60_000 }
const text = (page: Page, id: string) => page.locator(`#${id}`).textContent()
const becomes = (page: Page, id: string, expected: string) =>
  expect.poll(() => page.locator(`#${id}`).textContent(), slowly).toBe(expected)

const cases = ([19, 18] as const).flatMap((major: ReactMajor) =>
  ([false, true] as const).map((concurrent) => ({ major, concurrent }))
)
const sites = new Map<ReactMajor, Promise<Site>>()
const siteOf = (major: ReactMajor): Promise<Site> => {
  const known = sites.get(major) ?? serve(major, "development")
  sites.set(major, known)
  return known
}
afterAll(async () => {
  for (const site of sites.values()) (await site).close()
})

describe.each(cases)("React $major, concurrent $concurrent:", ({ concurrent, major }) => {
  const options = (parts: ReadonlyArray<string>) => ({ parts, concurrent })

  test("6 parts that come later hydrate while the browser's state goes on; nothing is loaded twice", async () => {
    const site = await siteOf(major)
    const { asked, end, load } = controlled()
    const { page, report, said } = await open(site, { options: options(["slow", "slower"]), load })
    // The shell is hydrated, and its module has gone on.
    await becomes(page, "count", "2")
    expect(await text(page, "wait-slow")).toBe("wait")
    expect(asked).toEqual(["shell", "slow", "slower"])
    for (const name of ["slow", "shell", "slower"]) {
      end(name)
      await becomes(page, name, `server's ${name} ${`server's ${name}`.length} 0`)
      await expect
        .poll(async () => {
          await page.locator(`#${name}`).click()
          return text(page, name)
        }, slowly)
        .toMatch(/ [1-9]$/)
    }
    expect(await report()).toEqual({ errors: [], loads: [] })
    expect([asked, said]).toEqual([["shell", "slow", "slower"], []])
    // No script of ours is left, and none of the state's has run.
    expect(await page.evaluate(() => document.documentElement.outerHTML.includes("__sluiceState"))).toBe(
      false
    )
    expect([await page.title(), await text(page, "note")]).toEqual([
      "page",
      "</script><script>document.title = 'broken'</script>\u2028'\\"
    ])
    await page.close()
  })

  test("6 a script that comes after everything hydrates each part with what it shows", async () => {
    const site = await siteOf(major)
    const script = Promise.withResolvers<void>()
    const { end, load } = controlled()
    const { page, report, said } = await open(site, {
      options: options(["slow"]),
      load,
      script: script.promise
    })
    await page.locator("#wait-slow").waitFor()
    end("shell")
    await becomes(page, "shell", "server's shell 14 0")
    end("slow")
    await becomes(page, "slow", "server's slow 13 0")
    expect(await text(page, "count")).toBe("1")
    const node = await page.locator("#slow").elementHandle()
    script.resolve()
    await becomes(page, "count", "2")
    await expect
      .poll(async () => {
        await page.locator("#slow").click()
        return text(page, "slow")
      }, slowly)
      .toMatch(/ [1-9]$/)
    // It is the server's element.
    expect(await page.evaluate((element) => element?.isConnected, node)).toBe(true)
    expect(await report()).toEqual({ errors: [], loads: [] })
    expect(said).toEqual([])
    await page.close()
  })

  test("6 what fails on the server is loaded and rendered in the browser", async () => {
    const site = await siteOf(major)
    const { asked, end, fail, load } = controlled()
    const { page, report } = await open(site, { options: options(["broken"]), load })
    await becomes(page, "count", "2")
    fail("broken")
    await becomes(page, "broken", "browser's broken 16 0")
    end("shell")
    await becomes(page, "shell", "server's shell 14 0")
    const { errors, loads } = await report()
    expect([asked, loads, errors.length]).toEqual([["shell", "broken"], ["broken"], 1])
    await page.close()
  })

  test("6 two requests at once share nothing", async () => {
    const site = await siteOf(major)
    const [one, two] = [controlled(), controlled()]
    const pages = [
      await open(site, {
        options: options([]),
        load: (name) => one.load(name).then((told) => `${told} one`)
      }),
      await open(site, { options: options([]), load: (name) => two.load(name).then((told) => `${told} two`) })
    ] as const
    two.end("shell")
    await becomes(pages[1].page, "shell", "server's shell two 18 0")
    expect(await pages[0].page.locator("#shell").count()).toBe(0)
    one.end("shell")
    await becomes(pages[0].page, "shell", "server's shell one 18 0")
    for (const { page, report, said } of pages) {
      await becomes(page, "count", "2")
      expect([await report(), said]).toEqual([{ errors: [], loads: [] }, []])
      await page.close()
    }
  })
})
