/** The model of the contract holds as well while devtools look: measured, with call sites, recomputations counted. */
import * as CallSites from "@sluice/core/CallSites"
import * as Profile from "@sluice/core/Profile"
import fc from "fast-check"
import { expect, test } from "vitest"
import { appSpec, steps } from "./model/app.ts"
import { run, type Watch } from "./model/run.ts"
import { shrunk } from "./model/shrunk.ts"

const seed = Number(process.env["MODEL_SEED"] ?? 71_003)

let measured = 0

const watch: Watch = (runtime) => {
  const profile = Profile.begin(runtime)
  const sites = CallSites.keep(runtime)
  const counted = Profile.countRecomputations(runtime)
  return () => {
    measured += profile.measures().reduce((sum, { count }) => sum + count, 0)
    for (const { end } of [profile, sites, counted]) end()
  }
}

test("random apps do what the model of the contract does, also while they are watched", async () => {
  console.log(`watched: MODEL_SEED=${seed}`)
  await fc.assert(
    fc.asyncProperty(appSpec, steps, async (app, taken) => {
      await run(app, taken, watch)
    }),
    { seed, numRuns: 60 }
  )
  expect(measured).toBeGreaterThan(1000)
})

test.each(shrunk)("watched: %s", async (_, app, steps) => {
  await run(app, steps, watch)
})
