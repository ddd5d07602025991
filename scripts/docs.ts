/**
 * The documents, and the programs in them.
 *
 * A fence of `ts` or `tsx` is a program: it type-checks. With `run` after the language it also runs, and then
 * `expression // => value` asserts the value, `expression // soon => value` waits for it, and
 * `expression // throws Tag` asserts what it throws or rejects with: on the page of that tag, with the message
 * that the page quotes. With `then` it goes on with the program before.
 */
import { globSync, readFileSync } from "node:fs"
import { basename, dirname, join, posix } from "node:path"
import { root } from "./run.ts"

export interface Page {
  /** From the workspace's root, with forward slashes. */
  readonly path: string
  readonly text: string
}

export interface Example {
  /** The page and the line of its first fence. */
  readonly name: string
  readonly run: boolean
  /** Each line stands where it stands in its page, so that an error's line is the page's. */
  readonly source: string
}

const read = (path: string): Page => ({ path, text: readFileSync(join(root, path), "utf8") })

const list = (...patterns: ReadonlyArray<string>): Array<Page> =>
  globSync([...patterns], { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] })
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted()
    .map(read)

export const readPages = (): Array<Page> => list("README.md", "docs/**/*.md", "packages/*/README.md")

/** Every tagged error that a package declares. */
export const errorTags = (): Array<string> =>
  list("packages/*/src/**/*.{ts,tsx}").flatMap(({ text }) =>
    Array.from(
      text.matchAll(/\bextends (?:\/\* @__PURE__ \*\/ )?Data\.TaggedError\(\s*"(\w+)"/g),
      ([, tag = ""]) => tag
    )
  )

const fences = /^```(\S*) ?(.*)\n([\s\S]*?)^```$/gm

/** `error` is what an error of the page's own tag says: the page quotes it. */
const asserting = (line: string, error: Error): string => {
  const [, code, sign, wanted] = /^\s*(.+?)\s*\/\/ (=>|soon =>|throws) (.+)$/.exec(line) ?? []
  if (code === undefined || wanted === undefined) return line
  if (sign === "throws") {
    const [told, expected] =
      wanted === error.name
        ? ["`${error._tag}: ${error.message.replace(/\\s+/g, ' ')}`", `${wanted}: ${error.message}`]
        : ["error._tag", wanted]
    const outcome = `(async () => ${code})().then(() => "no error", (error) => ${told})`
    return `expect(await ${outcome}).toBe(${JSON.stringify(expected)})`
  }
  if (sign === "soon =>")
    return `await expect.poll(() => ${code}, { timeout: 10_000, interval: 5 }).toEqual(${wanted})`
  return `expect(${code}).toEqual(${wanted})`
}

export const examplesOf = ({ path, text }: Page): Array<Example> => {
  const examples: Array<Example> = []
  const message = (/^> [\s\S]*?\n\n/m.exec(text)?.[0] ?? "").replace(/^> /gm, "").trim().replaceAll("\n", " ")
  const quoted = { name: basename(path, ".md"), message }
  for (const fence of text.matchAll(fences)) {
    const [, language = "", word = "", body = ""] = fence
    if (language !== "ts" && language !== "tsx") continue
    const line = text.slice(0, fence.index).split("\n").length
    const before = word === "then" ? examples.pop() : undefined
    if (!(word === "" || word === "run" || before !== undefined))
      throw new Error(`${path}:${line}: what is a ${language} block that is ${JSON.stringify(word)}?`)
    const run = before?.run ?? word === "run"
    const lines = run
      ? body
          .split("\n")
          .map((each) => asserting(each, quoted))
          .join("\n")
      : body
    const above = before?.source ?? ""
    const gap = "\n".repeat(line - above.split("\n").length + 1)
    examples.push({ name: before?.name ?? `${path}:${line}`, run, source: above + gap + lines })
  }
  return examples
}

/** A program's file. What its assertions and its types need stands after it. */
export const fileOf = ({ name, run, source }: Example) => ({
  file: `${name.replaceAll("/", "~").replace(/\.md:(\d+)$/, "~$1")}.tsx`,
  text: `${source}\n${run ? 'import { expect } from "vitest"' : "export {}"}\n`
})

/** As the site that renders them names a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-")

const anchorsIn = (text: string): Array<string> =>
  Array.from(text.replace(fences, "").matchAll(/^#+ (.+)$/gm), ([, heading = ""]) => anchorOf(heading))

/** The files that a page leads to, with their anchors. */
export const linksOf = ({ path, text }: Page): Array<{ readonly file: string; readonly anchor: string }> =>
  Array.from(text.replace(fences, "").matchAll(/\]\(([^)\s]+)\)/g), ([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [to = "", anchor = ""] = target.split("#")
      return { file: to === "" ? path : posix.join(dirname(path), to), anchor }
    })

export const hasAnchor = (file: string, anchor: string): boolean =>
  anchor === "" || anchorsIn(read(file).text).includes(anchor)
