/** Any value as plain data. */
import { apartBy, isWhole, type Whole } from "./apart.ts"
import type { Classes, Encoded, EncodedNode, Slot } from "./Encoded.ts"

const ofNumber = (value: number): Slot => {
  if (Object.is(value, -0)) return ["-0"]
  return Number.isFinite(value) ? value : [String(value)]
}

const ofPrimitive = (value: unknown): Slot => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      return ofNumber(value)
    case "bigint":
      return ["bigint", String(value)]
    default:
      return value === null ? null : ["undefined"]
  }
}

/**
 * The value as plain data. It never fails, and runs none of the value's code: no accessor, no `toJSON`.
 *
 * Kept are all primitives; plain objects, arrays, holes in them, Maps, Sets, Dates, regular expressions, URLs,
 * buffers and their views (each with bytes of its own), errors without their stacks, Collections, and of Effect
 * Option, Result, Exit, Cause (without annotations), AsyncResult, Chunk, HashMap, HashSet, Duration, DateTime and
 * BigDecimal; instances of other classes by the class's name and their own enumerable data properties; who
 * refers to whom. Symbols, functions, accessors, `Redacted` and what belongs to the page are described only.
 * Properties that are keyed by a symbol or not enumerable are left out, and so is whether an object is frozen.
 *
 * The same value gives the same bytes, and so does what it is decoded to. Objects that differ in the order of their
 * fields are not the same.
 */
export const encode = (value: unknown, options: Classes = {}): Encoded => {
  const apart = apartBy(options)
  const nodes: Array<EncodedNode> = []
  const indices = new Map<Whole, number>()
  const found: Array<Whole> = []
  const slotOf = (value: unknown): Slot => {
    if (!isWhole(value)) return ofPrimitive(value)
    const known = indices.get(value)
    if (known !== undefined) return [known]
    indices.set(value, found.length)
    return [found.push(value) - 1]
  }
  const root = slotOf(value)
  // In order of discovery, and not by recursion: a value may be nested deeper than functions may call.
  for (let index = 0; index < found.length; index++) {
    const value = found[index]
    if (value === undefined) break
    const parts = apart(value)
    const node: [tag: string, ...parts: Array<Slot>] = [parts[0]]
    for (let at = 1; at < parts.length; at++) node.push(slotOf(parts[at]))
    nodes.push(node)
  }
  return { root, nodes }
}
