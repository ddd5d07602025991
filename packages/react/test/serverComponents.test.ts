/** What is built works in server components: core as it is, and @sluice/react as references to the client. */
import { spawnSync } from "node:child_process"
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const react = join(root, "packages/react")
mkdirSync(join(react, ".types"), { recursive: true })
const folder = mkdtempSync(join(react, ".types/rsc-"))

interface Manifest {
  readonly publishConfig: { readonly exports: object }
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Puts a package there as it is published. */
const place = (name: string) => {
  const from = join(root, "packages", name)
  const to = join(folder, "node_modules/@sluice", name)
  const manifest = JSON.parse(readFileSync(join(from, "package.json"), "utf8")) as Manifest
  mkdirSync(to, { recursive: true })
  cpSync(join(from, "dist"), join(to, "dist"), { recursive: true })
  const { publishConfig, ...others } = manifest
  writeFileSync(join(to, "package.json"), JSON.stringify({ ...others, ...publishConfig }))
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    const link = join(folder, "node_modules", dependency)
    symlinkSync(join(from, "node_modules", dependency), link, "dir")
  }
}

const run = (command: string, args: ReadonlyArray<string>, input = "") =>
  spawnSync(command, args, {
    cwd: folder,
    input,
    encoding: "utf8",
    env: { ...process.env, NODE_ENV: "production" }
  })

beforeAll(() => {
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  const built = spawnSync(process.execPath, [tsc, "-b", "packages/react/tsconfig.json"], {
    cwd: root,
    encoding: "utf8"
  })
  expect(built.stdout).toBe("")
  cpSync(join(react, "test/rsc"), folder, { recursive: true })
  // A package of its own: in that of @sluice/react, its name would mean the sources.
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "page", type: "module" }))
  for (const name of ["core", "react"]) place(name)
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

test("6 every file with hooks says that it is for the client, also as built", () => {
  const says = (path: string) => /^\s*["']use client["']/.test(readFileSync(path, "utf8"))
  const hooks = globSync("src/**/*.{ts,tsx}", { cwd: react }).filter((path) =>
    /^import .*\buse[A-Z]\w*.* from "react"/m.test(readFileSync(join(react, path), "utf8"))
  )
  expect(hooks.length).toBeGreaterThan(5)
  const built = hooks.map((path) => path.replace("src", "dist").replace(/\.tsx?$/, ".js"))
  expect([...hooks, ...built].filter((path) => !says(join(react, path)))).toEqual([])
})

test(
  "6 a server component makes a state and sends it to client components, which render it",
  { timeout: 60_000 },
  () => {
    const server = run(process.execPath, ["--conditions=react-server", "--import=./loader.mjs", "server.mjs"])
    expect(server.stderr).toBe("")
    expect(server.stdout).toContain("1 module")
    // The state goes as data, and the client's components are not run there.
    expect(server.stdout).toContain('"count":21')
    expect(server.stdout).not.toContain("21 42")
    const html = run(process.execPath, ["html.mjs"], server.stdout)
    expect(html.stderr).toBe("")
    expect(html.stdout).toBe("<main><h1>1 module</h1><b>21 42</b></main>")
  }
)
