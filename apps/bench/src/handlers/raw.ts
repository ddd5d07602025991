/** A core module by its exports, with the copies that its ABI asks for, and nothing else. */

type Bytes = Uint8Array<ArrayBuffer>

export type Call = (state: Bytes) => Bytes

const one = new TextEncoder().encode("1")

/** What the module exports: docs/guide/handlers-abi.md. */
interface Exports {
  readonly memory: WebAssembly.Memory
  readonly alloc: (length: number) => number
  readonly send: (state: number, stateLength: number, params: number, paramsLength: number) => number
}

export const rawOf = async (wasm: Bytes): Promise<Call> => {
  const { instance } = await WebAssembly.instantiate(wasm, {})
  // The source of the module is apps/bench/handlers/core.ts
  const { alloc, memory, send } = instance.exports as unknown as Exports
  const put = (bytes: Bytes): number => {
    const at = alloc(bytes.length)
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes)
    return at
  }
  return (state) => {
    const statePointer = put(state)
    const record = send(statePointer, state.length, put(one), one.length)
    const [tag, at, length] = new Uint32Array(memory.buffer, record, 5)
    if (tag !== 0) throw new Error("It failed")
    return new Uint8Array(memory.buffer, at, length).slice()
  }
}
