/** Whether a value fits a schema, and if not, where and why. */
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import type { StandardSchemaV1 } from "effect/StandardSchema"

/** What a value can be held against: an Effect Schema that needs no services, or a Standard Schema v1 value. */
export type CheckedSchema = Schema.ConstraintCodec<unknown, unknown, never, never> | StandardSchemaV1

type Check = (value: unknown) => string | undefined

const checks = new WeakMap<object, Check>()

/** `undefined` if the value is of the schema's Type side; else the first issue, with its path. */
export const issueOf = (schema: CheckedSchema, value: unknown) => {
  let check = checks.get(schema)
  if (check === undefined) {
    check = Schema.isSchema(schema) ? effectCheck(schema) : standardCheck(schema as StandardSchemaV1)
    checks.set(schema, check)
  }
  return check(value)
}

/** Whether the schema is `Schema.Void`. */
export const isVoid = (schema: unknown): boolean => Schema.isSchema(schema) && SchemaAST.isVoid(schema.ast)

const effectCheck = (schema: Schema.Top): Check => {
  // The Type side needs no services, whatever the schema's encoding needs.
  const decode = Schema.decodeUnknownExit(Schema.toType(schema))
  return (value) => {
    const exit = decode(value)
    return Exit.isSuccess(exit) ? undefined : effectIssue(exit.cause)
  }
}

export const effectIssue = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  // Effect puts the path on lines of its own; here it is part of a sentence.
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ")
}

const standardCheck =
  (schema: StandardSchemaV1): Check =>
  (value) =>
    standardIssue(schema["~standard"].validate(value))

/** The first issue, with its path; `undefined` if there is none. */
export const standardIssue = (
  result: ReturnType<StandardSchemaV1["~standard"]["validate"]>
): string | undefined => {
  if (result instanceof Promise) return "its schema answers asynchronously, and a transaction is synchronous"
  const issue = result.issues?.[0]
  if (issue === undefined) return undefined
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")
  return path === "" ? issue.message : `${issue.message} at ${path}`
}
