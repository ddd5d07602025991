/**
 * T5, T8: random entries, answers, interruptions and travels on one instance with a serial handler, against a queue.
 * After each step what has committed and rolled back, in order, is what the queue says; at the end nothing is held.
 */
import { Handler, Module, Runtime } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { expect, it } from "vitest"
import { entriesOf, idle } from "./support.ts"

const Desk = Module.make("Desk", {
  state: Schema.Struct({ log: Schema.Array(Schema.Finite) }),
  actions: { compute: Schema.Finite, note: Schema.Finite },
  reducers: { note: (state, id) => ({ log: [...state.log, id] }) }
})
interface State {
  readonly log: ReadonlyArray<number>
}

type Step =
  | { readonly step: "enter"; readonly serial: boolean; readonly how: "effect" | "sync" | "group" }
  | { readonly step: "answer"; readonly ok: boolean }
  | { readonly step: "interrupt"; readonly which: number }
  | { readonly step: "travel" }
  | { readonly step: "live" }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant("enter"),
      serial: fc.boolean(),
      how: fc.constantFrom("effect", "effect", "sync", "group")
    })
  },
  {
    weight: 5,
    arbitrary: fc.record({ step: fc.constant("answer"), ok: fc.constantFrom(true, true, false) })
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("interrupt"), which: fc.nat({ max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("travel") }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("live") }) }
)

interface Queued {
  readonly id: number
  readonly serial: boolean
  answer: "none" | "ok" | "failed"
}

/** What the contract says of it. */
class Model {
  readonly queue: Array<Queued> = []
  readonly told: Array<string> = []
  away = false
  /** Its code runs. */
  computing: Queued | undefined

  goOn(): void {
    while (!this.away) {
      const [head] = this.queue
      if (head === undefined) return
      if (head.serial) this.computing = head
      if (head.serial && head.answer === "none") return
      this.told.push(`${head.answer === "failed" ? "rollback" : "commit"} ${head.id}`)
      this.leave(head)
    }
  }

  leave(entry: Queued): void {
    this.queue.splice(this.queue.indexOf(entry), 1)
    if (this.computing === entry) this.computing = undefined
  }
}

const run = async (steps: ReadonlyArray<Step>): Promise<void> => {
  const answers = new Map<number, Deferred.Deferred<boolean>>()
  const compute = (state: State, id: number) =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<boolean>()
      answers.set(id, answer)
      return Effect.flatMap(Deferred.await(answer), (ok) =>
        ok ? Effect.succeed({ log: [...state.log, id] }) : Effect.fail("refused")
      )
    })
  const handler = HandlerPort.outside({
    ...Handler.outside<State, number, string, never>(compute),
    order: "serial"
  })
  const runtime = Runtime.make(Desk.implement({ initial: { log: [] }, handlers: { compute: handler } }), {
    trace: { level: "full", capacity: 4096 },
    onError: () => {}
  })
  const desk = runtime.resolve(Desk.tag)
  const fibers = new Map<number, Fiber.Fiber<unknown, unknown>>()
  const model = new Model()
  let lastId = 0

  const enter = ({ how, serial }: Step & { readonly step: "enter" }): void => {
    const id = ++lastId
    const _tag = serial ? "compute" : "note"
    model.queue.push({ id, serial, answer: "none" })
    if (how === "effect") fibers.set(id, runtime.run(desk.dispatch({ _tag, payload: id })))
    else if (serial || how === "sync") desk.unsafe.dispatch({ _tag, payload: id })
    else runtime.unsafe.transact([desk], "group", (tx) => tx.update(({ log }) => ({ log: [...log, id] })))
  }
  const take = (given: Step): void => {
    switch (given.step) {
      case "enter":
        return enter(given)
      case "answer": {
        const head = model.computing
        if (head?.answer !== "none") return
        head.answer = given.ok ? "ok" : "failed"
        const answer = answers.get(head.id)
        expect(answer, `${head.id} computes`).toBeDefined()
        if (answer !== undefined) Deferred.doneUnsafe(answer, Effect.succeed(given.ok))
        return
      }
      case "interrupt": {
        const waiting = model.queue.filter(({ id }) => fibers.has(id))
        const entry = waiting[given.which % waiting.length]
        if (entry === undefined) return
        model.leave(entry)
        fibers.get(entry.id)?.interruptUnsafe()
        return
      }
      case "travel":
        model.away = true
        return runtime.travel.to(new Map([["Desk#1", { log: [-1] }]]))
      case "live":
        model.away = false
        return runtime.travel.live()
    }
  }
  const settle = async (given: Step): Promise<void> => {
    take(given)
    model.goOn()
    await idle()
    const told = entriesOf(runtime).flatMap(({ changed, origin, outcome, payloads }) => {
      if (origin.kind === "devtools") return []
      const [id] = payloads as ReadonlyArray<number>
      return [id === undefined ? `${outcome} group ${changed?.length}` : `${outcome} ${id}`]
    })
    const ids = told.map((line, i) => (line.includes("group") ? model.told[i] : line))
    expect(ids).toEqual(model.told)
    if (model.away) return
    const committed = model.told.filter((line) => line.startsWith("commit"))
    expect(desk.unsafe.getState().log.map((id) => `commit ${id}`)).toEqual(committed)
    expect([...answers.keys()].filter((id) => id === model.computing?.id)).toHaveLength(
      model.computing === undefined ? 0 : 1
    )
  }
  try {
    for (const given of steps) await settle(given)
    await settle({ step: "live" })
    while (model.computing !== undefined) await settle({ step: "answer", ok: true })
    expect(model.queue).toEqual([])
  } finally {
    await runtime.dispose()
  }
}

it("T5 T8 entries run in the order they were admitted, whatever a serial one does (property)", async () => {
  const seed = Number(process.env["SERIAL_SEED"] ?? 611)
  console.log(`serial: SERIAL_SEED=${seed}`)
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), run), {
    seed,
    numRuns: Number(process.env["SERIAL_RUNS"] ?? 150)
  })
})
