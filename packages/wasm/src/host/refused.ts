import { HashMismatch, ImportRefused, LoadFailed, type LoadError, ModuleRefused } from "../Errors.ts"

const known = { HashMismatch, ImportRefused, ModuleRefused, LoadFailed } as const

/** The error whose fields came from another thread. */
export const refusedOf = (handler: string, error: Readonly<Record<string, unknown>>): LoadError => {
  const tag = String(error["_tag"])
  // Its fields are those that the class of this name was made with.
  const Known = Object.hasOwn(known, tag)
    ? (known[tag as keyof typeof known] as new (fields: object) => LoadError)
    : undefined
  const { _tag, ...fields } = error
  return Known === undefined
    ? new LoadFailed({ handler, reason: String(error["reason"] ?? _tag) })
    : new Known(fields)
}
