/** What can go wrong between the desk and its server, in words for the person at the desk. */
import * as Schema from "effect/Schema"

const Problem = Schema.Literals(["unreachable", "down", "slow", "nonsense", "refused"])

/** A schema, because a state may hold one. */
export class ApiError extends Schema.TaggedError<ApiError>()("ApiError", {
  problem: Problem,
  detail: Schema.String
}) {
  override get message() {
    switch (this.problem) {
      case "unreachable":
        return "The server cannot be reached."
      case "down":
        return `The server is down (${this.detail}).`
      case "slow":
        return `The server is too slow: no answer within ${this.detail}.`
      case "nonsense":
        return `The server answered nonsense (${this.detail}).`
      case "refused":
        return `The server refused: ${this.detail}`
    }
  }
}
