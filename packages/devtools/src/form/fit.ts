/** Whether JSON fits a schema, and where not. */
import type * as Module from "@sluice/core/Module"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Issue } from "./Form.ts"

/** What a schema makes of JSON: its value, or all that does not fit. */
export type Fitted = { readonly value: unknown } | { readonly issues: ReadonlyArray<Issue> }

const maxIssues = 50
const maxMessage = 300

type EffectSchema = Schema.ConstraintCodec<unknown, unknown, never, never>
type StandardSchema = Exclude<Module.AnySchema, EffectSchema>
type StandardResult = Awaited<ReturnType<StandardSchema["~standard"]["validate"]>>

/** Of the two kinds, which the guard does not tell apart by type. */
const isEffect = (schema: Module.AnySchema): schema is EffectSchema => Schema.isSchema(schema)

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const issueAt = (path: ReadonlyArray<unknown>, message: string): Issue => ({
  path: path.map((step) => {
    const key: unknown = Predicate.hasProperty(step, "key") ? step.key : step
    return typeof key === "number" && Number.isFinite(key) ? key : String(key).slice(0, maxMessage)
  }),
  message: message.replaceAll(/\s+/g, " ").slice(0, maxMessage)
})

const fittedOf = (exit: Exit.Exit<unknown, Schema.SchemaError>): Fitted => {
  if (Exit.isSuccess(exit)) return exit
  const [reason] = exit.cause.reasons
  if (reason?._tag !== "Fail") return { issues: [issueAt([], String(exit.cause))] }
  const { issues } = format(reason.error.issue)
  return { issues: issues.slice(0, maxIssues).map(({ message, path = [] }) => issueAt(path, message)) }
}

const standardFitted = (result: StandardResult | Promise<StandardResult>): Fitted => {
  if (result instanceof Promise)
    return { issues: [issueAt([], "its schema answers asynchronously, and a transaction is synchronous")] }
  if (result.issues === undefined) return { value: result.value }
  return {
    issues: result.issues.slice(0, maxIssues).map(({ message, path = [] }) => issueAt(path, message))
  }
}

/** What a schema that is not Effect's may carry, as core reads it. */
const carriedBy = (schema: StandardSchema, direction: "decode" | "encode") => {
  const codec: unknown = Predicate.hasProperty(schema, "~sluice/codec") ? schema["~sluice/codec"] : undefined
  return Predicate.hasProperty(codec, direction) ? codec[direction] : undefined
}

const all = { errors: "all" } as const

/** The value that JSON stands for. A Standard Schema without an encoded side takes it as it is. */
export const fit = (schema: Module.AnySchema, json: unknown): Fitted => {
  if (isEffect(schema)) return fittedOf(Schema.decodeUnknownExit(Schema.toCodecJson(schema))(json, all))
  const decode = carriedBy(schema, "decode")
  // Its type is EncodedSide's of core.
  const run = typeof decode === "function" ? (decode as (json: unknown) => StandardResult) : undefined
  return standardFitted(run === undefined ? schema["~standard"].validate(json) : run(json))
}

/** Whether it is a value of the schema's. */
export const check = (schema: Module.AnySchema, value: unknown): Fitted =>
  isEffect(schema)
    ? fittedOf(Schema.decodeUnknownExit(Schema.toType(schema))(value, all))
    : standardFitted(schema["~standard"].validate(value))

/** The JSON that stands for the value. */
export const toJson = (schema: Module.AnySchema, value: unknown): Fitted => {
  if (isEffect(schema)) return fittedOf(Schema.encodeUnknownExit(Schema.toCodecJson(schema))(value, all))
  const encode = carriedBy(schema, "encode")
  // Its type is EncodedSide's of core.
  const run = typeof encode === "function" ? (encode as (value: unknown) => StandardResult) : undefined
  return run === undefined ? { value } : standardFitted(run(value))
}
