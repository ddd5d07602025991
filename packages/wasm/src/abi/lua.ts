/** Lua 5.4 scripts: wasmoon's WebAssembly, without its JavaScript. Only in a worker: nothing else ends a loop of `pcall`. */
import { HashMismatch, LoadFailed } from "../Errors.ts"
import type { Grants, Load, Program } from "../Machine.ts"
import { sha256Of } from "../memory/Hash.ts"
import { compiled, type LuaSource } from "./lua/module.ts"
import { prelude } from "./lua/prelude.ts"
import { makeMachine } from "./lua/machine.ts"

const encoder = new TextEncoder()
const kinds = new Set(["init", "send", "request", "child-error"] as const)
const noGrants = { console: () => {} }

/** A script is refused here if it cannot be compiled; it runs first when its first call comes. */
export const load: Load<LuaSource> = async (source, options): Promise<Program> => {
  const { handler, imports, limits, sha256 } = options
  const { name, script: text } = source
  const bytes = encoder.encode(text)
  const actual = await sha256Of(bytes)
  if (actual !== sha256.toLowerCase()) throw new HashMismatch({ handler, expected: sha256, actual })
  const most = limits.moduleBytes ?? 0
  if (most > 0 && bytes.length > most) {
    throw new LoadFailed({ handler, reason: `${bytes.length} bytes, and limits.moduleBytes allows ${most}` })
  }
  const lua = source.compiled ?? (await compiled(source.wasm, options))
  const make = (grants: Grants) => makeMachine(lua, { text, name }, { imports, limits }, grants)
  const problem = make(noGrants).check()
  if (problem !== undefined) {
    throw new LoadFailed({ handler, reason: `${problem.at?.source}:${problem.at?.line}: ${problem.message}` })
  }
  return {
    // An image is of one script in one Lua, as booted here and with these grants.
    sha256: await sha256Of(
      encoder.encode([actual, lua.sha256, name, [...imports].sort().join(), prelude].join("\n"))
    ),
    kinds,
    prepared: { ...source, wasm: new Uint8Array(0), compiled: lua },
    instantiate: make
  }
}
