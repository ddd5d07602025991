/** What an encoding is, how far it may go, and what is said of data that is none. */
import * as Data from "effect/Data"

/**
 * A value in its place: null, a boolean, a string or a finite number as it is; any other in brackets, as the
 * index of its node, or as `["undefined"]`, `["-0"]`, `["NaN"]`, `["Infinity"]`, `["-Infinity"]` or
 * `["bigint", digits]`.
 */
export type Slot = null | boolean | number | string | readonly [number] | readonly [string, string?]

/** What kind of value it is, and its parts. */
export type EncodedNode = readonly [tag: string, ...parts: ReadonlyArray<Slot>]

/**
 * A value as plain data: it survives JSON, a structured clone and a file. Each object is one node, however often
 * it is referred to, so that sharing and cycles stay, and nothing is nested deeper than a slot in a node.
 *
 * Do not infer what a node looks like: read it with `decode`.
 */
export interface Encoded {
  readonly root: Slot
  readonly nodes: ReadonlyArray<EncodedNode>
}

/** A class whose instances are own data properties and a prototype. Its constructor is never called. */
export interface DataClass {
  readonly prototype: object
}

/** Of `encode` and `decode`: the classes whose instances are revived, by the names that they are encoded under. */
export interface Classes {
  readonly classes?: Readonly<Record<string, DataClass>>
}

/**
 * How much `decode` takes in. `parts` counts slots, and `text` characters; `holes`, the lengths of arrays with holes:
 * they cost nothing in a file, and whoever goes through such an array meets each.
 */
export interface Limits {
  readonly parts: number
  readonly text: number
  readonly holes: number
}

export const defaultLimits: Limits = { parts: 20_000_000, text: 200_000_000, holes: 1_000_000 }

/** What was to be decoded is no encoding. `path` leads to the place: `["nodes", 3, 1]` is the first part of node 3. */
export class InvalidEncoded extends Data.TaggedError("InvalidEncoded")<{
  readonly path: ReadonlyArray<string | number>
  readonly issue: string
}> {
  override get message() {
    return `At ${this.path.length === 0 ? "the top" : this.path.join(".")}: ${this.issue}. Nothing was decoded; take the data from \`encode\` again, unchanged.`
  }
}
