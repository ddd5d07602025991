/** The plugin, in a real dev server and a real build. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer as createHttpServer, type Server } from "node:http"
import { SourceMap } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest"
import { build, createServer, parseAst, type Plugin, type ViteDevServer } from "vite"
import { sluice } from "../src/vite/index.ts"
import { insert, mapOf, originalOf } from "../src/vite/sourceMap.ts"

const cart = `import { Module } from "@sluice/core"
import * as Core from "@sluice/core"
import * as Rooms from "@sluice/core/Module"
import * as Schema from "effect/Schema"

interface Options { readonly max: number }

export const Cart = Module.make("Cart", {
  state: Schema.Struct({ n: Schema.Number }),
  actions: { add: Schema.Number }
})
export const Till = Core.Module.make("Till", { state: Schema.Struct({}), actions: {} }), marker = (o: Options) => o.max
export const Door = Rooms.make("Door", { ...{ source: "given" }, state: Schema.Struct({}), actions: {} })
export const Said = Module.make("Said", { source: "said", state: Schema.Struct({}), actions: {} })
export const Other = { Module: { make: (_: string, options: object) => options } }.Module.make("Other", {})
`

let folder: string
let server: ViteDevServer
let http: Server
let address: string

const config = (plugins: ReadonlyArray<Plugin>) => ({
  root: folder,
  configFile: false as const,
  logLevel: "error" as const,
  cacheDir: join(folder, ".vite"),
  plugins: [...plugins],
  optimizeDeps: { noDiscovery: true }
})

beforeAll(async () => {
  const parent = join(import.meta.dirname, "../.types")
  await mkdir(parent, { recursive: true })
  folder = await mkdtemp(join(parent, "vite plugin-"))
  await writeFile(join(folder, "cart.ts"), cart)
  // Its types are Vite's.
  server = await createServer({
    ...config([sluice()]),
    server: { middlewareMode: true, ws: false },
    appType: "custom"
  })
  http = createHttpServer(server.middlewares)
  await new Promise<void>((resolve) => {
    http.listen(0, "127.0.0.1", resolve)
  })
  const bound = http.address()
  address = `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`
})

afterAll(async () => {
  http?.close()
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

/** By id of the module. */
const sourcesIn = (code: string): Readonly<Record<string, ReadonlyArray<string>>> =>
  Object.fromEntries(
    Array.from(code.matchAll(/make\("(\w+)", \{([^]*?)\}\)/g), ([, id = "", options = ""]) => [
      id,
      Array.from(options.matchAll(/source: "(.*?)"/g), ([, source = ""]) => source)
    ])
  )

describe("in a dev server", () => {
  test("each module says its file, by whatever name it is made, unless it says something itself", async () => {
    const { code } = (await server.transformRequest("/cart.ts")) ?? { code: "" }
    const source = pathToFileURL(join(folder, "cart.ts")).href
    expect(sourcesIn(code)).toEqual({
      Cart: [source],
      Till: [source],
      // What is spread after it says it better.
      Door: [source, "given"],
      Said: ["said"],
      Other: []
    })
  })

  test("the map leads to the source, also on a line into which it was inserted", async () => {
    const result = await server.transformRequest("/cart.ts")
    const { code = "", map } = result ?? {}
    const made = new SourceMap(map as never)
    const lines = code.split("\n")
    const original = cart.split("\n")
    for (const text of ["Cart", "add:", "marker", "o.max", "Said"]) {
      const line = lines.findIndex((one) => one.includes(text))
      const column = lines[line]?.indexOf(text) ?? -1
      const expected = original.findIndex((one) => one.includes(text))
      expect(made.findEntry(line, column)).toMatchObject({
        originalLine: expected,
        originalColumn: original[expected]?.indexOf(text)
      })
    }
  })

  test("the server opens the place of a served file, wherever it is in the code as served", async () => {
    const { code } = (await server.transformRequest("/cart.ts")) ?? { code: "" }
    const line = code.split("\n").findIndex((one) => one.includes("o.max"))
    const column = code.split("\n")[line]?.indexOf("o.max") ?? 0
    const open = async (file: string, at: string) => {
      const response = await fetch(`${address}/__sluice/open?file=${encodeURIComponent(file)}&${at}`, {
        redirect: "manual"
      })
      return { status: response.status, to: decodeURIComponent(response.headers.get("location") ?? "") }
    }
    const path = join(folder, "cart.ts")
    const originalLine = cart.split("\n").findIndex((one) => one.includes("o.max"))
    const originalColumn = cart.split("\n")[originalLine]?.indexOf("o.max") ?? 0
    expect(await open(`${address}/cart.ts?t=1767225600000`, `line=${line + 1}&column=${column + 1}`)).toEqual(
      {
        status: 302,
        to: `/__open-in-editor?file=${path}:${originalLine + 1}:${originalColumn + 1}`
      }
    )
    expect(await open(pathToFileURL(path).href, "line=8&column=1")).toEqual({
      status: 302,
      to: `/__open-in-editor?file=${path}:8:1`
    })
    const unreadable = ["file:///%", "file://[", `${address}/%`, `${address}/%00`]
    for (const file of ["file:///etc/hosts", "/etc/hosts", `${address}/nothing.ts`, "", "x y", ...unreadable])
      expect(await open(file, "line=1")).toMatchObject({ status: 404 })
  })
})

test.skipIf(process.platform === "win32")("the place is given to the editor that Vite opens", async () => {
  const opened = join(folder, "opened.txt")
  const editor = join(folder, "editor.sh")
  await writeFile(editor, `#!/bin/sh\necho "$@" > "${opened}"\n`, { mode: 0o755 })
  vi.stubEnv("LAUNCH_EDITOR", editor)
  onTestFinished(() => void vi.unstubAllEnvs())
  await server.transformRequest("/cart.ts")
  const file = encodeURIComponent(pathToFileURL(join(folder, "cart.ts")).href)
  const response = await fetch(`${address}/__sluice/open?file=${file}&line=8&column=3`)
  expect(response.ok).toBe(true)
  expect(response.headers.get("content-type") ?? "").not.toContain("text/html")
  await expect.poll(() => readFile(opened, "utf8").catch(() => "")).toContain(join(folder, "cart.ts"))
})

describe("in a build", () => {
  const built = async (plugins: ReadonlyArray<Plugin>) => {
    await build({
      ...config(plugins),
      build: {
        lib: { entry: "cart.ts", formats: ["es"], fileName: "cart" },
        minify: false,
        outDir: "out",
        rolldownOptions: { external: /^(@sluice|effect)/ }
      }
    })
    return sourcesIn(await readFile(join(folder, "out/cart.js"), "utf8"))
  }

  test("nothing is added by default", async () => {
    expect(await built([sluice()])).toMatchObject({ Cart: [], Till: [], Said: ["said"] })
  })

  test("where it is asked for, a module says its path in the project", async () => {
    expect(await built([sluice({ build: true })])).toMatchObject({
      Cart: ["/cart.ts"],
      Till: ["/cart.ts"],
      Said: ["said"]
    })
  })

  test("twice is the same as once", async () => {
    expect(await built([sluice({ build: true }), sluice({ build: true })])).toMatchObject({
      Cart: ["/cart.ts"]
    })
  })
})

test("what is no program yet is left to the plugins that make one of it", async () => {
  await writeFile(join(folder, "notes.md"), "# Notes\n\nModules are made with `@sluice/core`.\n")
  const notes: Plugin = {
    name: "notes",
    transform: (text, id) =>
      id.endsWith(".md") ? { code: `export default ${JSON.stringify(text)}`, map: null } : undefined
  }
  const made = await createServer({
    ...config([sluice(), notes]),
    server: { middlewareMode: true, ws: false }
  })
  onTestFinished(() => made.close())
  expect(await made.ssrLoadModule("/notes.md")).toMatchObject({
    default: expect.stringContaining("@sluice/core") as unknown
  })
})

test("a file is named by its URL, whatever its path has in it", () => {
  const { transform } = sluice()
  const made = transform.call(
    { parse: parseAst },
    `${cart.slice(0, cart.indexOf("import * as Core"))}
    export const Cart = Module.make("Cart", {})`,
    "/a #1/50%/cart.js"
  )
  const [, url = ""] = /source: "(.*?)"/.exec(made?.code ?? "") ?? []
  expect(decodeURIComponent(new URL(url).pathname)).toBe("/a #1/50%/cart.js")
})

test("a map of insertions leads each word to where it was", () => {
  const words = fc.array(fc.constantFrom("a", "bc", " ", "(", "\n", "ä", "\r\n"), { maxLength: 40 })
  fc.assert(
    fc.property(words, fc.array(fc.tuple(fc.nat(60), fc.constantFrom("x", " y: 1,"))), (parts, inserted) => {
      const code = parts.join("")
      const insertions = inserted
        .map(([at, text]) => ({ at: Math.min(at, code.length), text }))
        .toSorted((a, b) => a.at - b.at)
      const made = insert(code, insertions)
      const { mappings } = mapOf("a.ts", code, insertions)
      const reference = new SourceMap({ ...mapOf("a.ts", code, insertions), file: "a.ts", sourceRoot: "" })
      for (const { index } of code.matchAll(/\w+/g)) {
        const shift = insertions
          .filter(({ at }) => at <= index)
          .reduce((sum, { text }) => sum + text.length, 0)
        const positionIn = (text: string, at: number) => {
          const before = text.slice(0, at).split("\n")
          return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
        }
        const place = positionIn(made, index + shift)
        const expected = positionIn(code, index)
        expect(originalOf(mappings, place)).toEqual(expected)
        expect(reference.findEntry(place.line - 1, place.column - 1)).toMatchObject({
          originalLine: expected.line - 1,
          originalColumn: expected.column - 1
        })
      }
    })
  )
})
