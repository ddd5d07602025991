/** Values that fit a schema, to try a function on before there is any state. */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { issueOf } from "./validate.ts"

/** By field, the least value that its schema admits. Fields of which none is known are left out. */
export const samplesOf = (schema: object): Readonly<Record<string, unknown>> => {
  const samples: Record<string, unknown> = {}
  if (!Schema.isSchema(schema)) return samples
  const ast = SchemaAST.toType(schema.ast)
  if (!SchemaAST.isObjects(ast)) return samples
  const fields: unknown = Predicate.hasProperty(schema, "fields") ? schema.fields : undefined
  for (const { name, type } of ast.propertySignatures) {
    const field = Predicate.hasProperty(fields, name) ? fields[name] : undefined
    const value = Predicate.hasProperty(field, "empty") ? field.empty : least(type, 0)
    const fits = value !== unknown && issueOf(Schema.make<Schema.Codec<unknown>>(type), value) === undefined
    if (fits) samples[String(name)] = value
  }
  return samples
}

const unknown = Symbol("unknown")

/** Whether it passes the schema's checks is for the caller to see. */
const least = (ast: SchemaAST.AST, depth: number): unknown => {
  const within = (part: SchemaAST.AST) => least(part, depth + 1)
  if (depth > 8) return unknown
  switch (ast._tag) {
    case "Null":
      return null
    case "Undefined":
    case "Void":
      return undefined
    case "String":
      return ""
    case "Number":
      return 0
    case "Boolean":
      return false
    case "BigInt":
      return 0n
    case "Literal":
      return ast.literal
    case "Arrays":
      return all(ast.elements.filter(({ context }) => context?.isOptional !== true).map(within))
    case "Objects": {
      const required = ast.propertySignatures.filter(({ type }) => type.context?.isOptional !== true)
      const values = all(required.map(({ type }) => within(type)))
      return values === unknown
        ? unknown
        : Object.fromEntries(required.map(({ name }, i) => [name, values[i]]))
    }
    case "Union":
      return ast.types.map(within).find((value) => value !== unknown) ?? unknown
    case "Suspend":
      return within(ast.thunk())
    default:
      return unknown
  }
}

const all = (values: ReadonlyArray<unknown>): ReadonlyArray<unknown> | typeof unknown =>
  values.includes(unknown) ? unknown : values
