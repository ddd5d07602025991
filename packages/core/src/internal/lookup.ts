/**
 * Values by name, and nothing inherited. Looking one up costs less than in a Map, because V8 does it in
 * place; that of an `Object.create(null)` it does not, which it keeps as a dictionary.
 */
// TypeScript cannot say that a function is a constructor with a prototype of its own.
export const Lookup = function () {} as unknown as new <V>() => Record<string, V | undefined>
Lookup.prototype = Object.create(null) as object
