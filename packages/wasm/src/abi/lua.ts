/** Lua 5.4 scripts: wasmoon's WebAssembly, without its JavaScript. Only in a worker: nothing else ends a loop of `pcall`. */
import { HashMismatch, LoadFailed } from "../Errors.ts"
import { Fault, type Load, type Program, type ProgramSource } from "../Machine.ts"
import { sha256Of } from "../memory/Hash.ts"
import { compiled } from "./lua/module.ts"
import { prelude } from "./lua/prelude.ts"
import { makeMachine } from "./lua/machine.ts"

type LuaSource = Extract<ProgramSource, { readonly abi: "lua" }>

const encoder = new TextEncoder()
const kinds = new Set(["init", "send", "request", "child-error"] as const)
const noGrants = { console: () => {} }

/** A script is refused here if it cannot be compiled; it runs first when its first call comes. */
export const load: Load<LuaSource> = async ({ name, script, wasm }, options): Promise<Program> => {
  const { handler, imports, limits, sha256 } = options
  const bytes = encoder.encode(script)
  const actual = await sha256Of(bytes)
  if (actual !== sha256.toLowerCase()) throw new HashMismatch({ handler, expected: sha256, actual })
  if (limits.moduleBytes !== undefined && limits.moduleBytes > 0 && bytes.length > limits.moduleBytes) {
    throw new LoadFailed({
      handler,
      reason: `its script has ${bytes.length} bytes, and ${limits.moduleBytes} are allowed`
    })
  }
  const { globals, module, sha256: engine } = await compiled(wasm, options)
  const instantiate: Program["instantiate"] = (grants) =>
    makeMachine(module, { text: script, name }, globals, { imports, limits }, grants)
  const problem = makeMachine(module, { text: script, name }, globals, { imports, limits }, noGrants).check()
  if (problem !== undefined) {
    throw new LoadFailed({ handler, reason: `${problem.at?.source}:${problem.at?.line}: ${problem.message}` })
  }
  return {
    // An image is of one script in one Lua, as booted here and with these grants.
    sha256: await sha256Of(
      encoder.encode([actual, engine, name, [...imports].sort().join(), prelude].join("\n"))
    ),
    kinds,
    instantiate
  }
}

export { Fault }
