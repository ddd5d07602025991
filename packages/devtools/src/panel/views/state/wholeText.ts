import * as Effect from "effect/Effect"
import type { Asked, PageError, PageShape } from "../../Page.ts"

/** All that is at a place, written out, however long it is. */
export const wholeText = Effect.fnUntraced(function* (
  page: PageShape,
  at: Asked<"Print">
): Effect.fn.Return<string, PageError> {
  const { length, part, text } = yield* page.request("Print", at)
  let whole = part
  while (whole.length < length) {
    const next = yield* page.request("Text", { text, from: whole.length })
    whole += next.part
  }
  return whole
})
