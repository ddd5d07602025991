/** Section 6: hot reload by Vite and React's fast refresh, in Chromium: components, local instances and modules. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import react from "@vitejs/plugin-react"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createServer, type ViteDevServer } from "vite"
import { chromiumArgs, ensureChromium } from "../../../scripts/chromium.ts"

const packageRoot = join(import.meta.dirname, "..")

let folder: string
let server: ViteDevServer
let browser: Browser
let page: Page
const errors: Array<string> = []

beforeAll(async () => {
  // In the package, so that what the files import is found, and where Vite sees what is edited.
  const parent = join(packageRoot, ".types")
  await mkdir(parent, { recursive: true })
  folder = await mkdtemp(join(parent, "refresh-"))
  await cp(join(import.meta.dirname, "refresh"), folder, { recursive: true })
  server = await createServer({
    root: folder,
    configFile: false,
    logLevel: "error",
    plugins: [react()],
    cacheDir: join(folder, ".vite"),
    server: { host: "127.0.0.1", port: 0, fs: { strict: false } }
  })
  await server.listen()
  browser = await chromium.launch({ executablePath: ensureChromium(), args: [...chromiumArgs] })
  page = await browser.newPage()
  page.on("pageerror", (error) => errors.push(String(error)))
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()))
  const [url] = server.resolvedUrls?.local ?? []
  if (url === undefined) throw new Error("Vite has no address")
  await page.goto(url)
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

/** Saves the file with one text in another's place, as an editor does. */
const edit = async (file: string, from: string, to: string) => {
  const path = join(folder, file)
  const text = await readFile(path, "utf8")
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  await writeFile(path, text.replace(from, to))
}

const editor = (name: string) => page.getByRole("region", { name })
const shown = (name: string) => editor(name).locator("output").textContent()
const up = (name: string) => editor(name).getByRole("button").click()
const poll = <A>(read: () => Promise<A>) => expect.poll(read, { timeout: 20_000 })
/** Read in the page, which has the runtime as a global. */
const instances = () =>
  page.evaluate(() =>
    (globalThis as unknown as { runtime: { instances: () => ReadonlyArray<{ instanceId: string }> } }).runtime
      .instances()
      .map(({ instanceId }) => instanceId)
  )

test("a component that was edited keeps its local instances, their state, and what it listens to", async () => {
  await poll(() => shown("private")).toMatch(/: 0 \(0\)$/)
  const ids = await instances()
  expect(ids).toHaveLength(2)
  await editor("private").getByLabel("typed").fill("kept")
  await up("private")
  await up("private")
  await up("shared")
  await poll(() => shown("private")).toMatch(/: 2 \(2\)$/)
  await poll(() => shown("shared")).toMatch(/: 1 \(1\)$/)
  const before = await shown("private")

  await edit("Page.tsx", "<output>{`${note", "<output>{`edited ${note")
  await poll(() => shown("private")).toBe(`edited ${before}`)
  expect(await editor("private").getByLabel("typed").inputValue()).toBe("kept")
  expect(await instances()).toEqual(ids)
  await up("private")
  await poll(() => shown("private")).toMatch(/^edited .*: 3 \(3\)$/)
  const heard = await page.evaluate(() => (globalThis as unknown as { heard: Array<string> }).heard)
  expect(heard).toEqual(["private", "private", "shared", "private"])
  expect(errors).toEqual([])
})

test("a module that was edited is replaced in the runtime: its instances keep their state and do what it says now", async () => {
  const ids = await instances()
  await edit("Note.ts", "const step = 1", "const step = 10")
  await poll(async () => {
    await up("shared")
    return shown("shared")
  }).toMatch(/: \d*[1-9]\d \(/)
  const number = async (name: string) => Number(/: (\d+) /.exec((await shown(name)) ?? "")?.[1])
  const before = await number("private")
  await up("private")
  await poll(() => number("private")).toBe(before + 10)
  expect(await instances()).toEqual(ids)

  // And a component that is evaluated again takes the module as it is now.
  await edit("Page.tsx", "edited ${note", "again ${note")
  await poll(() => shown("private")).toMatch(/^again /)
  expect(await number("private")).toBe(before + 10)
  expect(await editor("private").getByLabel("typed").inputValue()).toBe("kept")
  await up("private")
  await poll(() => number("private")).toBe(before + 20)
  expect(await instances()).toEqual(ids)
  expect(errors).toEqual([])
})

test("a component whose hooks have changed begins anew, and its instances with it", async () => {
  const ids = await instances()
  await edit(
    "Page.tsx",
    'const [typed, setTyped] = useState("")',
    'const [typed, setTyped] = useState("anew"); useState(0)'
  )
  await poll(() => editor("private").getByLabel("typed").inputValue()).toBe("anew")
  await poll(() => shown("private")).toMatch(/: 0 \(0\)$/)
  await poll(instances).toHaveLength(2)
  expect(await instances()).not.toEqual(ids)
  await up("private")
  await poll(() => shown("private")).toMatch(/: 10 \(1\)$/)
  expect(errors).toEqual([])
})
