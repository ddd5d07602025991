/** The encoded side of a schema's values: JSON, in and out. */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import { type CheckedSchema, effectIssue, standardIssue } from "./validate.ts"

/** `issue` says where it does not fit, and why. */
export type Outcome = { readonly value: unknown } | { readonly issue: string }

export interface Codec {
  readonly encode: (value: unknown) => Outcome
  readonly decode: (encoded: unknown) => Outcome
}

/** What a Standard Schema v1 value may carry besides: both directions of its encoded side, synchronous. */
export interface EncodedSide<T, Encoded = unknown> {
  readonly "~sluice/codec": {
    readonly encode: (value: T) => StandardSchemaV1.Result<Encoded>
    readonly decode: (encoded: unknown) => StandardSchemaV1.Result<T>
  }
}

const codecs = new WeakMap<object, Codec>()

/**
 * An Effect Schema's codec for JSON. A Standard Schema has no encoded side unless it carries one: its values
 * are passed as they are, and checked on the way in.
 */
export const codecOf = (schema: CheckedSchema): Codec => {
  const known = codecs.get(schema)
  if (known !== undefined) return known
  const made = Schema.isSchema(schema)
    ? // Of the two kinds, which the guard does not tell apart by type.
      effectCodec(schema as Exclude<CheckedSchema, StandardSchemaV1>)
    : standardCodec(schema as StandardSchemaV1)
  codecs.set(schema, made)
  return made
}

const effectCodec = (schema: Schema.ConstraintCodec<unknown, unknown, never, never>): Codec => {
  const json = Schema.toCodecJson(schema)
  return {
    encode: outcomeOf(Schema.encodeUnknownExit(json)),
    decode: outcomeOf(Schema.decodeUnknownExit(json))
  }
}

const outcomeOf =
  (run: (value: unknown) => Exit.Exit<unknown, Schema.SchemaError>) =>
  (value: unknown): Outcome => {
    const exit = run(value)
    return Exit.isSuccess(exit) ? exit : { issue: effectIssue(exit.cause) }
  }

const standardCodec = (schema: StandardSchemaV1): Codec => {
  const carried = (schema as StandardSchemaV1 & Partial<EncodedSide<unknown>>)["~sluice/codec"]
  return carried === undefined
    ? { encode: (value) => ({ value }), decode: (value) => resultOf(schema["~standard"].validate(value)) }
    : {
        encode: (value) => resultOf(carried.encode(value)),
        decode: (encoded) => resultOf(carried.decode(encoded))
      }
}

const resultOf = (result: ReturnType<StandardSchemaV1["~standard"]["validate"]>): Outcome => {
  const issue = standardIssue(result)
  // Without an issue there is a value.
  return issue === undefined ? (result as StandardSchemaV1.SuccessResult<unknown>) : { issue }
}
