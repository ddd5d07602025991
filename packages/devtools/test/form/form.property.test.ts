/** Any schema's values go through its form and come out as they were; what is wrong is refused where it is. */
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { formOf } from "../../src/form/describe.ts"
import { check, fit, toJson } from "../../src/form/fit.ts"
import { Form } from "../../src/form/Form.ts"
import { Draft, draftOf, emptyDraft, jsonOf, type Json } from "../../src/form/model.ts"
import { schemas } from "./schemas.ts"

const runs = { numRuns: 300 }

const sampled = schemas.chain(({ schema, values }) => values.map((value) => ({ schema, value })))

const isJson = Schema.is(Schema.Json)
const jsonFor = (schema: Parameters<typeof toJson>[0], value: unknown): Json => {
  const made = toJson(schema, value)
  if (!("value" in made) || !isJson(made.value)) throw new Error("it has no JSON")
  return made.value
}

/** As a port carries it. */
const carry = (form: Form): Form => Schema.decodeUnknownSync(Form)(JSON.parse(JSON.stringify(form)))

test("a value, encoded, put through the form's model and out again is the same, and is accepted", () => {
  fc.assert(
    fc.property(sampled, ({ schema, value }) => {
      const form = carry(formOf(schema))
      const json = jsonFor(schema, value)
      const draft = Schema.decodeUnknownSync(Draft)(draftOf(form, json))
      expect(hasRaw(draft)).toBe(false)
      expect(jsonOf(form, draft)).toEqual({ value: json })
      expect(fit(schema, json)).toHaveProperty("value")
      expect(check(schema, value)).toHaveProperty("value")
    }),
    runs
  )
})

test("an empty form has JSON of the schema's shape, but for what must be typed", () => {
  fc.assert(
    fc.property(schemas, ({ schema }) => {
      const form = formOf(schema)
      const empty = emptyDraft(form)
      expect(hasRaw(empty)).toBe(false)
      const made = jsonOf(form, empty)
      if ("value" in made) expect(jsonOf(form, draftOf(form, made.value))).toEqual(made)
    }),
    runs
  )
})

/** No schema of these takes it. */
const wrong = [[[[[[[[[true]]]]]]]]]

interface Place {
  readonly path: ReadonlyArray<string | number>
  /** The JSON with what is wrong in this place. */
  readonly spoilt: unknown
}

const placesOf = (json: unknown, path: Place["path"] = []): ReadonlyArray<Place> => {
  if (typeof json !== "object" || json === null) return [{ path, spoilt: wrong }]
  if (Array.isArray(json))
    return json.flatMap((item: unknown, index) =>
      placesOf(item, [...path, index]).map(({ path: at, spoilt }) => ({
        path: at,
        spoilt: json.with(index, spoilt)
      }))
    )
  return Object.entries(json).flatMap(([key, item]) =>
    placesOf(item, [...path, key]).map(({ path: at, spoilt }) => ({
      path: at,
      spoilt: { ...json, [key]: spoilt }
    }))
  )
}

test("what is wrong in one place is refused there, or at the part that it is in", () => {
  fc.assert(
    fc.property(sampled, fc.nat(), ({ schema, value }, nth) => {
      const places = placesOf(jsonFor(schema, value))
      const place = places[nth % Math.max(1, places.length)]
      fc.pre(place !== undefined)
      const fitted = fit(schema, place.spoilt)
      if (!("issues" in fitted)) throw new Error(`accepted ${JSON.stringify(place.spoilt)}`)
      const isOnTheWay = fitted.issues.some(({ path }) => path.every((step, at) => step === place.path[at]))
      expect({ isOnTheWay, place, fitted }).toMatchObject({ isOnTheWay: true })
    }),
    runs
  )
})

const hasRaw = (draft: Draft): boolean => {
  switch (draft._tag) {
    case "Raw":
      return true
    case "Items":
      return draft.items.some(hasRaw)
    case "Member":
      return hasRaw(draft.value)
    case "Fields":
      return (
        draft.fields.some((field) => field !== null && hasRaw(field)) ||
        draft.rest.some(({ value }) => hasRaw(value))
      )
    default:
      return false
  }
}
