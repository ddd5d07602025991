/**
 * The core against a from-scratch model of its contract, on random apps and steps.
 *
 * Exact, after each step: states and versions; of each window its transaction number, origin, cause, tags,
 * outcome, error, payloads and changed fields, in order for each instance; what each consumer received, once and
 * in commit order; every gauge; what listeners were told; who waits, who was resumed and with what, who was
 * interrupted; promises; errors; warnings; the trace's counts and, at the end, its events.
 *
 * Invariants: which of several runnable fibers goes first is not in the contract, so it is taken from what the
 * app's own code saw (see `Note`), and each of those must have been possible when it came, and nothing that was
 * possible may stay away; a sink's take is seen by nobody before what it lets others do, so the orders in which
 * sinks may have taken are tried where that of the notes explains nothing; conflated readers end at the current
 * state; nobody in a window sees a draft of any instance; with every gate open all drains (but for the few runs
 * that are `cut`, which would take thousands of steps). Events that are not entries are compared without their
 * order.
 *
 * Not met: an exhaust flow that is full, a handler that makes entries at once, a sink that makes entries or comes
 * late, traits, debounce and throttle, the Handler port, nested scopes.
 *
 * MODEL_SEED=n MODEL_RUNS=n replays, or goes on for an hour (about 10,000 runs a minute on one free core);
 * MODEL_PATH (with MODEL_RUNS=1) goes straight to a counterexample, MODEL_DEBUG shows what its app saw,
 * MODEL_NOSHRINK stops at the first.
 */
import fc from "fast-check"
import { expect, test } from "vitest"
import { appSpec, steps } from "./model/app.ts"
import type { Counts } from "./model/model.ts"
import { run } from "./model/run.ts"
import { shrunk } from "./model/shrunk.ts"

const seed = Number(process.env["MODEL_SEED"] ?? 20011)
const numRuns = Number(process.env["MODEL_RUNS"] ?? 10_000)
const path = process.env["MODEL_PATH"]

test("random apps do what the model of the contract does", { timeout: 4_000_000 }, async () => {
  console.log(`model: MODEL_SEED=${seed} MODEL_RUNS=${numRuns}`)
  const met: Partial<Record<keyof Counts | "steps", number>> = {}
  const started = performance.now()
  await fc.assert(
    fc.asyncProperty(appSpec, steps, async (app, taken) => {
      const { counts, steps } = await run(app, taken)
      for (const [name, count] of Object.entries({ ...counts, steps }) as Array<[keyof Counts, number]>)
        met[name] = (met[name] ?? 0) + count
    }),
    {
      seed,
      numRuns,
      endOnFailure: process.env["MODEL_NOSHRINK"] !== undefined,
      ...(path === undefined ? {} : { path })
    }
  )
  console.log(`model: ${numRuns} runs in ${Math.round(performance.now() - started)} ms`, met)
  if (path === undefined)
    expect(Object.entries(met).filter(([name, count]) => count === 0 && name !== "cut")).toEqual([])
})

test.each(shrunk)("%s", async (_, app, steps) => {
  await run(app, steps)
})
