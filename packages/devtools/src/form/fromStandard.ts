/** The form of a schema of another library, where it tells its JSON Schema as Standard JSON Schema has it. */
import * as Predicate from "effect/Predicate"
import { anyJson, type Form, type FormNode, maxFields, maxNodes, maxOptions } from "./Form.ts"
import { clip, labelOf, maxName, optionOf } from "./labels.ts"

type JsonSchema = Readonly<Record<string, unknown>>

const isRecord = (given: unknown): given is JsonSchema =>
  typeof given === "object" && given !== null && !Array.isArray(given)

const isList = (given: unknown): given is ReadonlyArray<unknown> => Array.isArray(given)

/** Throws what the library throws where it has no JSON Schema. */
export const fromStandard = (schema: unknown): Form => {
  // Its own codec is asked, of which nothing is told.
  if (Predicate.hasProperty(schema, "~sluice/codec")) return anyJson
  const standard: unknown = Predicate.hasProperty(schema, "~standard") ? schema["~standard"] : undefined
  const converter: unknown = Predicate.hasProperty(standard, "jsonSchema") ? standard.jsonSchema : undefined
  const input: unknown = Predicate.hasProperty(converter, "input") ? converter.input : undefined
  if (typeof input !== "function") return anyJson
  // As StandardJSONSchemaV1 has it.
  const given = (input as (options: { readonly target: string }) => unknown)({ target: "draft-2020-12" })
  return isRecord(given) ? new Reading(given).run() : anyJson
}

const numberIn = (given: JsonSchema, key: string): number | undefined => {
  const value = given[key]
  return typeof value === "number" && Number.isFinite(value) ? value : undefined
}

const textIn = (given: JsonSchema, key: string): string | undefined => {
  const value = given[key]
  return typeof value === "string" ? clip(value) : undefined
}

/** Without what is not there. */
const present = <A extends object>(fields: { readonly [K in keyof A]: A[K] | undefined }): Partial<A> =>
  // Those that are left have a value.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<A>

interface Lengths {
  readonly minLength: number
  readonly maxLength: number
}

class Reading {
  readonly #whole: JsonSchema
  readonly #nodes: Array<FormNode> = []
  readonly #places = new Map<JsonSchema, number>()

  constructor(whole: JsonSchema) {
    this.#whole = whole
  }

  run(): Form {
    return { root: this.#place(this.#whole), nodes: this.#nodes }
  }

  #place(given: unknown): number {
    const target = this.#target(given)
    const known = target && this.#places.get(target)
    if (known !== undefined) return known
    const place = this.#nodes.push({ _tag: "Json" }) - 1
    if (target === undefined || place >= maxNodes) return place
    this.#places.set(target, place)
    this.#nodes[place] = this.#read(target)
    return place
  }

  /** What a reference within the schema refers to. */
  #target(given: unknown, hops = 0): JsonSchema | undefined {
    if (!isRecord(given)) return undefined
    const ref = given["$ref"]
    if (typeof ref !== "string") return given
    if (!ref.startsWith("#") || hops > 20) return undefined
    let at: unknown = this.#whole
    for (const part of ref.split("/").slice(1)) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")
      at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined
    }
    return this.#target(at, hops + 1)
  }

  #read(given: JsonSchema): FormNode {
    const common = present<{ name: string; description: string; as: string }>({
      name: textIn(given, "title"),
      description: textIn(given, "description"),
      as: textIn(given, "format")
    })
    const { allOf, anyOf = given["oneOf"], const: literal, enum: literals, type } = given
    if (allOf !== undefined) return { _tag: "Json", ...common }
    if (isList(literals)) return this.#choice(literals, common)
    if (literal !== undefined) return this.#choice([literal], common)
    if (isList(anyOf)) return this.#union(anyOf, common)
    if (isList(type))
      return this.#union(
        type.map((each) => ({ ...given, type: each })),
        common
      )
    switch (type) {
      case "null":
        return { _tag: "Null", ...common }
      case "boolean":
        return { _tag: "Boolean", ...common }
      case "integer":
      case "number":
        return {
          _tag: "Number",
          ...common,
          ...(type === "integer" ? { isInt: true } : {}),
          ...present({ min: numberIn(given, "minimum"), max: numberIn(given, "maximum") })
        }
      case "string":
        return {
          _tag: "String",
          ...common,
          ...present<Lengths & { pattern: string }>({
            minLength: numberIn(given, "minLength"),
            maxLength: numberIn(given, "maxLength"),
            pattern: textIn(given, "pattern")
          })
        }
      case "array":
        return this.#array(given, common)
      case "object":
        return this.#object(given, common)
      default:
        return { _tag: "Json", ...common }
    }
  }

  #choice(values: ReadonlyArray<unknown>, common: object): FormNode {
    if (values.length === 1 && values[0] === null) return { _tag: "Null", ...common }
    const options = values.flatMap((value) => optionOf(value) ?? [])
    return options.length < values.length || values.length > maxOptions
      ? { _tag: "Json", ...common }
      : { _tag: "Choice", ...common, options }
  }

  #union(given: ReadonlyArray<unknown>, common: object): FormNode {
    if (given.length > maxOptions) return { _tag: "Json", ...common }
    const members = given.map((each) => this.#place(each))
    return {
      _tag: "Union",
      ...common,
      members: members.map((of) => ({ label: this.#label(of), of }))
    }
  }

  /** A field that can be one thing only says which member it is. */
  #label(of: number): string {
    const node = this.#nodes[of]
    for (const field of node?._tag === "Struct" ? node.fields : []) {
      const value = this.#nodes[field.of]
      if (value?._tag === "Choice" && value.options.length === 1) return labelOf(value)
    }
    return labelOf(node)
  }

  #array(given: JsonSchema, common: object): FormNode {
    const { items, prefixItems } = given
    const lengths = present<Lengths>({
      minLength: numberIn(given, "minItems"),
      maxLength: numberIn(given, "maxItems")
    })
    if (!isList(prefixItems)) return { _tag: "List", ...common, ...lengths, of: this.#place(items) }
    if (prefixItems.length > maxFields) return { _tag: "Json", ...common }
    const least = lengths.minLength ?? prefixItems.length
    return {
      _tag: "Tuple",
      ...common,
      elements: prefixItems.map((each, index) => ({ of: this.#place(each), isOptional: index >= least })),
      ...(items === undefined || items === false ? {} : { rest: this.#place(items) })
    }
  }

  #object(given: JsonSchema, common: object): FormNode {
    const { additionalProperties: rest, properties, required } = given
    const fields = isRecord(properties) ? Object.entries(properties) : []
    if (fields.length > maxFields || fields.some(([key]) => key.length > maxName))
      return { _tag: "Json", ...common }
    const names = new Set<unknown>(isList(required) ? required : [])
    return {
      _tag: "Struct",
      ...common,
      fields: fields.map(([key, each]) => ({ key, of: this.#place(each), isOptional: !names.has(key) })),
      ...(isRecord(rest) || (rest === true && fields.length === 0) ? { rest: this.#place(rest) } : {})
    }
  }
}
