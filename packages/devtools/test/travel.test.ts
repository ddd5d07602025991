import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { expect, test, vi } from "vitest"
import { directAdapter } from "../src/adapter.ts"
import { History } from "../src/session/history.ts"

const state = Schema.Struct({ count: Schema.Number })
const makeModule = (id: string, handled: Array<string>) => {
  const def = Module.make(id, {
    state,
    actions: { add: Schema.Number },
    reducers: { add: (state, by) => ({ count: state.count + by }) }
  })
  const audit = def.logic("audit", ($) =>
    $.onAction("add").run((by) => Effect.sync(() => void handled.push(`${id} ${by}`)))
  )
  return def.implement({ initial: { count: 0 }, logics: [audit] })
}

/** Resolves once the sink has been given this many commits. */
const hasRecorded = (history: History, commits: number) =>
  new Promise<void>((resolve) => {
    const check = () => {
      if (history.appended < commits) return
      end()
      resolve()
    }
    const end = history.subscribe(check)
    check()
  })

test("any moment of any session can be shown, and nothing that comes meanwhile is lost", async () => {
  const steps = fc.array(fc.record({ isFirst: fc.boolean(), by: fc.nat({ max: 3 }) }), {
    minLength: 1,
    maxLength: 30
  })
  const moments = fc.array(fc.nat(), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(
      steps,
      steps,
      moments,
      fc.integer({ min: 1, max: 40 }),
      async (steps, later, moments, capacity) => {
        const handled: Array<string> = []
        const A = makeModule("A", handled)
        const B = makeModule("B", handled)
        await using runtime = Runtime.make([A, B])
        const [a, b] = [runtime.resolve(A.tag), runtime.resolve(B.tag)]
        const adapter = directAdapter(runtime)
        const history = new History(capacity)
        adapter.onCommits((batch) => history.append(batch))

        // An observer of its own: the counts after each commit.
        const counts = () => [a.unsafe.getState().count, b.unsafe.getState().count]
        const seen = [counts()]
        const ends = [a, b].map((ref) => ref.unsafe.subscribe(() => seen.push(counts())))
        const handledThen: Array<string> = []
        const add = ({ by, isFirst }: { readonly by: number; readonly isFirst: boolean }) => {
          ;(isFirst ? a : b).unsafe.dispatch({ _tag: "add", payload: by })
          handledThen.push(`${isFirst ? "A" : "B"} ${by}`)
        }
        for (const step of steps) add(step)
        for (const end of ends) end()
        await hasRecorded(history, seen.length - 1)
        const live = counts()

        for (const pick of moments) {
          const seq = pick % seen.length
          if (!history.reaches(seq)) continue
          adapter.travelTo(history.statesAt(seq, adapter.instances()))
          expect(adapter.isTravelling()).toBe(true)
          expect(counts()).toEqual(seen[seq])
        }
        const isAway = adapter.isTravelling()
        const shown = counts()
        for (const step of later) add(step)
        if (isAway) expect(counts()).toEqual(shown)
        adapter.live()
        expect(adapter.isTravelling()).toBe(false)
        const added = (isFirst: boolean) =>
          later.filter((step) => step.isFirst === isFirst).reduce((sum, step) => sum + step.by, 0)
        expect(counts()).toEqual([(live[0] ?? 0) + added(true), (live[1] ?? 0) + added(false)])

        await vi.waitFor(() => expect(handled).toHaveLength(handledThen.length), { interval: 1 })
        const of = (id: string, list: ReadonlyArray<string>) => list.filter((entry) => entry.startsWith(id))
        for (const id of ["A", "B"]) expect(of(id, handled)).toEqual(of(id, handledThen))
      }
    ),
    { numRuns: 60 }
  )
})
