/** A value that came from another context, with what is here already in the places of its likes. */
import { apartBy, isWhole } from "./apart.ts"
import { fieldsOf, withFields } from "./data.ts"
import { makerOf } from "./kinds.ts"
import { maxDepth } from "./Patch.ts"

const apart = apartBy({})

/** Of one patch, so that what is shared in it stays so. */
export class Transplant {
  readonly #done: Map<unknown, unknown>

  /** `twins` has what is here, by what stands for it there. */
  constructor(twins: ReadonlyMap<unknown, unknown>) {
    this.#done = new Map(twins)
  }

  /** The value itself where nothing of it is here. What is nested too deep, or in itself, stays as it came. */
  of(value: unknown, depth = 0): unknown {
    if (!isWhole(value) || typeof value !== "object") return value
    const known = this.#done.get(value)
    if (known !== undefined || depth > maxDepth) return known ?? value
    this.#done.set(value, value)
    const made = this.#rebuilt(value, depth + 1)
    this.#done.set(value, made)
    return made
  }

  #rebuilt(value: object, depth: number): unknown {
    const [tag, ...parts] = apart(value)
    const placed = parts.map((part) => this.of(part, depth))
    if (parts.every((part, at) => Object.is(part, placed[at]))) return value
    switch (tag) {
      case "[]":
        return placed
      case "Set":
        return new Set(placed)
      case "Map":
        return new Map(inPairs(placed))
      case "{}":
      case "null{}":
      case "instance": {
        const fields = fieldsOf(value)
        if (fields === undefined) return value
        for (const [name, field] of fields) fields.set(name, this.of(field, depth))
        return withFields(value, fields)
      }
      default:
        return makerOf(tag)?.(placed) ?? value
    }
  }
}

const inPairs = (parts: ReadonlyArray<unknown>): Array<readonly [unknown, unknown]> =>
  Array.from({ length: parts.length / 2 }, (_, at) => [parts[2 * at], parts[2 * at + 1]] as const)
