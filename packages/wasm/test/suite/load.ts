/** Machines of the fixtures that are core modules. */
import { load } from "../../src/abi/core.ts"
import type { Grants, LoadOptions, Machine, Returned } from "../../src/Machine.ts"
import { built, sha256 } from "../fixture.ts"

const utf8 = new TextEncoder()
const text = new TextDecoder()

export const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> => utf8.encode(JSON.stringify(value))

export const valueOf = (bytes: Uint8Array<ArrayBuffer> | null): unknown =>
  bytes === null ? undefined : JSON.parse(text.decode(bytes))

/** As JSON. */
export const told = (returned: Returned): unknown =>
  returned._tag === "Err"
    ? returned
    : { state: valueOf(returned.state), response: valueOf(returned.response) }

export const loadFixture = async (name: string, options: Partial<LoadOptions> = {}) => {
  const bytes = await built(`${name}.wasm`)
  const declared = {
    handler: name,
    sha256: await sha256(bytes),
    limits: {},
    imports: [],
    memory: "image"
  } as const
  return load({ abi: "core", bytes }, { ...declared, ...options })
}

export const machineOf = async (
  name: string,
  options: Partial<LoadOptions> = {},
  grants: Grants = { console: () => {} }
): Promise<Machine> => (await loadFixture(name, options)).instantiate(grants)
