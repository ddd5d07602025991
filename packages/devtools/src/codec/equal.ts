/** Whether two values are the same to who reads them, and how much they weigh. Neither recurs. */
import { Collection } from "@sluice/core"
import { apartBy, isWhole, type Whole } from "./apart.ts"
import { Described } from "./Described.ts"

const apart = apartBy({})

/** What is seen of these is not all that they are. */
const isOpaque = (tag: string): boolean => tag === "described" || tag === "instance" || tag === "Error"

/**
 * By content, in order, and through cycles; who shares what does not count. Between contexts (`"seen"`), instances,
 * functions and what else cannot be looked into are the same when they look so; in one (`"known"`) when they
 * are one object. `twins` is given, by each object of `b`, the one of `a` that it stands for, where they are two.
 */
export const isSame = (
  a: unknown,
  b: unknown,
  by: "seen" | "known",
  twins?: Map<unknown, unknown>
): boolean => {
  const met = new Map<Whole, Set<Whole>>()
  const open: Array<unknown> = [a, b]
  while (open.length > 0) {
    const [right, left] = [open.pop(), open.pop()]
    if (Object.is(left, right)) continue
    if (!isWhole(left) || !isWhole(right)) return false
    const partners = met.get(left)
    if (partners === undefined) met.set(left, new Set([right]))
    else if (partners.has(right)) continue
    else partners.add(right)
    const [parts, others] = [apart(left), apart(right)]
    if (parts.length !== others.length || parts[0] !== others[0]) return false
    if (isOpaque(parts[0]) && by === "known" && !(left instanceof Described)) return false
    twins?.set(right, left)
    for (let at = 1; at < parts.length; at++) open.push(parts[at], others[at])
  }
  return true
}

const weightOf = (value: unknown): number =>
  typeof value === "string" ? value.length + 3 : typeof value === "bigint" ? String(value).length + 13 : 6

/** No more than it has of parts, without a look at them. */
const countOf = (value: Whole): number => {
  if (Array.isArray(value)) return value.length
  return value instanceof Map || value instanceof Set || Collection.isCollection(value) ? value.size : 0
}

/**
 * About how many characters the values take when they are encoded together; what they share is counted once. It looks no
 * further than `most`.
 */
export const weigh = (values: ReadonlyArray<unknown>, most = Infinity): number => {
  const seen = new Set<Whole>()
  const open = [...values]
  let weight = 0
  while (open.length > 0 && weight < most) {
    const value = open.pop()
    weight += weightOf(value)
    if (!isWhole(value) || seen.has(value)) continue
    seen.add(value)
    if (weight + 6 * countOf(value) >= most) return most
    for (const part of apart(value)) open.push(part)
  }
  return weight
}
