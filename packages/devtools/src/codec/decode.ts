/** Plain data back to a value. The data is not trusted. */
import * as Result from "effect/Result"
import { unrevived } from "./Described.ts"
import {
  type Classes,
  type DataClass,
  defaultLimits,
  type Encoded,
  InvalidEncoded,
  type Limits
} from "./Encoded.ts"
import { makerOf, Refused } from "./kinds.ts"

/** Of a key of a HashMap or a member of a HashSet, each part counted wherever it stands: to compare two takes that long. */
const maxKeyParts = 100_000

/** Stands for the root where the index of a node does, and for the whole node where that of a part does. */
const none = -1

/** Throws what `decode` gives as its error. */
function refuse(issue: string, index: number, at: number = none): never {
  const path = index === none ? ["root"] : at === none ? ["nodes", index] : ["nodes", index, at]
  throw new InvalidEncoded({ path, issue })
}

/** Without the `any` that the language's own guard gives. */
const isArray = (value: unknown): value is ReadonlyArray<unknown> => Array.isArray(value)

/** By the word that stands for them in brackets. */
const specials: ReadonlyMap<unknown, unknown> = new Map<unknown, unknown>([
  ["undefined", undefined],
  ["-0", -0],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY]
])

/** A bigint of more digits takes long to read. */
const bigint = /^(?:0|-?[1-9]\d{0,99999})$/

/** Assigned, a key such as `__proto__` or one with a setter would not be kept as data. */
const define = (object: object, key: string, value: unknown, enumerable = true): void => {
  Object.defineProperty(object, key, { value, enumerable, configurable: true, writable: true })
}

/** To an object without setters of its own: of those that it inherits, there is one. It is faster than to define. */
const assign = (object: Record<string, unknown>, key: string, value: unknown): void => {
  if (key === "__proto__") define(object, key, value)
  else object[key] = value
}

const errors: ReadonlyMap<string, DataClass> = new Map<string, DataClass>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError].map(
    (made) => [made.name, made]
  )
)

/** Not enumerable on errors that the language makes. */
const errorKeys: ReadonlySet<string> = new Set(["message", "cause", "errors"])

/** What others can refer to before its parts are there. `fill` puts in what could not be there yet. */
interface Shell {
  readonly value: object
  readonly fill: (() => void) | undefined
}

interface Walk {
  readonly follows: (target: number) => boolean
  readonly enter: (index: number) => void
  readonly leave: (index: number) => void
}

const unseen = 0
const seen = 1
const seenAgain = 2

class Decoding {
  readonly #nodes: ReadonlyArray<unknown>
  readonly #classes: Readonly<Record<string, DataClass>>
  readonly #limits: Limits
  readonly #values: Array<unknown> = []
  readonly #fills: Array<(() => void) | undefined> = []
  /** Of each node, whether its value can be referred to: those that refer to others are there before their parts. */
  readonly #isThere: Uint8Array
  readonly #stage: Uint8Array
  /** How many nodes each leads to, each counted wherever it stands. Written by the first walk. */
  readonly #weights: Float64Array
  /** Of each node in a walk, up to where its parts have been looked at. */
  readonly #cursors: Uint32Array
  /** What is in a cycle with a value that is made of its parts: that comes first, then the rest is filled. */
  readonly #lateMade: Array<number> = []
  readonly #lateFilled: Array<number> = []
  #parts = 0
  #text = 0
  #holes = 0

  constructor(nodes: ReadonlyArray<unknown>, classes: Readonly<Record<string, DataClass>>, limits: Limits) {
    this.#nodes = nodes
    this.#classes = classes
    this.#limits = limits
    if (nodes.length > limits.parts) refuse(`more than ${limits.parts} parts`, limits.parts)
    this.#isThere = new Uint8Array(nodes.length)
    this.#stage = new Uint8Array(nodes.length)
    this.#weights = new Float64Array(nodes.length)
    this.#cursors = new Uint32Array(nodes.length)
  }

  run(root: unknown): unknown {
    for (let index = 0; index < this.#nodes.length; index++)
      if (this.#stage[index] === unseen) this.#walk(index, this.#first)
    for (const index of this.#lateMade) if (this.#stage[index] === seen) this.#walk(index, this.#second)
    for (const index of this.#lateFilled) this.#fills[index]?.()
    return this.#read(root, none, none)
  }

  /** Each node after those that it refers to, but for those that refer back to it. */
  readonly #first: Walk = {
    follows: (target) => this.#stage[target] === unseen,
    enter: (index) => this.#open(index),
    leave: (index) => {
      this.#weights[index] = this.#weigh(index)
      const isThere = this.#isThere[index] === 1
      if (this.#isComplete(index)) {
        if (isThere) this.#fills[index]?.()
        else this.#make(index)
      } else if (isThere) {
        this.#lateFilled.push(index)
      } else {
        this.#lateMade.push(index)
      }
    }
  }

  /** What is made of its parts, and was met in a cycle: now all that it can be in a cycle with is there. */
  readonly #second: Walk = {
    follows: (target) => this.#isThere[target] === 0 && this.#stage[target] === seen,
    enter: (index) => {
      this.#stage[index] = seenAgain
    },
    leave: (index) => {
      if (!this.#isComplete(index)) refuse("it would have to be made before itself", index)
      this.#make(index)
    }
  }

  #walk(from: number, walk: Walk): void {
    const open = [from]
    this.#cursors[from] = 0
    walk.enter(from)
    for (let index = open.at(-1); index !== undefined; index = open.at(-1)) {
      const next = this.#next(index, walk)
      if (next === undefined) {
        open.pop()
        walk.leave(index)
      } else {
        open.push(next)
        this.#cursors[next] = 0
        walk.enter(next)
      }
    }
  }

  #next(index: number, { follows }: Walk): number | undefined {
    const node = this.#node(index)
    let at = this.#cursors[index] ?? 0
    while (++at < node.length) {
      const target = this.#target(node[at], index, at)
      if (target === undefined || !follows(target)) continue
      this.#cursors[index] = at
      return target
    }
    this.#cursors[index] = at
    return undefined
  }

  #weigh(index: number): number {
    let weight = 1
    const node = this.#node(index)
    for (let at = 1; at < node.length; at++) {
      const target = this.#target(node[at], index, at)
      if (target !== undefined) weight += this.#weights[target] ?? 0
    }
    return weight
  }

  /** Those of a hash are compared with each other as it is made. */
  #checkKeys(node: ReadonlyArray<unknown>, index: number): void {
    const [tag] = node
    if (tag !== "HashMap" && tag !== "HashSet") return
    for (let at = 1; at < node.length; at += tag === "HashMap" ? 2 : 1) {
      const target = this.#target(node[at], index, at)
      if (target !== undefined && (this.#weights[target] ?? 0) > maxKeyParts)
        refuse(`a key of more than ${maxKeyParts} parts`, index, at)
    }
  }

  #isComplete(index: number): boolean {
    return this.#node(index).every((slot, at) => {
      const target = at === 0 ? undefined : this.#target(slot, index, at)
      return target === undefined || this.#isThere[target] === 1
    })
  }

  #node(index: number): ReadonlyArray<unknown> {
    const node = this.#nodes[index]
    return isArray(node) && typeof node[0] === "string"
      ? node
      : refuse("expected a node, an array that begins with its tag", index)
  }

  /** The node that a slot refers to, if it does. */
  #target(slot: unknown, index: number, at: number): number | undefined {
    if (!isArray(slot) || typeof slot[0] !== "number") return undefined
    const [target] = slot
    if (slot.length !== 1 || !Number.isInteger(target) || target < 0 || target >= this.#nodes.length)
      return refuse(`expected the index of one of ${this.#nodes.length} nodes`, index, at)
    return target
  }

  #read(slot: unknown, index: number, at: number): unknown {
    if (slot === null || typeof slot === "boolean" || typeof slot === "string") return slot
    if (typeof slot === "number" && Number.isFinite(slot) && !Object.is(slot, -0)) return slot
    const target = this.#target(slot, index, at)
    if (target !== undefined) return this.#values[target]
    if (isArray(slot)) {
      const [word, digits] = slot
      if (slot.length === 1 && specials.has(word)) return specials.get(word)
      if (slot.length === 2 && word === "bigint" && typeof digits === "string" && bigint.test(digits))
        return BigInt(digits)
    }
    return refuse("expected a slot: a primitive, or an array that stands for a value", index, at)
  }

  #count(node: ReadonlyArray<unknown>, index: number): void {
    this.#parts += node.length
    for (const part of node) if (typeof part === "string") this.#text += part.length
    if (this.#parts > this.#limits.parts) refuse(`more than ${this.#limits.parts} parts`, index)
    if (this.#text > this.#limits.text) refuse(`more than ${this.#limits.text} characters`, index)
  }

  #open(index: number): void {
    const node = this.#node(index)
    this.#count(node, index)
    this.#stage[index] = seen
    const shell = this.#shell(node, index)
    if (shell === undefined) return
    this.#values[index] = shell.value
    this.#fills[index] = shell.fill
    this.#isThere[index] = 1
  }

  /** Nothing for what is made of its parts. */
  #shell(node: ReadonlyArray<unknown>, index: number): Shell | undefined {
    switch (node[0]) {
      case "{}":
        return this.#plain({}, node, index)
      case "null{}":
        return this.#plain(Object.create(null) as Record<string, unknown>, node, index)
      case "instance": {
        const value = this.#instance(node[1], index)
        return this.#fields(value, node, index, 2, (key, part) => define(value, key, part))
      }
      case "Error": {
        const value = this.#error(node[1], index)
        return this.#fields(value, node, index, 2, (key, part) =>
          define(value, key, part, !errorKeys.has(key))
        )
      }
      case "[]": {
        const value: Array<unknown> = []
        return { value, fill: () => this.#eachPart(node, index, (part) => void value.push(part)) }
      }
      case "sparse":
        return this.#sparse(node, index)
      case "Set": {
        const value = new Set()
        return {
          value,
          fill: () =>
            this.#eachPart(node, index, (member, at) => {
              if (value.size === value.add(member).size) refuse("a second member like it", index, at)
            })
        }
      }
      case "Map": {
        if (node.length % 2 === 0) refuse("expected pairs of a key and a value", index)
        const value = new Map()
        let key: unknown
        return {
          value,
          fill: () =>
            this.#eachPart(node, index, (part, at) => {
              if (at % 2 === 1) {
                if (value.has(part)) refuse("a second entry of that key", index, at)
                key = part
              } else {
                value.set(key, part)
              }
            })
        }
      }
      default:
        if (makerOf(this.#tag(node)) === undefined)
          refuse(`no value has the tag ${this.#tag(node)}`, index, 0)
        return undefined
    }
  }

  #tag(node: ReadonlyArray<unknown>): string {
    return String(node[0])
  }

  #eachPart(
    node: ReadonlyArray<unknown>,
    index: number,
    visit: (part: unknown, at: number) => void,
    from = 1
  ): void {
    for (let at = from; at < node.length; at++) visit(this.#read(node[at], index, at), at)
  }

  #sparse(node: ReadonlyArray<unknown>, index: number): Shell {
    const length = typeof node[1] === "number" ? node[1] : Number.NaN
    // An array may not be longer than that.
    if (!Number.isInteger(length) || length < 0 || length > 0xffff_ffff) refuse("expected a length", index, 1)
    if (node.length % 2 === 1) refuse("expected pairs of an index and a value", index)
    this.#holes += length
    if (this.#holes > this.#limits.holes)
      refuse(`more than ${this.#limits.holes} places in arrays with holes`, index, 1)
    const value: Array<unknown> = []
    value.length = length
    let element = -1
    return {
      value,
      fill: () => {
        const place = (part: unknown, at: number): void => {
          if (at % 2 === 1) {
            value[element] = part
            return
          }
          const next = typeof part === "number" ? part : Number.NaN
          if (!Number.isInteger(next) || next <= element || next >= length)
            refuse(`expected an index below ${length}, in order`, index, at)
          element = next
        }
        this.#eachPart(node, index, place, 2)
      }
    }
  }

  #className(name: unknown, index: number): string {
    return typeof name === "string" ? name : refuse("expected the name of a class", index, 1)
  }

  #class(name: string): DataClass | undefined {
    return Object.hasOwn(this.#classes, name) ? this.#classes[name] : undefined
  }

  #instance(part: unknown, index: number): object {
    const name = this.#className(part, index)
    const known = this.#class(name)
    return known === undefined ? unrevived({}, name) : (Object.create(known.prototype) as object)
  }

  #error(part: unknown, index: number): object {
    const name = this.#className(part, index)
    const known = this.#class(name) ?? errors.get(name)
    const value = new Error()
    // Where it was decoded says nothing.
    for (const key of Object.getOwnPropertyNames(value)) Reflect.deleteProperty(value, key)
    define(value, "stack", name, false)
    return known === undefined
      ? unrevived(value, name)
      : (Object.setPrototypeOf(value, known.prototype) as object)
  }

  #plain(value: Record<string, unknown>, node: ReadonlyArray<unknown>, index: number): Shell {
    return this.#fields(value, node, index, 1, (key, part) => assign(value, key, part))
  }

  /** With its fields, in order; what they refer to comes later. A Collection needs its rows' keys before that. */
  #fields(
    value: object,
    node: ReadonlyArray<unknown>,
    index: number,
    from: number,
    put: (key: string, part: unknown) => void
  ): Shell {
    const missing: Array<number> = []
    for (let at = from; at < node.length; at += 2) {
      const key = node[at]
      if (typeof key !== "string") return refuse("expected the name of a field", index, at)
      if (at + 1 === node.length) return refuse("expected a value after that name", index, at)
      if (Object.hasOwn(value, key)) return refuse(`a second field ${key}`, index, at)
      const isMissing = this.#target(node[at + 1], index, at + 1) !== undefined
      if (isMissing) missing.push(at)
      put(key, isMissing ? undefined : this.#read(node[at + 1], index, at + 1))
    }
    if (missing.length === 0) return { value, fill: undefined }
    return {
      value,
      fill: () => {
        for (const at of missing) put(String(node[at]), this.#read(node[at + 1], index, at + 1))
      }
    }
  }

  #make(index: number): void {
    const node = this.#node(index)
    this.#checkKeys(node, index)
    const parts: Array<unknown> = []
    this.#eachPart(node, index, (part) => parts.push(part))
    try {
      this.#values[index] = makerOf(this.#tag(node))?.(parts)
    } catch (error) {
      refuse(error instanceof Refused ? error.message : `it cannot be made: ${String(error)}`, index)
    }
    this.#isThere[index] = 1
  }
}

/**
 * The value of an encoding. The data may come from anyone: it is checked, nothing in it is run, and no prototype
 * changes. What is no encoding fails with its place.
 *
 * Instances of `classes` get their prototype back, without their constructor. Of another class they have the data,
 * and encoded again give the same bytes. A Collection that is keyed by a function has its rows and
 * their keys, and takes no row of a new key: that function is not there.
 */
export const decode = (
  encoded: unknown,
  options: Classes & { readonly limits?: Partial<Limits> } = {}
): Result.Result<unknown, InvalidEncoded> => {
  const failed = (issue: string, ...path: ReadonlyArray<string>) =>
    Result.fail(new InvalidEncoded({ path, issue }))
  if (typeof encoded !== "object" || encoded === null) return failed("expected an object of root and nodes")
  const { nodes, root }: Partial<Encoded> = encoded
  if (!isArray(nodes)) return failed("expected an array", "nodes")
  try {
    const limits = { ...defaultLimits, ...options.limits }
    return Result.succeed(new Decoding(nodes, options.classes ?? {}, limits).run(root))
  } catch (error) {
    if (error instanceof InvalidEncoded) return Result.fail(error)
    throw error
  }
}
