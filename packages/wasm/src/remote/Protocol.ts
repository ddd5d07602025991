/** The messages between a runtime and a process that computes for it: docs/guide/handlers-remote.md. All JSON. */
import * as Schema from "effect/Schema"
import { pageSize, type Image, type ImagePart } from "../Image.ts"

export const protocol = 1

/** SHA-256 of a snapshot's bytes, in hexadecimal. Null: of a process that has computed nothing for the unit. */
export const Version = Schema.NullOr(Schema.String)
export type Version = typeof Version.Type

const Kind = Schema.Literals(["init", "send", "request", "child-error"])

export const Described = Schema.Struct({
  protocol: Schema.Literal(protocol),
  name: Schema.String,
  /** Of its code, in hexadecimal, as it says itself. */
  sha256: Schema.String,
  kinds: Schema.Array(Kind)
})
export type Described = typeof Described.Type

export const Compute = Schema.Struct({
  /** Of this call: asked again with the same one, it is not computed again. */
  id: Schema.String,
  /** Whose memory: units share nothing. */
  unit: Schema.String,
  /** What that memory is to be when the call begins. */
  version: Version,
  kind: Kind,
  tag: Schema.NullOr(Schema.String),
  state: Schema.Unknown,
  params: Schema.Unknown,
  /** Milliseconds since 1970, and 32 bits, where they are granted. */
  granted: Schema.Struct({ clock: Schema.NullOr(Schema.Finite), seed: Schema.NullOr(Schema.Finite) })
})
export type Compute = typeof Compute.Type

const Line = Schema.Struct({ level: Schema.Literals(["debug", "log", "warn", "error"]), text: Schema.String })

/** Status 200. */
export const Computed = Schema.Union([
  Schema.TaggedStruct("Ok", {
    version: Schema.String,
    state: Schema.Unknown,
    response: Schema.Unknown,
    console: Schema.Array(Line)
  }),
  /** A failure of the domain. Its memory is as before. */
  Schema.TaggedStruct("Err", { error: Schema.String, console: Schema.Array(Line) }),
  /** It broke. The unit's memory is gone there. */
  Schema.TaggedStruct("Fault", { detail: Schema.String, console: Schema.Array(Line) })
])
export type Computed = typeof Computed.Type

export const Snapshot = Schema.Struct({ unit: Schema.String, version: Schema.String })
export type Snapshot = typeof Snapshot.Type

/** `snapshot` is base64. */
export const Snapped = Schema.Struct({ version: Schema.String, snapshot: Schema.String })
export type Snapped = typeof Snapped.Type

export const Restore = Schema.Struct({ unit: Schema.String, version: Schema.String, snapshot: Schema.String })
export type Restore = typeof Restore.Type

/** Status 200, of what the unit is at now. */
export const Restored = Schema.Struct({ version: Schema.String })
export type Restored = typeof Restored.Type

/** Status 409: the unit is at another version, or not there. Nothing was done. */
export const Elsewhere = Schema.Struct({ at: Version })
export type Elsewhere = typeof Elsewhere.Type

export const hexOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/**
 * A snapshot as an image: its bytes in pages, the last one filled up with zeros, and how many they are as its one
 * global. Pages that are as in `before` are the same objects.
 */
export const imageOf = (module: string, snapshot: Uint8Array<ArrayBuffer>, before: Image): Image => {
  const known = before.parts[0]?.pages ?? []
  const pages: Array<Uint8Array<ArrayBuffer>> = []
  for (let at = 0; at < snapshot.length; at += pageSize) {
    const page = new Uint8Array(pageSize)
    page.set(snapshot.subarray(at, at + pageSize))
    const same = known[pages.length]
    pages.push(same !== undefined && equal(same, page) ? same : page)
  }
  return { module, parts: [{ pages, globals: [snapshot.length] }] }
}

/** Undefined of the image that its code begins with. */
export const snapshotOf = ({ parts: [part] }: Image): Uint8Array<ArrayBuffer> | undefined =>
  part === undefined ? undefined : bytesOf(part)

const bytesOf = ({ globals: [length], pages }: ImagePart): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(pages.length * pageSize)
  pages.forEach((page, index) => bytes.set(page, index * pageSize))
  return bytes.slice(0, Number(length))
}

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])
