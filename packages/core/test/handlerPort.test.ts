/** What handlers keep beside the state, and what replay makes of it. */
import { Errors, Runtime } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Replay from "@sluice/core/Replay"
import * as Structure from "@sluice/core/Structure"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { collectErrors, disposing, entriesOf, rejection } from "./support.ts"
import { fresh, Meter, remembering, type State } from "./meter.ts"

const inlineOf = ({ carry, compute }: ReturnType<typeof remembering>) =>
  HandlerPort.inline({ compute, carry })
const outsideOf = ({ carry, compute }: ReturnType<typeof remembering>, order: "serial" | "optimistic") =>
  HandlerPort.outside<State, number>({
    order,
    carry,
    enter: (entry, by) =>
      Effect.suspend(() => {
        const seen = entry.state()
        return Effect.asVoid(entry.commit(seen, compute(seen, by)))
      })
  })

const kinds = [
  ["inline", inlineOf],
  ["serial", (code: ReturnType<typeof remembering>) => outsideOf(code, "serial")],
  ["optimistic", (code: ReturnType<typeof remembering>) => outsideOf(code, "optimistic")]
] as const

describe.each(kinds)("what an %s handler keeps", (_, make) => {
  const start = () => {
    const code = remembering()
    const reported = collectErrors()
    const runtime = disposing(
      Runtime.make(Meter.implement({ initial: fresh, handlers: { count: make(code) } }), {
        onError: reported.onError
      })
    )
    const meter = runtime.resolve(Meter.tag)
    return { ...code, ...reported, runtime, meter, kept: () => code.of(meter.unsafe.getState()) }
  }

  it("T9 belongs to the state that derived fields complete", async () => {
    const { kept, meter, runtime } = start()
    await runtime.runPromise(meter.actions.count(1))
    await runtime.runPromise(meter.actions.count(1))
    expect(meter.unsafe.getState()).toEqual({ count: 2, notes: 0, sum: 2 })
    expect(kept()).toBe(2)
  })

  it("T5 goes on to what other entries make of it: actions, writes, groups", async () => {
    const { kept, meter, runtime } = start()
    await runtime.runPromise(meter.actions.count(1))
    meter.unsafe.dispatch({ _tag: "note" })
    meter.unsafe.transact("write", (tx) => tx.update((state) => ({ ...state, notes: 5 })))
    runtime.unsafe.transact([meter], "group", (tx) => tx.update((state) => ({ ...state, notes: 7 })))
    await runtime.runPromise(meter.actions.count(1))
    expect(kept()).toBe(2)
  })

  it("T4 is as if a refused call had never been", async () => {
    const { errors, kept, meter, runtime } = start()
    await runtime.runPromise(meter.actions.count(1))
    const before = meter.unsafe.getState()
    await rejection(runtime.runPromise(meter.actions.count(Number.NaN)))
    expect(errors[0]).toBeInstanceOf(Errors.InvalidState)
    expect(meter.unsafe.getState()).toBe(before)
    await runtime.runPromise(meter.actions.count(1))
    expect(kept()).toBe(2)
  })

  it("is that of the moment that devtools show, and of the live one afterwards", async () => {
    const { kept, meter, of, runtime } = start()
    await runtime.runPromise(meter.actions.count(1))
    const first = meter.unsafe.getState()
    await runtime.runPromise(meter.actions.count(1))
    runtime.travel.to(new Map([["Meter#1", first]]))
    expect(of(first)).toBe(1)
    runtime.travel.live()
    await runtime.runPromise(meter.actions.count(1))
    expect(kept()).toBe(3)
  })

  it("is what it was at first after a reset", async () => {
    const { kept, meter, runtime } = start()
    await runtime.runPromise(meter.actions.count(1))
    await runtime.runPromise(meter.reset())
    expect(kept()).toBeUndefined()
    await runtime.runPromise(meter.actions.count(1))
    expect(kept()).toBe(1)
  })

  it("is not that of a state which is hydrated over it", async () => {
    const { kept, meter, runtime } = start()
    const snapshot = runtime.dehydrate()
    await runtime.runPromise(meter.actions.count(1))
    runtime.hydrate(snapshot)
    expect(meter.unsafe.getState().count).toBe(0)
    expect(kept()).toBeUndefined()
  })
})

describe("an inline handler in a batch", () => {
  it("T1 is handed the drafts one after another, with what it kept for each", async () => {
    const code = remembering()
    const runtime = disposing(
      Runtime.make(Meter.implement({ initial: fresh, handlers: { count: inlineOf(code) } }))
    )
    const meter = runtime.resolve(Meter.tag)
    const count = { _tag: "count", payload: 1 } as const
    await runtime.runPromise(meter.dispatchBatch([count, { _tag: "note" }, count, count]))
    expect(meter.unsafe.getState()).toEqual({ count: 3, notes: 1, sum: 4 })
    expect(code.of(meter.unsafe.getState())).toBe(3)
    expect(entriesOf(runtime)).toHaveLength(1)
  })
})

describe("replay", () => {
  it("computes again by an inline handler, from what it kept for that state", () => {
    const code = remembering()
    const runtime = disposing(
      Runtime.make(Meter.implement({ initial: fresh, handlers: { count: inlineOf(code) } }))
    )
    const meter = runtime.resolve(Meter.tag)
    const changes: Array<Replay.Change<State>> = []
    Replay.observe(meter, (change) => changes.push(change))
    for (let i = 0; i < 3; i++) meter.unsafe.dispatch({ _tag: "count", payload: 1 })
    const [first, , third] = changes
    // What if the second had not been: the third comes right after the first.
    const without = Replay.rerun(meter, third!, first!.next)
    expect(without).toEqual({ state: { count: 2, notes: 0, sum: 2 } })
    expect(code.of(without!.state)).toBe(2)
    expect(code.of(Replay.onto(meter, third!, without!.state))).toBe(3)
    expect(code.of(meter.unsafe.getState())).toBe(3)
  })

  it("reproduces what an outside handler gave, and does not decide again", async () => {
    const recorded = new WeakMap<object, number>()
    let decided = 0
    const runtime = disposing(
      Runtime.make(
        Meter.implement({
          initial: fresh,
          handlers: {
            count: HandlerPort.outside<State, number>({
              replay: (action, state) => {
                const by = recorded.get(action)
                return by === undefined ? undefined : { ...state, count: state.count + by }
              },
              enter: (entry) => {
                const seen = entry.state()
                const by = ++decided * 10
                recorded.set(entry.action, by)
                return Effect.asVoid(entry.commit(seen, { ...seen, count: seen.count + by }))
              }
            })
          }
        })
      )
    )
    const meter = runtime.resolve(Meter.tag)
    const changes: Array<Replay.Change<State>> = []
    Replay.observe(meter, (change) => changes.push(change))
    await runtime.runPromise(meter.actions.count(1))
    await runtime.runPromise(meter.actions.count(1))
    const again = Replay.rerun(meter, changes[1]!, { count: 1, notes: 1, sum: 2 })
    expect(again).toEqual({ state: { count: 21, notes: 1, sum: 22 } })
    const unknown = { ...changes[1]!, actions: [{ _tag: "count", payload: 1 }] }
    expect(Replay.rerun(meter, unknown, changes[0]!.next)).toBeUndefined()
    expect(decided).toBe(2)
  })
})

it("Structure says in which order a handler computes, and what it says of itself", () => {
  const describe = () => ({ name: "Risk", isolation: "worker" })
  const runtime = disposing(
    Runtime.make(
      Meter.implement({
        initial: fresh,
        handlers: {
          count: HandlerPort.outside<State, number>({ order: "serial", describe, enter: () => Effect.void })
        }
      })
    )
  )
  expect(Structure.modulesOf(runtime)[0]?.actions).toEqual([
    { tag: "count", by: "outside", order: "serial", handler: describe() },
    { tag: "note", by: "reducer", order: undefined, handler: undefined }
  ])
})
