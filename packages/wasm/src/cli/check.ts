import { rewrite } from "../binary/rewrite.ts"
import type { LoadError } from "../Errors.ts"
import { pageSize } from "../Image.ts"
import type { ConsoleLine, Machine, Program } from "../Machine.ts"
import { callOnce, fingerprint, grantsOf, type Cases, type Outcome } from "./calls.ts"
import { loadProject, readProject, type Project } from "./project.ts"
import { casesOf } from "./test.ts"

type Say = (line: string) => void

const isLoadError = (error: unknown): error is LoadError =>
  error instanceof Error &&
  ["HashMismatch", "ImportRefused", "ModuleRefused", "LoadFailed"].includes(
    (error as { _tag?: string })._tag ?? ""
  )

/** Of a core module: what it asks for, whether or not that is granted. */
const asked = ({ bytes, declared }: Project, say: Say): void => {
  const options = { handler: declared.name, limits: {}, memory: "none", imports: undefined } as const
  const { imports } = rewrite(bytes, options)
  const names = imports.map(({ module, name }) => `${module}.${name}`)
  say(`imports    ${names.length === 0 ? "nothing" : names.join(", ")}`)
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const sizeOf = ({ parts }: Machine): string => {
  const pages = parts.map(({ memory }) => (memory?.buffer.byteLength ?? 0) / pageSize)
  const globals = parts.reduce((sum, { globals }) => sum + globals.length, 0)
  return `${pages.join(" + ")} page${same(pages, [1]) ? "" : "s"} of 64 KiB, ${globals} mutable global${globals === 1 ? "" : "s"}`
}

interface Transcript {
  readonly outcomes: ReadonlyArray<Outcome>
  /** Of each case's machine, after each of its steps. */
  readonly memories: ReadonlyArray<string>
  readonly fuel: ReadonlyArray<number | undefined>
  /** Of two equal calls, one after the other on one machine. */
  readonly answersDiffer: ReadonlyArray<string>
  readonly memoriesDiffer: boolean
}

/** Each step of each case is called twice with the same. */
const transcript = async (program: Program, project: Project, cases: Cases): Promise<Transcript> => {
  const lines: Array<ConsoleLine> = []
  const outcomes: Array<Outcome> = []
  const memories: Array<string> = []
  const fuel: Array<number | undefined> = []
  const answersDiffer: Array<string> = []
  let memoriesDiffer = false
  for (const { name, steps } of cases) {
    const machine = program.instantiate(grantsOf(project.declared.imports ?? [], lines))
    let state: unknown = null
    for (const step of steps) {
      const outcome = callOnce(machine, step, state)
      const memory = await fingerprint(machine)
      outcomes.push(outcome)
      memories.push(memory)
      fuel.push(machine.fuelUsed())
      if ("fault" in outcome) break
      if (!same(outcome, callOnce(machine, step, state))) answersDiffer.push(`${step.kind} in "${name}"`)
      if (memory !== (await fingerprint(machine))) memoriesDiffer = true
      if ("state" in outcome) ({ state } = outcome)
    }
  }
  return { outcomes, memories, fuel, answersDiffer, memoriesDiffer }
}

const behaviour = async (program: Program, project: Project, cases: Cases, say: Say): Promise<boolean> => {
  const first = await transcript(program, project, cases)
  const counted = first.fuel.filter((units) => units !== undefined)
  if (counted.length > 0)
    say(`fuel       ${Math.min(...counted)} to ${Math.max(...counted)} units for a call`)
  const isDeterministic = same(first, await transcript(program, project, cases))
  const equal = "yes: answers, memory and fuel of fresh machines are equal"
  say(`same again ${isDeterministic ? equal : "NO: fresh machines differ"}`)
  const [differing] = first.answersDiffer
  if (differing !== undefined) {
    say(`stateless  no: ${differing} is answered otherwise when it is called again. It needs memory: "image"`)
  } else if (first.memoriesDiffer) {
    say("stateless  as far as the cases show: memory differs after equal calls, their answers do not")
  } else say("stateless  as far as the cases show: memory and answers are the same after equal calls")
  return isDeterministic
}

const refusedWithImage = async (project: Project, say: Say): Promise<void> => {
  try {
    await loadProject(project, "image")
  } catch (error) {
    if (!isLoadError(error)) throw error
    say(`with memory: "image" it would be refused: ${error.message}`)
  }
}

/** Gives 0 if it can be loaded as it is declared, and gives the same each time. */
export const check = async (path: string, say: Say): Promise<number> => {
  const project = await readProject(path)
  const { bytes, declared, sha256 } = project
  say(`handler    ${declared.name} (${declared.abi})`)
  say(`source     ${declared.source}, ${bytes.length} bytes`)
  say(`sha256     ${sha256}`)
  const memory = declared.memory ?? "image"
  try {
    if (declared.abi === "core") asked(project, say)
    say(`granted    ${declared.imports?.join(", ") || "nothing"}`)
    const program = await loadProject(project, memory)
    say(`ways in    ${Array.from(program.kinds).join(", ")}`)
    const kept = memory === "image" ? "kept with the state" : "not kept"
    say(`memory     ${sizeOf(program.instantiate(grantsOf(declared.imports ?? [], [])))}: ${kept}`)
    const cases = await casesOf(project)
    if (memory === "none") await refusedWithImage(project, say)
    if (cases.length === 0) {
      say("calls      not tried: there are no cases")
      return 0
    }
    return (await behaviour(program, project, cases, say)) ? 0 : 1
  } catch (error) {
    if (!isLoadError(error)) throw error
    say(`REFUSED    ${error.message}`)
    return 1
  }
}
