/** What stands for a value that cannot be had back. */

/**
 * A symbol, a function, an accessor or another value that lives in its own page only, as it was described.
 * Encoded again it gives the same bytes. Of a `Redacted` it has the label, never the value.
 */
export class Described {
  readonly kind: string
  readonly text: string

  constructor(kind: string, text: string) {
    this.kind = kind
    this.text = text
  }
}

/** Has the data of an instance of a class that was not given to `decode`; `classNameOf` says which. */
export class Unrevived {}

/** The same, of an error. It has the message, and no stack. */
export class UnrevivedError extends Error {}

/** Written by `unrevived` only. */
const names = new WeakMap<object, string>()

/** Makes `value` pass for an instance of the class of that name. */
export const unrevived = (value: object, name: string): object => {
  names.set(value, name)
  const { prototype } = value instanceof Error ? UnrevivedError : Unrevived
  return Object.setPrototypeOf(value, prototype) as object
}

/** Whether its class was not given to `decode`. */
export const isUnrevived = (value: object): boolean => names.has(value)

/** An own property that holds data; what an accessor would give is not asked for. */
const dataIn = (object: object, key: string): unknown => Object.getOwnPropertyDescriptor(object, key)?.value

/** The name of a value's class, `"Object"` for a plain one, `""` where there is none. */
export const classNameOf = (value: object): string => {
  const kept = names.get(value)
  if (kept !== undefined) return kept
  for (
    let prototype: unknown = Object.getPrototypeOf(value);
    typeof prototype === "object" && prototype !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const made = dataIn(prototype, "constructor")
    if (typeof made !== "function") continue
    const name = dataIn(made, "name")
    return typeof name === "string" ? name : ""
  }
  return ""
}
