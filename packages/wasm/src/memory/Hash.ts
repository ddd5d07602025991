/** The hash of what a handler remembers. The same in every engine, for the same pages and globals. */
import type { GlobalValue, Image, ImagePart, Page } from "../Image.ts"

type Digest = Promise<Uint8Array<ArrayBuffer>>

/** SHA-256, of WebCrypto: a page of the web has it in secure contexts only. */
const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Digest =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

export const sha256Of = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => hex(await sha256(bytes))

const digests = new WeakMap<Page, Digest>()

const digestOf = (page: Page): Digest => {
  const known = digests.get(page)
  if (known !== undefined) return known
  const digest = sha256(page)
  digests.set(page, digest)
  return digest
}

/** A tag and eight bytes, little-endian: the bits of a number (every NaN as one), or of a bigint as 64 of them. */
const writeGlobal = (view: DataView, at: number, value: GlobalValue): void => {
  if (typeof value === "bigint") {
    view.setUint8(at, 1)
    view.setBigUint64(at + 1, BigInt.asUintN(64, value), true)
  } else {
    view.setUint8(at, 0)
    if (Number.isNaN(value)) view.setBigUint64(at + 1, 0x7ff8_0000_0000_0000n, true)
    else view.setFloat64(at + 1, value, true)
  }
}

const partOf = async ({ pages, globals }: ImagePart): Promise<ReadonlyArray<Uint8Array<ArrayBuffer>>> => {
  const head = new Uint8Array(8 + globals.length * 9)
  const view = new DataView(head.buffer)
  view.setUint32(0, pages.length, true)
  view.setUint32(4, globals.length, true)
  globals.forEach((value, index) => writeGlobal(view, 8 + index * 9, value))
  return [head, ...(await Promise.all(pages.map(digestOf)))]
}

const joined = (chunks: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

/**
 * SHA-256 in hexadecimal, of each part's pages (by the SHA-256 of each) and globals; the module is not in it. A page
 * is hashed once for all images that share it.
 */
export const hashOf = async ({ parts }: Pick<Image, "parts">): Promise<string> =>
  hex(await sha256(joined((await Promise.all(parts.map(partOf))).flat())))
