/** The form of a schema. */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { anyJson, type Form, type FormNode, maxFields, maxNodes, maxOptions } from "./Form.ts"
import { fromStandard } from "./fromStandard.ts"
import { clip, labelOf, maxName, optionOf } from "./labels.ts"

type AST = SchemaAST.AST

const maxText = 200
const maxChecks = 5

/** What any schema's JSON is like, as far as the schema tells. Never throws. */
export const formOf = (schema: unknown): Form => {
  try {
    if (!Schema.isSchema(schema)) return fromStandard(schema)
    return new Describing().run(Schema.toCodecJson(schema).ast)
  } catch {
    // Not every schema has a JSON form: names of fields may be symbols, say.
    return anyJson
  }
}

/** What a part becomes besides JSON. */
const decodedTo = (ast: AST): string | undefined => {
  switch (ast._tag) {
    case "BigInt":
      return "bigint"
    case "Undefined":
    case "Void":
      return "undefined"
    case "Symbol":
    case "UniqueSymbol":
      return "symbol"
    case "Declaration": {
      const { annotations = {} } = ast
      const { representation } = annotations
      const id: unknown = Predicate.hasProperty(representation, "id") ? representation.id : undefined
      const { expected } = annotations
      if (typeof id === "string") return id.slice(id.lastIndexOf("/") + 1).replace(/^Readonly/, "")
      return typeof expected === "string" ? clip(expected) : undefined
    }
    default:
      return undefined
  }
}

interface Says {
  readonly name?: string
  readonly description?: string
  readonly as?: string
  readonly checks?: ReadonlyArray<string>
}

const filtersOf = (checks: SchemaAST.Checks | undefined): ReadonlyArray<SchemaAST.Filter<unknown>> =>
  (checks ?? []).flatMap((check: SchemaAST.Check<unknown>) =>
    check._tag === "Filter" ? [check] : filtersOf(check.checks)
  )

const saysOf = (ast: AST): Says => {
  const name = SchemaAST.resolveTitle(ast) ?? SchemaAST.resolveIdentifier(ast)
  const description = SchemaAST.resolveDescription(ast)
  const as = decodedTo(ast)
  const checks = filtersOf(ast.checks).flatMap(({ annotations }) => {
    const expected: unknown = annotations?.["expected"]
    return typeof expected === "string" ? [clip(expected)] : []
  })
  return {
    ...(name === undefined ? {} : { name: clip(name) }),
    ...(description === undefined ? {} : { description: clip(description) }),
    ...(as === undefined ? {} : { as }),
    ...(checks.length === 0 ? {} : { checks: checks.slice(0, maxChecks) })
  }
}

/** The outer part's words go before the inner's; what each checks is checked. */
const both = (outer: Says, inner: Says): Says => {
  const checks = [...new Set([...(outer.checks ?? []), ...(inner.checks ?? [])])]
  return { ...inner, ...outer, ...(checks.length === 0 ? {} : { checks: checks.slice(0, maxChecks) }) }
}

interface Bounds {
  readonly isInt?: true
  readonly min?: number
  readonly max?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
}

const boundsOf = (ast: AST): Bounds => {
  const numbers: Record<string, number> = {}
  let isInt = false
  let pattern: string | undefined
  for (const { annotations } of filtersOf(ast.checks)) {
    const representation: unknown = annotations?.["representation"]
    if (!Predicate.hasProperty(representation, "id") || typeof representation.id !== "string") continue
    const payload = Predicate.hasProperty(representation, "payload") ? representation.payload : undefined
    const number = (key: string): number | undefined => {
      const value: unknown = Predicate.hasProperty(payload, key) ? payload[key] : undefined
      return typeof value === "number" && Number.isFinite(value) ? value : undefined
    }
    const least = (key: string, value: number | undefined) => {
      if (value !== undefined) numbers[key] = Math.max(numbers[key] ?? -Infinity, value)
    }
    const most = (key: string, value: number | undefined) => {
      if (value !== undefined) numbers[key] = Math.min(numbers[key] ?? Infinity, value)
    }
    switch (representation.id.slice(representation.id.lastIndexOf("/") + 1)) {
      case "isInt":
        isInt = true
        break
      case "isGreaterThanOrEqualTo":
        least("min", number("minimum"))
        break
      case "isLessThanOrEqualTo":
        most("max", number("maximum"))
        break
      case "isBetween":
        least("min", number("minimum"))
        most("max", number("maximum"))
        break
      case "isMinLength":
        least("minLength", number("minLength"))
        break
      case "isMaxLength":
        most("maxLength", number("maxLength"))
        break
      case "isBetweenLength":
        least("minLength", number("minimum"))
        most("maxLength", number("maximum"))
        break
      case "isPattern": {
        const source = Predicate.hasProperty(payload, "source") ? payload.source : undefined
        if (typeof source === "string" && source.length <= maxText) pattern = source
        break
      }
    }
  }
  return { ...(isInt ? { isInt } : {}), ...numbers, ...(pattern === undefined ? {} : { pattern }) }
}

/** Whether a field or element may be left out, as JSON has it. */
const isOptional = (ast: AST): boolean => SchemaAST.isOptional(ast.encoding?.at(-1)?.to ?? ast)

class Describing {
  readonly #nodes: Array<FormNode> = []
  readonly #places = new Map<AST, number>()

  run(ast: AST): Form {
    const root = this.#place(ast)
    return { root, nodes: this.#nodes }
  }

  /** Of a part of the JSON codec of a schema. */
  #place(ast: AST): number {
    const target = ast._tag === "Suspend" && ast.encoding === undefined ? ast.thunk() : ast
    const known = this.#places.get(target)
    if (known !== undefined) return known
    const place = this.#nodes.push({ _tag: "Json" }) - 1
    this.#places.set(target, place)
    if (place < maxNodes) this.#nodes[place] = this.#describe(target, {})
    return place
  }

  /** `says` is what it is decoded to. */
  #describe(given: AST, outer: Says): FormNode {
    let ast = given
    let says = outer
    for (let end = ast.encoding?.at(-1); end !== undefined; end = ast.encoding?.at(-1)) {
      says = both(says, saysOf(ast))
      // A number that JSON has no word for is a string there.
      if (ast._tag === "Number" && end.to._tag === "Union" && ast.encoding?.length === 1)
        return { _tag: "Number", ...says, ...boundsOf(ast), hasSpecial: true }
      ast = end.to
    }
    if (ast._tag === "Suspend") ast = ast.thunk()
    if (ast.encoding !== undefined) return this.#describe(ast, says)
    const common = both(says, ast._tag === "Declaration" ? {} : saysOf(ast))
    switch (ast._tag) {
      case "Null":
        return { _tag: "Null", ...common }
      case "Boolean":
        return { _tag: "Boolean", ...common }
      case "Number": {
        const { isInt, max, min } = boundsOf(ast)
        return {
          _tag: "Number",
          ...common,
          ...(isInt === undefined ? {} : { isInt }),
          ...(min === undefined ? {} : { min }),
          ...(max === undefined ? {} : { max })
        }
      }
      case "String": {
        const { maxLength, minLength, pattern } = boundsOf(ast)
        return {
          _tag: "String",
          ...common,
          ...(minLength === undefined ? {} : { minLength }),
          ...(maxLength === undefined ? {} : { maxLength }),
          ...(pattern === undefined ? {} : { pattern })
        }
      }
      case "TemplateLiteral":
        return { _tag: "String", ...common }
      case "Literal":
        return this.#choice([ast.literal], common)
      case "Enum":
        return this.#choice(
          ast.enums.map(([, value]) => value),
          common
        )
      case "Arrays":
        return this.#arrays(ast, common)
      case "Objects":
        return this.#objects(ast, common)
      case "Union":
        return this.#union(ast, common)
      default:
        return { _tag: "Json", ...common }
    }
  }

  #choice(values: ReadonlyArray<unknown>, common: Says): FormNode {
    const options = values.flatMap((value) => optionOf(value) ?? [])
    return options.length < values.length || values.length > maxOptions
      ? { _tag: "Json", ...common }
      : { _tag: "Choice", ...common, options }
  }

  #arrays(ast: SchemaAST.Arrays, common: Says): FormNode {
    const { elements, rest } = ast
    const [first] = rest
    if (rest.length > 1 || elements.length > maxFields) return { _tag: "Json", ...common }
    if (elements.length === 0 && first !== undefined) {
      const { maxLength, minLength } = boundsOf(ast)
      return {
        _tag: "List",
        ...common,
        of: this.#place(first),
        ...(minLength === undefined ? {} : { minLength }),
        ...(maxLength === undefined ? {} : { maxLength })
      }
    }
    return {
      _tag: "Tuple",
      ...common,
      elements: elements.map((element) => ({ of: this.#place(element), isOptional: isOptional(element) })),
      ...(first === undefined ? {} : { rest: this.#place(first) })
    }
  }

  #objects(ast: SchemaAST.Objects, common: Says): FormNode {
    const { indexSignatures, propertySignatures } = ast
    const [first] = indexSignatures
    const isTooMuch =
      propertySignatures.length > maxFields ||
      propertySignatures.some(({ name }) => typeof name !== "string" || name.length > maxName)
    if (isTooMuch || indexSignatures.length > 1) return { _tag: "Json", ...common }
    // `{}` and `object` take anything.
    if (first === undefined && propertySignatures.length === 0 && ast.annotations === undefined)
      return { _tag: "Struct", ...common, fields: [] }
    return {
      _tag: "Struct",
      ...common,
      fields: propertySignatures.map(({ name, type }) => {
        const description: unknown = type.context?.annotations?.["description"]
        return {
          key: String(name),
          of: this.#place(type),
          isOptional: isOptional(type),
          ...(typeof description === "string" ? { description: clip(description) } : {})
        }
      }),
      ...(first === undefined ? {} : { rest: this.#place(first.type) })
    }
  }

  #union(ast: SchemaAST.Union, common: Says): FormNode {
    const types = ast.types.filter(({ _tag }) => _tag !== "Never")
    if (types.length > maxOptions) return { _tag: "Json", ...common }
    const literals = types.map((type) =>
      type._tag === "Literal" && type.encoding === undefined ? type.literal : null
    )
    if (types.length > 0 && !literals.includes(null)) return this.#choice(literals, common)
    const members = types.map((type) => ({ of: this.#place(type), type }))
    return {
      _tag: "Union",
      ...common,
      members: members.map(({ of, type }) => ({ label: this.#label(of, type), of }))
    }
  }

  #label(place: number, ast: AST): string {
    const node = this.#nodes[place]
    if (ast._tag === "Objects") {
      for (const { name, type } of ast.propertySignatures)
        if (type._tag === "Literal" && (name === "_tag" || type.encoding === undefined))
          return clip(name === "_tag" ? String(type.literal) : `${String(name)}: ${String(type.literal)}`)
    }
    return labelOf(node)
  }
}
