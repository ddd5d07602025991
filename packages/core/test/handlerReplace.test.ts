/** Handlers whose module is replaced, or whose code ends in another way than they say. */
import { Errors, Handler, Runtime } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { describe, expect, it } from "vitest"
import { fresh, held, Loan, names, type State } from "./serial.ts"
import { collectErrors, disposing, idle, latch, rejection } from "./support.ts"

interface Table {
  readonly name: string
  isOpen: boolean
}
class Rates extends Context.Service<Rates, Table>()("Rates") {
  static readonly layer = (name: string) =>
    Layer.effect(
      Rates,
      Effect.acquireRelease(Effect.succeed<Table>({ name, isOpen: true }), (table) =>
        Effect.sync(() => (table.isOpen = false))
      )
    )
}

describe.each(["serial", "optimistic"] as const)("an outside handler that is %s", (order) => {
  it("whose module is replaced computes again with the services of the new one", async () => {
    const used: Array<string> = []
    const [begun, gate] = [latch(), latch()]
    const compute = (state: State, rate: number) =>
      Effect.gen(function* () {
        const { isOpen, name } = yield* Rates
        used.push(isOpen ? name : `${name}, closed`)
        begun.resolve()
        yield* Effect.promise(() => gate.promise)
        return { ...state, rate }
      })
    const live = (name: string) =>
      Loan.implement({
        initial: fresh,
        imports: [Rates.layer(name)],
        handlers: { assess: HandlerPort.outside({ ...Handler.outside(compute), order }) }
      })
    const { errors, onError } = collectErrors()
    const runtime = disposing(Runtime.make(live("old"), { onError }))
    const loan = runtime.resolve(Loan.tag)
    const promised = loan.unsafe.dispatchPromise({ _tag: "assess", payload: 3 })
    await begun.promise
    await runtime.replace(live("new"))
    gate.resolve()
    await promised
    expect(used).toEqual(["old", "new"])
    expect(loan.unsafe.getState().rate).toBe(3)
    expect(errors).toEqual([])
  })

  it.each([
    [
      "throws",
      () => {
        throw new Error("no")
      }
    ],
    ["dies", () => Effect.die("no")],
    ["interrupts itself", () => Effect.interrupt]
  ] as const)("T4 whose code %s is one rollback, which is reported", async (_, enter) => {
    const { errors, onError } = collectErrors()
    const handlers = { assess: HandlerPort.outside<State, number>({ order, enter }) }
    const runtime = disposing(Runtime.make(Loan.implement({ initial: fresh, handlers }), { onError }))
    const loan = runtime.resolve(Loan.tag)
    loan.unsafe.dispatch({ _tag: "assess", payload: 1 })
    await idle()
    expect(errors).toMatchObject([{ _tag: "HandlerFailed" }])
    expect(names(runtime)).toEqual(["assess rollback"])
  })
})

it("an optimistic one whose caller waits ends as it began where its module is replaced", async () => {
  const [begun, gate] = [latch(), latch()]
  const by = (plus: number) =>
    HandlerPort.outside({
      ...Handler.outside((state: State, rate: number) =>
        Effect.promise(async () => {
          begun.resolve()
          await gate.promise
          return { ...state, rate: rate + plus }
        })
      )
    })
  const live = (plus: number) => Loan.implement({ initial: fresh, handlers: { assess: by(plus) } })
  const runtime = disposing(Runtime.make(live(10)))
  const loan = runtime.resolve(Loan.tag)
  const assessing = runtime.run(loan.actions.assess(1))
  await begun.promise
  await runtime.replace(live(20))
  gate.resolve()
  await runtime.runPromise(Fiber.join(assessing))
  expect(loan.unsafe.getState().rate).toBe(11)
})

describe("while the services of the new module are yet to come", () => {
  const replacing = async () => {
    const [old, young, ending] = [held(), held(), latch()]
    const slow = Loan.logic("slow", () => Effect.addFinalizer(() => Effect.promise(() => ending.promise)))
    const runtime = disposing(
      Runtime.make(Loan.implement({ initial: fresh, handlers: { assess: old.handler }, logics: [slow] }))
    )
    const loan = runtime.resolve(Loan.tag)
    const assessing = runtime.run(loan.actions.assess(1))
    await old.call(1)
    const replaced = runtime.replace(Loan.implement({ initial: fresh, handlers: { assess: young.handler } }))
    await idle()
    return { young, ending, runtime, loan, assessing, replaced }
  }

  it("T5 T8 a serial one that is interrupted lets those behind it in, and they wait for the services", async () => {
    const { assessing, ending, loan, replaced, runtime, young } = await replacing()
    const next = runtime.run(loan.actions.assess(2))
    loan.unsafe.dispatch({ _tag: "note" })
    await runtime.runPromise(Fiber.interrupt(assessing))
    await idle()
    expect(young.calls).toHaveLength(0)
    ending.resolve()
    await replaced
    ;(await young.call(1))(5)
    await runtime.runPromise(Fiber.join(next))
    expect(loan.unsafe.getState()).toEqual({ rate: 5, notes: 1 })
    expect(names(runtime)).toEqual(["assess commit", "note commit"])
  })

  it("C7 a serial one whose instance closes is told so", async () => {
    const { assessing, ending, replaced, runtime, young } = await replacing()
    const told = rejection(runtime.runPromise(Fiber.join(assessing)))
    const evicted = runtime.evict("Loan#1")
    ending.resolve()
    await Promise.all([replaced, evicted])
    expect(await told).toBeInstanceOf(Errors.InstanceClosed)
    expect(young.calls).toHaveLength(0)
  })
})
