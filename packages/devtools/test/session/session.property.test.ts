/** Any session of a small app. */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { firstDifference, recompute, reducersOf, replay } from "../../src/session/index.ts"
import { makeApp, plain, recorded, settled, steps } from "./app.ts"

const seed = 50_051

test("travel to any moment, then live, gives the live states and loses nothing that came meanwhile", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps(),
      steps(6),
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 40 }),
      async (given, later, moments, capacity) => {
        const app = makeApp(capacity)
        const model = makeApp()
        for (const step of given) for (const each of [app, model]) each.run(step)
        for (const each of [app, model]) await settled(each.runtime)
        const live = app.states()
        const seen = [...app.seen]
        for (const pick of moments) {
          const seq = pick % seen.length
          if (!app.history.reaches(seq)) continue
          app.runtime.travel.to(app.history.statesAt(seq, instancesOf(app.states())))
          expect(app.states()).toEqual(seen[app.history.momentOf(seq)])
        }
        app.runtime.travel.live()
        expect(app.states()).toEqual(live)

        const last = app.history.latest?.seq ?? 0
        if (app.history.reaches(last))
          app.runtime.travel.to(app.history.statesAt(app.history.base, instancesOf(app.states())))
        for (const step of later) for (const each of [app, model]) each.run(step)
        app.runtime.travel.live()
        for (const each of [app, model]) await settled(each.runtime)
        expect(plain(app.states())).toEqual(plain(model.states()))
        for (const each of [app, model]) await each.runtime.dispose()
      }
    ),
    { seed, numRuns: 60 }
  )
})

const instancesOf = (states: ReadonlyMap<string, unknown>) =>
  Array.from(states, ([instanceId, state]) => ({ instanceId, state }))

test("a replay makes what was recorded, and calls the reducers for it", async () => {
  await fc.assert(
    fc.asyncProperty(steps(), async (given) => {
      const { recording, runtime } = await recorded(given)
      const result = replay(recording, reducersOf(runtime))
      expect(result.divergence).toBeUndefined()
      expect(result.partial).toBe(0)
      expect(result.missing).toEqual([])
      const withActions = recording.commits.filter(({ actions }) => actions.length > 0)
      expect(result.compared).toBe(withActions.length)
      expect(result.given).toBe(recording.commits.length - withActions.length)
      await runtime.dispose()
    }),
    { seed, numRuns: 60 }
  )
})

test("recomputed with nothing left out it is the record; without the last, it is as before that", async () => {
  await fc.assert(
    fc.asyncProperty(steps(), fc.integer({ min: 0, max: 20 }), async (given, from) => {
      const { history, recording, runtime, seen, states } = await recorded(given)
      const reducers = reducersOf(runtime)
      const all = recompute(recording, {}, reducers)
      expect(firstDifference(states(), all.states)).toBeUndefined()
      expect(all.counts.unchanged).toBe(recording.commits.length)
      for (const [at, moment] of seen.entries())
        expect(all.statesAfter(at)).toEqual(seen[history.momentOf(at)] ?? moment)

      const last = recording.commits.at(-1)
      if (last !== undefined) {
        const without = recompute(recording, { skip: [last.txnId] }, reducers)
        const group = recording.commits.filter(({ groupId, txnId }) =>
          last.groupId === undefined ? txnId === last.txnId : groupId === last.groupId
        )
        expect(firstDifference(seen.at(-1 - group.length), without.states)).toBeUndefined()
        expect(without.counts.skipped).toBe(group.length)
      }

      // A part of it begins with the states of its first moment.
      const start = Math.min(from, recording.commits.length)
      const part = history.recording({ from: start })
      expect(new Map(part.base.map(({ instanceId, state }) => [instanceId, state]))).toEqual(
        seen[history.momentOf(start)]
      )
      expect(replay(part, reducers).divergence).toBeUndefined()
      await runtime.dispose()
    }),
    { seed, numRuns: 60 }
  )
})

test("put where it is, or past entries of others, nothing changes but the order, and none is lost", async () => {
  await fc.assert(
    fc.asyncProperty(steps(), fc.nat(), fc.nat(), async (given, from, to) => {
      const { recording, runtime, states } = await recorded(given)
      const { commits } = recording
      const reducers = reducersOf(runtime)
      const at = (index: number) => commits[index % Math.max(1, commits.length)]
      const [moving, before] = [at(from), at(to)]
      if (moving === undefined || before === undefined) return runtime.dispose()
      const move = { txnId: moving.txnId, before: before.txnId }
      const there = recompute(recording, { move }, reducers)
      const ids = there.entries.map(({ commit }) => commit.txnId)
      expect([...ids].sort()).toEqual(commits.map(({ txnId }) => txnId).sort())
      const group = (commit: typeof moving) => commit.groupId ?? commit.txnId
      const passed = commits.slice(
        Math.min(commits.indexOf(moving), commits.indexOf(before)),
        Math.max(commits.indexOf(moving), commits.indexOf(before))
      )
      const instances = new Set(
        commits.filter((commit) => group(commit) === group(moving)).map(({ instanceId }) => instanceId)
      )
      const others = passed.filter((commit) => group(commit) !== group(moving))
      if (others.every(({ groupId, instanceId }) => groupId === undefined && !instances.has(instanceId)))
        expect(firstDifference(states(), there.states)).toBeUndefined()
      await runtime.dispose()
    }),
    { seed, numRuns: 100 }
  )
})

test("without some actions it is what the app would have come to without them, where all are actions", async () => {
  const actions = fc.array(
    fc.tuple(
      fc.record({
        _tag: fc.constant("put" as const),
        id: fc.constantFrom("a", "b"),
        qty: fc.integer({ min: -3, max: 3 })
      }),
      fc.boolean()
    ),
    { maxLength: 10 }
  )
  await fc.assert(
    fc.asyncProperty(actions, async (given) => {
      const app = await recorded(given.map(([step]) => step))
      const model = makeApp()
      for (const [step, isKept] of given) if (isKept) model.run(step)
      await settled(model.runtime)
      const puts = app.recording.commits.filter(({ origin }) => origin.name === "put")
      const skip = puts.filter((_, at) => given[at]?.[1] === false).map(({ txnId }) => txnId)
      const without = recompute(app.recording, { skip, withCaused: true }, reducersOf(app.runtime))
      const [stock, ledger] = [app.stock.instanceId, app.ledger.instanceId]
      expect(plain(without.states).get(stock)).toEqual(plain(model.states()).get(model.stock.instanceId))
      const lines = (state: unknown) => [...(state as { readonly lines: ReadonlyArray<string> }).lines].sort()
      expect(lines(without.states.get(ledger))).toEqual(lines(model.ledger.unsafe.getState()))
      for (const each of [app, model]) await each.runtime.dispose()
    }),
    { seed, numRuns: 60 }
  )
})
