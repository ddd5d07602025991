/** Schemas of all that a form can describe, each with values of it. */
import { Collection } from "@sluice/core"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

/** Its encoded side is found out at run time. */
export type AnySchema = Schema.Codec<unknown>

export interface Made {
  readonly schema: AnySchema
  readonly values: fc.Arbitrary<unknown>
}

const made = (schema: Schema.Top, values: fc.Arbitrary<unknown>): Made => ({
  // None of these needs a service, and what is sampled is of its type.
  schema: schema as AnySchema,
  values
})

const date = fc.date({ noInvalidDate: true })

const leaves: ReadonlyArray<Made> = [
  made(Schema.String, fc.string()),
  made(
    Schema.String.check(Schema.isMinLength(2), Schema.isMaxLength(4)),
    fc.string({ minLength: 2, maxLength: 4, unit: "binary-ascii" })
  ),
  made(Schema.Number, fc.double()),
  made(Schema.Finite, fc.double({ noNaN: true, noDefaultInfinity: true })),
  made(Schema.Int.check(Schema.isBetween({ minimum: -3, maximum: 9 })), fc.integer({ min: -3, max: 9 })),
  made(Schema.Boolean, fc.boolean()),
  made(Schema.BigInt, fc.bigInt()),
  made(Schema.Date, date),
  made(Schema.DateFromString, date),
  made(Schema.NumberFromString, fc.integer()),
  made(Schema.Null, fc.constant(null)),
  made(Schema.Undefined, fc.constant(undefined)),
  made(Schema.Literal("on"), fc.constant("on" as const)),
  made(
    Schema.Literals(["a", "b", 3, true]),
    fc.constantFrom("a" as const, "b" as const, 3 as const, true as const)
  )
]

const leaf = fc.constantFrom(...leaves)

const fieldNames = ["id", "on", "of", "a b"] as const

/** Values of one are never of another: the first member that takes the JSON is the one. */
const apart: ReadonlyArray<Made> = [
  made(Schema.Finite, fc.double({ noNaN: true, noDefaultInfinity: true })),
  made(Schema.Boolean, fc.boolean()),
  made(Schema.Null, fc.constant(null)),
  made(Schema.Literals(["north", "south"]), fc.constantFrom("north" as const, "south" as const))
]

const listOf = ({ schema, values }: Made): Made =>
  made(Schema.Array(schema), fc.array(values, { maxLength: 4 }))

const tupleOf = (parts: ReadonlyArray<Made>): Made =>
  made(Schema.Tuple(parts.map(({ schema }) => schema)), fc.tuple(...parts.map(({ values }) => values)))

const structOf = (parts: ReadonlyArray<Made & { readonly isOptional: boolean }>): Made => {
  const fields = parts.map((part, index) => ({ key: fieldNames[index] ?? `f${index}`, ...part }))
  return made(
    Schema.Struct(
      Object.fromEntries(
        fields.map(({ isOptional, key, schema }) => [key, isOptional ? Schema.optionalKey(schema) : schema])
      )
    ),
    fc.record(Object.fromEntries(fields.map(({ key, values }) => [key, values])), {
      requiredKeys: fields.flatMap(({ isOptional, key }) => (isOptional ? [] : [key]))
    })
  )
}

const recordOf = ({ schema, values }: Made): Made =>
  made(
    Schema.Record(Schema.String, schema),
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      values,
      { maxKeys: 3, noNullPrototype: true }
    )
  )

const unionOf = (parts: ReadonlyArray<Made>): Made =>
  made(Schema.Union(parts.map(({ schema }) => schema)), fc.oneof(...parts.map(({ values }) => values)))

const taggedOf = (parts: ReadonlyArray<Made>): Made =>
  unionOf(
    parts.map(({ schema, values }, index) =>
      made(
        Schema.Struct({ _tag: Schema.Literal(`T${index}`), of: schema }),
        values.map((of) => ({ _tag: `T${index}`, of }))
      )
    )
  )

const optionOf = ({ schema, values }: Made): Made =>
  made(Schema.Option(schema), fc.option(values.map(Option.some), { nil: Option.none() }))

const mapOf = ({ schema, values }: Made): Made =>
  made(
    Schema.ReadonlyMap(Schema.String, schema),
    fc
      .uniqueArray(fc.tuple(fc.string(), values), { maxLength: 3, selector: ([key]) => key })
      .map((pairs) => new Map(pairs))
  )

const setOf = ({ schema, values }: Made): Made =>
  made(
    Schema.ReadonlySet(schema),
    fc.array(values, { maxLength: 3 }).map((members) => new Set(members))
  )

const rowsOf = ({ schema, values }: Made): Made =>
  made(
    Collection.schema(Schema.Struct({ id: Schema.String, of: schema }), "id"),
    fc
      .uniqueArray(fc.record({ id: fc.string(), of: values }), { maxLength: 3, selector: ({ id }) => id })
      .map((rows) => Collection.make("id", rows))
  )

interface Tree {
  readonly name: string
  readonly below: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  name: Schema.String,
  below: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
})
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthIdentifier: "trees" },
    fc.record({ name: fc.string(), below: fc.constant([]) }),
    fc.record({ name: fc.string(), below: fc.array(tie("tree"), { maxLength: 2 }) })
  )
}))

const { any } = fc.letrec<{ any: Made }>((tie) => {
  const some = (max: number) => fc.array(tie("any"), { minLength: 1, maxLength: max })
  return {
    any: fc.oneof(
      { maxDepth: 3, depthIdentifier: "schemas" },
      { weight: 4, arbitrary: leaf },
      { weight: 1, arbitrary: fc.constant(made(Tree, tree)) },
      { weight: 2, arbitrary: tie("any").map(listOf) },
      { weight: 2, arbitrary: some(3).map(tupleOf) },
      {
        weight: 4,
        arbitrary: fc
          .array(fc.tuple(tie("any"), fc.boolean()), { maxLength: 4 })
          .map((parts) => structOf(parts.map(([part, isOptional]) => ({ ...part, isOptional }))))
      },
      { weight: 1, arbitrary: tie("any").map(recordOf) },
      { weight: 1, arbitrary: fc.subarray([...apart], { minLength: 1 }).map(unionOf) },
      { weight: 2, arbitrary: some(3).map(taggedOf) },
      { weight: 2, arbitrary: tie("any").map(optionOf) },
      { weight: 1, arbitrary: tie("any").map(mapOf) },
      { weight: 1, arbitrary: tie("any").map(setOf) },
      { weight: 1, arbitrary: tie("any").map(rowsOf) }
    )
  }
})

export const schemas = any
