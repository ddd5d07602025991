import * as Schema from "effect/Schema"

export const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
/** Of what is sent to a page. */
export const Name = Schema.String.check(Schema.isMaxLength(1000))
