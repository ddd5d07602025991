/**
 * What a module costs the type checker: instantiations for one of 100 fields and 100 actions, with a reducer
 * each, implemented and run, against the same Schemas alone. As a user has it: with core's declarations.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./run.ts"

/** Times the Schemas. */
const budget = 3
const size = 100

const list = (line: (i: number) => string): string =>
  Array.from({ length: size }, (_, i) => `  ${line(i)}`).join(",\n")

const kinds = [
  ["Schema.Finite", "0"],
  ["Schema.String", '""'],
  ["Schema.Struct({ x: Schema.Finite, y: Schema.optionalKey(Schema.String) })", "{ x: 0 }"],
  ["Schema.Array(Schema.String)", "[]"]
] as const
const kind = (i: number) => kinds[i % kinds.length] ?? kinds[0]

// Each field and action has a Schema of its own, and all have been asked for their types.
const schemas = `import * as Schema from "effect/Schema"
export const state = Schema.Struct({
${list((i) => `field${i}: ${kind(i)[0]}`)}
})
export const actions = {
${list((i) => `action${i}: ${kind(i)[0]}`)}
}
export const initial: typeof state.Type = {
${list((i) => `field${i}: ${kind(i)[1]}`)}
}
export type Payloads = { readonly [Tag in keyof typeof actions]: (typeof actions)[Tag]["Type"] }
export const payloads: Payloads = {
${list((i) => `action${i}: ${kind(i)[1]}`)}
}
`

const module = `${schemas}
import { Module, Runtime } from "@sluice/core"
export const Big = Module.make("Big", {
  state,
  actions,
  reducers: {
${list((i) => `  action${i}: (state, payload) => ({ ...state, field${i}: payload })`)}
  }
})
export const BigLive = Big.implement({ initial })
export const big = Runtime.make(BigLive).resolve(Big.tag)
`

const uses = `${module}
import * as Effect from "effect/Effect"
export const logic = Big.logic("logic", ($) =>
  Effect.gen(function* () {
${Array.from({ length: size }, (_, i) => `    yield* $.onAction("action${i}").run((payload) => $.state.update((state) => ({ ...state, field${i}: payload })))`).join("\n")}
  })
)
export const calls = [
${list((i) => `big.actions.action${i}(payloads.action${i})`)}
]
`

const count = (folder: string, name: string, text: string): number => {
  const file = join(folder, `${name}.ts`)
  const config = join(folder, `${name}.json`)
  const references = [{ path: "../.." }]
  writeFileSync(file, text)
  const compilerOptions = { incremental: false, composite: false, noUnusedLocals: false }
  writeFileSync(
    config,
    JSON.stringify({ extends: "../../../../tsconfig.check.json", compilerOptions, files: [file], references })
  )
  const tsc = [
    join(root, "node_modules/typescript/bin/tsc"),
    "--pretty",
    "false",
    "--extendedDiagnostics",
    "-p",
    config
  ]
  const { status, stdout } = spawnSync(process.execPath, tsc, { encoding: "utf8" })
  const [, instantiations] = /^Instantiations: +(\d+)$/m.exec(stdout) ?? []
  if (status !== 0 || instantiations === undefined) throw new Error(`${name} does not type-check:\n${stdout}`)
  return Number(instantiations)
}

const main = (): void => {
  // Within the package, so that its name resolves.
  const folder = join(root, "packages/core/.types/budget")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const alone = count(folder, "schemas", schemas)
  const whole = count(folder, "module", module)
  const used = count(folder, "uses", uses)
  const times = (n: number) => `${n} instantiations, ${(n / alone).toFixed(2)}x`
  console.log(`${size} Schemas of fields and ${size} of actions: ${alone} instantiations`)
  console.log(`a module of them: ${times(whole)} (at most ${budget}x)`)
  console.log(`with a flow and a call for each action: ${times(used)}`)
  process.exitCode = whole <= budget * alone ? 0 : 1
}

main()
