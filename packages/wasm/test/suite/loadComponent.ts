/** Machines of the fixtures that are components. */
import { load } from "../../src/abi/component.ts"
import { resolve } from "../../src/Component.ts"
import type { ComponentSource } from "../../src/component/Manifest.ts"
import type { CallKind, Grants, LoadOptions, Machine } from "../../src/Machine.ts"
import { built, builtUrl } from "../fixture.ts"
import { bytesOf, told } from "./load.ts"

const text = new TextDecoder()

/** The glue as it was built: a development server adds to modules. */
export const read = async (address: string): Promise<Uint8Array<ArrayBuffer>> => {
  if (!address.endsWith(".js") || address.startsWith("file:"))
    return built(address.slice(address.lastIndexOf("/") + 1))
  const raw: unknown = await import(/* @vite-ignore */ `${address}?raw`)
  if (typeof raw !== "object" || raw === null || !("default" in raw)) throw new Error(`no text: ${address}`)
  return new TextEncoder().encode(String(raw.default))
}

const hashOfManifest = async (name: string): Promise<string> => text.decode(await built(`${name}.hash`))

export const sourceOf = async (name: string, sha?: string): Promise<ComponentSource> =>
  resolve(await built(`${name}.json`), builtUrl(`${name}.json`).href, {
    handler: name,
    sha256: sha ?? (await hashOfManifest(name)),
    read
  })

export const loadComponent = async (
  name: string,
  options: Partial<LoadOptions> = {},
  source?: ComponentSource
) => {
  const declared = { handler: name, sha256: await hashOfManifest(name), limits: {}, imports: [] } as const
  return load(source ?? (await sourceOf(name)), { ...declared, memory: "image", ...options })
}

export const silent: Grants = { console: () => {} }

export const machineOf = async (name: string, options: Partial<LoadOptions> = {}, grants = silent) =>
  (await loadComponent(name, options)).instantiate(grants)

export const call = (machine: Machine, kind: CallKind, state: unknown, params: unknown) =>
  told(machine.call({ kind, state: state === null ? null : bytesOf(state), params: bytesOf(params) }))
