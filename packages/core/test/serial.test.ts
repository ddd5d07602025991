import { Errors, Handler, Runtime } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { collectErrors, disposing, idle, latch, rejection, thrown } from "./support.ts"

import { Loan, fresh, type State, held, start, names } from "./serial.ts"

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

  it("C1 C3 a consumer that opens while it computes, and is full at once, does not keep it from its commit", async () => {
    const code = held()
    const [setup, gate] = [latch(), latch()]
    const seen: Array<string> = []
    const late = Loan.logic("late", ($) =>
      Effect.gen(function* () {
        yield* Effect.promise(() => setup.promise)
        yield* $.onAction().run(
          (_, { _tag }) => {
            seen.push(_tag)
            return Effect.promise(() => gate.promise)
          },
          { name: "late", capacity: 1 }
        )
      })
    )
    const runtime = disposing(
      Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: code.handler }, logics: [late] }))
    )
    const loan = runtime.resolve(Loan.tag)
    for (let n = 0; n < 3; n++) loan.unsafe.dispatch({ _tag: "note" })
    const assessing = runtime.run(loan.actions.assess(1))
    const answer = await code.call(1)
    setup.resolve()
    await expect.poll(() => seen).toEqual(["note"])
    answer(5)
    await runtime.runPromise(Fiber.join(assessing))
    expect(loan.unsafe.getState()).toEqual({ rate: 5, notes: 3 })
    gate.resolve()
    await expect.poll(() => seen).toEqual(["note", "note", "note", "assess"])
  })
})
