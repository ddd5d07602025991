import { skipConstant } from "./constant.ts"
import { Reader } from "./Reader.ts"
import { unsupported } from "./Refused.ts"
import {
  functionType,
  globalType,
  range,
  tableType,
  type FunctionType,
  type GlobalType,
  type Range,
  type TableType
} from "./types.ts"

/** Where something lies in the module's bytes. */
export interface Span {
  readonly start: number
  readonly end: number
}

export type Kind = "function" | "table" | "memory" | "global"

const kinds: ReadonlyArray<Kind> = ["function", "table", "memory", "global"]

export interface Import {
  readonly module: string
  readonly name: string
  readonly kind: Kind
  /** Of a function. */
  readonly type: FunctionType | undefined
}

export interface Export {
  readonly name: string
  readonly kind: Kind
  readonly index: number
}

export interface Section extends Span {
  readonly id: number
  /** Of a custom section. */
  readonly name: string
}

/** The parts of a module, in index spaces: what is imported comes first. */
export interface WasmModule {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly sections: ReadonlyArray<Section>
  readonly types: ReadonlyArray<FunctionType>
  readonly imports: ReadonlyArray<Import>
  readonly functions: ReadonlyArray<FunctionType>
  readonly tables: ReadonlyArray<TableType>
  readonly memories: ReadonlyArray<Range>
  readonly globals: ReadonlyArray<GlobalType>
  readonly exports: ReadonlyArray<Export>
  /** How many of each are imported. */
  readonly imported: Readonly<Record<Kind, number>>
  /** Of the first global that is defined. */
  readonly globalsStart: number
  /** Of each function that is defined. */
  readonly bodies: ReadonlyArray<Span>
  /** The index of the start function. */
  readonly start: number | undefined
}

/** Each at most once, in this order; custom ones (0) anywhere. */
const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

const sectionsOf = (reader: Reader): Array<Section> => {
  const sections: Array<Section> = []
  let last = -1
  while (!reader.done) {
    const at = reader.at
    const id = reader.u8()
    const size = reader.u32()
    const inner = reader.within(size)
    if (id === 13) throw unsupported("exceptions")
    if (id !== 0) {
      const place = order.indexOf(id)
      if (place === -1) reader.fail(`${id} is no section`, at)
      if (place <= last) reader.fail(`section ${id} is out of its place`, at)
      last = place
    }
    const { at: start, end } = inner
    sections.push({ id, name: id === 0 ? inner.text() : "", start, end })
  }
  return sections
}

/** Checks what the loader goes by; the engine checks the rest when it compiles. */
export const read = (bytes: Uint8Array<ArrayBuffer>): WasmModule => {
  const header = new Reader(bytes)
  for (const byte of [0, 0x61, 0x73, 0x6d]) {
    if (header.u8() !== byte) header.fail("no WebAssembly: its magic number is missing", 0)
  }
  const version = [header.u8(), header.u8(), header.u8(), header.u8()].join(".")
  if (version === "13.0.1.0") header.fail("a component, where a core module was expected", 4)
  if (version !== "1.0.0.0") header.fail(`version ${version} is not known`, 4)
  const sections = sectionsOf(header)

  const section = <A>(id: number, item: (reader: Reader, index: number) => A): Array<A> => {
    const found = sections.find((one) => one.id === id)
    if (found === undefined) return []
    const reader = new Reader(bytes, found.start, found.end)
    const items = Array.from({ length: reader.count() }, (_, index) => item(reader, index))
    if (!reader.done) reader.fail(`section ${id} is longer than what is in it`)
    return items
  }

  const types = section(1, functionType)
  const typeOf = (reader: Reader): FunctionType => {
    const index = reader.u32()
    return types[index] ?? reader.fail(`there is no type ${index}`)
  }
  const functions: Array<FunctionType> = []
  const tables: Array<TableType> = []
  const memories: Array<Range> = []
  const globals: Array<GlobalType> = []

  const imports = section(2, (reader): Import => {
    const module = reader.text()
    const name = reader.text()
    const at = reader.at
    const byte = reader.u8()
    if (byte === 4) throw unsupported("exceptions")
    const kind = kinds[byte] ?? reader.fail(`${byte} is no kind of an import`, at)
    let type: FunctionType | undefined
    if (kind === "function") functions.push((type = typeOf(reader)))
    else if (kind === "table") tables.push(tableType(reader))
    else if (kind === "memory") memories.push(range(reader, "memory"))
    else globals.push(globalType(reader))
    return { module, name, kind, type }
  })
  const imported = {
    function: functions.length,
    table: tables.length,
    memory: memories.length,
    global: globals.length
  }
  section(3, (reader) => functions.push(typeOf(reader)))
  section(4, (reader) => {
    if (reader.bytes[reader.at] === 0x40) throw unsupported("a table that begins with an expression")
    tables.push(tableType(reader))
  })
  section(5, (reader) => memories.push(range(reader, "memory")))
  if (memories.length > 1) throw unsupported("several memories")
  let globalsStart = 0
  section(6, (reader, index) => {
    if (index === 0) globalsStart = reader.at
    const type = globalType(reader)
    skipConstant(reader, globals.length)
    globals.push(type)
  })
  const sizes = { function: functions, table: tables, memory: memories, global: globals }
  const exports = section(7, (reader): Export => {
    const name = reader.text()
    const at = reader.at
    const byte = reader.u8()
    if (byte === 4) throw unsupported("exceptions")
    const kind = kinds[byte] ?? reader.fail(`${byte} is no kind of an export`, at)
    const index = reader.u32()
    if (index >= sizes[kind].length) reader.fail(`there is no ${kind} ${index}`)
    return { name, kind, index }
  })
  const startAt = sections.find(({ id }) => id === 8)
  const start = startAt && new Reader(bytes, startAt.start, startAt.end).u32()
  const bodies = section(10, (reader): Span => {
    const { at: start, end } = reader.within(reader.u32())
    return { start, end }
  })
  if (bodies.length !== functions.length - imported.function) header.fail("functions without their code")
  return {
    bytes,
    sections,
    types,
    imports,
    functions,
    tables,
    memories,
    globals,
    exports,
    imported,
    globalsStart,
    bodies,
    start
  }
}
