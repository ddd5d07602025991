/** Bytes of a page, looked at quickly. */
import { type Page, pageSize } from "../Image.ts"

/** Every page of an image that holds nothing but zeros is this one. Never transfer it to another thread. */
export const zeroPage: Page = new Uint8Array(pageSize)

/** The bytes of a memory, as they are now: not to be kept, since they are others once the memory has grown. */
export interface Live {
  /** Whether the page of the memory is equal to this one. */
  readonly equals: (index: number, page: Page) => boolean
  /** A copy, or `zeroPage` itself. */
  readonly copy: (index: number) => Page
}

/**
 * Of the ways that were measured, memcmp is the fastest and only Node has it. 32-bit words are next. BigInt64Array
 * compares in half the time where the engine keeps both numbers in registers, and in ten times where it does not.
 */
type Compare = (a: Page, b: Page) => number

const words = pageSize / Int32Array.BYTES_PER_ELEMENT

const wordsOf = (page: Page): Int32Array => new Int32Array(page.buffer, page.byteOffset, words)

const byWords: Compare = (a, b) => {
  const [left, right] = [wordsOf(a), wordsOf(b)]
  for (let at = 0; at < words; at++) if (left[at] !== right[at]) return 1
  return 0
}

/** Node's own; nothing elsewhere. */
declare const Buffer: { readonly compare: Compare } | undefined

const compare = typeof Buffer === "undefined" ? byWords : Buffer.compare

const alike = (a: Page, b: Page): boolean => a === b || compare(a, b) === 0

/** The page, or `zeroPage` if it is equal to that. */
export const shared = (page: Page): Page => (alike(page, zeroPage) ? zeroPage : page)

export const live = (memory: ArrayBuffer): Live => {
  const page = (index: number): Page => new Uint8Array(memory, index * pageSize, pageSize)
  return {
    equals: (index, other) => alike(page(index), other),
    copy: (index) => {
      const seen = page(index)
      return alike(seen, zeroPage) ? zeroPage : seen.slice()
    }
  }
}
