/** What a handler leaves behind when its scope ends: nothing. In Node, which tells of its threads and collects when told. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { Worker } from "node:worker_threads"
import { Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { expect, onTestFinished, test } from "vitest"
import { casesOptions, type Count, makeCases } from "./suite/cases.ts"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

test("threads end with their handler's scope, whatever they do", async () => {
  let made = 0
  let ended = 0
  const watch = (worker: Worker) => {
    made++
    worker.on("exit", () => ended++)
  }
  process.on("worker", watch)
  onTestFinished(() => void process.off("worker", watch))
  const options = { ...(await casesOptions("worker")), name: "Cases" }
  const round = (what: string | undefined) =>
    Effect.scoped(
      Effect.gen(function* () {
        const cases = yield* Handler.make(options)
        const state = yield* cases.init(null, {})
        if (what === undefined) return
        // The scope ends before it does
        yield* Effect.forkChild(cases.send(state, { do: what }), { startImmediately: true })
        yield* Effect.yieldNow
      })
    )
  for (let n = 0; n < 4; n++) {
    for (const what of [undefined, "loop", "trap"]) await Effect.runPromise(round(what))
  }
  expect(made).toBeGreaterThanOrEqual(24)
  await expect.poll(() => made - ended, { timeout: 10_000 }).toBe(0)
  // One whose code is refused has none either
  const refused = Handler.make({ ...options, imports: [] })
  expect(Exit.isFailure(await Effect.runPromise(Effect.exit(Effect.scoped(refused))))).toBe(true)
  await expect.poll(() => made - ended, { timeout: 10_000 }).toBe(0)
})

test("the memory of a version is collected with its state", async () => {
  const cases = await makeCases("worker")
  let latest: typeof Count.Type = await Effect.runPromise(cases.init(null, { do: "grow", pages: 40 }))
  const images: Array<WeakRef<object>> = []
  for (let n = 0; n < 20; n++) {
    images.push(new WeakRef(cases.memoryOf(latest)!))
    latest = await Effect.runPromise(cases.send(latest, {}))
  }
  await expect
    .poll(
      () => {
        collect()
        return images.filter((image) => image.deref() !== undefined).length
      },
      { timeout: 10_000 }
    )
    .toBeLessThan(3)
  expect(cases.memoryOf(latest)?.parts[0]?.pages.length).toBeGreaterThanOrEqual(40)
})
