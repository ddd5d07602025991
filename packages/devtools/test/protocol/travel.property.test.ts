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
