/** What handlers do that must be the same wherever they run: Node writes it down, and each engine does it again. */
import type { Call, Machine } from "../../src/Machine.ts"
import { machineOf, bytesOf } from "./load.ts"
import { sha256 } from "../fixture.ts"

interface Script {
  readonly module: string
  readonly fuel: number
  readonly calls: ReadonlyArray<readonly [kind: Call["kind"], params: unknown]>
}

const cases = (...doing: ReadonlyArray<object>): Script["calls"] => doing.map((params) => ["send", params])

const scripts: ReadonlyArray<Script> = [
  {
    module: "counter-wat",
    fuel: 10_000,
    calls: [
      ["init", 5],
      ["send", { by: 12 }],
      ["request", 1]
    ]
  },
  {
    module: "counter-as",
    fuel: 1_000_000,
    calls: [
      ["init", { by: 0.1 }],
      ["send", 0.2],
      ["request", -7],
      ["send", 1e9]
    ]
  },
  { module: "nan", fuel: 1_000_000, calls: [["send", { x: 2 }]] },
  {
    module: "cases",
    fuel: 3_000_000,
    calls: cases(
      { do: "grow", pages: 40 },
      { do: "dirty" },
      { do: "large", length: 100 },
      { do: "clock" },
      { do: "random" },
      { do: "error", reason: "no" },
      { do: "allocate" },
      { do: "loop" },
      { do: "trap" }
    )
  },
  { module: "cases", fuel: 20_000, calls: cases({ do: "recursion" }) }
]

export interface Told {
  readonly call: string
  readonly outcome: string
  readonly fuel: number | undefined
  readonly memory: string
  readonly globals: string
}

const text = new TextDecoder()

const told = async (machine: Machine, call: string, outcome: string): Promise<Told> => {
  const [part] = machine.parts
  const memory = new Uint8Array(part?.memory?.buffer ?? new ArrayBuffer(0))
  return {
    call,
    outcome,
    fuel: machine.fuelUsed(),
    memory: await sha256(memory),
    globals: part?.globals.map(({ value }) => String(value)).join() ?? ""
  }
}

/** Each script on one machine, to its end or to its first fault, of which the kind is told. */
export const outcomes = async (): Promise<ReadonlyArray<Told>> => {
  const all: Array<Told> = []
  for (const { module, fuel, calls } of scripts) {
    const limits = { fuel, memoryPages: 300 }
    const imports = ["console", "clock", "random"]
    const grants = { clock: () => 1_700_000_000_123, random: () => 0.625, console: () => {} }
    let machine = await machineOf(module, { limits, imports }, grants)
    let state: Uint8Array<ArrayBuffer> | null = null
    for (const [kind, params] of calls) {
      const name = `${module} ${kind} ${JSON.stringify(params)}`
      try {
        const returned = machine.call({ kind, state, params: bytesOf(params) })
        if (returned._tag === "Ok") ({ state } = returned)
        const response = returned._tag === "Ok" ? (returned.state ?? new Uint8Array()) : returned.error
        all.push(await told(machine, name, typeof response === "string" ? response : text.decode(response)))
      } catch (fault) {
        all.push(await told(machine, name, (fault as { readonly kind: string }).kind))
        machine = await machineOf(module, { limits, imports }, grants)
      }
    }
  }
  return all
}
