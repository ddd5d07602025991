/** The two things that are done to the bytes of components and of what they are made of. */
import { Reader } from "../binary/Reader.ts"
import { Writer } from "../binary/Writer.ts"

const coreModule = 1
const nestedComponent = 4
const canonicalSection = 8
const exportSection = 7
const preamble = 8

export interface Slice {
  readonly offset: number
  readonly length: number
}

/** Where the core modules lie in a component's bytes, those of components within it too, in their order. */
export const coreModules = (component: Uint8Array<ArrayBuffer>): ReadonlyArray<Slice> => {
  const found: Array<Slice> = []
  const visit = (reader: Reader): void => {
    reader.skip(preamble)
    while (!reader.done) {
      const id = reader.u8()
      const section = reader.within(reader.u32())
      if (id === coreModule) found.push({ offset: section.at, length: section.end - section.at })
      else if (id === nestedComponent) visit(section)
    }
  }
  visit(new Reader(component))
  return found
}

/**
 * What the component's glue would keep between calls, in tables of its own. Empty for one that only lifts and lowers
 * functions.
 */
export const keptByGlue = (component: Uint8Array<ArrayBuffer>): ReadonlyArray<string> => {
  const found = new Set<string>()
  const visit = (reader: Reader): void => {
    reader.skip(preamble)
    while (!reader.done) {
      const id = reader.u8()
      const section = reader.within(reader.u32())
      if (id === nestedComponent) visit(section)
      else if (id === canonicalSection) {
        const feature = definitions(section)
        if (feature !== undefined) found.add(feature)
      }
    }
  }
  visit(new Reader(component))
  return [...found]
}

/** Of the canonical ABI's definitions, the first that keeps something: what follows it is not looked at. */
const definitions = (section: Reader): string | undefined => {
  for (let left = section.count(); left > 0; left--) {
    const opcode = section.u8()
    if (opcode >= 2 && opcode <= 4) return "a resource"
    // Lifted and lowered functions have a second byte; the rest is asynchronous, or unknown here
    if (opcode > 1 || section.u8() !== 0) return "an asynchronous function"
    section.u32()
    for (let options = section.count(); options > 0; options--) {
      const option = section.u8()
      if (option > 5) return "an asynchronous function"
      if (option > 2) section.u32()
    }
    if (opcode === 0) section.u32()
  }
  return undefined
}

/** The same core module with other names on its exports. Names that it does not export change nothing. */
export const renameExports = (
  module: Uint8Array<ArrayBuffer>,
  names: Readonly<Record<string, string>>
): Uint8Array<ArrayBuffer> => {
  const out = new Writer(module.length + 1024)
  const reader = new Reader(module)
  reader.skip(preamble)
  out.copy(module, 0, preamble)
  while (!reader.done) {
    const start = reader.at
    const id = reader.u8()
    const section = reader.within(reader.u32())
    if (id !== exportSection) {
      out.copy(module, start, reader.at)
      continue
    }
    const renamed = new Writer()
    const count = section.count()
    renamed.u32(count)
    for (let index = 0; index < count; index++) {
      const name = section.text()
      renamed.text(Object.hasOwn(names, name) ? (names[name] ?? name) : name)
      renamed.u8(section.u8())
      renamed.u32(section.u32())
    }
    out.u8(id)
    out.block(renamed)
  }
  return out.bytes()
}
