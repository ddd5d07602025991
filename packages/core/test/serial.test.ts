import { Errors, Handler, Module, Runtime } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { collectErrors, disposing, entriesOf, idle, latch, rejection, thrown } from "./support.ts"

const Loan = Module.make("Loan", {
  state: Schema.Struct({ rate: Schema.Finite, notes: Schema.Finite }),
  actions: { assess: Schema.Finite, note: Schema.Void },
  reducers: { note: (state) => ({ ...state, notes: state.notes + 1 }) }
})
const fresh = { rate: 0, notes: 0 }
type State = typeof fresh

/** Code that holds its instance, and answers when the test says so. */
const held = () => {
  const calls: Array<Deferred.Deferred<number, string>> = []
  const waiting: Array<() => void> = []
  const compute = (state: State) =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<number, string>()
      calls.push(answer)
      for (const told of waiting.splice(0)) told()
      return Effect.map(Deferred.await(answer), (rate) => ({ ...state, rate }))
    })
  return {
    calls,
    handler: HandlerPort.outside({
      ...Handler.outside<State, number, string, never>(compute),
      order: "serial"
    }),
    /** The n-th call, from 1, once it computes. */
    call: async (n: number) => {
      while (calls.length < n) await new Promise<void>((resolve) => waiting.push(resolve))
      const call = calls[n - 1]
      if (call === undefined) throw new Error("It was not called")
      return (rate: number) => Deferred.doneUnsafe(call, Effect.succeed(rate))
    },
    fail: (n: number, error: string) => Deferred.doneUnsafe(calls[n - 1]!, Effect.fail(error))
  }
}

const start = (options: { readonly capacity?: number } = {}) => {
  const reported = collectErrors()
  const seen: Array<number> = []
  const gate = latch()
  const code = held()
  const LoanLive = Loan.implement({
    initial: fresh,
    handlers: { assess: code.handler },
    logics: [
      Loan.logic("seeing", ($) =>
        $.onAction("assess").run(
          (sum) =>
            Effect.promise(() => {
              seen.push(sum)
              return options.capacity === undefined ? Promise.resolve() : gate.promise
            }),
          options
        )
      )
    ]
  })
  const runtime = disposing(Runtime.make(LoanLive, { onError: reported.onError }))
  return { ...reported, ...code, runtime, loan: runtime.resolve(Loan.tag), seen, gate }
}

const names = (runtime: Parameters<typeof entriesOf>[0]) =>
  entriesOf(runtime).map(({ origin, outcome }) => `${origin.name} ${outcome}`)

describe("a serial handler", () => {
  it("T5 from its turn to its end nothing else enters; what came meanwhile runs after, in order", async () => {
    const { call, loan, runtime, seen } = start()
    const assessing = runtime.run(loan.actions.assess(1))
    const answer = await call(1)
    loan.unsafe.dispatch({ _tag: "note" })
    const updating = runtime.run(
      loan.transact("double", (tx) => tx.update((s) => ({ ...s, notes: s.notes * 10 })))
    )
    const grouped = runtime.run(
      runtime.transact([loan], "group", (tx) => tx.update((s) => ({ ...s, notes: s.notes + 5 })))
    )
    loan.unsafe.transact("plus", (tx) => tx.update((s) => ({ ...s, notes: s.notes + 100 })))
    await idle()
    expect(loan.unsafe.getState()).toBe(fresh)
    answer(7)
    await runtime.runPromise(Fiber.joinAll([assessing, updating, grouped]))
    expect(loan.unsafe.getState()).toEqual({ rate: 7, notes: 115 })
    expect(names(runtime)).toEqual([
      "assess commit",
      "note commit",
      "double commit",
      "group commit",
      "plus commit"
    ])
    await expect.poll(() => seen).toEqual([1])
  })

  it("T5 a synchronous dispatch takes its place in the step that makes it", async () => {
    const { call, loan, runtime } = start()
    loan.unsafe.dispatch({ _tag: "assess", payload: 1 })
    loan.unsafe.dispatch({ _tag: "note" })
    loan.unsafe.dispatch({ _tag: "assess", payload: 2 })
    loan.unsafe.dispatch({ _tag: "note" })
    ;(await call(1))(10)
    ;(await call(2))(20)
    await expect
      .poll(() => names(runtime))
      .toEqual(["assess commit", "note commit", "assess commit", "note commit"])
    expect(loan.unsafe.getState()).toEqual({ rate: 20, notes: 2 })
  })

  it("C3 it has room in every consumer before it computes, and others go on meanwhile", async () => {
    const { call, calls, gate, loan, runtime, seen } = start({ capacity: 1 })
    const first = runtime.run(loan.actions.assess(1))
    ;(await call(1))(1)
    await runtime.runPromise(Fiber.join(first))
    await expect.poll(() => seen).toEqual([1])
    const second = runtime.run(loan.actions.assess(2))
    ;(await call(2))(2)
    await runtime.runPromise(Fiber.join(second))
    const third = runtime.run(loan.actions.assess(3))
    await idle()
    expect(calls).toHaveLength(2)
    loan.unsafe.dispatch({ _tag: "note" })
    expect(loan.unsafe.getState().notes).toBe(1)
    gate.resolve()
    ;(await call(3))(3)
    await runtime.runPromise(Fiber.join(third))
    await expect.poll(() => seen).toEqual([1, 2, 3])
  })

  it("T8 an interrupted dispatcher lets the instance go, and its action was not observed", async () => {
    const { call, errors, loan, runtime, seen } = start()
    const assessing = runtime.run(loan.actions.assess(1))
    await call(1)
    loan.unsafe.dispatch({ _tag: "note" })
    const next = runtime.run(loan.actions.assess(2))
    await runtime.runPromise(Fiber.interrupt(assessing))
    expect(loan.unsafe.getState().notes).toBe(1)
    ;(await call(2))(5)
    await runtime.runPromise(Fiber.join(next))
    await expect.poll(() => seen).toEqual([2])
    expect(names(runtime)).toEqual(["note commit", "assess commit"])
    expect(errors).toEqual([])
  })

  it("T4 a failed one is one rollback, its action is never observed, and the next entries go on", async () => {
    const { call, errors, fail, loan, runtime, seen } = start()
    const assessing = rejection(runtime.runPromise(loan.actions.assess(1)))
    await call(1)
    loan.unsafe.dispatch({ _tag: "note" })
    fail(1, "no rates today")
    const error = await assessing
    expect(error).toMatchObject({ _tag: "HandlerFailed", cause: "no rates today" })
    expect(errors).toEqual([error])
    expect(names(runtime)).toEqual(["assess rollback", "note commit"])
    await idle()
    expect(seen).toEqual([])
  })

  it("T10 a result that does not fit is refused with its path", async () => {
    const { call, errors, loan, runtime } = start()
    const assessing = rejection(loan.unsafe.dispatchPromise({ _tag: "assess", payload: 1 }))
    ;(await call(1))(Number.NaN)
    const error = await assessing
    expect(error).toBeInstanceOf(Errors.InvalidState)
    expect(String(error)).toContain(`["rate"]`)
    expect(errors).toEqual([error])
    await runtime.runPromise(loan.actions.note())
    expect(loan.unsafe.getState()).toEqual({ rate: 0, notes: 1 })
  })

  it("its commit waits while devtools show another moment, and is not lost", async () => {
    const { call, loan, runtime } = start()
    const assessing = runtime.run(loan.actions.assess(1))
    const answer = await call(1)
    runtime.travel.to(new Map([["Loan#1", { rate: 9, notes: 9 }]]))
    answer(3)
    await idle()
    expect(loan.unsafe.getState()).toEqual({ rate: 9, notes: 9 })
    runtime.travel.live()
    await runtime.runPromise(Fiber.join(assessing))
    expect(loan.unsafe.getState()).toEqual({ rate: 3, notes: 0 })
  })

  it("C7 closing the instance ends it, and tells who waits", async () => {
    const { call, errors, loan, runtime } = start()
    const waiting = rejection(runtime.runPromise(loan.actions.assess(1)))
    await call(1)
    const promised = rejection(loan.unsafe.dispatchPromise({ _tag: "assess", payload: 2 }))
    const behind = rejection(runtime.runPromise(loan.actions.note()))
    await runtime.evict("Loan#1")
    for (const error of [await waiting, await promised, await behind])
      expect(error).toBeInstanceOf(Errors.InstanceClosed)
    expect(errors).toEqual([])
  })

  it("T5 an entry by its own code is refused: it would wait for itself", async () => {
    let refused: unknown
    const selfish = HandlerPort.outside({
      ...Handler.outside((state: State) =>
        Effect.gen(function* () {
          const loan = yield* Loan.tag
          refused = thrown(() => loan.unsafe.dispatch({ _tag: "note" }))
          yield* loan.actions.note()
          return state
        })
      ),
      order: "serial"
    })
    const { errors, onError } = collectErrors()
    const runtime = disposing(
      Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: selfish } }), { onError })
    )
    const loan = runtime.resolve(Loan.tag)
    const error = await rejection(runtime.runPromise(loan.actions.assess(1)))
    expect(refused).toBeInstanceOf(Errors.EntryInTransaction)
    expect(error).toMatchObject({ _tag: "HandlerFailed", cause: { _tag: "EntryInTransaction" } })
    expect(errors).toEqual([error])
    await runtime.runPromise(loan.actions.note())
    expect(loan.unsafe.getState().notes).toBe(1)
  })
})
