import type { ReactNode } from "react"
import type { Value } from "../../protocol/index.ts"

/** A value in a line. */
export const ValueText = ({ value }: { readonly value: Value }): ReactNode => (
  <span className={`value ${value.kind}`}>{value.text}</span>
)
