import { type ReactNode, useState } from "react"
import type { Value } from "../../protocol/index.ts"

/** A value in a line, marked for a moment when it has changed. */
export const ValueText = ({ value: { kind, text } }: { readonly value: Value }): ReactNode => {
  const [first] = useState(text)
  return (
    // Another element, so that its animation begins anew.
    <span key={text} className={`value ${kind}${text === first ? "" : " fresh"}`}>
      {text}
    </span>
  )
}
