/** The rules of the contract, and the tests that name them. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./run.ts"

const numbered = (letter: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)

/** Transactions, channels, observation. */
export const rules: ReadonlyArray<string> = [...numbered("T", 11), ...numbered("C", 8), ...numbered("O", 5)]

/** Matches a title that carries the rule's number. */
export const namesRule = (rule: string): RegExp => new RegExp(`\\b${rule}\\b`)

const testFiles = (): ReadonlyArray<string> =>
  globSync("packages/*/test/**/*.test.{ts,tsx}", { cwd: root })
    .filter((path) => !/\.(?:browser|e2e)\.test\./.test(path))
    .toSorted()

/** Those of the node suite that have such a title. */
export const testFilesNaming = (rule: string): ReadonlyArray<string> => {
  const title = new RegExp(`\\b(?:test|it|describe)\\b[\\s\\S]{0,200}?["'\`][^"'\`\\n]*\\b${rule}\\b`)
  return testFiles().filter((path) => title.test(readFileSync(join(root, path), "utf8")))
}
