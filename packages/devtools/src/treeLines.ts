/** A value as the lines of a tree: looks into a value only where it is opened. */
import { count } from "./format.ts"
import { inspect, type Inspected, lineOf, type ValueKind } from "./inspect.ts"

export interface TreeLine {
  /** Tells a line from the others of its tree, whatever values it has. */
  readonly path: string
  readonly label: string
  readonly text: string
  readonly kind: ValueKind
  /** From 1. */
  readonly level: number
  /** `undefined` where there is nothing to open. */
  readonly isOpen: boolean | undefined
}

export const rootPath = "$"

/** At most so many parts are under one line; more are laid out in pages. */
export const pageSize = 100

/** The lines to show when those of `opened` are open. */
export const treeLines = (
  label: string,
  value: unknown,
  opened: ReadonlySet<string>
): ReadonlyArray<TreeLine> => {
  const lines: Array<TreeLine> = []

  /** Returns whether what is inside is to follow. */
  const addLine = (line: Omit<TreeLine, "isOpen">, size: number): boolean => {
    const isOpen = size > 0 && opened.has(line.path)
    lines.push({ ...line, isOpen: size > 0 ? isOpen : undefined })
    return isOpen
  }

  /** `above` are the values that this one is inside of: met again, they close a cycle. */
  const addValue = (
    label: string,
    value: unknown,
    path: string,
    level: number,
    above: ReadonlyArray<unknown>
  ) => {
    if (above.includes(value)) {
      addLine({ path, label, text: "↺ contains itself", kind: "nothing", level }, 0)
      return
    }
    const inspected = tryInspect(value)
    const { kind, size, text } = inspected
    if (addLine({ path, label, text, kind, level }, size))
      addParts(inspected, 0, size, path, level + 1, [...above, value])
  }

  const addParts = (
    inspected: Inspected,
    from: number,
    to: number,
    path: string,
    level: number,
    above: ReadonlyArray<unknown>
  ) => {
    const length = to - from
    if (length <= pageSize) {
      for (const [index, part] of inspected.parts(from, to).entries())
        addValue(part.label, part.value, `${path}/${from + index} ${part.label}`, level, above)
      return
    }
    let step = pageSize
    while (length / step > pageSize) step *= pageSize
    for (let start = from; start < to; start += step) {
      const end = Math.min(start + step, to)
      const page = `${path}/${start}…${end}`
      const label = `[${count(start)} … ${count(end - 1)}]`
      if (addLine({ path: page, label, text: "", kind: "object", level }, end - start))
        addParts(inspected, start, end, page, level + 1, above)
    }
  }

  addValue(label, value, rootPath, 1, [])
  return lines
}

const tryInspect = (value: unknown): Inspected => {
  try {
    return inspect(value)
  } catch {
    return { kind: "other", text: lineOf(value), size: 0, parts: () => [] }
  }
}
