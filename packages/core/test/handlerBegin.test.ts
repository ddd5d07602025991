/** Handlers that give an instance its first state. */
import { Handler, Module, Runtime } from "@sluice/core"
import * as Devtools from "@sluice/core/Devtools"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { collectErrors, disposing, entriesOf, idle } from "./support.ts"
import { fresh, Meter, remembering, type State } from "./meter.ts"

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

  it("of an outside handler that gives none is `initial`, whatever devtools wrote meanwhile", async () => {
    const answer = Deferred.makeUnsafe<void>()
    const { meter, runtime } = started({
      count: HandlerPort.outside<State, number>({
        begin: () => Deferred.await(answer),
        enter: () => Effect.void
      })
    })
    Devtools.become(runtime, new Map([["Meter#1", { count: 5, notes: 5, sum: 10 }]]), "edit")
    Deferred.doneUnsafe(answer, Effect.void)
    await runtime.runPromise(meter.reset())
    expect(meter.unsafe.getState()).toEqual({ ...fresh, sum: 0 })
  })
})
