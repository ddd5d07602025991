/** The README's program runs, and is as it says. It is no program of docs/, where effect is effect 4. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, test } from "vitest"

test("the program in the README runs", async () => {
  const root = join(import.meta.dirname, "..")
  const [, program = ""] =
    /^```typescript\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, "README.md"), "utf8")) ?? []
  const asserting = program.replaceAll(/^(.+?) \/\/ => (.+)$/gm, "expect($1).toEqual($2)")
  expect(asserting).not.toBe(program)
  const folder = join(root, ".types")
  mkdirSync(folder, { recursive: true })
  const file = join(folder, "readme.ts")
  writeFileSync(file, `import { expect } from "vitest"\n${asserting}`)
  await import(/* @vite-ignore */ pathToFileURL(file).href)
})
