/** `sluice-handler`, in folders of its own: new, build, check, test. */
import { spawnSync } from "node:child_process"
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { check } from "../src/cli/check.ts"
import { create } from "../src/cli/create.ts"
import { test } from "../src/cli/test.ts"

const packageFolder = join(import.meta.dirname, "..")
let root = ""

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "sluice-handler-"))
  mkdirSync(join(root, "node_modules/@sluice"), { recursive: true })
  symlinkSync(packageFolder, join(root, "node_modules/@sluice/wasm"), "dir")
})
afterAll(() => rmSync(root, { recursive: true }))

const node = (script: string, args: ReadonlyArray<string>, cwd = root) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd, encoding: "utf8" })
  return { status, stdout, stderr }
}
const asProcess = (...args: ReadonlyArray<string>) => node(join(packageFolder, "src/cli/main.ts"), args)

/** What it says, and gives. */
const run = async (
  command: (path: string, say: (line: string) => void) => Promise<number>,
  folder: string
): Promise<readonly [said: string, given: number]> => {
  const lines: Array<string> = []
  const given = await command(join(root, folder), (line) => lines.push(line))
  return [lines.join("\n"), given]
}
const createdIn =
  (language: string) =>
  (path: string, say: (line: string) => void): Promise<number> =>
    create(path, language, say)

/** The program of the folder's own build script, as `npm run build` finds it. */
const build = (folder: string): void => {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  expect(manifest).toMatchObject({ name: basename(folder), scripts: { build: expect.any(String) as string } })
  const { scripts } = manifest as { readonly scripts: { readonly build: string } }
  const [program = "", ...args] = scripts.build.split(" ")
  const bins: Readonly<Record<string, string>> = {
    asc: "assemblyscript/bin/asc.js",
    wat2wasm: "wabt/bin/wat2wasm"
  }
  const made = node(join(packageFolder, "node_modules", bins[program] ?? program), args, folder)
  expect(made).toMatchObject({ status: 0 })
}

describe("sluice-handler", () => {
  it.each(["assemblyscript", "wat", "lua"])(
    "new writes a handler in %s that builds, loads and passes",
    async (language) => {
      const name = `a-${language}`
      await run(createdIn(language), name)
      if (language !== "lua") build(join(root, name))
      const [checked, refused] = await run(check, name)
      expect(refused).toBe(0)
      expect(checked).toMatch(/sha256 {5}[0-9a-f]{64}\n/)
      expect(checked).toContain("same again yes")
      expect(checked).toContain("stateless  no: request in")
      const [tested, failed] = await run(test, name)
      expect(failed).toBe(0)
      expect(tested).toMatch(/(\d) of \1 cases pass/)
    }
  )

  it("checks and tests a component by its manifest", async () => {
    const folder = join(root, "component")
    mkdirSync(folder)
    for (const file of ["component.wasm", "js", "json"]) {
      copyFileSync(
        join(packageFolder, `test/.built/counter-component.${file}`),
        join(folder, `counter-component.${file}`)
      )
    }
    const declared = {
      name: "Made",
      abi: "component",
      source: "counter-component.json",
      imports: ["console"]
    }
    writeFileSync(join(folder, "handler.json"), JSON.stringify(declared))
    const steps = [{ kind: "init", params: { start: 3 }, expect: { state: { count: 3 } } }]
    writeFileSync(join(folder, "cases.json"), JSON.stringify([{ name: "begins", steps }]))
    const [checked, refused] = await run(check, "component")
    expect(refused).toBe(0)
    expect(checked).toContain("same again yes")
    expect(await run(test, "component")).toEqual(["ok    begins\n1 of 1 cases pass", 0])
  })

  it("test tells what a case expected and what it got, and ends with 1", async () => {
    await run(createdIn("lua"), "wrong")
    const cases = [
      {
        name: "more than there is",
        steps: [{ kind: "send", tag: "transfer", params: { From: "a", To: "b", Qty: 1 } }]
      },
      {
        name: "less",
        steps: [{ kind: "send", tag: "mint", params: { To: "a", Qty: 1 }, expect: { state: {} } }]
      }
    ]
    writeFileSync(join(root, "wrong/cases.json"), JSON.stringify(cases))
    const { status, stdout } = asProcess("test", "wrong")
    expect(status).toBe(1)
    expect(stdout).toContain('step 1, send: error: expected nothing, got "insufficient funds"')
    expect(stdout).toContain('step 1, send: state: expected {}, got {"Balances":{"a":1}}')
    expect(stdout).toContain("0 of 2 cases pass")
  })

  it("check tells what is refused", async () => {
    mkdirSync(join(root, "refused"))
    const declared = { name: "Fetching", abi: "core", source: "fetching.wasm" }
    writeFileSync(join(root, "refused/handler.json"), JSON.stringify(declared))
    const built = join(packageFolder, "test/.built/undeclared.wasm")
    writeFileSync(join(root, "refused/fetching.wasm"), readFileSync(built))
    const [said, given] = await run(check, "refused")
    expect(given).toBe(1)
    expect(said).toContain("imports    env.fetch")
    expect(said).toContain("REFUSED    Fetching imports env.fetch, which is not granted")
  })

  it("says what it does when it is asked for something else, and writes over nothing", async () => {
    const { status, stderr } = asProcess("fly")
    expect([status, stderr]).toEqual([2, expect.stringContaining("no such command")])
    await run(createdIn("lua"), "twice")
    await expect(run(createdIn("lua"), "twice")).rejects.toThrow("is not empty")
    await expect(run(createdIn("cobol"), "cobol")).rejects.toThrow("--language is one of")
    await expect(run(check, "nowhere")).rejects.toThrow("is not there")
  })
})
