/** One call of a component: a state and params in bytes, a state and a response out, beside jco's own and Extism. */
import { load } from "@sluice/wasm/abi/component"
import { resolve } from "@sluice/wasm/Component"
import { handlerFiles } from "../handlers/build.ts"
import type { Case } from "../harness.ts"
import { grouped, type Scale, type Work } from "../work.ts"

type Bytes = Uint8Array<ArrayBuffer>

const fileOf = async (name: string): Promise<Bytes> =>
  Uint8Array.from(atob((await handlerFiles())[name] ?? ""), (character) => character.charCodeAt(0))

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const one = encoder.encode("1")

/** Of so many bytes, with a count in it. */
const stateOf = (bytes: number): Bytes => {
  const text = '{"count":0,"rest":""}'
  return encoder.encode(text.replace('""', JSON.stringify("x".repeat(bytes - text.length))))
}

/** Gives the next state. What is asked for is the same: a state and params in bytes. */
type Call = (state: Bytes) => Bytes | Promise<Bytes>

const glueAddress = async () => `data:text/javascript;base64,${(await handlerFiles())["tally.js"]}`

/** jco's own signature: what `embed` and `build` have made of the kit. */
interface Glue {
  readonly instantiate: (
    getCoreModule: (name: string) => WebAssembly.Module,
    imports: object
  ) => {
    readonly messageServerClient: {
      readonly handleRequest: (state: Bytes, params: [Bytes]) => [Bytes, [Bytes]]
    }
  }
}

const source = async () =>
  resolve(await fileOf("tally.json"), "memory:/tally.json", {
    handler: "tally",
    sha256: decoder.decode(await fileOf("tally.sha256")),
    read: (address) => fileOf(address.slice(address.lastIndexOf("/") + 1))
  })

const contenders: Readonly<Record<string, () => Promise<Call>>> = {
  jco: async () => {
    const { modules } = await source()
    const glue = (await import(/* @vite-ignore */ await glueAddress())) as Glue
    const compiled = await Promise.all(
      Object.entries(modules).map(async ([name, bytes]) => [name, await WebAssembly.compile(bytes)] as const)
    )
    const byName = new Map(compiled)
    const { messageServerClient } = glue.instantiate((name) => byName.get(name)!, {})
    return (state) => messageServerClient.handleRequest(state, [one])[0]
  },
  Sluice: async () => {
    const { sha256, ...rest } = await source()
    const options = { handler: "tally", sha256, limits: {}, imports: [], memory: "image" } as const
    const program = await load({ ...rest, sha256, glue: await glueAddress() }, options)
    const machine = program.instantiate({ console: () => {} })
    return (state) => {
      const returned = machine.call({ kind: "request", state, params: one })
      if (returned._tag === "Err" || returned.state === null) throw new Error("no state")
      return returned.state
    }
  },
  extism: async () => {
    // Not at the top: in Node it warns that its WASI is experimental
    const { createPlugin } = await import("@extism/extism")
    const plugin = await createPlugin({ wasm: [{ data: await fileOf("extism.wasm") }] }, { useWasi: false })
    let calls = 0
    return async (state) => {
      // It keeps what went in and out until it is told to let go: after 32,767 blocks it fails
      if (++calls % 1000 === 0) await plugin.reset()
      const input = new Uint8Array(8 + state.length)
      input.set(encoder.encode("1       "))
      input.set(state, 8)
      const output = await plugin.call("tally", input)
      if (output === null) throw new Error("no output")
      return Uint8Array.from(output.bytes())
    }
  }
}

const cases = (scale: Scale): ReadonlyArray<Case> =>
  [100, 10_000 * scale].flatMap((bytes) =>
    Object.entries(contenders).map(([contender, make]): Case => {
      let call: Call | undefined
      let state = stateOf(bytes)
      return {
        name: `a call with a state of ${grouped(bytes)} bytes`,
        contender,
        before: async () => {
          call ??= await make()
        },
        run: async (times) => {
          for (let time = 0; time < times; time++) {
            const given = call!(state)
            state = given instanceof Promise ? await given : given
          }
        },
        verify: (times) => {
          const { count } = JSON.parse(decoder.decode(state)) as { readonly count: number }
          if (count !== times) throw new Error(`${contender}: ${count} of ${times} calls`)
        }
      }
    })
  )

export const components: Work = {
  cases,
  plan: () => ({ rounds: 61, warmUps: 5, sample: { ms: 10 } }),
  baselines: ["jco", "extism"],
  sizes: [1]
}
