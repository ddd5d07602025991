/**
 * Schemas of `@effect/schema` 0.75, as values that a Sluice module takes.
 *
 * `@effect/schema` needs effect 3, and a Sluice app has effect 4: nothing here imports either Sluice or effect
 * 4. What is made has the shape of a Standard Schema v1 value that carries its encoded side.
 */
import * as ArrayFormatter from "@effect/schema/ArrayFormatter"
import * as ParseResult from "@effect/schema/ParseResult"
import type * as Schema from "@effect/schema/Schema"

type Result<T> =
  | { readonly value: T; readonly issues?: undefined }
  | {
      readonly issues: ReadonlyArray<{ readonly message: string; readonly path: ReadonlyArray<PropertyKey> }>
    }

/** A Standard Schema v1 value that accepts its own output, and both directions of its encoded side. */
export interface LegacyCodec<Type, Encoded> {
  readonly "~standard": {
    readonly version: 1
    readonly vendor: "@effect/schema"
    readonly validate: (value: unknown) => Result<Type>
    readonly types?: { readonly input: Type; readonly output: Type } | undefined
  }
  readonly "~sluice/codec": {
    readonly encode: (value: Type) => Result<Encoded>
    readonly decode: (encoded: unknown) => Result<Type>
  }
}

/**
 * For the state of a module, or the payload of an action. A schema that needs services does not compile; one
 * that answers later is refused where it is used.
 */
export const fromLegacy = <Type, Encoded>(
  schema: Schema.Schema<Type, Encoded>
): LegacyCodec<Type, Encoded> => {
  const validate = ParseResult.validateEither(schema)
  const encode = ParseResult.encodeEither(schema)
  const decode = ParseResult.decodeUnknownEither(schema)
  return {
    "~standard": {
      version: 1,
      vendor: "@effect/schema",
      validate: (value) => resultOf(validate(value))
    },
    "~sluice/codec": {
      encode: (value) => resultOf(encode(value)),
      decode: (encoded) => resultOf(decode(encoded))
    }
  }
}

const resultOf = <T>(
  outcome: ReturnType<ReturnType<typeof ParseResult.decodeUnknownEither<T, unknown>>>
): Result<T> =>
  outcome._tag === "Right"
    ? { value: outcome.right }
    : {
        issues: ArrayFormatter.formatIssueSync(outcome.left).map(({ message, path }) => ({
          message,
          path
        }))
      }
