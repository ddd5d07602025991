/** What an editor shows of the declarations in each package's test/hover.ts is short, and is what stands there. */
import { dirname, join } from "node:path"
import { API } from "typescript/unstable/sync"
import { afterAll, beforeAll, expect, test } from "vitest"
import { root } from "./run.ts"

const files = ["packages/core/test/hover.ts", "packages/react/test/hover.tsx", "packages/wasm/test/hover.ts"]
let api: API

beforeAll(() => {
  api = new API({ cwd: root })
})
afterAll(() => api.close())

/** Each marked declaration: its name, what stands behind its mark, what the compiler says. */
const declarations = (path: string) => {
  const file = join(root, path)
  const project = api
    .updateSnapshot({ openProjects: [join(dirname(file), "../tsconfig.test.json")] })
    .getDefaultProjectForFile(file)
  const text = project?.program.getSourceFile(file)?.text ?? ""
  const lines = text.split("\n")
  return lines.flatMap((line, i) => {
    const wanted = /^\s*\/\/=>(.*)$/.exec(line)?.[1]?.trim()
    if (wanted === undefined) return []
    const declared = /const (\w+)/.exec(lines[i - 1] ?? "")
    const name = declared?.[1] ?? ""
    const start = lines.slice(0, i - 1).join("\n").length + 1 + (declared?.index ?? 0) + "const ".length
    const type = project?.checker.getTypeAtPosition(file, start)
    return [{ name, wanted, shown: type === undefined ? "" : project?.checker.typeToString(type) }]
  })
}

test.each(files)("what an editor shows is what is written, and short: %s", { timeout: 60_000 }, (path) => {
  const all = declarations(path)
  expect(all.length).toBeGreaterThan(10)
  expect(all.map(({ name, shown }) => `${name}: ${shown}`)).toEqual(
    all.map(({ name, wanted }) => `${name}: ${wanted}`)
  )
  expect(all.filter(({ wanted }) => wanted.length > 200)).toEqual([])
  expect(all.filter(({ wanted }) => /\bany\b/.test(wanted))).toEqual([])
})
