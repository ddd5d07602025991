/** The built desk in a real browser, on its real server. */
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Browser, chromium, type Page } from "playwright-core"
import { createBuilder } from "vite"
import { expect } from "vitest"
import { chromiumArgs, ensureChromium } from "../../../scripts/chromium.ts"
import { type DeskServerOptions, type RunningDesk, startDesk } from "../server/DeskServer.ts"
import { sharedBuild } from "./sharedBuild.ts"

const appFolder = fileURLToPath(new URL("..", import.meta.url))

export interface DeskPage {
  readonly page: Page
  readonly server: RunningDesk
  /** Errors and warnings of the page: what it logged, and what nobody caught. */
  readonly complaints: ReadonlyArray<string>
  /** The paths that the page asked for, in order. */
  readonly requests: ReadonlyArray<string>
  readonly close: () => Promise<void>
}

export interface OpenOptions extends Omit<DeskServerOptions, "port" | "dist"> {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: "light" | "dark"
  readonly javaScriptEnabled?: boolean
  /** The first element of this kind in the document as it was sent is `window.kept`. */
  readonly keepElement?: string
  /** Default: "/". */
  readonly path?: string
  /** Do not wait until the flights are loaded. */
  readonly early?: boolean
}

/** How long something that must come about may take, on a machine that is busy with other things. */
export const patienceMs = 90_000

/** Asks again until it is as expected. */
export const eventually = <A>(ask: () => A | Promise<A>) =>
  expect.poll(ask, { timeout: patienceMs, interval: 50 })

declare global {
  interface Window {
    kept?: Element
  }
}

/** Before any script of the page runs: those that are modules wait for the end of the document. */
const keepFirst = (selector: string): void => {
  document.addEventListener("readystatechange", () => {
    const found = document.querySelector(selector)
    if (document.readyState === "interactive" && found !== null) window.kept = found
  })
}

/** As `vite build` does it. vite takes the kind of build from the environment, where a test runner says "test". */
const buildInto = async (dist: string): Promise<void> => {
  const before = process.env["NODE_ENV"]
  process.env["NODE_ENV"] = "production"
  try {
    const outDir = (folder: string) => ({ build: { outDir: join(dist, folder), emptyOutDir: true } })
    const builder = await createBuilder({
      root: appFolder,
      configFile: join(appFolder, "vite.config.ts"),
      mode: "production",
      logLevel: "error",
      environments: { client: outDir("client"), ssr: outDir("server") }
    })
    await builder.buildApp()
  } finally {
    if (before === undefined) delete process.env["NODE_ENV"]
    else process.env["NODE_ENV"] = before
  }
}

/** The built desk: the one of the run, or one of its own, which is forgotten after use. */
export const builtDesk = async (): Promise<{
  readonly dist: string
  readonly forget: () => Promise<void>
}> => {
  const shared = process.env[sharedBuild]
  const dist = shared ?? (await mkdtemp(join(tmpdir(), "flightdesk-")))
  if (shared === undefined || (await readdir(shared)).length === 0) await buildInto(dist)
  const forget = () => rm(dist, { recursive: true, force: true })
  return { dist, forget: shared === undefined ? forget : async () => {} }
}

/** One browser for a file of tests. */
export class DeskBrowser {
  private readonly browser: Browser
  private readonly dist: string
  private readonly forget: () => Promise<void>

  private constructor(browser: Browser, dist: string, forget: () => Promise<void>) {
    this.browser = browser
    this.dist = dist
    this.forget = forget
  }

  static async launch(): Promise<DeskBrowser> {
    const { dist, forget } = await builtDesk()
    const browser = await chromium.launch({ executablePath: ensureChromium(), args: [...chromiumArgs] })
    return new DeskBrowser(browser, dist, forget)
  }

  async close(): Promise<void> {
    await this.browser.close()
    await this.forget()
  }

  async open(options: OpenOptions = {}): Promise<DeskPage> {
    const {
      colorScheme = "light",
      early = false,
      height = 900,
      javaScriptEnabled = true,
      keepElement,
      path = "/",
      width = 1280,
      ...serverOptions
    } = options
    const server = await startDesk({ ...serverOptions, port: 0, dist: this.dist })
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme,
      javaScriptEnabled
    })
    context.setDefaultTimeout(patienceMs)
    const page = await context.newPage()
    if (keepElement !== undefined) await page.addInitScript(keepFirst, keepElement)
    const complaints: Array<string> = []
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()))
        complaints.push(`${message.type()}: ${message.text()}`)
    })
    page.on("pageerror", (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`))
    const requests: Array<string> = []
    page.on("request", (request) => requests.push(new URL(request.url()).pathname))
    await page.goto(server.address + path)
    if (!early) await page.getByRole("button", { name: "Play", exact: true, disabled: false }).waitFor()
    return {
      page,
      server,
      complaints,
      requests,
      close: async () => {
        await context.close()
        await server.stop()
      }
    }
  }
}

/** Switches the server's trouble on or off, without the page. */
export const setFault = async (server: RunningDesk, fault: string): Promise<void> => {
  await fetch(`${server.address}/api/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ fault })
  })
}

export interface ServerAlerts {
  readonly alerts: ReadonlyArray<{
    readonly id: string
    readonly session: string
    readonly rule: string
    readonly place: number
    readonly flight: { readonly id: number }
  }>
  /** To record an alert, those for known alerts too. */
  readonly requests: number
}

export const serverAlerts = async (server: RunningDesk): Promise<ServerAlerts> => {
  const response = await fetch(`${server.address}/api/alerts`)
  // The server's own test checks its shape.
  return (await response.json()) as ServerAlerts
}
