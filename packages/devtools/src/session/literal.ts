/** Values, and what leads from one to another, as TypeScript. */
import { Collection } from "@sluice/core"
import * as Edits from "@sluice/core/Edits"
import { ownValue } from "./paths.ts"

/** How to write what has no literal of its own. */
export interface Writing {
  /** Told of a name from `@sluice/core` that the text uses. */
  readonly uses: (name: "Collection") => void
  readonly other: (value: unknown, indent: string) => string
}

const width = 100
const maxDepth = 60

/**
 * Parts that are shared would be written once for each way to them, which may be two to the power of their depth.
 * Where those are most of a text, it is not written.
 */
class Repeats {
  readonly #met = new Set<object>()
  #again = 0

  /** Whether there are too many. */
  meet(value: object): boolean {
    if (this.#met.has(value)) this.#again++
    else this.#met.add(value)
    return this.#again > maxRepeats + 4 * this.#met.size
  }
}

const maxRepeats = 1000

/**
 * An expression that makes the value anew. Its lines after the first are indented for a place at `indent`. What
 * shares too much with itself is left to `writing.other`.
 */
export const literal = (value: unknown, writing: Writing, indent = ""): string =>
  partsOf(value, writing, indent, [], new Repeats()) ?? writing.other(value, indent)

/** `undefined` where the value leads back to one that it is in, too deep, or too often to the same. */
const partsOf = (
  value: unknown,
  writing: Writing,
  indent: string,
  open: ReadonlyArray<object>,
  repeats: Repeats
): string | undefined => {
  switch (typeof value) {
    case "string":
      return quoted(value)
    case "number":
      return Object.is(value, -0) ? "-0" : Number.isNaN(value) ? "NaN" : String(value)
    case "bigint":
      return `${value}n`
    case "boolean":
    case "undefined":
      return String(value)
    case "object":
      return value === null ? "null" : ofObject(value, writing, indent, open, repeats)
    default:
      return writing.other(value, indent)
  }
}

const ofObject = (
  value: object,
  writing: Writing,
  indent: string,
  open: ReadonlyArray<object>,
  repeats: Repeats
): string | undefined => {
  if (open.includes(value) || open.length > maxDepth || repeats.meet(value)) return undefined
  const inside = (part: unknown) => partsOf(part, writing, `${indent}  `, [...open, value], repeats)
  const wrapped = (before: string, parts: ReadonlyArray<string | undefined>, after: string) =>
    parts.every((part) => part !== undefined) ? listed(before, parts, after, indent) : undefined
  const other = () => writing.other(value, indent)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Collection.isCollection(value)) {
    const key = keyFieldOf(value)
    if (key === undefined) return other()
    const rows = wrapped("[", value.toArray().map(inside), "]")
    if (rows === undefined) return undefined
    writing.uses("Collection")
    // Without rows, it is from where it stands that the compiler knows what a row is.
    return value.size === 0 ? `Collection.make(${quoted(key)})` : `Collection.make(${quoted(key)}, ${rows})`
  }
  if (prototype === Array.prototype && Array.isArray(value))
    return Object.keys(value).length === value.length ? wrapped("[", value.map(inside), "]") : other()
  if (prototype === Date.prototype && value instanceof Date)
    return Number.isNaN(value.getTime()) ? "new Date(NaN)" : `new Date(${quoted(value.toISOString())})`
  if (prototype === Map.prototype && value instanceof Map) {
    const entries = Array.from(value, ([key, item]) => wrapped("[", [inside(key), inside(item)], "]"))
    return withNew("Map", wrapped("[", entries, "]"))
  }
  if (prototype === Set.prototype && value instanceof Set)
    return withNew("Set", wrapped("[", Array.from(value, inside), "]"))
  if (prototype !== Object.prototype || Object.getOwnPropertySymbols(value).length > 0) return other()
  const names = Object.keys(value)
  if (names.includes("__proto__")) return other()
  if (names.some((name) => Object.getOwnPropertyDescriptor(value, name)?.get !== undefined)) return other()
  if (names.length === 0) return "{}"
  const fields = names.map((name) => {
    const field = inside(ownValue(value, name))
    return field && `${nameOf(name)}: ${field}`
  })
  return wrapped("{ ", fields, " }")
}

const withNew = (name: string, items: string | undefined): string | undefined =>
  items && `new ${name}(${items === "[]" ? "" : items})`

const listed = (before: string, parts: ReadonlyArray<string>, after: string, indent: string): string => {
  if (parts.length === 0) return `${before}${after}`
  const line = `${before}${parts.join(", ")}${after}`
  if (indent.length + line.length <= width && !line.includes("\n")) return line
  const inner = parts.map((part) => `\n${indent}  ${part}`).join(",")
  return `${before.trimEnd()}${inner}\n${indent}${after.trimStart()}`
}

/** Also within a script in a page, and with the lines that JSON allows and old scripts do not. */
export const quoted = (text: string): string =>
  JSON.stringify(text)
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
    .replaceAll("</", "<\\/")

const isName = (name: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
const nameOf = (name: string): string => (isName(name) ? name : quoted(name))

const fieldOf = (expression: string, name: string): string =>
  isName(name) ? `${expression}.${name}` : `${expression}[${quoted(name)}]`

type Rows = Collection.Collection<unknown, string | number>

/** The field that its rows are keyed by; `undefined` for a function. */
const keyFieldOf = (rows: Rows): string | undefined => {
  const field = Edits.keyedBy(rows)
  if (typeof field !== "string") return undefined
  const isKey = (row: unknown) =>
    typeof row === "object" && row !== null && Object.is(ownValue(row, field), rows.keyOf(row))
  return rows.toArray().every(isKey) ? field : undefined
}

/**
 * An expression of what `from` became, where `expression` stands for it: what did not change is taken from there.
 * Fields named in `except` are left as they are there.
 */
export const edit = (
  expression: string,
  from: unknown,
  to: unknown,
  writing: Writing,
  indent = "",
  except: ReadonlyArray<string> = []
): string => {
  const repeats = new Repeats()
  let isTooMuch = false
  const text = editIn(
    expression,
    from,
    to,
    writing,
    indent,
    except,
    (value) => (isTooMuch ||= repeats.meet(value))
  )
  return isTooMuch ? literal(to, writing, indent) : text
}

/** `isTooMuch` is asked about each object on the way; where it says so the text is of no use. */
const editIn = (
  expression: string,
  from: unknown,
  to: unknown,
  writing: Writing,
  indent: string,
  except: ReadonlyArray<string>,
  isTooMuch: (value: object) => boolean
): string => {
  if (Object.is(from, to)) return expression
  if (typeof to === "object" && to !== null && isTooMuch(to)) return ""
  if (Collection.isCollection(from) && Collection.isCollection(to))
    return editRows(expression, from, to, writing, indent, isTooMuch)
  if (Array.isArray(from) && Array.isArray(to) && isLonger(from, to)) {
    const added = to.slice(from.length).map((item) => literal(item, writing, `${indent}  `))
    return listed("[", [`...${expression}`, ...added], "]", indent)
  }
  if (!isRecord(from) || !isRecord(to)) return literal(to, writing, indent)
  const stays = (name: string) => except.includes(name)
  if (Object.keys(from).some((name) => !stays(name) && !Object.hasOwn(to, name)))
    return literal(to, writing, indent)
  const fields = Object.keys(to)
    .filter((name) => !stays(name) && (!Object.hasOwn(from, name) || !Object.is(from[name], to[name])))
    .map((name) => {
      const place = fieldOf(expression, name)
      const field = Object.hasOwn(from, name)
        ? editIn(place, from[name], to[name], writing, `${indent}  `, [], isTooMuch)
        : literal(to[name], writing, `${indent}  `)
      return `${nameOf(name)}: ${field}`
    })
  return fields.length === 0 ? expression : listed("{ ", [`...${expression}`, ...fields], " }", indent)
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !Object.hasOwn(value, "__proto__")

const isLonger = (from: ReadonlyArray<unknown>, to: ReadonlyArray<unknown>): boolean =>
  from.length > 0 && to.length > from.length && from.every((item, at) => Object.is(item, to[at]))

const editRows = (
  expression: string,
  from: Rows,
  to: Rows,
  writing: Writing,
  indent: string,
  isTooMuch: (value: object) => boolean
): string => {
  const changed = new Set<string | number>()
  Collection.diff(from, to, (key) => void changed.add(key))
  const kept = [...from.keys()].filter((key) => to.has(key))
  const added = [...to.keys()].filter((key) => !from.has(key))
  const order = [...kept, ...added]
  const isInOrder = [...to.keys()].every((key, at) => Object.is(key, order[at]))
  if (!isInOrder || changed.size > Math.max(4, to.size / 2)) return literal(to, writing, indent)
  const key = (each: string | number) => (typeof each === "number" ? String(each) : quoted(each))
  const calls = [...changed]
    .filter((each) => from.has(each))
    .map((each) =>
      to.has(each)
        ? `.update(${key(each)}, (row) => (${editIn("row", from.get(each), to.get(each), writing, `${indent}  `, [], isTooMuch)}))`
        : `.remove(${key(each)})`
    )
  const inserts = added.map((each) => `.set(${literal(to.get(each), writing, `${indent}  `)})`)
  const all = [...calls, ...inserts]
  const line = `${expression}${all.join("")}`
  return indent.length + line.length <= width || all.length < 2
    ? line
    : `${expression}${all.map((call) => `\n${indent}  ${call}`).join("")}`
}
