/** Places in values, as the panel writes and compares them. */
import type { Step } from "../../protocol/index.ts"

export type Steps = ReadonlyArray<Step>

const stepText = ({ key, kind }: Step): string => {
  if (kind === "index") return `[${key}]`
  if (kind === "part") return `‹${key}›`
  return kind === "property" && typeof key === "string" && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
    ? `.${key}`
    : `[${JSON.stringify(key)}]`
}

/** As it would be written after the state, e.g. `flights["AA-17"].delay`; `state` for the whole. */
export const pathText = (path: Steps): string => path.map(stepText).join("").replace(/^\./, "") || "state"

/** The same for the same place. */
export const pathKey = (path: Steps): string => JSON.stringify(path.map(({ key, kind }) => [kind, key]))
