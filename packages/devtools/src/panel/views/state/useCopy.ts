import * as Effect from "effect/Effect"
import { useState } from "react"
import { count } from "../../ui/format.ts"
import type { Asked } from "../../Page.ts"
import { usePage } from "../../usePage.ts"
import { wholeText } from "./wholeText.ts"

/** Puts all that is at a place into the clipboard, and says so. */
export const useCopy = (): { readonly said: string; readonly copy: (at: Asked<"Print">) => void } => {
  const page = usePage()
  const [said, setSaid] = useState("")
  const copy = (at: Asked<"Print">) =>
    void Effect.runFork(
      Effect.match(Effect.flatMap(wholeText(page, at), toClipboard), {
        onSuccess: (length) => setSaid(`${count(length)} characters copied`),
        onFailure: ({ message }) => setSaid(message)
      })
    )
  return { said, copy }
}

const toClipboard = (text: string) =>
  Effect.map(
    Effect.tryPromise({
      try: () => navigator.clipboard.writeText(text),
      catch: () => new Error("The browser did not let it be copied. Select the text, and copy it.")
    }),
    () => text.length
  )
