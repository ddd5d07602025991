/** The two things that are done to the bytes of components and of what they are made of. */
import { Reader } from "../binary/Reader.ts"
import { Writer } from "../binary/Writer.ts"

const coreModule = 1
const nestedComponent = 4
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
