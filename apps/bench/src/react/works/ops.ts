/** The operations of js-framework-benchmark on a keyed table: the same elements and style in every page. */
import { readFileSync } from "node:fs"
import type { BenchPage, Lap } from "../BenchPage.ts"
import type { Page, ReactWork, Step } from "../work.ts"

const page = (contender: string, file: string, props = ""): Page => ({
  contender,
  entry: `import { createRoot } from "react-dom/client"
import { App } from "./table/${file}.tsx"
createRoot(document.getElementById("main")!).render(<App ${props}/>)`
})

// ---------------------------------------------------------------------------------------------------------
// Clicks, and what then is in the table

/** So many rows. */
const create = (page: BenchPage): Promise<Lap> =>
  page.click("#run", (size) => document.querySelector("tbody")!.childElementCount === size, 1000)

const clear = (page: BenchPage): Promise<Lap> =>
  page.click("#clear", () => document.querySelector("tbody")!.childElementCount === 0, undefined)

const createMany = (page: BenchPage): Promise<Lap> =>
  page.click("#runlots", (size) => document.querySelector("tbody")!.childElementCount === size, 10_000)

const append = (page: BenchPage): Promise<Lap> =>
  page.click("#add", (size) => document.querySelector("tbody")!.childElementCount === size, 2000)

/** Of the first row: the id. */
const idAt = (page: BenchPage, at: number): Promise<string> =>
  page.page.evaluate((at) => document.querySelector("tbody")!.rows[at]!.cells[0]!.textContent ?? "", at)

const replace = async (page: BenchPage): Promise<Lap> =>
  page.click(
    "#run",
    (before) => document.querySelector("tbody")!.rows[0]!.cells[0]!.textContent !== before,
    await idAt(page, 0)
  )

const update = async (page: BenchPage): Promise<Lap> => {
  const label = await page.page.evaluate(
    () => document.querySelector("tbody")!.rows[0]!.cells[1]!.textContent ?? ""
  )
  return page.click(
    "#update",
    (expected) => document.querySelector("tbody")!.rows[0]!.cells[1]!.textContent === expected,
    `${label} !!!`
  )
}

const swapRows = async (page: BenchPage): Promise<Lap> =>
  page.click(
    "#swaprows",
    (second) => document.querySelector("tbody")!.rows[998]!.cells[0]!.textContent === second,
    await idAt(page, 1)
  )

/** One of those that are seen, and not the one before. */
const select = async (page: BenchPage): Promise<Lap> => {
  const selected = await page.page.evaluate(
    () => document.querySelector<HTMLTableRowElement>("tr.danger")?.rowIndex ?? 0
  )
  const next = 1 + (selected % 5)
  return page.click(
    `tbody > tr:nth-of-type(${next + 1}) > td:nth-of-type(2) > a`,
    (at) => document.querySelector("tbody")!.rows[at]!.className === "danger",
    next
  )
}

const remove = async (page: BenchPage): Promise<Lap> =>
  page.click(
    "tbody > tr:nth-of-type(4) > td:nth-of-type(3) > a",
    (next) => document.querySelector("tbody")!.rows[3]!.cells[0]!.textContent === next,
    await idAt(page, 4)
  )

// ---------------------------------------------------------------------------------------------------------
// The steps

/** Before each lap: the garbage of what was done before it is not collected on its time. */
const lap = async (page: BenchPage, operation: (page: BenchPage) => Promise<Lap>): Promise<Lap> => {
  await page.collect("minor")
  return operation(page)
}

const operations: ReadonlyArray<{
  readonly name: string
  readonly times: number
  readonly before?: (page: BenchPage) => Promise<unknown>
  readonly operation: (page: BenchPage) => Promise<Lap>
}> = [
  { name: "create 1,000", times: 4, before: clear, operation: create },
  { name: "replace 1,000", times: 4, operation: replace },
  { name: "update every 10th", times: 4, operation: update },
  { name: "select a row", times: 4, operation: select },
  { name: "swap rows", times: 4, operation: swapRows },
  { name: "remove a row", times: 4, operation: remove },
  { name: "append 1,000", times: 3, before: create, operation: append },
  { name: "clear 1,000", times: 3, before: create, operation: clear },
  { name: "create 10,000", times: 1, operation: createMany }
]

/** So that what is measured is compiled code. */
const warmUp: Step = {
  figures: {},
  times: 2,
  run: async (page) => {
    for (const operation of [create, replace, update, select, swapRows, remove]) await operation(page)
    await create(page)
    for (const operation of [append, clear]) await operation(page)
    await page.collect("major")
    return {}
  }
}

const memory: Step = {
  figures: { "memory, ready": "bytes", "memory, 1,000 rows": "bytes", "memory, 10,000 rows": "bytes" },
  fresh: 2,
  run: async (page) => {
    const ready = await page.memory()
    await create(page)
    const thousand = await page.memory()
    await createMany(page)
    return {
      "memory, ready": ready,
      "memory, 1,000 rows": thousand,
      "memory, 10,000 rows": await page.memory()
    }
  }
}

export const ops: ReactWork = {
  pages: [
    page("React hooks", "hooks"),
    page("useReducer + context", "context"),
    page("zustand", "zustand"),
    page("Redux Toolkit", "reduxToolkit"),
    page("jotai", "jotai"),
    page("mobx", "mobx"),
    page("valtio", "valtio"),
    page("TanStack Store", "tanstackStore"),
    page("Sluice, concurrent={false}", "sluice", "concurrent={false} "),
    page("Sluice", "sluice", "concurrent "),
    page("zustand, selecting rows", "zustand", "selecting "),
    page("Sluice, concurrent={false}, selecting rows", "sluice", "concurrent={false} selecting "),
    page("Sluice, selecting rows", "sluice", "concurrent selecting ")
  ],
  style: readFileSync(new URL("../table/style.css", import.meta.url), "utf8"),
  steps: [
    memory,
    warmUp,
    ...operations.map(({ name, times, before, operation }): Step => ({
      figures: { [name]: "ns" },
      times,
      run: async (page) => {
        await before?.(page)
        return { [name]: await lap(page, operation) }
      }
    }))
  ],
  mean: { name: "all operations", of: operations.map(({ name }) => name) },
  baselines: ["React hooks"]
}
