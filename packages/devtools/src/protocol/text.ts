/** Long texts between a page and a panel, a part at a time. */
import * as Effect from "effect/Effect"
import type { RemoteAdapter } from "./connect.ts"
import type { RequestError } from "./errors.ts"
import { maxText } from "./messages.ts"

/** The whole of what `Export` or `MakeTest` has made. */
export const download = Effect.fnUntraced(function* (
  remote: RemoteAdapter,
  text: number
): Effect.fn.Return<string, RequestError> {
  let whole = ""
  for (let more = true; more;) {
    const next = yield* remote.request("Text", { text, from: whole.length })
    whole += next.part
    ;({ more } = next)
  }
  return whole
})

/** Gives the page a file, for `Import`. */
export const upload = Effect.fnUntraced(function* (
  remote: RemoteAdapter,
  content: string
): Effect.fn.Return<number, RequestError> {
  const first = yield* remote.request("Upload", { part: content.slice(0, maxText) })
  for (let from = maxText; from < content.length; from += maxText)
    yield* remote.request("Upload", { upload: first.upload, part: content.slice(from, from + maxText) })
  return first.upload
})
