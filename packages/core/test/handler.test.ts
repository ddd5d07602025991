import { Errors, Handler, Module, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { collectErrors, disposing, entriesOf, idle, rejection, thrown } from "./support.ts"

const Loan = Module.make("Loan", {
  state: Schema.Struct({ rate: Schema.Finite, notes: Schema.Finite }),
  actions: { assess: Schema.Finite, note: Schema.Void },
  reducers: { note: (state) => ({ ...state, notes: state.notes + 1 }) }
})
const fresh = { rate: 0, notes: 0 }

class Rates extends Context.Service<Rates, { readonly of: (sum: number) => Effect.Effect<number, string> }>()(
  "Rates"
) {}

/** An app whose `assess` asks the service for the rate, outside the window; and what its consumer saw. */
const start = (of: (sum: number) => Effect.Effect<number, string>, options: Handler.OutsideOptions = {}) => {
  const reported = collectErrors()
  const seen: Array<number> = []
  const LoanLive = Loan.implement({
    initial: fresh,
    handlers: {
      assess: Handler.outside(
        (state, sum) =>
          Effect.gen(function* () {
            const rates = yield* Rates
            return { ...state, rate: yield* rates.of(sum) }
          }),
        options
      )
    },
    logics: [
      Loan.logic("seeing", ($) =>
        $.onAction("assess").run((sum) =>
          Effect.sync(() => {
            seen.push(sum)
          })
        )
      )
    ]
  })
  const runtime = disposing(
    Runtime.make(LoanLive, { layer: Layer.succeed(Rates, { of }), onError: reported.onError })
  )
  return { ...reported, runtime, loan: runtime.resolve(Loan.tag), seen }
}

/** A service whose answers come when the test gives them. */
const asked = () => {
  const questions: Array<Deferred.Deferred<number, string>> = []
  const waiting: Array<() => void> = []
  return {
    of: () =>
      Effect.suspend(() => {
        const answer = Deferred.makeUnsafe<number, string>()
        questions.push(answer)
        for (const told of waiting.splice(0)) told()
        return Deferred.await(answer)
      }),
    /** The n-th question, from 1, once it has been asked. */
    question: async (n: number) => {
      while (questions.length < n) await new Promise<void>((resolve) => waiting.push(resolve))
      const question = questions[n - 1]
      if (question === undefined) throw new Error("It was not asked")
      return question
    }
  }
}

describe("an inline handler", () => {
  const risky = Handler.inline((state: typeof fresh, sum: number) => ({ ...state, rate: sum / 100 }))

  it("T1 computes its action's transition within the window", () => {
    const runtime = disposing(Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: risky } })))
    const loan = runtime.resolve(Loan.tag)
    loan.unsafe.dispatch({ _tag: "assess", payload: 250 })
    expect(loan.unsafe.getState()).toEqual({ rate: 2.5, notes: 0 })
    expect(entriesOf(runtime).map(({ origin, outcome }) => [origin.name, outcome])).toEqual([
      ["assess", "commit"]
    ])
  })

  it("T10 its result is held against the schema", () => {
    const { errors, onError } = collectErrors()
    const runtime = disposing(
      Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: risky } }), { onError })
    )
    const loan = runtime.resolve(Loan.tag)
    const error = thrown(() => loan.unsafe.dispatch({ _tag: "assess", payload: Number.NaN }))
    expect(error).toBeInstanceOf(Errors.InvalidState)
    expect(String(error)).toContain(`["rate"]`)
    expect(errors).toEqual([error])
    expect(loan.unsafe.getState()).toBe(fresh)
  })

  it("T1 takes the place of a reducer", () => {
    const loud = Handler.inline((state: typeof fresh) => ({ ...state, notes: state.notes + 10 }))
    const runtime = disposing(Runtime.make(Loan.implement({ initial: fresh, handlers: { note: loud } })))
    const loan = runtime.resolve(Loan.tag)
    loan.unsafe.dispatch({ _tag: "note" })
    expect(loan.unsafe.getState().notes).toBe(10)
  })
})

describe("an outside handler", () => {
  it("T1 T3 one entry, one commit, when the result is there; its services are the instance's", async () => {
    const { of, question } = asked()
    const { loan, runtime, seen } = start(of)
    const caller = runtime.run(loan.actions.assess(100))
    const answer = await question(1)
    expect(loan.unsafe.getState()).toBe(fresh)
    expect(seen).toEqual([])
    Deferred.doneUnsafe(answer, Effect.succeed(3))
    await runtime.runPromise(Fiber.join(caller))
    expect(loan.unsafe.getState()).toEqual({ rate: 3, notes: 0 })
    await expect.poll(() => seen).toEqual([100])
    expect(entriesOf(runtime).map(({ origin, outcome }) => [origin.name, outcome])).toEqual([
      ["assess", "commit"]
    ])
  })

  it("T5 entries made meanwhile are not held up, and the result is computed again from the state they left", async () => {
    const { of, question } = asked()
    const { loan, runtime, seen } = start(of)
    const caller = runtime.run(loan.actions.assess(100))
    const first = await question(1)
    loan.unsafe.dispatch({ _tag: "note" })
    expect(loan.unsafe.getState().notes).toBe(1)
    Deferred.doneUnsafe(first, Effect.succeed(3))
    Deferred.doneUnsafe(await question(2), Effect.succeed(4))
    await runtime.runPromise(Fiber.join(caller))
    expect(loan.unsafe.getState()).toEqual({ rate: 4, notes: 1 })
    await expect.poll(() => seen).toEqual([100])
    expect(entriesOf(runtime).map(({ origin }) => origin.name)).toEqual(["note", "assess"])
  })

  it("C2 actions are published in commit order, not in that of their dispatch", async () => {
    const { of, question } = asked()
    const { loan, runtime, seen } = start(of)
    const slow = runtime.run(loan.actions.assess(1))
    const first = await question(1)
    const fast = runtime.run(loan.actions.assess(2))
    Deferred.doneUnsafe(await question(2), Effect.succeed(20))
    await runtime.runPromise(Fiber.join(fast))
    Deferred.doneUnsafe(first, Effect.succeed(10))
    Deferred.doneUnsafe(await question(3), Effect.succeed(11))
    await runtime.runPromise(Fiber.join(slow))
    await expect.poll(() => seen).toEqual([2, 1])
    expect(loan.unsafe.getState().rate).toBe(11)
  })

  it("T4 a failure is one rollback, and nobody gets the action", async () => {
    const { errors, infos, loan, runtime, seen } = start(() => Effect.fail("no rates today"))
    const error = await rejection(runtime.runPromise(loan.actions.assess(100)))
    expect(error).toMatchObject({ _tag: "HandlerFailed", tag: "assess", cause: "no rates today" })
    expect(errors).toEqual([error])
    expect(infos[0]).toMatchObject({ instanceId: "Loan#1", during: "entry", txnId: "Loan#1::t1" })
    expect(entriesOf(runtime)).toMatchObject([{ outcome: "rollback", tags: ["assess"], error }])
    await runtime.runPromise(loan.actions.note())
    await idle()
    expect(seen).toEqual([])
    expect(loan.unsafe.getState()).toEqual({ rate: 0, notes: 1 })
  })

  it("T10 a result that does not fit is refused", async () => {
    const { errors, loan, runtime } = start(() => Effect.succeed(Number.NaN))
    const error = await rejection(runtime.runPromise(loan.actions.assess(100)))
    expect(error).toBeInstanceOf(Errors.InvalidState)
    expect(errors).toEqual([error])
    expect(loan.unsafe.getState()).toBe(fresh)
  })

  it("T4 after so many attempts the entry fails with HandlerConflict", async () => {
    let asking = 0
    const { errors, loan, runtime, seen } = start(
      () =>
        Effect.sync(() => {
          loan.unsafe.dispatch({ _tag: "note" })
          return ++asking
        }),
      { attempts: 3 }
    )
    const error = await rejection(runtime.runPromise(loan.actions.assess(100)))
    expect(error).toMatchObject({ _tag: "HandlerConflict", attempts: 3 })
    expect(errors).toEqual([error])
    expect(asking).toBe(3)
    expect(loan.unsafe.getState()).toEqual({ rate: 0, notes: 3 })
    expect(seen).toEqual([])
  })

  it("C5 a synchronous caller goes on at once; its Promise settles with the commit", async () => {
    const { of, question } = asked()
    const { loan, runtime } = start(of)
    const delivered = loan.unsafe.dispatchPromise({ _tag: "assess", payload: 100 })
    loan.unsafe.dispatch({ _tag: "assess", payload: 200 })
    Deferred.doneUnsafe(await question(1), Effect.succeed(3))
    await delivered
    expect(loan.unsafe.getState().rate).toBe(3)
    Deferred.doneUnsafe(await question(2), Effect.succeed(4))
    Deferred.doneUnsafe(await question(3), Effect.succeed(5))
    await expect.poll(() => loan.unsafe.getState().rate).toBe(5)
    expect(entriesOf(runtime)).toHaveLength(2)
  })

  it("C5 its Promise is rejected with what the handler failed with", async () => {
    const { errors, loan } = start(() => Effect.fail("no rates today"))
    const error = await rejection(loan.unsafe.dispatchPromise({ _tag: "assess", payload: 100 }))
    expect(error).toMatchObject({ _tag: "HandlerFailed" })
    expect(errors).toEqual([error])
  })

  it("T8 an interrupted caller leaves nothing", async () => {
    const { of, question } = asked()
    const { errors, loan, runtime, seen } = start(of)
    const caller = runtime.run(loan.actions.assess(100))
    const answer = await question(1)
    await runtime.runPromise(Fiber.interrupt(caller))
    Deferred.doneUnsafe(answer, Effect.succeed(3))
    await idle()
    expect(loan.unsafe.getState()).toBe(fresh)
    expect(entriesOf(runtime)).toEqual([])
    expect([errors, seen]).toEqual([[], []])
  })

  it("C7 closing the instance interrupts what computes for a synchronous caller", async () => {
    let interrupted = false
    const { of, question } = asked()
    const watched = () =>
      Effect.onInterrupt(of(), () =>
        Effect.sync(() => {
          interrupted = true
        })
      )
    const { errors, loan, runtime } = start(watched)
    const delivered = rejection(loan.unsafe.dispatchPromise({ _tag: "assess", payload: 100 }))
    await question(1)
    loan.unsafe.dispatch({ _tag: "assess", payload: 200 })
    await question(2)
    await runtime.dispose()
    expect(interrupted).toBe(true)
    expect(await delivered).toBeInstanceOf(Errors.InstanceClosed)
    // The other's caller has gone on.
    expect(errors).toEqual([expect.any(Errors.InstanceClosed)])
  })

  it("T4 one that interrupts itself fails, and is not tried again", async () => {
    let runs = 0
    const { errors, loan } = start(() => (++runs > 3 ? Effect.succeed(1) : Effect.interrupt))
    const failed = rejection(loan.unsafe.dispatchPromise({ _tag: "assess", payload: 100 }))
    expect(await failed).toMatchObject({ _tag: "HandlerFailed" })
    loan.unsafe.dispatch({ _tag: "assess", payload: 200 })
    await idle()
    expect(runs).toBe(2)
    expect(errors).toHaveLength(2)
    expect(loan.unsafe.getState()).toBe(fresh)
  })

  it("T5 in a window it is refused like any entry", () => {
    const { loan } = start(() => Effect.succeed(1))
    const dispatching = () => loan.unsafe.dispatch({ _tag: "assess", payload: 1 })
    expect(thrown(() => loan.unsafe.transact("outer", dispatching))).toBeInstanceOf(Errors.EntryInTransaction)
    const effect = loan.transact("outer", loan.actions.assess(1))
    expect(thrown(() => Effect.runSync(effect))).toBeInstanceOf(Errors.EntryInTransaction)
  })

  it("T1 a batch cannot wait for it", async () => {
    const { loan, runtime } = start(() => Effect.succeed(1))
    const batch = loan.dispatchBatch([{ _tag: "note" }, { _tag: "assess", payload: 1 }])
    const error = await rejection(runtime.runPromise(batch))
    expect(error).toMatchObject({ _tag: "HandlerInBatch", tag: "assess" })
    expect(loan.unsafe.getState()).toBe(fresh)
  })

  it("T7 what a handler causes is caused by the entry that committed its action", async () => {
    const { runtime } = start(() => Effect.succeed(1))
    const loan = runtime.resolve(Loan.tag)
    const Follow = Loan.logic("follow", ($) => $.onAction("assess").run(() => $.actions.note()))
    const following = disposing(
      Runtime.make(
        Loan.implement({
          initial: fresh,
          logics: [Follow],
          handlers: { assess: Handler.outside((state) => Effect.succeed({ ...state, rate: 7 })) }
        })
      )
    )
    await following.runPromise(following.resolve(Loan.tag).actions.assess(1))
    await expect.poll(() => following.resolve(Loan.tag).unsafe.getState().notes).toBe(1)
    expect(entriesOf(following).map(({ cause, origin }) => [origin.name, cause])).toEqual([
      ["assess", undefined],
      ["note", "Loan#1::t1"]
    ])
    expect(loan.unsafe.getState()).toBe(fresh)
  })

  it("T1 its needs are those of the module", () => {
    const needing = Loan.implement({
      initial: fresh,
      handlers: { assess: Handler.outside((state) => Effect.as(Rates, state)) }
    })
    // @ts-expect-error: nothing provides Rates
    const refused = () => Runtime.make(needing)
    expect(refused).toBeTypeOf("function")
    // @ts-expect-error: a handler computes the module's state
    Loan.implement({ initial: fresh, handlers: { note: Handler.inline(() => ({ rate: "high" })) } })
    expect(() => Handler.outside((state) => Effect.succeed(state), { attempts: 0 })).toThrow("attempts")
  })
})
