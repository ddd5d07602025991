/** A session of which some passed unrecorded. */
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import {
  exportSession,
  firstDifference,
  History,
  importSession,
  recompute,
  recorder,
  reducersOf,
  replay
} from "../../src/session/index.ts"
import { makeApp, settled, steps } from "./app.ts"

test("whatever passes: moments are what they were, a replay is the record, and a file is the same again (property)", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps(25),
      fc.array(fc.nat({ max: 25 })),
      fc.nat({ max: 25 }),
      async (given, toggles, forgetAt) => {
        const { commits, history: all, run, runtime, seen, states } = makeApp()
        const history = new History()
        const recording = recorder(runtime, history)
        let passed = 0
        const resume = () => {
          recording.resume()
          passed += recording.passed()
        }
        for (const [at, step] of given.entries()) {
          if (toggles.includes(at)) {
            if (recording.isPaused()) resume()
            else recording.pause()
          }
          if (at === forgetAt) {
            recording.settle()
            history.forget(history.end)
            expect(history.length).toBe(0)
          }
          run(step)
          if (at % 3 === 2) await settled(runtime)
        }
        await settled(runtime)
        if (recording.isPaused()) resume()
        const instances = Array.from(states(), ([instanceId, state]) => ({ instanceId, state }))
        for (const { seq } of history.after(0)) {
          const moment = history.momentOf(seq)
          // An instance that is where it was before has no entry: of that moment it is said what it was, and is.
          if (history.commitAt(moment)?.passed === undefined)
            expect(history.statesAt(moment, instances)).toEqual(seen[all.momentOf(moment)])
        }
        expect(history.statesAt(history.end, instances)).toEqual(states())
        const kept = history.recording({ label: "shop" })
        expect(commits()).toBeGreaterThanOrEqual(
          passed + history.length - kept.commits.filter((each) => each.passed).length
        )
        const reducers = reducersOf(runtime)
        expect(replay(kept, reducers).divergence).toBeUndefined()
        expect(firstDifference(states(), recompute(kept, {}, reducers).states)).toBeUndefined()
        const text = exportSession(kept)
        const again = Result.getOrThrow(importSession(text))
        expect(exportSession(again)).toBe(text)
        expect(firstDifference(kept, again)).toBeUndefined()
        await runtime.dispose()
      }
    ),
    { seed: 50_073, numRuns: 80 }
  )
})
