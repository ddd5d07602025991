/** What a machine's memory has become, beside what it was: in the thread of the machine. */
import type { Delta, GlobalValue, Image, ImagePart, Page } from "../Image.ts"
import { Fault, type Machine, type MachinePart } from "../Machine.ts"
import { apply, empty } from "./Delta.ts"
import { type Live, live, zeroPage } from "./Pages.ts"

export interface Tracker {
  readonly machine: Machine
  /** As it was when `changes` was last called, or when it was restored. Its pages are shared with the deltas. */
  readonly image: () => Image
  /**
   * Since it was called last, or since the machine was restored. The first of a machine that was not restored leads
   * from the empty image to all it holds. Not after a Fault: the machine is then nobody's, and `restore` leads on.
   */
  readonly changes: () => Delta
  /** Of a fresh machine of the same program, brought to where `delta` leads from `image()`. This one ends. */
  readonly restore: (fresh: Machine, delta: Delta) => Tracker
}

/** Of a machine that has not been called yet; brought to the image, if one is given. */
export const track = (fresh: Machine, module: string, image?: Image): Tracker => {
  if (image !== undefined) write(fresh, image)
  let shadow = image ?? empty(module)
  return {
    machine: fresh,
    image: () => shadow,
    changes: () => {
      const delta = { parts: fresh.parts.map((part, index) => changesOf(part, shadow.parts[index])) }
      shadow = apply(shadow, delta)
      return delta
    },
    restore: (next, delta) => track(next, module, apply(shadow, delta))
  }
}

const globalsOf = ({ globals }: MachinePart): ReadonlyArray<GlobalValue> => globals.map(({ value }) => value)

const pagesOf = (memory: WebAssembly.Memory): { readonly length: number; readonly bytes: Live } => ({
  length: memory.buffer.byteLength >>> 16,
  bytes: live(memory.buffer)
})

const changesOf = (part: MachinePart, before: ImagePart | undefined): Delta["parts"][number] => {
  const globals = globalsOf(part)
  if (part.memory === undefined) return { length: 0, changed: [], globals }
  const { length, bytes } = pagesOf(part.memory)
  const changed: Array<readonly [number, Page]> = []
  for (let index = 0; index < length; index++) {
    if (!bytes.equals(index, before?.pages[index] ?? zeroPage)) changed.push([index, bytes.copy(index)])
  }
  return { length, changed, globals }
}

const write = (fresh: Machine, image: Image): void => {
  if (fresh.parts.length !== image.parts.length) throw mismatch(fresh, image)
  fresh.parts.forEach((part, index) => {
    const { pages, globals } = image.parts[index] ?? { pages: [], globals: [] }
    if (part.globals.length !== globals.length) throw mismatch(fresh, image)
    if (part.memory !== undefined) writePages(part.memory, pages)
    part.globals.forEach((global, at) => {
      const value = globals[at]
      if (value !== undefined) global.value = value
    })
  })
}

const writePages = (memory: WebAssembly.Memory, pages: ReadonlyArray<Page>): void => {
  const begun = memory.buffer.byteLength >>> 16
  if (pages.length < begun) {
    throw new Fault("memory", `An image of ${pages.length} pages cannot be given to a memory of ${begun}.`)
  }
  if (pages.length > begun) memory.grow(pages.length - begun)
  const { bytes } = pagesOf(memory)
  const all = new Uint8Array(memory.buffer)
  pages.forEach((page, index) => {
    if (!bytes.equals(index, page)) all.set(page, index << 16)
  })
}

const mismatch = (fresh: Machine, image: Image): Fault =>
  new Fault(
    "memory",
    `An image of ${image.parts.length} parts (of the module ${image.module}) cannot be given to a machine of ${fresh.parts.length}, or its globals differ. It is of another module.`
  )
