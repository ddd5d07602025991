import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

/** Whether a state of this schema may hold collections. When in doubt, it may. */
export const mayBeIn = (schema: Schema.Constraint): boolean => mayHold(Schema.toType(schema).ast, new Set())

const mayHold = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  const within = (ast: SchemaAST.AST) => mayHold(ast, seen)
  switch (ast._tag) {
    case "Any":
    case "Unknown":
    case "ObjectKeyword":
      return true
    case "Declaration":
      return !isBuiltIn(ast) || ast.typeParameters.some(within)
    case "Arrays":
      return ast.elements.some(within) || ast.rest.some(within)
    case "Objects":
      return [...ast.propertySignatures, ...ast.indexSignatures].some(({ type }) => within(type))
    case "Union":
      return ast.types.some(within)
    case "Suspend":
      return within(ast.thunk())
    default:
      return false
  }
}

const isBuiltIn = ({ annotations }: SchemaAST.Declaration) => {
  const representation = annotations?.["representation"]
  return Predicate.hasProperty(representation, "id") && String(representation.id).startsWith("effect/")
}
