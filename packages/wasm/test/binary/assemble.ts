/** Modules for tests, put together byte by byte: what no compiler at hand would make is made here. */

export const leb = (value: number): Array<number> => {
  const bytes: Array<number> = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) + 128)
  }
}

export const signed = (value: bigint): Array<number> => {
  const bytes: Array<number> = []
  for (let rest = value; ; rest >>= 7n) {
    if (rest >= -64n && rest < 64n) return [...bytes, Number(rest & 127n)]
    bytes.push(Number(rest & 127n) | 128)
  }
}

export const text = (value: string): Array<number> => {
  const bytes = [...new TextEncoder().encode(value)]
  return [...leb(bytes.length), ...bytes]
}

const list = (items: ReadonlyArray<ReadonlyArray<number>>): Array<number> => [
  ...leb(items.length),
  ...items.flat()
]

export const types = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f
}
export type Type = keyof typeof types

const typeList = (of: ReadonlyArray<Type>): Array<number> => list(of.map((type) => [types[type]]))

export interface Parts {
  readonly functions?: ReadonlyArray<{
    readonly params?: ReadonlyArray<Type>
    readonly results?: ReadonlyArray<Type>
    readonly locals?: ReadonlyArray<Type>
    /** Without the last `end`. */
    readonly code: ReadonlyArray<number>
    readonly name?: string
  }>
  readonly globals?: ReadonlyArray<{ readonly type: Type; readonly init: ReadonlyArray<number> }>
  /** As bytes: flags, least, most. */
  readonly memory?: ReadonlyArray<number>
  readonly table?: ReadonlyArray<number>
  /** Further sections, as they are: by their id. */
  readonly sections?: Readonly<Record<number, ReadonlyArray<number>>>
}

const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

/** All globals are mutable. Functions that have a name are exported. */
export const assemble = (parts: Parts): Uint8Array<ArrayBuffer> => {
  const functions = parts.functions ?? []
  const sections = new Map<number, ReadonlyArray<number>>([
    [
      1,
      list(
        functions.map(({ params = [], results = [] }) => [0x60, ...typeList(params), ...typeList(results)])
      )
    ],
    [3, list(functions.map((_, index) => leb(index)))],
    [
      7,
      list(
        functions.flatMap(({ name }, index) =>
          name === undefined ? [] : [[...text(name), 0, ...leb(index)]]
        )
      )
    ],
    [
      10,
      list(
        functions.map(({ locals = [], code }) => {
          const body = [...list(locals.map((type) => [1, types[type]])), ...code, 0x0b]
          return [...leb(body.length), ...body]
        })
      )
    ]
  ])
  if (parts.memory !== undefined) sections.set(5, [1, ...parts.memory])
  if (parts.table !== undefined) sections.set(4, [1, ...parts.table])
  const { globals = [] } = parts
  if (globals.length > 0)
    sections.set(6, list(globals.map(({ type, init }) => [types[type], 1, ...init, 0x0b])))
  for (const [id, content] of Object.entries(parts.sections ?? {})) sections.set(Number(id), content)
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  for (const id of order) {
    const content = sections.get(id)
    if (content !== undefined) bytes.push(id, ...leb(content.length), ...content)
  }
  return new Uint8Array(bytes)
}

export const calls = (code: ReadonlyArray<number>) => ({ functions: [{ name: "run", code }] })
export const withTable = (code: ReadonlyArray<number>) => ({ ...calls(code), table: [0x70, 0, 4] })
export const withMemory = (code: ReadonlyArray<number>) => ({ ...calls(code), memory: [0, 1] })
export const zero = [0x41, 0]
export const passive = { 12: [1], 11: [1, 1, 3, 1, 2, 3] }
