/**
 * Chromium with the built extension and its real developer tools. Their window is a page with a `devtools:` address;
 * the panel is a frame in it.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type BrowserContext, chromium, type Frame, type Page } from "playwright-core"
import { createBuilder } from "vite"
import { chromiumArgs, ensureChromium } from "../../../scripts/chromium.ts"

// Else Playwright passes over the window of the developer tools.
process.env["PW_CHROMIUM_ATTACH_TO_OTHER"] = "1"

const appFolder = fileURLToPath(new URL("..", import.meta.url))

/** As `vite build` does it. vite takes the kind of build from the environment, where a test runner says "test". */
const buildInto = async (dist: string): Promise<void> => {
  const before = process.env["NODE_ENV"]
  process.env["NODE_ENV"] = "production"
  try {
    const outDir = { build: { outDir: dist } }
    const builder = await createBuilder({
      root: appFolder,
      configFile: join(appFolder, "vite.config.ts"),
      mode: "production",
      logLevel: "error",
      environments: {
        client: { build: { outDir: dist, emptyOutDir: true } },
        content: outDir
      }
    })
    await builder.buildApp()
  } finally {
    if (before === undefined) delete process.env["NODE_ENV"]
    else process.env["NODE_ENV"] = before
  }
}

const patienceMs = 60_000

/** In the frontend of the developer tools. A text: what runs the tests rewrites imports. */
const showPanel = `(async () => {
  const { ViewManager } = await import("devtools://devtools/bundled/ui/legacy/legacy.js")
  const manager = ViewManager.ViewManager.instance()
  const find = () => [...manager.views.keys()].find((id) => id.startsWith("chrome-extension:"))
  const late = performance.now() + 30_000
  while (find() === undefined) {
    if (performance.now() > late)
      throw new Error("No extension has a panel here. Google's own Chrome takes none from its command line: set CHROME_PATH to a Chromium.")
    await new Promise(requestAnimationFrame)
  }
  await manager.showView(find())
})()`

export interface LaunchOptions {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: "light" | "dark"
}

/** One tab, whose developer tools are open. */
export class RealDevtools {
  readonly tab: Page
  /** Errors and warnings of the panel and of the tab: what they logged, and what nobody caught. */
  readonly complaints: Array<string> = []
  readonly #context: BrowserContext
  readonly #dist: string

  private constructor(context: BrowserContext, dist: string, tab: Page) {
    this.#context = context
    this.#dist = dist
    this.tab = tab
    this.#listen(tab)
  }

  static async launch({
    colorScheme = "light",
    height = 900,
    width = 1280
  }: LaunchOptions = {}): Promise<RealDevtools> {
    const dist = await mkdtemp(join(tmpdir(), "sluice-extension-"))
    await buildInto(dist)
    const context = await chromium.launchPersistentContext("", {
      executablePath: ensureChromium(),
      viewport: null,
      colorScheme,
      // What Playwright switches off.
      ignoreDefaultArgs: ["--disable-extensions", "--disable-back-forward-cache"],
      args: [
        ...chromiumArgs,
        `--window-size=${width},${height}`,
        "--auto-open-devtools-for-tabs",
        `--disable-extensions-except=${dist}`,
        `--load-extension=${dist}`
      ]
    })
    context.setDefaultTimeout(patienceMs)
    const isTab = (page: Page) => page.url() === "about:blank"
    const tab = context.pages().find(isTab) ?? (await context.waitForEvent("page", isTab))
    return new RealDevtools(context, dist, tab)
  }

  async close(): Promise<void> {
    await this.#context.close()
    await rm(this.#dist, { recursive: true, force: true })
  }

  /** The window of the developer tools. */
  async frontend(): Promise<Page> {
    const isFrontend = (page: Page) => page.url().startsWith("devtools:")
    return this.#context.pages().find(isFrontend) ?? this.#context.waitForEvent("page", isFrontend)
  }

  /** Shows the panel of the extension, as a click on its tab does. */
  async showPanel(): Promise<Frame> {
    const frontend = await this.frontend()
    this.#listen(frontend)
    // Before then they are not ready.
    await frontend.getByRole("tab", { name: "Elements" }).first().waitFor()
    await frontend.evaluate(showPanel)
    const isPanel = (frame: Frame) => frame.url().endsWith("/panel.html")
    return frontend.frames().find(isPanel) ?? frontend.waitForEvent("framenavigated", isPanel)
  }

  /** Takes effect when they are opened again. */
  async setTheme(theme: "dark" | "light"): Promise<void> {
    const frontend = await this.frontend()
    // A text, as above.
    await frontend.evaluate(`import("devtools://devtools/bundled/core/common/common.js").then(({ Settings }) =>
      Settings.Settings.instance().moduleSetting("ui-theme").set("${theme}"))`)
  }

  /** The context of the panel is gone when this returns. */
  async closeDevtools(): Promise<void> {
    const frontend = await this.frontend()
    const closed = frontend.waitForEvent("close")
    await this.#send("Target.closeTarget", await this.#targetId(frontend))
    await closed
  }

  async openDevtools(): Promise<void> {
    await this.#send("Target.openDevTools", await this.#targetId(this.tab))
  }

  /** The whole window: the tab stands in a hole of the frontend's own picture. */
  async picture(path: string): Promise<void> {
    const frontend = await this.frontend()
    const [around, inside] = await Promise.all([frontend.screenshot(), this.tab.screenshot()])
    const size = await frontend.evaluate(() => ({ width: innerWidth, height: innerHeight }))
    const board = await this.#context.newPage()
    await board.setViewportSize(size)
    const source = (png: Buffer) => `data:image/png;base64,${png.toString("base64")}`
    await board.setContent(
      `<body style="margin:0"><img src="${source(around)}" style="position:absolute"><img src="${source(inside)}" style="position:absolute">`
    )
    await board.screenshot({ path })
    await board.close()
  }

  async #targetId(page: Page): Promise<string> {
    const session = await this.#context.newCDPSession(page)
    const { targetInfo } = await session.send("Target.getTargetInfo")
    await session.detach()
    return targetInfo.targetId
  }

  async #send(method: "Target.closeTarget" | "Target.openDevTools", targetId: string): Promise<void> {
    const session = await this.#context.browser()?.newBrowserCDPSession()
    await session?.send(method, { targetId })
    await session?.detach()
  }

  #listen(page: Page): void {
    page.on("console", (message) => {
      const { url } = message.location()
      // The browser's own files complain of the browser.
      if (["error", "warning"].includes(message.type()) && !url.startsWith("devtools:"))
        this.complaints.push(`${message.type()}: ${message.text()} (${url})`)
    })
    page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.stack ?? error.message}`))
  }
}
