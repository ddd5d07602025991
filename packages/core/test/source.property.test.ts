/**
 * Random changes of a source's key, refreshes, answers, rollbacks, resets, travels and reloads: once every load
 * is answered, the field holds an answer for the key of the state, nobody waits, and one load at most ran.
 */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { collectErrors, idle } from "./support.ts"

const seed = Number(process.env["SOURCE_SEED"] ?? Math.floor(Math.random() * 2 ** 31))

const options = fc.record({
  concurrency: fc.constantFrom("latest" as const, "exhaust" as const),
  staleTime: fc.constantFrom("0 millis" as const, "1 hour" as const),
  /** The same key each time, or one made anew of the same parts. */
  anew: fc.boolean()
})
type Options = typeof options extends fc.Arbitrary<infer O> ? O : never

const id = fc.integer({ min: 0, max: 3 })
const steps = fc.array(
  fc.oneof(
    fc.record({ step: fc.constant("show" as const), id }),
    fc.record({ step: fc.constant("refused" as const), id }),
    fc.record({ step: fc.constant("answer" as const), fails: fc.boolean() }),
    fc.record({
      step: fc.constantFrom("note", "refresh", "give up", "travel", "live", "reset", "replace")
    }),
    fc.constant({ step: "wait" as const })
  ),
  { minLength: 1, maxLength: 25 }
)

const makeApp = ({ anew, concurrency, staleTime }: Options) => {
  const loads = new Set<{ readonly id: number; readonly end: (fails: boolean) => void }>()
  let answers = 0
  const load = (shown: number) =>
    Effect.callback<string, string>((resume) => {
      const own = {
        id: shown,
        end: (fails: boolean) => {
          loads.delete(own)
          const answer = `${shown}:${++answers}`
          // It ends a moment after it is answered.
          resume(fails ? Effect.fail(answer) : Effect.andThen(Effect.yieldNow, Effect.succeed(answer)))
        }
      }
      loads.add(own)
      return Effect.sync(() => void loads.delete(own))
    })
  const Shown = Module.make("Shown", {
    state: Schema.Struct({
      id: Schema.Number,
      note: Schema.Number,
      user: AsyncResult.Schema({ success: Schema.String, error: Schema.String })
    }),
    actions: { show: Schema.Number, note: Schema.Void },
    reducers: {
      show: (state, shown) => ({ ...state, id: shown }),
      note: (state) => ({ ...state, note: state.note + 1 })
    },
    traits: (t) => ({
      user: t.source({
        key: (state) => (state.id === 0 ? null : anew ? [state.id] : state.id),
        load: (key) => load(typeof key === "number" ? key : key[0]!),
        concurrency,
        staleTime
      })
    })
  })
  const live = () => Shown.implement({ initial: { id: 1, note: 0 }, validate: "commit" })
  const { onError } = collectErrors()
  const runtime = Runtime.make(live(), { onError })
  return { runtime, shown: runtime.resolve(Shown.tag), loads, live }
}

test(
  "5 a source settles on an answer for the key of the state, whatever happened on the way",
  { timeout: 120_000 },
  async () => {
    console.log(`sources: SOURCE_SEED=${seed}`)
    const property = fc.asyncProperty(options, steps, async (option, taken) => {
      const { live, loads, runtime, shown } = makeApp(option)
      const { unsafe } = shown
      const past = unsafe.getState()
      const refreshed: Array<Promise<unknown>> = []
      let replaced = Promise.resolve()
      const take = (each: (typeof taken)[number]): unknown => {
        switch (each.step) {
          case "show":
            return unsafe.dispatch({ _tag: "show", payload: each.id })
          case "refused":
            try {
              return unsafe.transact("refused", (tx) =>
                tx.update((s) => ({ ...s, id: each.id, note: "" as never }))
              )
            } catch {
              return
            }
          case "answer":
            return [...loads][0]?.end(each.fails)
          case "note":
            return unsafe.dispatch({ _tag: "note" })
          case "refresh":
            return void refreshed.push(runtime.runPromise(shown.refresh("user")))
          case "give up":
            return runtime.run(shown.refresh("user")).interruptUnsafe()
          case "travel":
            return runtime.travel.to(new Map([[shown.instanceId, past]]))
          case "live":
            return runtime.travel.live()
          case "reset":
            return void runtime.run(shown.reset())
          case "replace":
            if (!runtime.travel.active()) replaced = replaced.then(() => runtime.replace(live()))
            return
          default:
            return undefined
        }
      }
      // Between two waits nothing else comes.
      for (const each of taken)
        if (each.step === "wait") await idle()
        else take(each)
      runtime.travel.live()
      await replaced
      await idle()
      while (loads.size > 0) {
        expect(loads.size).toBe(1)
        for (const each of loads) each.end(false)
        await idle()
      }
      const state = unsafe.getState()
      expect(state.user.waiting).toBe(false)
      if (state.id === 0) expect(state.user._tag).toBe("Initial")
      else {
        expect(state.user._tag).not.toBe("Initial")
        const answer = AsyncResult.getOrElse(state.user, () => `${state.id}:`)
        expect(answer.split(":")[0]).toBe(`${state.id}`)
      }
      await Promise.all(refreshed)
      await runtime.dispose()
    })
    await fc.assert(property, { seed, numRuns: 500 })
  }
)
