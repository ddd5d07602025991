/** A form that is being filled in: what was typed, as it was typed, and the JSON that it stands for. */
import * as Schema from "effect/Schema"
import { type Form, type FormNode, type Issue, nodeAt } from "./Form.ts"

/** What was typed for one part of a form. Each kind is of the node that has its name, `Raw` of any: JSON as text. */
export type Draft =
  | { readonly _tag: "Raw"; readonly text: string }
  | { readonly _tag: "Null" }
  | { readonly _tag: "Boolean"; readonly value: boolean }
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Choice"; readonly index: number }
  | { readonly _tag: "Items"; readonly items: ReadonlyArray<Draft> }
  | {
      readonly _tag: "Fields"
      /** By the place of the field in the form; null where it is left out. */
      readonly fields: ReadonlyArray<Draft | null>
      readonly rest: ReadonlyArray<{ readonly key: string; readonly value: Draft }>
    }
  | { readonly _tag: "Member"; readonly index: number; readonly value: Draft }

const Inner = Schema.suspend((): Schema.Codec<Draft> => Draft)

export const Draft: Schema.Codec<Draft> = Schema.TaggedUnion({
  Raw: { text: Schema.String },
  Null: {},
  Boolean: { value: Schema.Boolean },
  Text: { text: Schema.String },
  Choice: { index: Schema.Int },
  Items: { items: Schema.Array(Inner) },
  Fields: {
    fields: Schema.Array(Schema.NullOr(Inner)),
    rest: Schema.Array(Schema.Struct({ key: Schema.String, value: Inner }))
  },
  Member: { index: Schema.Int, value: Inner }
})

export type Json = Schema.Json
type Key = string | number
type Outcome = { readonly value: Json } | { readonly issues: ReadonlyArray<Issue> }

/** Deeper than that, JSON is shown as text. */
const maxDepth = 40

const isRecord = (json: Json | undefined): json is Readonly<Record<string, Json>> =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const isList = (json: Json | undefined): json is ReadonlyArray<Json> => Array.isArray(json)

const specials: ReadonlySet<unknown> = new Set(["NaN", "Infinity", "-Infinity"])

const within = (value: number, min = -Infinity, max = Infinity): boolean => value >= min && value <= max

/** The node of an element of a list or tuple. */
export const elementRef = (node: FormNode, index: number): number | undefined => {
  if (node._tag === "List") return node.of
  return node._tag === "Tuple" ? (node.elements[index]?.of ?? node.rest) : undefined
}

/** The least that a tuple may have. */
export const leastOf = (node: FormNode): number => {
  if (node._tag === "Tuple") return node.elements.filter(({ isOptional }) => !isOptional).length
  return node._tag === "List" ? (node.minLength ?? 0) : 0
}

/** The most that a list or tuple may have. */
export const mostOf = (node: FormNode): number => {
  if (node._tag === "Tuple") return node.rest === undefined ? node.elements.length : Infinity
  return node._tag === "List" ? (node.maxLength ?? Infinity) : 0
}

// ---------------------------------------------------------------------------------------------------------
// From JSON

/**
 * Whether JSON has the shape of a node: what its checks say is for the schema. `tried` are the nodes that this JSON was
 * held against already, since unions may be in each other.
 */
const fits = (
  form: Form,
  ref: number,
  json: Json,
  depth: number,
  tried: Set<number> = new Set()
): boolean => {
  const node = nodeAt(form, ref)
  if (depth > maxDepth) return true
  if (tried.has(ref)) return false
  tried.add(ref)
  switch (node._tag) {
    case "Json":
      return true
    case "Null":
      return json === null
    case "Boolean":
      return typeof json === "boolean"
    case "Number":
      return typeof json === "number"
        ? within(json, node.min, node.max) && (node.isInt !== true || Number.isInteger(json))
        : node.hasSpecial === true && specials.has(json)
    case "String":
      return typeof json === "string" && within(json.length, node.minLength, node.maxLength)
    case "Choice":
      return node.options.some(({ value }) => value === json)
    case "List":
    case "Tuple":
      return (
        isList(json) &&
        within(json.length, leastOf(node), mostOf(node)) &&
        json.every((item, index) => {
          const of = elementRef(node, index)
          return of !== undefined && fits(form, of, item, depth + 1)
        })
      )
    case "Struct": {
      if (!isRecord(json)) return false
      const names = new Set(node.fields.map(({ key }) => key))
      return (
        node.fields.every(({ isOptional, key, of }) => {
          const value = Object.hasOwn(json, key) ? json[key] : undefined
          return value === undefined ? isOptional : fits(form, of, value, depth + 1)
        }) &&
        Object.entries(json).every(
          ([key, value]) =>
            names.has(key) || (node.rest !== undefined && fits(form, node.rest, value, depth + 1))
        )
      )
    }
    case "Union":
      return node.members.some(({ of }) => fits(form, of, json, depth + 1, tried))
  }
}

const raw = (json: Json): Draft => ({ _tag: "Raw", text: JSON.stringify(json, null, 2) })

/** What would have to be typed for this JSON. Where it is not of the form's shape it is there as text. */
export const draftOf = (form: Form, json: Json, ref: number = form.root, depth = 0): Draft => {
  const node = nodeAt(form, ref)
  if (depth > maxDepth || !fits(form, ref, json, depth)) return raw(json)
  switch (node._tag) {
    case "Json":
      return raw(json)
    case "Null":
      return { _tag: "Null" }
    case "Boolean":
      return { _tag: "Boolean", value: json === true }
    case "Number":
    case "String":
      if (typeof json === "string") return { _tag: "Text", text: json }
      return typeof json === "number"
        ? { _tag: "Text", text: Object.is(json, -0) ? "-0" : String(json) }
        : raw(json)
    case "Choice":
      return { _tag: "Choice", index: node.options.findIndex(({ value }) => value === json) }
    case "List":
    case "Tuple":
      if (!isList(json)) return raw(json)
      return {
        _tag: "Items",
        items: json.map((item, index) => draftOf(form, item, elementRef(node, index), depth + 1))
      }
    case "Struct": {
      if (!isRecord(json)) return raw(json)
      const names = new Set(node.fields.map(({ key }) => key))
      return {
        _tag: "Fields",
        fields: node.fields.map(({ key, of }) => {
          const value = Object.hasOwn(json, key) ? json[key] : undefined
          return value === undefined ? null : draftOf(form, value, of, depth + 1)
        }),
        rest: Object.entries(json).flatMap(([key, value]) =>
          names.has(key) ? [] : [{ key, value: draftOf(form, value, node.rest, depth + 1) }]
        )
      }
    }
    case "Union": {
      const index = node.members.findIndex(({ of }) => fits(form, of, json, depth + 1))
      const member = node.members[index]
      return member === undefined
        ? raw(json)
        : { _tag: "Member", index, value: draftOf(form, json, member.of, depth + 1) }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------
// From nothing

/** How deep the least value of each node is; without end where it holds itself. */
const depthsOf = (form: Form): ReadonlyArray<number> => {
  const depths: Array<number> = form.nodes.map(() => Infinity)
  const at = (ref: number): number => depths[ref] ?? 0
  const most = (refs: ReadonlyArray<number>): number => 1 + Math.max(0, ...refs.map(at))
  const depthOf = (node: FormNode): number => {
    switch (node._tag) {
      case "List":
        return (node.minLength ?? 0) > 0 ? most([node.of]) : 1
      case "Tuple":
        return most(node.elements.flatMap(({ isOptional, of }) => (isOptional ? [] : [of])))
      case "Struct":
        return most(node.fields.flatMap(({ isOptional, of }) => (isOptional ? [] : [of])))
      case "Union":
        return 1 + Math.min(Infinity, ...node.members.map(({ of }) => at(of)))
      default:
        return 0
    }
  }
  for (let changed = true; changed;) {
    changed = false
    for (const [ref, node] of form.nodes.entries()) {
      const depth = depthOf(node)
      if (depth === depths[ref]) continue
      depths[ref] = depth
      changed = true
    }
  }
  return depths
}

/** What is beyond is typed as JSON: a few nodes that hold each other twice would never end. */
const maxParts = 2000

const starters: Readonly<Record<string, string>> = { bigint: "0" }

/** A form before anything is typed: the least that each part may be. */
export const emptyDraft = (form: Form, ref: number = form.root): Draft => {
  const depths = depthsOf(form)
  let parts = 0
  const empty = (of: number, depth: number): Draft => {
    const node = nodeAt(form, of)
    if (depths[of] === Infinity || depth > maxDepth || ++parts > maxParts) return { _tag: "Raw", text: "" }
    switch (node._tag) {
      case "Json":
        return { _tag: "Raw", text: "null" }
      case "Null":
        return { _tag: "Null" }
      case "Boolean":
        return { _tag: "Boolean", value: false }
      case "Number":
        return { _tag: "Text", text: String(Math.min(Math.max(0, node.min ?? 0), node.max ?? Infinity)) }
      case "String":
        return { _tag: "Text", text: starters[node.as ?? ""] ?? "" }
      case "Choice":
        return { _tag: "Choice", index: 0 }
      case "List":
      case "Tuple":
        return {
          _tag: "Items",
          items: Array.from({ length: Math.min(leastOf(node), 100) }, (_, index) =>
            empty(elementRef(node, index) ?? -1, depth + 1)
          )
        }
      case "Struct":
        return {
          _tag: "Fields",
          fields: node.fields.map(({ isOptional, of: field }) =>
            isOptional ? null : empty(field, depth + 1)
          ),
          rest: []
        }
      case "Union": {
        const shallow = node.members.findIndex(
          ({ of: member }) => depths[member] === Math.min(...node.members.map((each) => depths[each.of] ?? 0))
        )
        const index = depth > 2 || depths[node.members[0]?.of ?? -1] === Infinity ? shallow : 0
        const member = node.members[index]
        return member === undefined
          ? { _tag: "Raw", text: "" }
          : { _tag: "Member", index, value: empty(member.of, depth + 1) }
      }
    }
  }
  return empty(ref, 0)
}

// ---------------------------------------------------------------------------------------------------------
// To JSON

const wrong = (path: ReadonlyArray<Key>, message: string): Outcome => ({ issues: [{ path, message }] })

const parse = (text: string, path: ReadonlyArray<Key>): Outcome => {
  try {
    // What JSON.parse gives is JSON.
    return { value: JSON.parse(text) as Json }
  } catch (error) {
    return wrong(path, `Not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const numberOf = (text: string, hasSpecial: boolean, path: ReadonlyArray<Key>): Outcome => {
  const typed = text.trim()
  if (hasSpecial && specials.has(typed)) return { value: typed }
  const value = typed === "" ? Number.NaN : Number(typed)
  return Number.isFinite(value) ? { value } : wrong(path, "Expected a number")
}

/** All of them, or all that is wrong with them. */
const gather = (outcomes: ReadonlyArray<readonly [Key, Outcome]>) => {
  const values: Array<readonly [Key, Json]> = []
  const issues: Array<Issue> = []
  for (const [key, outcome] of outcomes) {
    if ("issues" in outcome) issues.push(...outcome.issues)
    else values.push([key, outcome.value])
  }
  return { values, issues }
}

/** The JSON that was typed, or where what was typed is none. Whether it fits the schema is for the page to say. */
export const jsonOf = (
  form: Form,
  draft: Draft,
  ref: number = form.root,
  path: ReadonlyArray<Key> = []
): Outcome => {
  const node = nodeAt(form, ref)
  switch (draft._tag) {
    case "Raw":
      return parse(draft.text, path)
    case "Null":
      return { value: null }
    case "Boolean":
      return { value: draft.value }
    case "Text":
      return node._tag === "Number"
        ? numberOf(draft.text, node.hasSpecial === true, path)
        : { value: draft.text }
    case "Choice": {
      const option = node._tag === "Choice" ? node.options[draft.index] : undefined
      return option === undefined ? wrong(path, "Choose one") : { value: option.value }
    }
    case "Items": {
      const { issues, values } = gather(
        draft.items.map((item, index) => [
          index,
          jsonOf(form, item, elementRef(node, index) ?? -1, [...path, index])
        ])
      )
      return issues.length > 0 ? { issues } : { value: values.map(([, value]) => value) }
    }
    case "Fields": {
      const fields = node._tag === "Struct" ? node.fields : []
      const rest = node._tag === "Struct" ? (node.rest ?? -1) : -1
      const taken = new Set(fields.map(({ key }) => key))
      const { issues, values } = gather([
        ...draft.fields.flatMap((value, index) => {
          const field = fields[index]
          if (field === undefined || value === null) return []
          return [[field.key, jsonOf(form, value, field.of, [...path, field.key])] as const]
        }),
        ...draft.rest.map(({ key, value }) => {
          const isTwice = taken.has(key)
          taken.add(key)
          const at = [...path, key]
          return [
            key,
            isTwice ? wrong(at, "There is another of that name") : jsonOf(form, value, rest, at)
          ] as const
        })
      ])
      return issues.length > 0 ? { issues } : { value: Object.fromEntries(values) }
    }
    case "Member": {
      const member = node._tag === "Union" ? node.members[draft.index] : undefined
      return member === undefined ? wrong(path, "Choose one") : jsonOf(form, draft.value, member.of, path)
    }
  }
}
