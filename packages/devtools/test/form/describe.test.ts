/** What a form says of schemas. */
import { Collection } from "@sluice/core"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "vitest"
import { schemaAt } from "../../src/form/at.ts"
import { formOf } from "../../src/form/describe.ts"
import { type Form, type FormNode, nodeAt } from "../../src/form/Form.ts"
import { check, fit } from "../../src/form/fit.ts"
import { draftOf, emptyDraft, jsonOf } from "../../src/form/model.ts"

const rootOf = (form: Form): FormNode => nodeAt(form, form.root)

describe("a form", () => {
  test("has the hints of checks, and what JSON becomes", () => {
    expect(rootOf(formOf(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))))).toMatchObject({
      _tag: "Number",
      isInt: true,
      min: 1,
      max: 9
    })
    expect(
      rootOf(formOf(Schema.String.check(Schema.isMinLength(2), Schema.isPattern(/^[a-z]+$/))))
    ).toMatchObject({
      _tag: "String",
      minLength: 2,
      pattern: "^[a-z]+$"
    })
    expect(rootOf(formOf(Schema.Date))).toMatchObject({ _tag: "String", as: "Date" })
    expect(rootOf(formOf(Schema.DateFromString))).toMatchObject({ _tag: "String", as: "Date" })
    expect(rootOf(formOf(Schema.BigInt))).toMatchObject({ _tag: "String", as: "bigint" })
    expect(rootOf(formOf(Schema.Number))).toMatchObject({ _tag: "Number", hasSpecial: true })
    expect(rootOf(formOf(Schema.Void))).toMatchObject({ _tag: "Null", as: "undefined" })
    expect(rootOf(formOf(Schema.ReadonlyMap(Schema.String, Schema.Int)))).toMatchObject({
      _tag: "List",
      as: "Map"
    })
    const Row = Schema.Struct({ id: Schema.String })
    expect(rootOf(formOf(Collection.schema(Row, "id")))).toMatchObject({ _tag: "List", as: "Collection" })
  })

  test("is what an Option encodes to, and names the members of a union", () => {
    expect(rootOf(formOf(Schema.Option(Schema.String)))).toMatchObject({
      _tag: "Union",
      as: "Option",
      members: [{ label: "Some" }, { label: "None" }]
    })
    expect(rootOf(formOf(Schema.NullOr(Schema.String)))).toMatchObject({
      _tag: "Union",
      members: [{ label: "string" }, { label: "null" }]
    })
  })

  test("refers to a schema that is in itself, and is no larger than it may be", () => {
    interface Tree {
      readonly below: ReadonlyArray<Tree>
    }
    const Tree = Schema.Struct({ below: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree)) })
    const form = formOf(Tree)
    expect(form).toEqual({
      root: 0,
      nodes: [
        { _tag: "Struct", fields: [{ key: "below", of: 1, isOptional: false }] },
        { _tag: "List", of: 0 }
      ]
    })
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [
        `f${i}`,
        Schema.Struct({ a: Schema.String, b: Schema.Array(Schema.Date) })
      ])
    )
    expect(formOf(Schema.Struct(many)).nodes.length).toBeLessThan(1000)
  })

  test("of what has no JSON, or does not tell, takes any", () => {
    const any = { root: 0, nodes: [{ _tag: "Json" }] }
    expect(formOf(Schema.Struct({ [Symbol("hidden")]: Schema.String }))).toEqual(any)
    expect(
      formOf({ "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } })
    ).toEqual(any)
    expect(rootOf(formOf(Schema.Unknown))).toMatchObject({ _tag: "Json" })
  })
})

describe("a form of a schema of another library", () => {
  const standard = (input: (options: { readonly target: string }) => unknown) => ({
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input, output: input }
    }
  })

  test("is made from its JSON Schema, here as Zod 4.6 and ArkType 2.2 write it", () => {
    const form = formOf(
      standard(() => ({
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        properties: {
          id: { type: "string", minLength: 1 },
          by: { type: "integer", minimum: -9007199254740991, maximum: 9 },
          kind: { type: "string", enum: ["a", "b"] },
          list: { type: "array", items: { type: "boolean" } },
          opt: { type: "string" },
          u: { type: ["string", "null"] },
          rec: {
            type: "object",
            propertyNames: { type: "string" },
            additionalProperties: { type: "number" }
          },
          pair: { type: "array", prefixItems: [{ const: "x" }, { $ref: "#" }], minItems: 1 },
          shape: {
            anyOf: [
              { type: "object", properties: { type: { const: "dot" } }, required: ["type"] },
              { type: "object", properties: { type: { const: "line" } }, required: ["type"] }
            ]
          }
        },
        required: ["id", "by", "kind", "list", "u", "rec", "pair", "shape"]
      }))
    )
    const root = rootOf(form)
    const field = (key: string): FormNode | undefined => {
      const found = root._tag === "Struct" ? root.fields.find((each) => each.key === key) : undefined
      return found && nodeAt(form, found.of)
    }
    expect(root).toMatchObject({ _tag: "Struct", fields: { 4: { key: "opt", isOptional: true } } })
    expect(field("id")).toEqual({ _tag: "String", minLength: 1 })
    expect(field("by")).toMatchObject({ _tag: "Number", isInt: true, max: 9 })
    expect(field("kind")).toMatchObject({ _tag: "Choice", options: [{ value: "a" }, { value: "b" }] })
    expect(field("u")).toMatchObject({ _tag: "Union", members: [{ label: "string" }, { label: "null" }] })
    const rec = field("rec")
    expect(rec).toMatchObject({ _tag: "Struct", fields: [] })
    expect(rec?._tag === "Struct" && nodeAt(form, rec.rest ?? -1)).toEqual({ _tag: "Number" })
    expect(field("pair")).toMatchObject({ elements: [{ isOptional: false }, { of: 0, isOptional: true }] })
    expect(field("shape")).toMatchObject({ members: [{ label: "dot" }, { label: "line" }] })
  })

  test("takes any JSON where the library has none, or what it has leads nowhere", () => {
    const none = standard(() => {
      throw new Error("a transform has no JSON Schema")
    })
    expect(rootOf(formOf(none))).toEqual({ _tag: "Json" })
    expect(rootOf(formOf(standard(() => true)))).toEqual({ _tag: "Json" })
    expect(rootOf(formOf(standard(() => ({ $ref: "#" }))))).toEqual({ _tag: "Json" })
    expect(rootOf(formOf(standard(() => ({ allOf: [{ type: "string" }] }))))).toEqual({ _tag: "Json" })
  })
})

test("a form that no schema has made ends as well, whatever its nodes refer to", () => {
  const union = (...refs: ReadonlyArray<number>): FormNode => ({
    _tag: "Union",
    members: refs.map((of) => ({ label: "x", of }))
  })
  const knot: Form = {
    root: 0,
    nodes: [union(1, 2, 0), union(0, 2, 1), union(0, 1, 2, 99)]
  }
  expect(jsonOf(knot, draftOf(knot, { a: 1 }))).toEqual({ value: { a: 1 } })
  expect(emptyDraft({ root: 0, nodes: [union(0)] })).toEqual({ _tag: "Raw", text: "" })
  const twice = (of: number): FormNode => ({
    _tag: "Struct",
    fields: ["a", "b"].map((key) => ({ key, of, isOptional: false }))
  })
  const wide: Form = { root: 0, nodes: Array.from({ length: 38 }, (_, index) => twice(index + 1)) }
  expect(JSON.stringify(emptyDraft(wide)).length).toBeLessThan(200_000)
})

test("a Standard Schema says where a value does not fit", () => {
  const validate = () => ({ issues: [{ message: "too long", path: ["name", { key: 2 }] }] })
  const schema = { "~standard": { version: 1 as const, vendor: "test", validate } }
  const issues = [{ path: ["name", 2], message: "too long" }]
  expect(fit(schema, {})).toEqual({ issues })
  expect(check(schema, {})).toEqual({ issues })
})

test("the schema of a part is found through fields, elements, keys, rows and the member that the value is of", () => {
  const Row = Schema.Struct({ id: Schema.String, delay: Schema.Int })
  const State = Schema.Struct({
    rows: Collection.schema(Row, "id"),
    byName: Schema.ReadonlyMap(Schema.String, Schema.Date),
    list: Schema.Array(Schema.Boolean),
    either: Schema.Union([
      Schema.Struct({ _tag: Schema.Literal("A"), value: Schema.String }),
      Schema.Struct({ _tag: Schema.Literal("B"), value: Schema.Int })
    ])
  })
  const state = {
    rows: Collection.make("id", [{ id: "a", delay: 1 }]),
    byName: new Map([["x", new Date(0)]]),
    list: [true],
    either: { _tag: "B" as const, value: 3 }
  }
  const at = (...path: Parameters<typeof schemaAt>[2]) => {
    const found = schemaAt(State, state, path)
    return found === undefined ? undefined : rootOf(formOf(found))
  }
  const property = (key: string) => ({ kind: "property", key })
  expect(at()).toMatchObject({ _tag: "Struct" })
  expect(at(property("rows"), { kind: "row", key: "a" }, property("delay"))).toMatchObject({ isInt: true })
  expect(at(property("byName"), { kind: "key", key: "x" })).toMatchObject({ as: "Date" })
  expect(at(property("list"), { kind: "index", key: 0 })).toMatchObject({ _tag: "Boolean" })
  expect(at(property("either"), property("value"))).toMatchObject({ _tag: "Number", isInt: true })
  expect(at(property("none"))).toBeUndefined()
  expect(at(property("rows"), { kind: "part", key: 0 })).toBeUndefined()
})
