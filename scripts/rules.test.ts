/** Every rule of the contract is proved by a test that carries its number, and has a mutant that such a test catches. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { apply, mutants } from "./mutants/list.ts"
import { rules, testFilesNaming } from "./rules.ts"
import { root } from "./run.ts"

test.each(rules)("%s has a test whose title carries it", (rule) => {
  expect(testFilesNaming(rule)).not.toEqual([])
})

test.each(rules)("%s has a mutant", (rule) => {
  expect(mutants.filter((mutant) => mutant.rule === rule)).not.toEqual([])
})

test.each(mutants)("the mutant of $rule still finds its text: $breaks", (mutant) => {
  const text = readFileSync(join(root, mutant.file), "utf8")
  expect(apply(mutant, text)).not.toBe(text)
})
