/** Values as the bytes that code is given and gives: UTF-8 JSON of a schema's encoded side. */
import type { Module } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { StandardSchemaV1 } from "effect/StandardSchema"

/** `issue` says where it does not fit, and why. */
export type Outcome<A> = { readonly value: A } | { readonly issue: string }

export interface Codec<T> {
  readonly encode: (value: T) => Outcome<Uint8Array<ArrayBuffer>>
  readonly decode: (bytes: Uint8Array) => Outcome<T>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** Of a value that is JSON already; of `undefined` that of null. */
export const bytesOf = (json: unknown): Uint8Array<ArrayBuffer> =>
  encoder.encode(JSON.stringify(json) ?? "null")

/**
 * Both ways are checked. A Standard Schema has no encoded side: its values are sent as they are, and must be JSON,
 * but for one that carries its own (`Module.EncodedSide`).
 */
export const of = <Of extends Module.AnySchema>(schema: Of): Codec<Module.TypeOf<Of>> => {
  // The schema's own type is what its type says.
  type T = Module.TypeOf<Of>
  const { encode, decode } = (
    Schema.isSchema(schema)
      ? effectSides(schema as Exclude<Module.AnySchema, StandardSchemaV1>)
      : standardSides(schema as StandardSchemaV1)
  ) as Sides<T>
  return {
    encode: (value) => {
      const encoded = encode(value)
      return "issue" in encoded ? encoded : jsonOf(encoded.value)
    },
    decode: (bytes) => {
      let json: unknown
      try {
        json = JSON.parse(decoder.decode(bytes))
      } catch (error) {
        return { issue: `it is no JSON (${error instanceof Error ? error.message : String(error)})` }
      }
      return decode(json)
    }
  }
}

interface Sides<T> {
  readonly encode: (value: T) => Outcome<unknown>
  readonly decode: (json: unknown) => Outcome<T>
}

const jsonOf = (encoded: unknown): Outcome<Uint8Array<ArrayBuffer>> => {
  try {
    return { value: bytesOf(encoded) }
  } catch (error) {
    return { issue: `it cannot be JSON (${error instanceof Error ? error.message : String(error)})` }
  }
}

const effectSides = (schema: Schema.ConstraintCodec<unknown, unknown, never, never>): Sides<unknown> => {
  const json = Schema.toCodecJson(schema)
  return {
    encode: outcomeOf(Schema.encodeUnknownExit(json)),
    decode: outcomeOf(Schema.decodeUnknownExit(json))
  }
}

const outcomeOf =
  (run: (value: unknown) => Exit.Exit<unknown, Schema.SchemaError>) =>
  (value: unknown): Outcome<unknown> => {
    const exit = run(value)
    if (Exit.isSuccess(exit)) return exit
    const error = Cause.squash(exit.cause)
    // Effect puts the path on lines of its own; here it is part of a sentence.
    return { issue: (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ") }
  }

const standardSides = (schema: StandardSchemaV1): Sides<unknown> => {
  const carried = (schema as StandardSchemaV1 & Partial<Module.EncodedSide<unknown>>)["~sluice/codec"]
  const validate = (value: unknown) => resultOf(schema["~standard"].validate(value))
  return carried === undefined
    ? { encode: validate, decode: validate }
    : {
        encode: (value) => resultOf(carried.encode(value)),
        decode: (json) => resultOf(carried.decode(json))
      }
}

const resultOf = (result: ReturnType<StandardSchemaV1["~standard"]["validate"]>): Outcome<unknown> => {
  if (result instanceof Promise)
    return { issue: "its schema answers asynchronously, and a call's values are checked at once" }
  const issue = result.issues?.[0]
  if (issue === undefined) return { value: (result as StandardSchemaV1.SuccessResult<unknown>).value }
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")
  return { issue: path === "" ? issue.message : `${issue.message} at ${path}` }
}
