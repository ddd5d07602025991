/** Watch rules as they are written in Lua: what a script finds, and what one looks like. */
import * as Schema from "effect/Schema"
import { Flight } from "./Flight.ts"

/** As errors name the script. */
export const scriptName = "watch.lua"

/** On the script's own first line, so that its lines keep their numbers. */
const harness =
  'local rules = {} function rule(name, test) if type(name) ~= "string" or type(test) ~= "function" then error("rule takes a name and a function", 2) end rules[#rules + 1] = { name = name, test = test } end Handlers.add("watch", function(msg) local found = array() for _, flight in ipairs(msg.flights) do for _, each in ipairs(rules) do if each.test(flight) then found[#found + 1] = { flight = flight.id, rule = each.name } end end end return found end) '

export const scriptOf = (rules: string): string => harness + rules

export const Watched = Schema.Struct({ Action: Schema.Literal("watch"), flights: Schema.Array(Flight) })

/** Which flight fits which rule. */
export const Found = Schema.Array(Schema.Struct({ flight: Schema.Int, rule: Schema.NonEmptyString }))

/** `line` counts from 1; null where the error is of no line. */
export const RuleProblem = Schema.Struct({ line: Schema.NullOr(Schema.Int), message: Schema.String })
export type RuleProblem = typeof RuleProblem.Type

/** `watch.lua:3: what is wrong` as a line and the rest. */
export const problemIn = (message: string): RuleProblem => {
  const found = /watch\.lua:(\d+): /.exec(message)
  return found === null
    ? { line: null, message }
    : { line: Number(found[1]), message: message.slice(found.index + found[0].length) }
}

export const exampleRules = `-- A rule has a name and a test of one flight: its origin,
-- destination, delay in minutes and distance in miles.
rule("an hour late on a short hop", function(flight)
  return flight.delay > 60 and flight.distance < 300
end)

-- A global table is kept from flight to flight.
Row = Row or {}
rule("fifth in a row late out of one airport", function(flight)
  local row = flight.delay > 15 and (Row[flight.origin] or 0) + 1 or 0
  Row[flight.origin] = row
  return row == 5
end)
`
