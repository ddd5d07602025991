// @vitest-environment happy-dom
/// <reference lib="dom" />
/** The documents hold: their programs run, their links lead somewhere, and every error has its page. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import { errorTags, examplesOf, fileOf, hasAnchor, linksOf, readPages } from "./docs.ts"
import { root } from "./run.ts"

const pages = readPages()
const examples = pages.flatMap(examplesOf)
const folder = join(root, "docs/.types/examples")

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { file, text } of examples.map(fileOf)) writeFileSync(join(folder, file), text)
})

test("the examples type-check", { timeout: 120_000 }, () => {
  const tsc = [join(root, "node_modules/typescript/bin/tsc"), "--pretty", "false", "-p", "docs"]
  const { error, stdout } = spawnSync(process.execPath, tsc, { cwd: root, encoding: "utf8" })
  expect(error).toBeUndefined()
  // What does not type-check in a package is for that package's own check to say.
  expect(stdout.split("\n").filter((line) => /^(?!packages\/).*error TS/.test(line))).toEqual([])
})

describe("an example runs and is as it says:", { timeout: 30_000 }, () => {
  beforeEach(() => {
    for (const method of ["log", "error", "warn", "info"] as const)
      vi.spyOn(console, method).mockImplementation(() => {})
    document.body.innerHTML = '<div id="root"></div>'
  })
  afterEach(() => vi.restoreAllMocks())

  const runOne = (file: string) => import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href)

  test.each(examples.filter(({ run }) => run))("$name", async (example) => {
    await runOne(fileOf(example).file)
    if (!example.name.startsWith("README.md:")) return
    const button = () => document.querySelector("button")
    await expect.poll(() => button()?.textContent, { timeout: 10_000 }).toBe("0")
    button()?.click()
    await expect.poll(() => button()?.textContent, { timeout: 10_000 }).toBe("1")
  })
})

test("every link leads to a file and a heading", () => {
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter(({ anchor, file }) => !(existsSync(join(root, file)) && hasAnchor(file, anchor)))
      .map(({ anchor, file }) => `${page.path}: ${file}#${anchor}`)
  )
  expect(broken).toEqual([])
})

test("every page is led to", () => {
  const reached = new Set(["README.md"])
  for (const path of reached) {
    const page = pages.find((one) => one.path === path)
    for (const { file } of page === undefined ? [] : linksOf(page)) reached.add(file)
  }
  expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([])
})

test("the guide's list has each of its pages", () => {
  const list = pages.find(({ path }) => path === "docs/guide/README.md")
  const listed = new Set(list === undefined ? [] : linksOf(list).map(({ file }) => file))
  const all = pages.map(({ path }) => path).filter((path) => /^docs\/guide\/(?!README)/.test(path))
  expect(all.filter((path) => !listed.has(path))).toEqual([])
})

test("every error has a page with a program that causes it, and every page an error", () => {
  const errorPages = pages.filter(({ path }) => /^docs\/errors\/(?!README)/.test(path))
  const named = errorPages.map(({ path }) => basename(path, ".md"))
  expect(named.toSorted()).toEqual(errorTags().toSorted())
  for (const page of errorPages) {
    const tag = basename(page.path, ".md")
    expect(page.text).toMatch(new RegExp(`^# ${tag}\n`))
    const causing = examplesOf(page).filter(({ run, source }) => run && source.includes(`.toBe("${tag}: `))
    expect(causing, page.path).not.toEqual([])
  }
})

test("the README states no figure: those are in docs/benchmarks.md, held to what was measured", () => {
  const readme = pages.find(({ path }) => path === "README.md")?.text ?? ""
  expect(readme.match(/\d[\d.,]*\s?(?:ns|µs|us|ms|kB|KB|MB|x|%|times)\b/g)).toBeNull()
  expect(readme).toContain("(docs/benchmarks.md)")
})
