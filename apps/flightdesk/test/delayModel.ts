/** The delay model in TypeScript: what its WebAssembly is held against. */
import type { AirportForecast, DelayForecast, Lesson } from "../src/domain/DelayForecast.ts"

const halfLife = 90 * 60 * 1000
const prior = 6

type Known = DelayForecast["all"]

const fading = (age: number): number => {
  if (age <= 0) return 1
  const halves = age / halfLife
  if (halves >= 64) return 0
  const whole = Math.floor(halves)
  return 2 ** -whole * (1 - (halves - whole) / 2)
}

const take = (known: Known, time: number, delay: number): Known => {
  const kept = fading(time - known.time)
  return {
    time: Math.max(time, known.time),
    weight: known.weight * kept + 1,
    sum: known.sum * kept + delay
  }
}

export const learn = (state: DelayForecast, { flights, from }: Lesson): DelayForecast => {
  const airports = new Map<string, AirportForecast>(state.airports.map((airport) => [airport.code, airport]))
  let { all } = state
  for (const { delay, destination: code, time } of flights.slice(state.learned - from)) {
    all = take(all, time, delay)
    const known = airports.get(code) ?? { time: 0, weight: 0, sum: 0 }
    airports.set(code, { code, ...take(known, time, delay), expected: 0 })
  }
  const mean = all.weight > 0 ? all.sum / all.weight : 0
  return {
    ...state,
    learned: Math.max(state.learned, from + flights.length),
    all,
    airports: Array.from(airports.values(), (airport) => {
      const kept = fading(all.time - airport.time)
      return {
        ...airport,
        expected: (airport.sum * kept + prior * mean) / (airport.weight * kept + prior)
      }
    }),
    problem: null
  }
}
