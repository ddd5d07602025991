/**
 * C1, C3, C4, T5: two instances with serial handlers, whose consumers' handlers enter either of them and wait. Whatever
 * they enter, by whatever way in, all of it ends, and each committed action is handled once and in order.
 */
import { Handler, Module, Runtime } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { expect, it } from "vitest"
import { entriesOf, idle } from "./support.ts"

type Way = "effect" | "sync" | "promise" | "batch" | "group" | "reset" | "transact"
/** An action, with what its handler enters when it comes, one after another. */
interface Given {
  readonly at: 0 | 1
  readonly serial: boolean
  readonly way: Way
  /** Turns that its code takes. */
  readonly turns: number
  readonly fails: boolean
  readonly next: ReadonlyArray<Given>
}
interface Entry extends Given {
  readonly id: number
  readonly next: ReadonlyArray<Entry>
}

const state = Schema.Struct({ log: Schema.Array(Schema.Finite) })
interface State {
  readonly log: ReadonlyArray<number>
}
const actions = { compute: Schema.Finite, note: Schema.Finite }
const reducers = { note: ({ log }: State, id: number) => ({ log: [...log, id] }) }
const ids = ["Desk0", "Desk1"]
const modules = ids.map((id) => Module.make(id, { state, actions, reducers }))

const entering = (next: fc.Arbitrary<ReadonlyArray<Given>>): fc.Arbitrary<Given> =>
  fc.record({
    at: fc.constantFrom(0, 1),
    serial: fc.boolean(),
    way: fc.constantFrom<Array<Way>>(
      "effect",
      "effect",
      "sync",
      "promise",
      "batch",
      "group",
      "reset",
      "transact"
    ),
    turns: fc.nat({ max: 3 }),
    fails: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    next
  })
const last = entering(fc.constant([]))
const entry = entering(fc.array(entering(fc.array(last, { maxLength: 2 })), { maxLength: 2 }))

/** Each with an id of its own. */
const numbered = (given: ReadonlyArray<Given>, known: Map<number, Entry>): ReadonlyArray<Entry> =>
  given.map((one) => {
    const id = known.size + 1
    known.set(id, { ...one, id, next: [] })
    const whole = { ...one, id, next: numbered(one.next, known) }
    known.set(id, whole)
    return whole
  })

const run = async (given: ReadonlyArray<Given>, capacities: readonly [number, number]) => {
  const known = new Map<number, Entry>()
  const roots = numbered(given, known)
  const computing = [0, 0]
  let most = 0
  const handled: readonly [Array<number>, Array<number>] = [[], []]
  const unawaited: Array<Promise<unknown>> = []
  const live = modules.map((module, at) => {
    const compute = (before: State, id: number) =>
      Effect.gen(function* () {
        most = Math.max(most, ++computing[at]!)
        for (let n = known.get(id)?.turns ?? 0; n > 0; n--) yield* Effect.promise(() => Promise.resolve())
        computing[at]!--
        return known.get(id)?.fails === true ? yield* Effect.fail("no") : { log: [...before.log, id] }
      })
    const handling = module.logic("handling", ($) =>
      $.onAction().run(
        (id) =>
          Effect.suspend(() => {
            handled[at]?.push(id)
            return Effect.forEach(known.get(id)?.next ?? [], enter, { discard: true })
          }),
        { capacity: capacities[at] ?? 1 }
      )
    )
    return module.implement({
      initial: { log: [] },
      handlers: {
        compute: HandlerPort.outside({
          ...Handler.outside<State, number, string, never>(compute),
          order: "serial"
        })
      },
      logics: [handling]
    })
  })
  const runtime = Runtime.make(live, {
    layer: Logger.layer([]),
    onError: () => {},
    trace: { level: "full", capacity: 8192 }
  })
  const instances = modules.map((module) => runtime.resolve(module.tag))
  const enter = ({ at, id, serial, way }: Entry): Effect.Effect<unknown> => {
    const instance = instances[at]!
    const action = { _tag: serial ? "compute" : "note", payload: id } as const
    const plus = ({ log }: State) => ({ log: [...log, id] })
    switch (way) {
      case "effect":
        return Effect.exit(instance.dispatch(action))
      case "sync":
        return Effect.exit(Effect.sync(() => instance.unsafe.dispatch(action)))
      case "promise":
        return Effect.sync(
          () => void unawaited.push(Promise.allSettled([instance.unsafe.dispatchPromise(action)]))
        )
      case "batch":
        return instance.dispatchBatch([
          { _tag: "note", payload: id },
          { _tag: "note", payload: id }
        ])
      case "group":
        return runtime.transact(instances, "group", (...each) => {
          for (const tx of each) tx.update(plus)
        })
      case "reset":
        return instance.reset()
      case "transact":
        return instance.transact("write", (tx) => tx.update(plus))
    }
  }
  try {
    const fibers = roots.map((root) => runtime.run(enter(root)))
    await runtime.runPromise(Effect.timeout(Fiber.joinAll(fibers), "10 seconds"))
    const committed = () =>
      ids.map((module) =>
        entriesOf(runtime).flatMap(({ outcome, payloads, txnId }) =>
          outcome !== "rollback" && txnId.startsWith(module) ? (payloads as ReadonlyArray<number>) : []
        )
      )
    const settled = async () => {
      await Promise.all(unawaited.splice(0))
      await idle()
      return unawaited.length === 0 && JSON.stringify(handled) === JSON.stringify(committed())
    }
    await expect.poll(settled, { interval: 1, timeout: 10_000 }).toBe(true)
    expect(computing).toEqual([0, 0])
    expect(most, "each computes alone").toBeLessThanOrEqual(1)
    for (const instance of instances) await runtime.runPromise(instance.actions.note(0))
  } finally {
    await runtime.dispose()
  }
}

it("C1 C3 C4 T5 what consumers enter behind serial handlers ends, and is handled in order (property)", async () => {
  const seed = Number(process.env["SERIAL_SEED"] ?? 612)
  console.log(`serial consumers: SERIAL_SEED=${seed}`)
  const capacity = fc.integer({ min: 1, max: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 6 }), fc.tuple(capacity, capacity), run),
    { seed, numRuns: Number(process.env["SERIAL_RUNS"] ?? 150) }
  )
}, 30_000)
