/** The schema of a part of a value. */
import { Collection } from "@sluice/core"
import type * as Module from "@sluice/core/Module"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { ownValue } from "../session/paths.ts"

/** One step, as `Step` of the protocol. */
export interface Into {
  readonly kind: string
  readonly key: string | number
}

const open = (ast: SchemaAST.AST): SchemaAST.AST => (ast._tag === "Suspend" ? open(ast.thunk()) : ast)

const is = (ast: SchemaAST.AST, value: unknown): boolean =>
  Schema.is(Schema.make<Schema.Codec<unknown>>(SchemaAST.toType(ast)))(value)

const into = (given: SchemaAST.AST, value: unknown, { key, kind }: Into): SchemaAST.AST | undefined => {
  const ast = open(given)
  switch (ast._tag) {
    case "Union": {
      const member = ast.types.find((type) => is(type, value))
      return member && into(member, value, { key, kind })
    }
    case "Objects": {
      if (kind !== "property") return undefined
      const property = ast.propertySignatures.find(({ name }) => name === key)
      return property?.type ?? ast.indexSignatures.find(({ parameter }) => is(parameter, key))?.type
    }
    case "Arrays": {
      if (kind !== "index" || typeof key !== "number") return undefined
      return ast.elements[key] ?? (ast.rest.length === 1 ? ast.rest[0] : undefined)
    }
    case "Declaration": {
      if (kind === "key" && value instanceof Map) return ast.typeParameters[1]
      return kind === "row" && Collection.isCollection(value) ? ast.typeParameters[0] : undefined
    }
    default:
      return undefined
  }
}

const partOf = (value: unknown, { key, kind }: Into): unknown => {
  if (kind === "key" && value instanceof Map) return value.get(key)
  if (kind === "row" && Collection.isCollection(value)) return value.get(key)
  return typeof value === "object" && value !== null ? ownValue(value, key) : undefined
}

/** The schema of what stands at the path of the value. Nothing where the schema does not tell. */
export const schemaAt = (
  schema: Module.AnySchema,
  value: unknown,
  path: ReadonlyArray<Into>
): Module.AnySchema | undefined => {
  if (path.length === 0) return schema
  if (!Schema.isSchema(schema)) return undefined
  let ast: SchemaAST.AST | undefined = schema.ast
  let here = value
  for (const step of path) {
    ast = into(ast, here, step)
    if (ast === undefined) return undefined
    here = partOf(here, step)
  }
  return Schema.make<Schema.Codec<unknown>>(open(ast))
}
