/** Whatever panels ask for, in whatever order: what the app enters is let in once, in order, and nothing is lost. */
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { connect, type RequestError, serve } from "../../src/protocol/index.ts"
import { pair } from "../../src/adapters/index.ts"
import { makeApp } from "./remote.ts"

const r = "r1"
const ids = ["Desk#1", "Log#1"] as const
const some = fc.constantFrom(undefined, ["Desk#1"], ["Log#1"], ["Gone#1"])

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ _tag: fc.constant("enter" as const), id: fc.constantFrom(...ids) }) },
    { weight: 1, arbitrary: fc.record({ _tag: fc.constant("both" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        _tag: fc.constant("Travel" as const),
        moment: fc.nat({ max: 30 }),
        instances: some
      })
    },
    {
      weight: 2,
      arbitrary: fc.record({
        _tag: fc.constant("Step" as const),
        by: fc.constantFrom(1 as const, -1 as const)
      })
    },
    {
      weight: 4,
      arbitrary: fc.record({
        _tag: fc.constantFrom("Live" as const, "Lock" as const, "Unlock" as const),
        instances: some
      })
    }
  ),
  { maxLength: 40 }
)

test("an instance that is neither at another moment nor locked has all that was entered, and at the end all have", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 3, max: 60 }), async (steps, history) => {
      const { desk, log, runtime } = makeApp({ trace: { level: "light" } })
      const served = serve(runtime, { history })
      const [page, port] = pair()
      served.accept(page)
      const entered = { "Desk#1": 0, "Log#1": 0 }
      const seen = () => ({
        "Desk#1": desk.unsafe.getState().count,
        "Log#1": log.unsafe.getState().lines.length
      })
      const running = Effect.gen(function* () {
        const { request } = yield* connect(port)
        for (const step of steps) {
          if (step._tag === "enter") {
            entered[step.id]++
            if (step.id === "Desk#1") desk.unsafe.dispatch({ _tag: "add", payload: 1 })
            else log.unsafe.dispatch({ _tag: "write", payload: String(entered["Log#1"]) })
          } else if (step._tag === "both") {
            entered["Desk#1"]++
            const line = String(++entered["Log#1"])
            const both = runtime.transact([desk, log], "both", (a, b) => {
              a.update((state) => ({ ...state, count: state.count + 1 }))
              b.update(({ lines }) => ({ lines: [...lines, line] }))
            })
            yield* Effect.forkDetach(both, { startImmediately: true })
          } else {
            const { instances } = { instances: undefined, ...step }
            const call = { runtime: r, ...(instances === undefined ? {} : { instances }) }
            const asked: Effect.Effect<unknown, RequestError> =
              step._tag === "Travel"
                ? request("Travel", { ...call, moment: step.moment })
                : step._tag === "Step"
                  ? request("Step", { runtime: r, by: step.by })
                  : request(step._tag, call)
            // A moment may be out of reach.
            yield* Effect.catchTag(asked, "OutOfReach", () => Effect.void)
          }
          const { instances } = yield* request("Instances", { runtime: r })
          const free = instances.filter(({ locked, travelled }) => !locked && !travelled)
          // What was entered on both waits for both.
          if (free.length === 2) expect(seen()).toEqual(entered)
        }
        yield* request("Unlock", { runtime: r })
        yield* request("Live", { runtime: r })
        expect(seen()).toEqual(entered)
        const lines = log.unsafe.getState().lines.map(Number)
        expect(lines).toEqual(lines.toSorted((a, b) => a - b))
        expect(runtime.travel.active()).toBe(false)
      })
      await Effect.runPromise(Effect.scoped(running))
      served.close()
      await runtime.dispose()
    }),
    { numRuns: 100 }
  )
})

const controls = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ _tag: fc.constant("enter" as const), id: fc.constantFrom(...ids) }) },
    {
      weight: 4,
      arbitrary: fc.record({ _tag: fc.constant("Travel" as const), moment: fc.nat({ max: 30 }) })
    },
    { weight: 1, arbitrary: fc.record({ _tag: fc.constant("EndTravelFirst" as const), on: fc.boolean() }) },
    {
      weight: 5,
      arbitrary: fc.record({
        _tag: fc.constantFrom("Live", "Pause", "Resume", "Commit", "Revert", "Reset")
      })
    }
  ),
  { maxLength: 40 }
)

test("whatever is paused, committed, reverted and reset: a moment is what it was, live is all that came, and none is lost", async () => {
  await fc.assert(
    fc.asyncProperty(controls, fc.integer({ min: 3, max: 60 }), async (steps, history) => {
      const { desk, log, runtime } = makeApp({ trace: { level: "light" } })
      const seen = () => ({
        "Desk#1": desk.unsafe.getState().count,
        "Log#1": log.unsafe.getState().lines.length
      })
      type Seen = ReturnType<typeof seen>
      // An observer of its own: the states right after each commit, and after the group that it is of.
      const after: Array<Seen> = [seen()]
      let group: string | undefined
      runtime.onCommit(({ groupId, seq }) => {
        const now = seen()
        if (groupId !== undefined && groupId === group) after[seq - 1] = now
        group = groupId
        after[seq] = now
      })
      const served = serve(runtime, { history })
      const [page, port] = pair()
      served.accept(page)
      // The model: the states of the app's own, what waits, and where it is.
      let own = seen()
      let waiting: Seen = { "Desk#1": 0, "Log#1": 0 }
      let isAway = false
      let endsFirst = false
      const comeBack = (from: Seen) => {
        isAway = false
        own = { "Desk#1": from["Desk#1"] + waiting["Desk#1"], "Log#1": from["Log#1"] + waiting["Log#1"] }
        waiting = { "Desk#1": 0, "Log#1": 0 }
      }
      const running = Effect.gen(function* () {
        const { request } = yield* connect(port)
        for (const step of steps) {
          if (step._tag === "enter") {
            const { id } = step as { readonly id: (typeof ids)[number] }
            if (isAway && endsFirst) comeBack(own)
            if (isAway) waiting = { ...waiting, [id]: waiting[id] + 1 }
            else own = { ...own, [id]: own[id] + 1 }
            if (id === "Desk#1") desk.unsafe.dispatch({ _tag: "add", payload: 1 })
            else log.unsafe.dispatch({ _tag: "write", payload: "x" })
          } else if ("moment" in step) {
            const { moment } = step
            const given = yield* Effect.result(request("Travel", { runtime: r, moment }))
            if (given._tag === "Success") {
              isAway = true
              expect(seen()).toEqual(after[given.success.moment])
            }
          } else if ("on" in step) {
            endsFirst = step.on
            yield* request("EndTravelFirst", { runtime: r, on: step.on })
          } else {
            const shown = seen()
            const tag = step._tag
            const { history } = yield* request("Counts", { runtime: r })
            yield* request(tag, { runtime: r })
            if (tag === "Live") comeBack(own)
            if (tag === "Commit" && isAway) comeBack(shown)
            if (tag === "Revert") comeBack(after[history.oldest] ?? own)
            if (tag === "Reset") comeBack({ "Desk#1": 0, "Log#1": 0 })
          }
          if (!isAway) expect(seen()).toEqual(own)
          const { waiting: told } = yield* request("EndTravelFirst", { runtime: r, on: endsFirst })
          for (const id of ids)
            expect(told.find(({ instanceId }) => instanceId === id)?.entries ?? 0).toBe(waiting[id])
        }
        yield* request("Live", { runtime: r })
        comeBack(own)
        expect(seen()).toEqual(own)
        yield* request("Resume", { runtime: r })
        const { history } = yield* request("Counts", { runtime: r })
        expect((yield* request("Travel", { runtime: r, moment: history.latest })).moment).toBe(history.latest)
        expect(seen()).toEqual(own)
        expect((yield* request("Replay", { runtime: r })).divergence).toBeUndefined()
      })
      await Effect.runPromise(Effect.scoped(running))
      served.close()
      await runtime.dispose()
    }),
    { seed: 50_062, numRuns: 150 }
  )
})
