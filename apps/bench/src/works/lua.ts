/** One call of a Lua script: a state and params in bytes, a state out, beside wasmoon's own engine. */
import type { LuaFactory } from "wasmoon"
import { load } from "@sluice/wasm/abi/lua"
import { track } from "@sluice/wasm/memory/Tracker"
import { luaFile, wasmoonAddress } from "../handlers/lua.ts"
import type { Case } from "../harness.ts"
import { grouped, type Scale, type Work } from "../work.ts"

type Bytes = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()
const decoder = new TextDecoder()

interface State {
  readonly Balances: Readonly<Record<string, number>>
}

const stateOf = (accounts: number): Bytes =>
  encoder.encode(
    JSON.stringify({
      Balances: Object.fromEntries(Array.from({ length: accounts }, (_, index) => [`account ${index}`, 0]))
    } satisfies State)
  )

const params = encoder.encode(JSON.stringify({ Action: "mint", To: "account 1", Qty: 1 }))

const mint = "Balances[msg.To] = (Balances[msg.To] or 0) + msg.Qty"
const handler = `Balances = Balances or {}\nHandlers.add("mint", function(msg) ${mint} end)`

const machineOf = async () => {
  const wasm = Uint8Array.from(atob(await luaFile()), (character) => character.charCodeAt(0))
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(handler)))
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")
  const program = await load(
    { abi: "lua", script: handler, name: "mint.lua", wasm },
    { handler: "mint", sha256, limits: {}, imports: [], memory: "image" }
  )
  return { program, machine: program.instantiate({ console: () => {} }) }
}

/** Not at the top: it looks at where it runs, and in Node finds its WebAssembly beside itself. */
const wasmoon = async () => {
  if (typeof process === "undefined") {
    const module = await import("wasmoon")
    return new module.LuaFactory(`data:application/octet-stream;base64,${await luaFile()}`)
  }
  // A module of CommonJS is its default export.
  const { default: module } = (await import(/* @vite-ignore */ wasmoonAddress)) as {
    readonly default: { readonly LuaFactory: typeof LuaFactory }
  }
  return new module.LuaFactory()
}

/** Gives the next state. */
type Call = (state: Bytes) => Bytes

const contenders: Readonly<Record<string, () => Promise<Call>>> = {
  wasmoon: async () => {
    const engine = await (await wasmoon()).createEngine({ enableProxy: false, injectObjects: false })
    await engine.doString(
      `function call(state, msg) local Balances = state.Balances ${mint} return state end`
    )
    // What it gives of a function of Lua is a function of what that takes and gives.
    const call = engine.global.get("call") as (state: unknown, msg: unknown) => State
    return (state) =>
      encoder.encode(
        JSON.stringify(call(JSON.parse(decoder.decode(state)), JSON.parse(decoder.decode(params))))
      )
  },
  Sluice: async () => {
    const { machine } = await machineOf()
    return (state) => stateIn(machine.call({ kind: "send", state, params }))
  },
  "Sluice, memory kept": async () => {
    const { machine, program } = await machineOf()
    const tracker = track(machine, program.sha256)
    return (state) => {
      const next = stateIn(machine.call({ kind: "send", state, params }))
      tracker.changes()
      return next
    }
  }
}

const stateIn = (returned: ReturnType<Awaited<ReturnType<typeof machineOf>>["machine"]["call"]>): Bytes => {
  if (returned._tag === "Err" || returned.state === null) throw new Error("no state")
  return returned.state
}

const cases = (scale: Scale): ReadonlyArray<Case> =>
  [2, 100 * scale].flatMap((accounts) =>
    Object.entries(contenders).map(([contender, make]): Case => {
      let call: Call | undefined
      let state = stateOf(accounts)
      return {
        name: `a call with ${grouped(accounts)} accounts`,
        contender,
        before: async () => {
          call ??= await make()
        },
        run: (times) => {
          for (let time = 0; time < times; time++) state = call!(state)
        },
        verify: (times) => {
          const { Balances } = JSON.parse(decoder.decode(state)) as State
          if (Balances["account 1"] !== times)
            throw new Error(`${contender}: ${Balances["account 1"]} of ${times}`)
        }
      }
    })
  )

export const lua: Work = {
  cases,
  plan: () => ({ rounds: 61, warmUps: 5, sample: { ms: 10 } }),
  baselines: ["wasmoon"],
  sizes: [1]
}
