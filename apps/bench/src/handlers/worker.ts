/** In a worker: Sluice's own program, or the raw module, as the first message asks. */
import { load } from "@sluice/wasm/abi/core"
import { builtin } from "@sluice/wasm/host/node"
import { serve } from "@sluice/wasm/host/serve"
import { type Call, rawOf } from "./raw.ts"

type Bytes = Uint8Array<ArrayBuffer>

/** To a raw one: the module first, then states. */
export type ToRaw = { readonly raw: Bytes } | { readonly state: Bytes }

serve(load)

let call: Call | undefined
const answer = async (message: ToRaw, post: (state: Bytes | null, transfer: Array<ArrayBuffer>) => void) => {
  if ("raw" in message) {
    call = await rawOf(message.raw)
    post(null, [])
  } else if ("state" in message) {
    const state = call!(message.state)
    post(state, [state.buffer])
  }
}

const parent = builtin("node:worker_threads")?.parentPort
if (parent)
  parent.on(
    "message",
    (message) => void answer(message, (state, transfer) => parent.postMessage(state, transfer))
  )
else {
  // Of a worker's global scope, whose types exclude those of a page.
  const scope = globalThis as unknown as {
    readonly addEventListener: (name: "message", listener: (event: { readonly data: ToRaw }) => void) => void
    readonly postMessage: (state: Bytes | null, transfer: Array<ArrayBuffer>) => void
  }
  scope.addEventListener(
    "message",
    ({ data }) => void answer(data, (state, transfer) => scope.postMessage(state, transfer))
  )
}
