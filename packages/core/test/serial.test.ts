import { Errors, Handler, Module, Runtime } from "@sluice/core"
import * as Devtools from "@sluice/core/Devtools"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { collectErrors, disposing, entriesOf, idle, latch, rejection, thrown } from "./support.ts"

const stateSchema = Schema.Struct({ rate: Schema.Finite, notes: Schema.Finite })
const Loan = Module.make("Loan", {
  state: stateSchema,
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

  it("C2 T5 an entry by a subscriber of its commit comes after what waited before it", async () => {
    const { call, loan, runtime } = start()
    loan.unsafe.subscribe(({ notes, rate }) => {
      if (rate === 1 && notes === 0)
        loan.unsafe.transact("told", (tx) => tx.update((s) => ({ ...s, notes: 10 })))
    })
    loan.unsafe.dispatch({ _tag: "assess", payload: 1 })
    const noting = runtime.run(
      loan.transact("waited", (tx) => tx.update((s) => ({ ...s, notes: s.notes - 1 })))
    )
    ;(await call(1))(1)
    await runtime.runPromise(Fiber.join(noting))
    expect(names(runtime)).toEqual(["assess commit", "waited commit", "told commit"])
  })

  it("C4 a handler that dispatches its own action beyond capacity is let in, and nothing waits for ever", async () => {
    const code = held()
    const again = Loan.logic("again", ($) =>
      $.onAction("assess").run((sum) => (sum < 3 ? $.actions.assess(sum + 1) : Effect.void), { capacity: 1 })
    )
    const runtime = disposing(
      Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: code.handler }, logics: [again] }))
    )
    const loan = runtime.resolve(Loan.tag)
    const calls = [loan.actions.assess(0), loan.actions.assess(0), loan.actions.assess(0)].map((entry) =>
      runtime.run(entry)
    )
    for (let n = 1; n <= 12; n++) (await code.call(n))(n)
    await runtime.runPromise(Fiber.joinAll(calls))
    await expect.poll(() => names(runtime).length).toBe(12)
  })

  it("C4 code that waits for what a consumer does in the same instance does not hold it up: it has its slots", async () => {
    const code = held()
    const noting = Loan.logic("noting", ($) =>
      $.onAction("assess").run(() => $.actions.note(), { capacity: 1 })
    )
    const runtime = disposing(
      Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: code.handler }, logics: [noting] }))
    )
    const loan = runtime.resolve(Loan.tag)
    const calls = Array.from({ length: 5 }, () => runtime.run(loan.actions.assess(1)))
    for (let n = 1; n <= 5; n++) (await code.call(n))(n)
    await runtime.runPromise(Fiber.joinAll(calls))
    await expect.poll(() => loan.unsafe.getState().notes).toBe(5)
  })

  it("a consumer that opens while it computes gets its action, with a slot or beyond capacity", async () => {
    const { call, loan, runtime } = start()
    const assessing = runtime.run(loan.actions.assess(1))
    const answer = await call(1)
    const seen: Array<number> = []
    const reading = runtime.run(
      Stream.runForEach(loan.actionStream("assess"), ({ payload }) =>
        Effect.sync(() => void seen.push(payload))
      )
    )
    await idle()
    answer(2)
    await runtime.runPromise(Fiber.join(assessing))
    await expect.poll(() => seen).toEqual([1])
    await runtime.runPromise(Fiber.interrupt(reading))
  })

  it("a replaced module's own handler computes it, in the same place in line", async () => {
    const old = held()
    const { errors, onError } = collectErrors()
    const runtime = disposing(
      Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: old.handler } }), { onError })
    )
    const loan = runtime.resolve(Loan.tag)
    const assessing = runtime.run(loan.actions.assess(1))
    await old.call(1)
    const promised = loan.unsafe.dispatchPromise({ _tag: "assess", payload: 2 })
    loan.unsafe.dispatch({ _tag: "note" })
    const young = held()
    await runtime.replace(Loan.implement({ initial: fresh, handlers: { assess: young.handler } }))
    ;(await young.call(1))(10)
    await runtime.runPromise(Fiber.join(assessing))
    ;(await young.call(2))(20)
    await promised
    expect(names(runtime)).toEqual(["assess commit", "assess commit", "note commit"])
    expect(loan.unsafe.getState()).toEqual({ rate: 20, notes: 1 })
    expect(old.calls).toHaveLength(1)
    expect(errors).toEqual([])
  })

  it("a replaced module's reducer does, where it has one", async () => {
    const { call, loan, runtime } = start()
    const assessing = runtime.run(loan.actions.assess(4))
    await call(1)
    const Plain = Module.make("Loan", {
      state: stateSchema,
      actions: { assess: Schema.Finite, note: Schema.Void },
      reducers: { assess: (state, rate) => ({ ...state, rate }) }
    })
    await runtime.replace(Plain.implement({ initial: fresh }))
    await runtime.runPromise(Fiber.join(assessing))
    expect(loan.unsafe.getState().rate).toBe(4)
  })

  it("T5 a reset that comes while it computes comes after it", async () => {
    const { call, loan, runtime } = start()
    const assessing = runtime.run(loan.actions.assess(1))
    const answer = await call(1)
    const resetting = runtime.run(loan.reset())
    answer(5)
    await runtime.runPromise(Fiber.joinAll([assessing, resetting]))
    expect(names(runtime)).toEqual(["assess commit", "reset commit"])
    expect(loan.unsafe.getState()).toBe(fresh)
  })

  it("T8 one interrupted while devtools show another moment commits nothing when they come back", async () => {
    const { call, loan, runtime, seen } = start()
    const assessing = runtime.run(loan.actions.assess(1))
    const answer = await call(1)
    runtime.travel.to(new Map([["Loan#1", { rate: 9, notes: 9 }]]))
    answer(3)
    await idle()
    await runtime.runPromise(Fiber.interrupt(assessing))
    loan.unsafe.dispatch({ _tag: "note" })
    runtime.travel.live()
    expect(loan.unsafe.getState()).toEqual({ rate: 0, notes: 1 })
    await idle()
    expect(seen).toEqual([])
  })

  it("is computed again where devtools wrote another state meanwhile", async () => {
    const { call, loan, runtime } = start()
    const assessing = runtime.run(loan.actions.assess(1))
    const answer = await call(1)
    Devtools.become(runtime, new Map([["Loan#1", { rate: 0, notes: 50 }]]), "edit")
    answer(3)
    ;(await call(2))(4)
    await runtime.runPromise(Fiber.join(assessing))
    expect(loan.unsafe.getState()).toEqual({ rate: 4, notes: 50 })
  })

  it("C3 a full sink is waited for before it computes, not while it holds the instance", async () => {
    const code = held()
    const open = latch()
    const batches: Array<number> = []
    const runtime = disposing(
      Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: code.handler } }), {
        sinks: [
          {
            name: "slow",
            capacity: 1,
            onCommit: (batch) =>
              Effect.promise(() => {
                batches.push(batch.length)
                return open.promise
              })
          }
        ]
      })
    )
    const loan = runtime.resolve(Loan.tag)
    await runtime.runPromise(loan.actions.note())
    await expect.poll(() => batches.length).toBe(1)
    await runtime.runPromise(loan.actions.note())
    const assessing = runtime.run(loan.actions.assess(1))
    await idle()
    expect(code.calls).toHaveLength(0)
    loan.unsafe.dispatch({ _tag: "note" })
    expect(loan.unsafe.getState().notes).toBe(3)
    open.resolve()
    ;(await code.call(1))(1)
    await runtime.runPromise(Fiber.join(assessing))
    expect(loan.unsafe.getState().rate).toBe(1)
  })
})
