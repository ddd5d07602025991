/** Handlers that keep something beside the state, and give an instance its first one. */
import { Errors, Handler, Module, Runtime } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Replay from "@sluice/core/Replay"
import * as Structure from "@sluice/core/Structure"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { collectErrors, disposing, entriesOf, idle, rejection } from "./support.ts"

const Meter = Module.make("Meter", {
  state: Schema.Struct({ count: Schema.Finite, notes: Schema.Finite, sum: Schema.Finite }),
  actions: { count: Schema.Finite, note: Schema.Void },
  reducers: { note: (state) => ({ ...state, notes: state.notes + 1 }) },
  traits: (t) => ({ sum: t.computed((state) => state.count + state.notes) })
})
interface State {
  readonly count: number
  readonly notes: number
  readonly sum: number
}
const fresh = { count: 0, notes: 0 }

/** Code with a memory: how often it was called, kept for each version of the state as a handler has to. */
const remembering = () => {
  const memory = new WeakMap<object, number>()
  const of = (state: State) => memory.get(state)
  const compute = (state: State, by: number): State => {
    const next = { ...state, count: state.count + by }
    memory.set(next, (memory.get(state) ?? 0) + 1)
    return next
  }
  const carry = (from: State, to: State) => {
    const kept = memory.get(from)
    if (kept !== undefined && !memory.has(to)) memory.set(to, kept)
  }
  const begin = (initial: State): State => {
    const next = { ...initial, count: 100 }
    memory.set(next, 1000)
    return next
  }
  return { of, compute, carry, begin }
}

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

describe("the first state", () => {
  const started = (
    handlers: { readonly count: Handler.Handler<State, number> },
    options: Parameters<typeof Runtime.make>[1] = {}
  ) => {
    const reported = collectErrors()
    const runtime = disposing(
      Runtime.make(Meter.implement({ initial: fresh, handlers }), { ...options, onError: reported.onError })
    )
    return { ...reported, runtime, meter: runtime.resolve(Meter.tag) }
  }

  it("is given by an inline handler, as the instance's first commit", () => {
    const code = remembering()
    const { meter, runtime } = started({ count: HandlerPort.inline(code) })
    expect(meter.unsafe.getState()).toEqual({ count: 100, notes: 0, sum: 100 })
    expect(code.of(meter.unsafe.getState())).toBe(1000)
    expect(entriesOf(runtime).map(({ origin, outcome, txnId }) => [origin.kind, outcome, txnId])).toEqual([
      ["init", "commit", "Meter#1::t1"]
    ])
    meter.unsafe.dispatch({ _tag: "count", payload: 1 })
    expect(code.of(meter.unsafe.getState())).toBe(1001)
  })

  it("is what a reset comes back to", async () => {
    const code = remembering()
    const { meter, runtime } = started({ count: HandlerPort.inline(code) })
    meter.unsafe.dispatch({ _tag: "count", payload: 1 })
    await runtime.runPromise(meter.reset())
    expect(meter.unsafe.getState()).toEqual({ count: 100, notes: 0, sum: 100 })
    expect(code.of(meter.unsafe.getState())).toBe(1000)
  })

  it.each([
    ["throws", () => new Error("no code"), "HandlerFailed"],
    ["gives what does not fit", () => ({ count: Number.NaN }), "InvalidState"]
  ] as const)(
    "stays `initial` where an inline handler %s, and is reported as a rollback",
    (_, given, tag) => {
      const begin = (initial: State): State => {
        const made = given()
        if (made instanceof Error) throw made
        return { ...initial, ...made }
      }
      const { errors, meter, runtime } = started({
        count: HandlerPort.inline({ compute: (state) => state, begin })
      })
      expect(meter.unsafe.getState()).toEqual({ ...fresh, sum: 0 })
      expect(errors).toMatchObject([{ _tag: tag }])
      expect(entriesOf(runtime)).toMatchObject([{ outcome: "rollback", origin: { kind: "init" } }])
      meter.unsafe.dispatch({ _tag: "note" })
      expect(meter.unsafe.getState().notes).toBe(1)
    }
  )

  it("of a hydrated instance is the hydrated one", () => {
    const first = started({ count: HandlerPort.inline({ compute: (state) => state }) })
    first.meter.unsafe.dispatch({ _tag: "note" })
    const { meter } = started(
      { count: HandlerPort.inline(remembering()) },
      {
        hydrate: first.runtime.dehydrate()
      }
    )
    expect(meter.unsafe.getState().count).toBe(0)
    expect(meter.unsafe.getState().notes).toBe(1)
  })

  it("is there while an instance is cold, and is told when it starts", () => {
    const { runtime } = started({ count: Handler.inline((state) => state) })
    const Local = Module.make("Local", {
      state: Schema.Struct({ n: Schema.Finite }),
      actions: { add: Schema.Finite }
    })
    const begun: Array<number> = []
    const LocalLive = Local.implement({
      initial: { n: 1 },
      handlers: {
        add: HandlerPort.inline({
          compute: (state: { readonly n: number }, by: number) => ({ n: state.n + by }),
          begin: ({ n }) => {
            begun.push(n)
            return { n: n + 41 }
          }
        })
      }
    })
    const local = runtime.local(LocalLive)
    expect(local.ref.unsafe.getState()).toEqual({ n: 42 })
    expect(entriesOf(runtime).filter(({ txnId }) => txnId.startsWith("Local"))).toEqual([])
    const release = local.mount()
    expect(local.ref.unsafe.getState()).toEqual({ n: 42 })
    expect(begun).toEqual([1])
    expect(
      entriesOf(runtime)
        .filter(({ txnId }) => txnId.startsWith("Local"))
        .map(({ origin }) => origin.kind)
    ).toEqual(["init"])
    release()
  })

  it("is given by an outside handler before any other entry is let in", async () => {
    const answer = Deferred.makeUnsafe<number>()
    const { meter, runtime } = started({
      count: HandlerPort.outside<State, number>({
        order: "serial",
        begin: (entry) =>
          Effect.flatMap(Deferred.await(answer), (count) =>
            Effect.asVoid(entry.commit(entry.state(), { ...entry.state(), count }))
          ),
        enter: (entry, by) => {
          const seen = entry.state()
          return Effect.asVoid(entry.commit(seen, { ...seen, count: seen.count + by }))
        }
      })
    })
    meter.unsafe.dispatch({ _tag: "note" })
    const counting = runtime.runPromise(meter.actions.count(1))
    await idle()
    expect(meter.unsafe.getState()).toEqual({ ...fresh, sum: 0 })
    Deferred.doneUnsafe(answer, Effect.succeed(7))
    await counting
    expect(meter.unsafe.getState()).toEqual({ count: 8, notes: 1, sum: 9 })
    expect(entriesOf(runtime).map(({ origin }) => origin.name)).toEqual(["handler", "note", "count"])
    await runtime.runPromise(meter.reset())
    expect(meter.unsafe.getState()).toEqual({ count: 7, notes: 0, sum: 7 })
  })

  it("stays `initial` where an outside handler fails, and the next entries go on", async () => {
    const { errors, meter, runtime } = started({
      count: HandlerPort.outside<State, number>({
        begin: () => Effect.die("no code"),
        enter: () => Effect.void
      })
    })
    await runtime.runPromise(meter.actions.note())
    expect(meter.unsafe.getState()).toEqual({ count: 0, notes: 1, sum: 1 })
    expect(errors).toMatchObject([{ _tag: "HandlerFailed", cause: "no code" }])
    expect(entriesOf(runtime).map(({ outcome }) => outcome)).toEqual(["rollback", "commit"])
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
