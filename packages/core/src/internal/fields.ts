/** States as fields. */

/** Traits are the fields of a state, so a module that has any has a state of fields. */
export const fieldsOf = (state: unknown) => state as Readonly<Record<string, unknown>>

/** Whether both are one value, or objects of the same fields with the same values. */
export const sameFields = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.is(Reflect.get(a, name), Reflect.get(b, name)))
  )
}
