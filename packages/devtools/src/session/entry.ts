/** What an entry is called in data from elsewhere. */
import * as Schema from "effect/Schema"

export const originFields = {
  kind: Schema.Literals([
    "action",
    "source-refresh",
    "service-callback",
    "state-update",
    "devtools",
    "init",
    "hydrate"
  ]),
  name: Schema.String
}

export const Actions = Schema.Array(
  Schema.Struct({ _tag: Schema.String, payload: Schema.optionalKey(Schema.Unknown) })
)
