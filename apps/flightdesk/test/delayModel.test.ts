/** The delay model's WebAssembly, in a real worker, on the real flights. */
import { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll, expect, test } from "vitest"
import { compileModel } from "../model/compile.ts"
import { type DelayForecast, type Lesson, nothingLearned } from "../src/domain/DelayForecast.ts"
import { parseTime } from "../src/domain/Flight.ts"
import { delayHandler, loadModel, Model } from "../src/model/delayHandler.ts"
import { DelayModel } from "../src/modules/DelayModel.ts"
import { learn } from "./delayModel.ts"
import { readFlights } from "./realData.ts"

const scope = Scope.makeUnsafe()
let code: Awaited<ReturnType<typeof compileModel>>
let model: Effect.Success<ReturnType<typeof loadModel>>

const arrivals = readFlights()
  .map(({ date, delay, destination }) => ({ destination, delay, time: parseTime(date) ?? 0 }))
  .toSorted((a, b) => a.time - b.time)

const lessons = (size: number, count = arrivals.length): ReadonlyArray<Lesson> =>
  Array.from({ length: Math.ceil(count / size) }, (_, index) => ({
    from: index * size,
    flights: arrivals.slice(index * size, Math.min(count, (index + 1) * size))
  }))

beforeAll(async () => {
  code = await compileModel()
  model = await Effect.runPromise(
    Scope.provide(loadModel({ source: code.bytes, sha256: code.sha256 }), scope)
  )
}, 60_000)

afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

test("expects to the last bit what the model in TypeScript expects, of all 20,000 flights", async () => {
  let computed: DelayForecast = nothingLearned
  let expected: DelayForecast = nothingLearned
  for (const lesson of lessons(400)) {
    computed = await Effect.runPromise(model.send(computed, lesson))
    expected = learn(expected, lesson)
  }
  expect(computed.learned).toBe(20_000)
  expect(computed.airports.length).toBeGreaterThan(50)
  expect(computed).toEqual(expected)
})

test("learns the same however its lessons are cut, and nothing twice", async () => {
  const learnAll = async (all: ReadonlyArray<Lesson>) => {
    let state: DelayForecast = nothingLearned
    for (const lesson of all) state = await Effect.runPromise(model.send(state, lesson))
    return state
  }
  const whole = await learnAll(lessons(1200, 1200))
  expect(await learnAll(lessons(7, 1200))).toEqual(whole)
  expect(await learnAll([...lessons(400, 1200), ...lessons(300, 1200)])).toEqual(whole)
})

test("a lesson that leaves flights out is refused, as an error of the domain", async () => {
  const error = await Effect.runPromise(
    Effect.flip(model.send(nothingLearned, { from: 10, flights: arrivals.slice(10, 20) }))
  )
  expect(error).toMatchObject({
    _tag: "HandlerError",
    error: "the flights before number 10 are missing"
  })
})

test.each([
  ["loop", "timeout"],
  ["trap", "trap"]
] as const)("told to %s it is a %s, and the next call learns as if nothing had been", async (fault, kind) => {
  const [lesson = { from: 0, flights: [] }] = lessons(100)
  const error = await Effect.runPromise(Effect.flip(model.send({ ...nothingLearned, fault }, lesson)))
  expect(error).toMatchObject({ _tag: "HandlerFault", kind, handler: "DelayModel" })
  expect(await Effect.runPromise(model.send(nothingLearned, lesson))).toEqual(learn(nothingLearned, lesson))
})

test("other bytes than those that were built are not loaded, and say so where the action was made", async () => {
  const { bytes } = code
  const other = new Uint8Array(bytes)
  other[other.length - 1] = (other[other.length - 1] ?? 0) ^ 1
  const live = DelayModel.implement({
    initial: nothingLearned,
    handlers: { learn: delayHandler },
    imports: [Model.layer(Effect.succeed({ source: other, sha256: code.sha256 }))]
  })
  const runtime = Runtime.make(live, { onError: () => {} })
  const forecast = runtime.resolve(DelayModel.tag)
  const [lesson = { from: 0, flights: [] }] = lessons(100)
  const exit = await Effect.runPromiseExit(forecast.actions.learn(lesson))
  expect(exit._tag === "Failure" && String(exit.cause)).toContain("HashMismatch")
  expect(forecast.unsafe.getState()).toEqual(nothingLearned)
  await runtime.dispose()
})
