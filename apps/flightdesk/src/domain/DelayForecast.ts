/** What the delay model has learned, and what it expects. */
import * as Schema from "effect/Schema"

const learned = {
  /** Of the newest arrival, as a flight's time. */
  time: Schema.Finite,
  /** How many arrivals it stands for: older ones count less. */
  weight: Schema.Finite,
  /** Of their delays, in minutes, counted alike. */
  sum: Schema.Finite
}

/** `expected` are the minutes that the next arrival is expected to be late. */
export const AirportForecast = Schema.Struct({ code: Schema.String, ...learned, expected: Schema.Finite })
export type AirportForecast = typeof AirportForecast.Type

/** How the model is to fail, so that what the desk does about it can be seen. */
export const ModelFault = Schema.Literals(["none", "loop", "trap", "refuse"])
export type ModelFault = typeof ModelFault.Type

/** `tag` is that of the error. */
export const ModelProblem = Schema.Struct({ tag: Schema.String, message: Schema.String })
export type ModelProblem = typeof ModelProblem.Type

export const DelayForecast = Schema.Struct({
  /** Flights, in the order of their arrival. */
  learned: Schema.Int,
  all: Schema.Struct(learned),
  airports: Schema.Array(AirportForecast),
  fault: ModelFault,
  /** Why it has stopped to learn. */
  problem: Schema.NullOr(ModelProblem)
})
export type DelayForecast = typeof DelayForecast.Type

/** `from` is how many flights arrived before these. */
export const Lesson = Schema.Struct({
  from: Schema.Int,
  flights: Schema.Array(
    Schema.Struct({ destination: Schema.String, time: Schema.Finite, delay: Schema.Finite })
  )
})
export type Lesson = typeof Lesson.Type

export const nothingLearned: DelayForecast = {
  learned: 0,
  all: { time: 0, weight: 0, sum: 0 },
  airports: [],
  fault: "none",
  problem: null
}
