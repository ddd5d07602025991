/**
 * What can be typed in where a schema has a value: a closed description, as plain data. It describes JSON, that is
 * the schema's encoded side, and says of each part what it is decoded to.
 */
import * as Schema from "effect/Schema"

/** The most that one form has. What is beyond is `Json`. */
export const maxNodes = 300
export const maxFields = 300
export const maxOptions = 300

const Ref = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Bound = Schema.optionalKey(Schema.Finite)

/** Of any part. Names and remarks are for reading; none of them is a rule. */
const common = {
  /** The schema's own name or title. */
  name: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  /** What the JSON becomes, where that is something else: `Date`, `bigint`, `Map`, `Option`… */
  as: Schema.optionalKey(Schema.String),
  /** What is checked besides, in the schema's words. */
  checks: Schema.optionalKey(Schema.Array(Schema.String))
}

/** A part of a form. Others are referred to by their place in `nodes`, so that a schema may be in itself. */
export const FormNode = Schema.TaggedUnion({
  /** Any JSON: nothing more is known, or there is no room to say it. */
  Json: common,
  /** `null` and nothing else. */
  Null: common,
  Boolean: common,
  Number: {
    ...common,
    isInt: Schema.optionalKey(Schema.Boolean),
    min: Bound,
    max: Bound,
    /** Also `"NaN"`, `"Infinity"` and `"-Infinity"`, as strings. */
    hasSpecial: Schema.optionalKey(Schema.Boolean)
  },
  String: {
    ...common,
    minLength: Bound,
    maxLength: Bound,
    pattern: Schema.optionalKey(Schema.String)
  },
  /** One of these. */
  Choice: {
    ...common,
    options: Schema.Array(
      Schema.Struct({
        label: Schema.String,
        value: Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])
      })
    )
  },
  List: { ...common, of: Ref, minLength: Bound, maxLength: Bound },
  /** `rest` is what may come after them. */
  Tuple: {
    ...common,
    elements: Schema.Array(Schema.Struct({ of: Ref, isOptional: Schema.Boolean })),
    rest: Schema.optionalKey(Ref)
  },
  /** `rest` is what fields of other names hold. */
  Struct: {
    ...common,
    fields: Schema.Array(
      Schema.Struct({
        key: Schema.String,
        of: Ref,
        isOptional: Schema.Boolean,
        description: Schema.optionalKey(Schema.String)
      })
    ),
    rest: Schema.optionalKey(Ref)
  },
  /** The first member that takes the JSON is the one. */
  Union: { ...common, members: Schema.Array(Schema.Struct({ label: Schema.String, of: Ref })) }
})
export type FormNode = typeof FormNode.Type

export const Form = Schema.Struct({ root: Ref, nodes: Schema.Array(FormNode) })
export type Form = typeof Form.Type

/** Where nothing is known. */
export const anyJson: Form = { root: 0, nodes: [{ _tag: "Json" }] }

const unknownNode: FormNode = { _tag: "Json" }

/** The part at that place. A form that came through a port may refer to none. */
export const nodeAt = ({ nodes }: Form, ref: number): FormNode => nodes[ref] ?? unknownNode

/** Where JSON does not fit, outermost first, and why. */
export const Issue = Schema.Struct({
  path: Schema.Array(Schema.Union([Schema.String, Schema.Finite])),
  message: Schema.String
})
export type Issue = typeof Issue.Type
