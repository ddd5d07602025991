// The delay model: what delay the next arrival at an airport is expected to have. Recent arrivals count more, and an
// airport with few of them is expected to do as all do. It keeps nothing itself: all that it has learned is its state.
import { answer, err, nothing, number, object, ok, Reply, text, Value } from "@sluice/wasm/kit/assemblyscript"

export { alloc } from "@sluice/wasm/kit/assemblyscript"

/** Milliseconds after which an arrival counts half. */
const halfLife: f64 = 90 * 60 * 1000

/** Arrivals of all airports that stand beside an airport's own. */
const prior: f64 = 6

/** What an arrival counts after so many milliseconds: halves, and straight lines between. */
function fading(age: f64): f64 {
  if (age <= 0) return 1
  const halves = age / halfLife
  if (halves >= 64) return 0
  const whole = Math.floor(halves)
  let rest: f64 = 1
  for (let i: f64 = 0; i < whole; i++) rest /= 2
  return rest * (1 - (halves - whole) / 2)
}

/** Takes one arrival into what is known of an airport, or of all. */
function take(known: Value, time: f64, delay: f64): void {
  const kept = fading(time - known.get("time").number)
  known.set("weight", number(known.get("weight").number * kept + 1))
  known.set("sum", number(known.get("sum").number * kept + delay))
  known.set("time", number(Math.max(time, known.get("time").number)))
}

function find(airports: Value, code: string): Value {
  for (let i = 0; i < airports.length; i++) {
    const airport = airports.at(i)
    if (airport.get("code").text == code) return airport
  }
  const made = object()
  made.set("code", text(code))
  made.set("time", number(0))
  made.set("weight", number(0))
  made.set("sum", number(0))
  made.set("expected", number(0))
  airports.push(made)
  return made
}

// Written, so that no compiler leaves the loop out.
let turns: i64 = 0

function misbehave(fault: string): void {
  if (fault == "loop") while (true) turns++
  if (fault == "trap") unreachable()
}

function learn(state: Value | null, params: Value): Reply {
  if (state === null) return err("there is no state to begin with")
  const fault = state.get("fault").text
  misbehave(fault)
  if (fault == "refuse") return err("the model was told to refuse")

  const learned = state.get("learned").number
  const from = params.get("from").number
  const flights = params.get("flights")
  if (from > learned) return err("the flights before number " + (<i64>from).toString() + " are missing")

  const all = state.get("all")
  const airports = state.get("airports")
  // What is learned already is not learned again: the action may be a retry.
  for (let i = <i32>(learned - from); i < flights.length; i++) {
    const flight = flights.at(i)
    const time = flight.get("time").number
    const delay = flight.get("delay").number
    take(all, time, delay)
    take(find(airports, flight.get("destination").text), time, delay)
  }

  const now = all.get("time").number
  const mean = all.get("weight").number > 0 ? all.get("sum").number / all.get("weight").number : 0
  for (let i = 0; i < airports.length; i++) {
    const airport = airports.at(i)
    const kept = fading(now - airport.get("time").number)
    const weight = airport.get("weight").number * kept + prior
    const sum = airport.get("sum").number * kept + prior * mean
    airport.set("expected", number(sum / weight))
  }
  state.set("learned", number(Math.max(learned, from + flights.length)))
  return ok(state.set("problem", nothing()))
}

export function send(s: usize, sl: i32, p: usize, pl: i32): usize {
  return answer(s, sl, p, pl, learn)
}
