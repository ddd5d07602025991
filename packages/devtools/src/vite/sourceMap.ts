/** Source maps of code into which something was inserted, and the way back from a place in code that was made. */

export interface Insertion {
  /** Characters from the beginning of the code. */
  readonly at: number
  /** Without a line break. */
  readonly text: string
}

export interface SourceMap {
  readonly version: 3
  readonly names: Array<string>
  readonly sources: Array<string>
  readonly sourcesContent: Array<string>
  readonly mappings: string
}

export const insert = (code: string, insertions: ReadonlyArray<Insertion>): string => {
  let made = ""
  let from = 0
  for (const { at, text } of insertions) {
    made += code.slice(from, at) + text
    from = at
  }
  return made + code.slice(from)
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** A number in base 64, its sign in the last bit, as source maps have them. */
const encode = (value: number): string => {
  let left = value < 0 ? (-value << 1) | 1 : value << 1
  let text = ""
  do {
    const digit = left & 31
    left >>>= 5
    text += digits[left > 0 ? digit | 32 : digit]
  } while (left > 0)
  return text
}

/** Of `insert(code, insertions)`, word by word. The insertions are in order. */
export const mapOf = (source: string, code: string, insertions: ReadonlyArray<Insertion>): SourceMap => {
  let offset = 0
  let next = 0
  let [line, column] = [0, 0]
  const mappings = code.split("\n").map((text, index) => {
    const segments: Array<string> = []
    let shift = 0
    let last = 0
    const starts = new Set([0, ...Array.from(text.matchAll(/\b/g), ({ index: at }) => at)])
    for (const { at } of insertions) if (at >= offset && at <= offset + text.length) starts.add(at - offset)
    for (const at of [...starts].toSorted((a, b) => a - b)) {
      for (let one = insertions[next]; one !== undefined && one.at <= offset + at; one = insertions[++next])
        shift += one.text.length
      const made = at + shift
      segments.push(encode(made - last) + encode(0) + encode(index - line) + encode(at - column))
      last = made
      line = index
      column = at
    }
    offset += text.length + 1
    return segments.join()
  })
  return { version: 3, names: [], sources: [source], sourcesContent: [code], mappings: mappings.join(";") }
}

/** The numbers of a segment, as they are written: each the difference to the last of its kind. */
const decode = (segment: string): ReadonlyArray<number> => {
  const numbers: Array<number> = []
  let value = 0
  let shift = 0
  for (const digit of segment) {
    const bits = digits.indexOf(digit)
    value |= (bits & 31) << shift
    shift += 5
    if ((bits & 32) !== 0) continue
    numbers.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1)
    value = 0
    shift = 0
  }
  return numbers
}

/** Lines and columns, from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where what stands at a place of the made code comes from, by the map's mappings. */
export const originalOf = (mappings: string, { column, line }: Position): Position | undefined => {
  let [originalLine, originalColumn] = [0, 0]
  let found: Position | undefined
  for (const [index, segments] of mappings.split(";").entries()) {
    let at = 0
    for (const segment of segments === "" ? [] : segments.split(",")) {
      const [made = 0, , lines = 0, columns = 0] = decode(segment)
      at += made
      originalLine += lines
      originalColumn += columns
      if (index === line - 1 && at <= column - 1)
        found = { line: originalLine + 1, column: originalColumn + 1 }
    }
    if (index === line - 1) return found
  }
  return undefined
}
