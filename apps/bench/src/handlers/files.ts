import { handlerFiles } from "./build.ts"

type Bytes = Uint8Array<ArrayBuffer>

export const fileOf = async (name: string): Promise<Bytes> =>
  Uint8Array.from(atob((await handlerFiles())[name] ?? ""), (character) => character.charCodeAt(0))

const encoder = new TextEncoder()

/** Of so many bytes, with a count in it. */
export const stateOf = (bytes: number): Bytes => {
  const text = '{"count":0,"rest":""}'
  return encoder.encode(text.replace('""', JSON.stringify("x".repeat(bytes - text.length))))
}

export const countOf = (state: Bytes): number => {
  const { count } = JSON.parse(new TextDecoder().decode(state)) as { readonly count: number }
  return count
}
