/** Runs works in a Chromium, each in a page and a browser of its own. */
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { chromiumArgs, ensureChromium } from "../../../../scripts/chromium.ts"
import type { Bundle, Ran } from "./bundle.ts"
import type * as Entry from "./entry.ts"

declare global {
  /** What the page has of the bundle. */
  var sluiceBench: typeof Entry
}

// An isolated page has a clock of 5 us; without these it steps by 100 us.
const isolated = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp"
}

const benchArgs = [
  "--js-flags=--expose-gc --max-old-space-size=4096",
  "--enable-precise-memory-info",
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding"
]

const serve = ({ folder, file }: Bundle) =>
  new Promise<{ readonly url: string; readonly close: () => void }>((resolve) => {
    const script = readFileSync(join(folder, file))
    const page = `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<script type="module">import * as bench from "/${file}"; globalThis.sluiceBench = bench</script>`
    const server = createServer(({ url }, response) => {
      const isScript = url === `/${file}`
      response.writeHead(200, { ...isolated, "Content-Type": isScript ? "text/javascript" : "text/html" })
      response.end(isScript ? script : page)
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resolve({ url: `http://127.0.0.1:${port}/`, close: () => void server.close() })
    })
  })

export const runInChromium = async (bundle: Bundle, request: Entry.Request): Promise<Ran> => {
  const server = await serve(bundle)
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
