/** A state of Lua as a machine: all that it remembers is in its memory, at the same addresses in every fresh one. */
import { type Call, Fault, type Grants, type Limits, type Machine, type Returned } from "../../Machine.ts"
import { globalsKey, type Lua, pop, pushText, registry, textAt, Type } from "./Api.ts"
import { apiOf, boot, type Booted, compile, lastOf, run, type Script } from "./boot.ts"
import { Fit } from "./Fit.ts"
import { type Host, makeHost } from "./Imports.ts"
import type { Compiled } from "./module.ts"
import { JsonReader } from "./Read.ts"
import { JsonWriter } from "./Write.ts"

const nothing = new TextEncoder().encode("null")

/** Where the error's own text says it, as `script:12: what is wrong` does. */
export const located = (
  name: string,
  message: string,
  line: number
): Fault["at"] & { readonly text: string } => {
  const prefix = `${lastOf(name)}:`
  const rest = message.startsWith(prefix) ? /^(\d+): ?/.exec(message.slice(prefix.length)) : null
  return rest === null
    ? { source: name, line, text: message }
    : { source: name, line: Number(rest[1]), text: message.slice(prefix.length + rest[0].length) }
}

/** While Lua is made nothing is counted. */
const plenty = 1n << 62n

/** What of a call's fuel is left; without a limit there is none to run out of. */
class Fuel {
  readonly #most: number
  readonly #global: WebAssembly.Global<"i64"> | undefined

  constructor(exports: WebAssembly.Exports, name: string | undefined, limit: number | undefined) {
    const found = name === undefined ? undefined : exports[name]
    // The rewriter made it, of this type.
    this.#global = found as WebAssembly.Global<"i64"> | undefined
    this.#most = Math.floor(limit ?? 0)
    this.fill(plenty)
  }

  fill(amount = BigInt(this.#most)): void {
    if (this.#global !== undefined) this.#global.value = amount
  }

  used(): number | undefined {
    if (this.#global === undefined) return undefined
    return Math.min(this.#most, this.#most - Number(this.#global.value))
  }

  /** What a call that has thrown has thrown. */
  fault(thrown: unknown): unknown {
    if (thrown instanceof Fault) return thrown
    if (this.#global !== undefined && this.#global.value < 0n) {
      return new Fault("fuel", `more than ${this.#most} units of fuel`)
    }
    if (thrown instanceof RangeError) {
      return new Fault(/memory/.test(thrown.message) ? "memory" : "stack", thrown.message)
    }
    return new Fault("trap", thrown instanceof Error ? thrown.message : String(thrown))
  }
}

export const makeMachine = (
  { fuel: fuelName, globals, module }: Compiled,
  script: Script,
  options: { readonly imports: ReadonlyArray<string>; readonly limits: Limits },
  grants: Grants
): Machine & { readonly check: () => Fault | undefined } => {
  const host = makeHost(grants)
  const { exports } = new WebAssembly.Instance(module, host.imports)
  const api = apiOf(exports)
  const fuel = new Fuel(exports, fuelName, options.limits.fuel)
  host.bind(api)
  host.begin()
  const lua = boot(api, script, options.imports)
  return {
    parts: [
      {
        memory: api.memory,
        globals: globals.flatMap((name) => {
          const found = exports[name]
          return found instanceof WebAssembly.Global ? [found] : []
        })
      }
    ],
    fuelUsed: () => fuel.used(),
    check: () => {
      if (compile(lua, script)) return undefined
      const { line, source, text } = located(script.name, textAt(lua, -1), 0)
      return new Fault("abi", text, { source, line })
    },
    call: (call) => {
      host.begin()
      fuel.fill()
      api.lua_settop(lua.L, 0)
      api.lua_checkstack(lua.L, 400)
      try {
        return answer(lua, script, options, grants, host, call)
      } catch (thrown) {
        throw fuel.fault(thrown)
      }
    }
  }
}

const answer = (
  lua: Booted,
  script: Script,
  { imports, limits }: { readonly imports: ReadonlyArray<string>; readonly limits: Limits },
  grants: Grants,
  host: Host,
  { kind, params, state, tag }: Call
): Returned => {
  const { L, api } = lua
  if (state !== null) take(lua, state)
  if (lua.heap()[lua.begun] === 0) {
    lua.heap()[lua.begun] = 1
    api.lua_rawgeti(L, registry, lua.guarded)
    if (!compile(lua, script)) throw faultOf(lua, script, host, 0)
    run(lua, 1, 3)
    const failed = outcome(lua, script, host)
    if (failed !== undefined) return failed
    api.lua_settop(L, 0)
  }
  api.lua_rawgeti(L, registry, lua.call)
  pushText(lua, kind)
  if (tag === undefined) api.lua_pushnil(L)
  else pushText(lua, tag)
  api.lua_pushnumber(L, imports.includes("clock") ? (grants.clock?.() ?? 0) : 0)
  for (let half = 0; half < 2; half++) {
    const drawn = imports.includes("random") ? (grants.random?.() ?? 0) : 0
    api.lua_pushinteger(L, BigInt(Math.floor(drawn * 2 ** 32)))
  }
  new JsonReader(lua, params.length === 0 ? nothing : params, "params").push()
  run(lua, 6, 3)
  const failed = outcome(lua, script, host)
  if (failed !== undefined) return failed

  let response: Uint8Array<ArrayBuffer> | null = null
  if (kind === "request") {
    const writer = new JsonWriter(lua, limits.resultBytes, "its response")
    pop(lua, 1)
    if (api.lua_type(L, -1) === Type.nil) response = nothing
    else {
      writer.value()
      response = writer.take()
    }
  }
  api.lua_settop(L, 0)
  const left =
    limits.resultBytes === undefined || limits.resultBytes === 0
      ? 0
      : limits.resultBytes - (response?.length ?? 0)
  if (left < 0) throw new Fault("result-bytes", `more than ${limits.resultBytes} bytes came of it`)
  const writer = new JsonWriter(lua, left, "its state")
  writer.globals(lua.own)
  api.fflush(0)
  return { _tag: "Ok", state: writer.take(), response }
}

/** Of the three values on the stack: what was wrong, or nothing was. */
const outcome = (lua: Lua, script: Script, host: Host): Returned | undefined => {
  const { L, api } = lua
  const what = api.lua_tonumberx(L, -3, 0)
  if (what === 0) return undefined
  if (what === 2) {
    const line = api.lua_tonumberx(L, -1, 0)
    pop(lua, 1)
    throw faultOf(lua, script, host, line)
  }
  pop(lua, 1)
  if (api.lua_type(L, -1) === Type.string) return { _tag: "Err", error: textAt(lua, -1) }
  const writer = new JsonWriter(lua, undefined, "its error")
  if (api.lua_type(L, -1) === Type.nil) return { _tag: "Err", error: "null" }
  writer.value()
  return { _tag: "Err", error: new TextDecoder().decode(writer.take()) }
}

/** Of the text on top of the stack. */
const faultOf = (lua: Lua, script: Script, host: Host, known: number): Fault => {
  const { line, source, text } = located(script.name, textAt(lua, -1), known)
  const kind =
    text.endsWith("not enough memory") && host.exhausted()
      ? "memory"
      : text.includes("stack overflow")
        ? "stack"
        : "trap"
  return new Fault(kind, text, line === 0 ? undefined : { source, line })
}

/** Sets those globals that are not shown as the state has them: something else than the script has changed them. */
const take = (lua: Booted, state: Uint8Array): void => {
  const { L, api } = lua
  const reader = new JsonReader(lua, state, "state")
  const fit = new Fit(lua)
  api.lua_rawgeti(L, registry, globalsKey)
  reader.members((name, value) => {
    if (lua.ownNames.has(name)) {
      throw new Fault(
        "abi",
        `its state has a field ${name}, which is a name of Lua's own: a state's fields are the script's globals`
      )
    }
    pushText(lua, name)
    api.lua_rawget(L, -2)
    const same = value.is(fit)
    pop(lua, 1)
    if (same) return
    pushText(lua, name)
    value.push()
    api.lua_rawset(L, -3)
  })
  api.lua_settop(L, 0)
}
