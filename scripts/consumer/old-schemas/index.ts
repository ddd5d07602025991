import * as Schema from "@effect/schema/Schema"
import { fromLegacy } from "@sluice/legacy-schema"

export const account = fromLegacy(Schema.Struct({ owner: Schema.NonEmptyString, opened: Schema.Date }))
export const owner = fromLegacy(Schema.NonEmptyString)
