/** Runs works in a Chromium, each in a page and a browser of its own. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { chromiumArgs, ensureChromium } from "../../../../scripts/chromium.ts"
import type { Bundle, Ran } from "./bundle.ts"
import type * as Entry from "./entry.ts"
import { serve } from "./serve.ts"

declare global {
  /** What the page has of the bundle. */
  var sluiceBench: typeof Entry
}

/** What a page is measured with. */
export const benchArgs: ReadonlyArray<string> = [
  "--js-flags=--expose-gc --max-old-space-size=4096",
  "--enable-precise-memory-info",
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding"
]

const site = ({ folder, file }: Bundle) => {
  const script = readFileSync(join(folder, file))
  const page = `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<script type="module">import * as bench from "/${file}"; globalThis.sluiceBench = bench</script>`
  return serve(
    new Map([
      ["/", { type: "text/html", body: page }],
      [`/${file}`, { type: "text/javascript", body: script }]
    ])
  )
}

export const runInChromium = async (bundle: Bundle, request: Entry.Request): Promise<Ran> => {
  const server = await site(bundle)
  const browser = await chromium.launch({
    executablePath: ensureChromium(),
    headless: true,
    args: [...chromiumArgs, ...benchArgs]
  })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(0)
    await page.goto(server.url)
    const samples = await page.evaluate((request) => globalThis.sluiceBench.run(request), request)
    return { samples, version: browser.version() }
  } finally {
    await browser.close()
    server.close()
  }
}
