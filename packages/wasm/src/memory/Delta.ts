/** What leads from one image to another, without looking at any byte. */
import type { Delta, Image, ImagePart, Page } from "../Image.ts"
import { zeroPage } from "./Pages.ts"

type Parts = Pick<Image, "parts">

const nothing: ImagePart = { pages: [], globals: [] }

/** Of code that has not run: every image is a delta from here. */
export const empty = (module: string): Image => ({ module, parts: [] })

/** The other pages are those of `image` itself. Of pages that are new and not in the delta, all bytes are zero. */
export const apply = (image: Image, delta: Delta): Image => ({
  module: image.module,
  parts: delta.parts.map(({ length, changed, globals }, index) => {
    const before = image.parts[index]?.pages ?? nothing.pages
    const pages = before.slice(0, length)
    while (pages.length < length) pages.push(zeroPage)
    for (const [at, page] of changed) pages[at] = page
    return { pages, globals }
  })
})

/** By the identity of pages: two that are equal and not the same are taken for changed. */
export const between = (from: Parts, to: Parts): Delta => ({
  parts: to.parts.map(({ pages, globals }, index) => {
    const before = from.parts[index]?.pages ?? nothing.pages
    const changed = pages.flatMap((page, at): ReadonlyArray<readonly [number, Page]> =>
      page === (before[at] ?? zeroPage) ? [] : [[at, page]]
    )
    return { length: pages.length, changed, globals }
  })
})

/** Bytes of its pages, of which zero pages have none. */
export const bytesOf = (delta: Delta): number =>
  delta.parts.reduce(
    (sum, { changed }) =>
      sum + changed.reduce((bytes, [, page]) => bytes + (page === zeroPage ? 0 : page.byteLength), 0),
    0
  )

const mapPages = (delta: Delta, f: (page: Page) => Page): Delta => ({
  parts: delta.parts.map((part) => ({
    ...part,
    changed: part.changed.map(([index, page]) => [index, f(page)] as const)
  }))
})

const none: Page = new Uint8Array(0)

/** For another thread: zero pages go without their bytes. It is no delta until it is unpacked there. */
export const pack = (delta: Delta): Delta => mapPages(delta, (page) => (page === zeroPage ? none : page))

export const unpack = (packed: Delta): Delta =>
  mapPages(packed, (page) => (page.byteLength === 0 ? zeroPage : page))
