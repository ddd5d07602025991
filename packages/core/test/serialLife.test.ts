import { Errors, Handler, Module, Runtime } from "@sluice/core"
import * as Devtools from "@sluice/core/Devtools"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { collectErrors, disposing, idle, latch, rejection } from "./support.ts"

import { stateSchema, Loan, fresh, type State, held, start, names } from "./serial.ts"

describe("a serial handler", () => {
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

  it("T8 interrupted after any number of turns, its action was observed if and only if it committed", async () => {
    const outcomes = new Set<boolean>()
    for (let turns = 0; turns < 12; turns++) {
      const seen: Array<number> = []
      const slow = HandlerPort.outside({
        ...Handler.outside((state: State, rate: number) =>
          Effect.gen(function* () {
            for (let n = 0; n < 4; n++) yield* Effect.promise(() => Promise.resolve())
            return { ...state, rate }
          })
        ),
        order: "serial"
      })
      const seeing = Loan.logic("seeing", ($) =>
        $.onAction("assess").run((rate) => Effect.sync(() => void seen.push(rate)))
      )
      const runtime = disposing(
        Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: slow }, logics: [seeing] }))
      )
      const loan = runtime.resolve(Loan.tag)
      const assessing = runtime.run(loan.actions.assess(1))
      for (let n = 0; n < turns; n++) await Promise.resolve()
      assessing.interruptUnsafe()
      await runtime.runPromise(loan.actions.note())
      await idle()
      const { notes, rate } = loan.unsafe.getState()
      expect([notes, seen]).toEqual([1, rate === 1 ? [1] : []])
      outcomes.add(rate === 1)
    }
    expect(outcomes).toEqual(new Set([false, true]))
  })

  it("C7 a subscriber of its commit that closes the instance does not undo it: its caller is told of the commit", async () => {
    const { call, errors, loan, runtime } = start()
    loan.unsafe.subscribe(({ rate }) => {
      if (rate === 7) void runtime.evict("Loan#1")
    })
    const assessing = runtime.runPromise(loan.actions.assess(1))
    const behind = rejection(loan.unsafe.dispatchPromise({ _tag: "note" }))
    ;(await call(1))(7)
    await assessing
    expect(await behind).toBeInstanceOf(Errors.InstanceClosed)
    expect(names(runtime)).toEqual(["assess commit"])
    expect(errors).toEqual([])
  })

  it("T8 interrupted while its code cannot be, it is waited for, and its result is dropped", async () => {
    const [begun, gate] = [latch(), latch()]
    const stubborn = HandlerPort.outside({
      ...Handler.outside((state: State, rate: number) =>
        Effect.uninterruptible(
          Effect.promise(async () => {
            begun.resolve()
            await gate.promise
            return { ...state, rate }
          })
        )
      ),
      order: "serial"
    })
    const runtime = disposing(
      Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: stubborn } }))
    )
    const loan = runtime.resolve(Loan.tag)
    const assessing = runtime.run(loan.actions.assess(1))
    await begun.promise
    const interrupting = runtime.runPromise(Fiber.interrupt(assessing))
    loan.unsafe.dispatch({ _tag: "note" })
    await idle()
    expect(loan.unsafe.getState()).toBe(fresh)
    gate.resolve()
    await interrupting
    expect(loan.unsafe.getState()).toEqual({ rate: 0, notes: 1 })
  })
})
