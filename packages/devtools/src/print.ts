/**
 * A value as text, for reading and copying. Like `inspect` it runs none of the value's code; unlike it, it goes all
 * the way down, until there are enough characters.
 */
import { Collection } from "@sluice/core"
import { classNameOf } from "./codec/index.ts"
import { inspect, lineOf, propertyOf, tagOf } from "./inspect.ts"

export interface Printed {
  readonly text: string
  /** Whether that is all. */
  readonly complete: boolean
}

/** Of a part that is written in one line. */
const width = 80
const maxDepth = 200

/** Each part of a value: what stands before it, and it. */
type Parts = Iterable<readonly [label: string, part: unknown]>

interface Shape {
  readonly open: string
  readonly close: string
  readonly parts: Parts
  readonly isEmpty: boolean
}

const isIdentifier = (name: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)

const keyText = (key: unknown): string => (typeof key === "string" ? JSON.stringify(key) : lineOf(key))

const fields = function* (value: object, names: ReadonlyArray<string>): Parts {
  for (const name of names)
    yield [`${isIdentifier(name) ? name : JSON.stringify(name)}: `, propertyOf(value, name)]
}

const entries = function* (map: ReadonlyMap<unknown, unknown>): Parts {
  for (const [key, part] of map) yield [`${keyText(key)} => `, part]
}

const rowsOf = function* (rows: Collection.Collection<unknown, string | number>): Parts {
  for (let index = 0; index < rows.size; index++) {
    const row = rows.at(index)
    yield [`${keyText(rows.keyOf(row))} => `, row]
  }
}

const elements = function* (values: Iterable<unknown>): Parts {
  for (const value of values) yield ["", value]
}

const shapeOf = (value: object): Shape => {
  if (Array.isArray(value))
    return { open: "[", close: "]", parts: elements(value), isEmpty: value.length === 0 }
  if (value instanceof Map)
    return { open: `Map(${value.size}) {`, close: "}", parts: entries(value), isEmpty: value.size === 0 }
  if (value instanceof Set)
    return { open: `Set(${value.size}) {`, close: "}", parts: elements(value), isEmpty: value.size === 0 }
  if (Collection.isCollection(value))
    return {
      open: `Collection(${value.size}) {`,
      close: "}",
      parts: rowsOf(value),
      isEmpty: value.size === 0
    }
  const tag = tagOf(value)
  const className = classNameOf(value)
  const name = tag ?? (className === "Object" ? "" : className)
  const names = Object.keys(value).filter((key) => key !== "_tag" || tag === undefined)
  if (value instanceof Error)
    for (const key of ["message", "cause"])
      if (Object.hasOwn(value, key) && !names.includes(key)) names.unshift(key)
  if (tag !== undefined && names.length === 1 && names[0] === "value")
    return { open: `${tag}(`, close: ")", parts: [["", propertyOf(value, "value")]], isEmpty: false }
  const open = name === "" ? "{" : `${name} {`
  return { open, close: "}", parts: fields(value, names), isEmpty: names.length === 0 }
}

class Printer {
  readonly #limit: number
  /** Within one line. */
  readonly #isFlat: boolean
  readonly #open: Array<object>
  readonly #pieces: Array<string> = []
  #length = 0

  constructor(limit: number, isFlat: boolean, open: Array<object> = []) {
    this.#limit = limit
    this.#isFlat = isFlat
    this.#open = open
  }

  get isFull(): boolean {
    return this.#length > this.#limit
  }

  get text(): string {
    return this.#pieces.join("")
  }

  #write(text: string): void {
    this.#length += text.length
    this.#pieces.push(text)
  }

  print(value: unknown, indent: string): void {
    if (this.isFull) return
    if (typeof value === "string") return this.#write(JSON.stringify(value))
    if (typeof value === "bigint") return this.#write(`${value}n`)
    if (typeof value !== "object" || value === null) return this.#write(inspect(value).text)
    const depth = this.#open.length
    try {
      this.#object(value, indent)
    } catch {
      // A Proxy may refuse to be looked at.
      this.#open.length = depth
      this.#write(lineOf(value))
    }
  }

  #object(value: object, indent: string): void {
    const { kind, text } = inspect(value)
    if (kind === "date") return this.#write(`Date(${text})`)
    if (kind !== "object") return this.#write(text)
    const up = this.#open.indexOf(value)
    if (up !== -1) return this.#write(`[Circular, ${this.#open.length - up} up]`)
    if (this.#open.length >= maxDepth) return this.#write("…")
    const flat = this.#isFlat ? undefined : this.#inOneLine(value, width - indent.length)
    if (flat !== undefined) return this.#write(flat)
    this.#parts(value, indent)
  }

  #inOneLine(value: object, room: number): string | undefined {
    const printer = new Printer(Math.max(20, room), true, this.#open)
    printer.print(value, "")
    return printer.isFull ? undefined : printer.text
  }

  #parts(value: object, indent: string): void {
    const { close, isEmpty, open, parts } = shapeOf(value)
    if (isEmpty) return this.#write(open === `${tagOf(value)} {` ? (tagOf(value) ?? "") : open + close)
    this.#open.push(value)
    const inner = `${indent}  `
    const space = open.endsWith("{") ? " " : ""
    let isFirst = true
    this.#write(open)
    for (const [label, part] of parts) {
      if (this.isFull) break
      this.#write(this.#isFlat ? (isFirst ? space : ", ") : `${isFirst ? "" : ","}\n${inner}`)
      this.#write(label)
      this.print(part, inner)
      isFirst = false
    }
    this.#write(this.#isFlat ? `${space}${close}` : `\n${indent}${close}`)
    this.#open.pop()
  }
}

/** Its cost is that of the characters, not of the value. */
export const print = (value: unknown, limit = Infinity): Printed => {
  const printer = new Printer(limit, false)
  printer.print(value, "")
  const { text } = printer
  return printer.isFull ? { text: text.slice(0, limit), complete: false } : { text, complete: true }
}
