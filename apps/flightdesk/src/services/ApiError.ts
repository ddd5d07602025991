/** What can go wrong between the desk and its server, in words for the person at the desk. */
import * as Data from "effect/Data"

export type ApiProblem = "unreachable" | "down" | "slow" | "nonsense" | "refused"

export class ApiError extends Data.TaggedError("ApiError")<{
  readonly problem: ApiProblem
  readonly detail: string
}> {
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
