/** States and payloads in a file. */
import * as Result from "effect/Result"
import { apply, type Classes, decode, decodePatch, encode, patch } from "../codec/index.ts"

/** How states and payloads become JSON. What reads it throws where it is given something else. */
export interface StateCodec {
  readonly encode: (value: unknown) => unknown
  readonly decode: (encoded: unknown) => unknown
  /** What leads from one state to another, as JSON. */
  readonly patch: (previous: unknown, next: unknown) => unknown
  readonly apply: (patch: unknown, previous: unknown) => unknown
}

/** By `@sluice/devtools/codec`, with the classes whose instances are to be revived. */
export const stateCodec = (options: Classes = {}): StateCodec => {
  const read = (encoded: unknown) => Result.getOrThrow(decode(encoded, options))
  return {
    encode: (value) => encode(value, options),
    decode: read,
    patch: (previous, next) => encode(patch(previous, next, options), options),
    apply: (encoded, previous) =>
      Result.getOrThrow(apply(Result.getOrThrow(decodePatch(encoded, options)), previous, options))
  }
}

/**
 * What this encodes, for tests that are made of recorded sessions. Throws InvalidEncoded. Its type is what the place asks
 * for where it stands: nobody checks that.
 */
export const decoded = <A>(encoded: unknown): A => stateCodec().decode(encoded) as A
