/** A stored record: a header of JSON, pages, and the hash of both. What is torn or changed is told from what is whole. */
import { type Page, pageSize } from "../Image.ts"
import { hex, sha256Of } from "../memory/Hash.ts"

type Bytes = Uint8Array<ArrayBuffer>

export interface Sealed {
  readonly bytes: Bytes
  /** Of all before it, which it ends with. In hexadecimal. */
  readonly sha256: string
}

export interface Opened {
  readonly header: unknown
  readonly pages: ReadonlyArray<Page>
  readonly sha256: string
}

/** "sluice" and the version of the format. Then the length of the header, the header, the pages, and the hash. */
const magic = new Uint8Array([0x73, 0x6c, 0x75, 0x69, 0x63, 0x65, 0, 1])
const headerAt = magic.length + 4
const hashLength = 32

const utf8 = new TextEncoder()
const text = new TextDecoder("utf-8", { fatal: true })

const unhex = (hash: string): Bytes =>
  Uint8Array.from({ length: hashLength }, (_, index) =>
    Number.parseInt(hash.slice(index * 2, index * 2 + 2), 16)
  )

export const seal = async (header: unknown, pages: ReadonlyArray<Page>): Promise<Sealed> => {
  const json = utf8.encode(JSON.stringify(header))
  const pagesAt = headerAt + json.length
  const length = pagesAt + pages.length * pageSize
  const bytes = new Uint8Array(length + hashLength)
  bytes.set(magic)
  new DataView(bytes.buffer).setUint32(magic.length, json.length, true)
  bytes.set(json, headerAt)
  pages.forEach((page, index) => bytes.set(page, pagesAt + index * pageSize))
  const sha256 = await sha256Of(bytes.subarray(0, length))
  bytes.set(unhex(sha256), length)
  return { bytes, sha256 }
}

/** A string says why it cannot be used. */
export const open = async (stored: Uint8Array): Promise<Opened | string> => {
  // Some stores hand out views of what they hold
  const bytes = new Uint8Array(stored)
  const length = bytes.length - hashLength
  if (length < headerAt || magic.some((byte, index) => bytes[index] !== byte))
    return "it is no record, or torn"
  const sha256 = await sha256Of(bytes.subarray(0, length))
  if (sha256 !== hex(bytes.subarray(length)))
    return "its hash is of something else: it is torn or was changed"
  const pagesAt = headerAt + new DataView(bytes.buffer).getUint32(magic.length, true)
  if (pagesAt > length || (length - pagesAt) % pageSize !== 0) return "it is not as long as it says"
  const header = headerOf(bytes.subarray(headerAt, pagesAt))
  if (header === undefined) return "its header is no JSON"
  const pages: Array<Page> = []
  // Each in a buffer of its own: one that is kept keeps no other
  for (let at = pagesAt; at < length; at += pageSize) pages.push(bytes.slice(at, at + pageSize))
  return { header, pages, sha256 }
}

const headerOf = (bytes: Bytes): unknown => {
  try {
    return JSON.parse(text.decode(bytes))
  } catch {
    return undefined
  }
}
