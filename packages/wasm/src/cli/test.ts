import { existsSync } from "node:fs"
import { join } from "node:path"
import type { ConsoleLine } from "../Machine.ts"
import { callOnce, Cases, grantsOf, type Outcome, type Step } from "./calls.ts"
import { loadProject, readJson, readProject, Refusal, type Project } from "./project.ts"

export const casesOf = async ({ folder, declared }: Project): Promise<Cases> => {
  const path = join(folder, declared.cases ?? "cases.json")
  return existsSync(path) ? readJson(path, Cases) : []
}

/** Objects by their fields, in any order. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)])
  )
}

const print = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(sorted(value)))

/** What is expected and is not so. An error or a fault that is not expected is told too. */
const differences = (outcome: Outcome, expected: Step["expect"] = {}): ReadonlyArray<string> => {
  const names = new Set(Object.keys(expected))
  for (const name of ["error", "fault"]) if (name in outcome) names.add(name)
  return Array.from(names).flatMap((name) => {
    const [wanted, given] = [print(expected[name]), print(outcome[name])]
    const detail = name === "fault" && name in outcome ? ` (${String(outcome["detail"])})` : ""
    return wanted === given ? [] : [`${name}: expected ${wanted}, got ${given}${detail}`]
  })
}

/** Gives how many cases failed. */
export const test = async (path: string, say: (line: string) => void): Promise<number> => {
  const project = await readProject(path)
  const { declared } = project
  const cases = await casesOf(project)
  if (cases.length === 0) throw new Refusal(`there are no cases: write ${declared.cases ?? "cases.json"}`)
  const program = await loadProject(project, declared.memory ?? "image")
  let failed = 0
  for (const { name, steps } of cases) {
    const lines: Array<ConsoleLine> = []
    const machine = program.instantiate(grantsOf(declared.imports ?? [], lines))
    let state: unknown = null
    const problems: Array<string> = []
    for (const [index, step] of steps.entries()) {
      const outcome = callOnce(machine, step, state)
      if ("state" in outcome) ({ state } = outcome)
      problems.push(
        ...differences(outcome, step.expect).map((text) => `step ${index + 1}, ${step.kind}: ${text}`)
      )
      // What faulted is nobody's
      if ("fault" in outcome) break
    }
    if (problems.length > 0) failed++
    say(`${problems.length === 0 ? "ok  " : "FAIL"}  ${name}`)
    for (const problem of problems) say(`      ${problem}`)
    for (const { level, text } of lines) say(`      ${level}: ${text}`)
  }
  say(`${cases.length - failed} of ${cases.length} cases pass`)
  return failed
}
