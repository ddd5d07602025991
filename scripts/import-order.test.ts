import { describe, expect, test } from "vitest"
import { checkImports, readImports, type SourceFile } from "./import-order.ts"

const core = (name: string, text: string): SourceFile => ({ path: `packages/core/src/${name}.ts`, text })

describe("readImports", () => {
  test("finds every spelling, and none in strings or comments", () => {
    const text = [
      'import "a"',
      'import type { B } from "b"',
      'export { c } from "c"',
      'export type * from "d"',
      'const e = await import("e")',
      'type F = import("f").F',
      'import { type G } from "g"',
      '// import "comment"',
      'const text = `import "template"`',
      'const string = "import \\"string\\""',
      "export const local = 1"
    ].join("\n")
    const found = readImports({ path: "x.ts", text })
    expect(found.map(({ line, specifier }) => `${line} ${specifier}`)).toEqual([
      "1 a",
      "2 b",
      "3 c",
      "4 d",
      "5 e",
      "6 f",
      "7 g"
    ])
  })

  test("reads JSX, and refuses what does not parse", () => {
    expect(readImports({ path: "x.tsx", text: 'import "a"\nexport const b = <b>"c"</b>' })).toHaveLength(1)
    expect(() => readImports({ path: "x.ts", text: "import {" })).toThrow("x.ts does not parse")
  })
})

describe("packages", () => {
  const problemsOf = (path: string, text: string) => checkImports([{ path, text }])

  test.each([
    ["packages/core/src/Errors.ts", 'import * as Data from "effect/Data"'],
    ["packages/core/src/Errors.ts", 'import { create } from "mutative"'],
    ["packages/react/src/index.ts", 'import { Module } from "@sluice/core"'],
    ["packages/react/src/index.ts", 'import * as Module from "@sluice/core/Module"'],
    ["packages/react/src/index.ts", 'import { useSyncExternalStore } from "react"'],
    ["apps/bench/src/run/chromium.ts", 'import "../../../../scripts/chromium.ts"'],
    ["packages/devtools/src/Panel.tsx", 'import { useVirtualizer } from "@tanstack/react-virtual"'],
    ["packages/devtools/src/Panel.tsx", 'import { connect } from "./protocol/index.ts"'],
    [
      "packages/devtools/src/session/codec.ts",
      'import { encode } from "../codec/index.ts"\nimport "./paths.ts"'
    ],
    [
      "apps/flightdesk/src/main.tsx",
      'import { Effect } from "effect"\nimport "./main.css?inline"\nimport "d3-geo"'
    ]
  ])("%s may have %s", (path, text) => {
    expect(problemsOf(path, text)).toEqual([])
  })

  test.each([
    [
      "packages/core/src/Errors.ts",
      'import type { ReactNode } from "react"',
      "may not be imported by packages/core"
    ],
    [
      "packages/core/src/Errors.ts",
      'import { readFile } from "node:fs"',
      "may not be imported by packages/core"
    ],
    ["packages/core/src/Errors.ts", 'import { Effect } from "effect"', "is all of Effect"],
    ["packages/react/src/index.ts", 'import "@sluice/devtools"', "may not be imported by packages/react"],
    [
      "packages/devtools/src/index.ts",
      'import type {} from "@sluice/testing"',
      "may not be imported by packages/devtools"
    ],
    ["packages/react/src/index.ts", 'import "@sluice/core/internal/ring"', "another package's internal"],
    ["apps/bench/src/main.ts", 'import "@sluice/core/src/Module.ts"', "another package's internal"],
    ["packages/react/src/index.ts", 'import "../../core/src/index.ts"', "leaves its package"],
    ["packages/react/src/index.ts", 'import "../../../scripts/chromium.ts"', "leaves its package"],
    ["apps/flightdesk/src/a.ts", 'await import("../../bench/src/main.ts")', "leaves its package"],
    ["packages/devtools/src/codec/encode.ts", 'import "../session/index.ts"', "is below codec"],
    ["packages/devtools/src/session/history.ts", 'import type {} from "../adapter.ts"', "is below session"],
    ["packages/new/src/index.ts", 'import "effect/Effect"', "not in packageImports"]
  ])("%s may not have %s", (path, text, message) => {
    const problems = problemsOf(path, text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(`${path}:1: `)
    expect(problems[0]).toMatch(message)
  })
})

describe("core's rooms", () => {
  test("import upwards", () => {
    const files = [
      core("Errors", ""),
      core("internal/fifo", ""),
      core("internal/deep/ring", 'import "../fifo.ts"'),
      core(
        "Transaction",
        'import "./Errors.ts"\nimport type {} from "./Module.ts"\nimport "./internal/deep/ring.ts"'
      ),
      core("Module", 'import "./Errors.ts"'),
      core("index", 'export * as Transaction from "./Transaction.ts"')
    ]
    expect(checkImports(files)).toEqual([])
  })

  test("do not import downwards, their types neither", () => {
    const [problem, ...others] = checkImports([
      core("Transaction", '\nimport type { Channel } from "./Channel.ts"'),
      core("Channel", "")
    ])
    expect(problem).toMatch('packages/core/src/Transaction.ts:2: "./Channel.ts" is not above Transaction')
    expect(others).toEqual([])
  })

  test("internal knows no module", () => {
    expect(checkImports([core("internal/ring", 'import "../Module.ts"'), core("Module", "")])).toHaveLength(1)
  })

  test("a file without a room is told where to be added", () => {
    expect(checkImports([core("Other", "")])).toEqual([
      expect.stringContaining("Other.ts: no room of core. Add it to coreRooms in scripts/import-order.ts")
    ])
  })
})

test("cycles are shown whole, within internal too", () => {
  const problems = checkImports([
    core("internal/a", 'import "./b.ts"'),
    core("internal/b", 'import type {} from "./c.ts"'),
    core("internal/c", 'export * from "./a.ts"')
  ])
  expect(problems).toEqual([
    "a cycle of imports: packages/core/src/internal/a.ts -> packages/core/src/internal/b.ts" +
      " -> packages/core/src/internal/c.ts -> packages/core/src/internal/a.ts"
  ])
})
