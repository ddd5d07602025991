import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect, test } from "vitest"
import { inSlices, type Progress, type Steps } from "../../src/session/index.ts"

function* counting(to: number, done: Array<number>): Steps<number> {
  for (let at = 1; at <= to; at++) {
    done.push(at)
    yield { done: at, of: to }
  }
  return to
}

test("others have their turn after each slice, and are told how far it is", async () => {
  const done: Array<number> = []
  const told: Array<Progress> = []
  const running = Effect.runFork(
    inSlices(() => counting(4, done), { budgetMs: 0, onProgress: (progress) => told.push(progress) })
  )
  expect(done).toEqual([1])
  expect(await Effect.runPromise(Fiber.join(running))).toBe(4)
  expect(told.map(({ done }) => done)).toEqual([1, 2, 3, 4])
})

test("interrupted it does no more, and what its steps throw it dies with", async () => {
  const done: Array<number> = []
  const running = Effect.runFork(inSlices(() => counting(4, done), { budgetMs: 0 }))
  await Effect.runPromise(Fiber.interrupt(running))
  await new Promise((resolve) => setTimeout(resolve))
  expect(done).toEqual([1])
  const failing = inSlices(function* (): Steps<never> {
    yield { done: 0, of: 1 }
    throw new Error("it fails")
  })
  await expect(Effect.runPromise(failing)).rejects.toThrow("it fails")
})
