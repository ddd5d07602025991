/** T8: whenever a dispatcher is interrupted, every consumer saw its action if and only if it committed. */
import { Module, Runtime } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "vitest"
import { disposing, entriesOf, latch } from "./support.ts"

const Lines = Module.make("Lines", {
  state: Schema.Array(Schema.String),
  actions: { line: Schema.String, other: Schema.String },
  reducers: { line: (state, line) => [...state, line], other: (state, line) => [...state, line] }
})

/**
 * Two consumers of `line`, each with one slot: `a` handles when its gate opens, `b` likewise. With both
 * gates closed, one action is in flight and one is in the FIFO of each, and the third caller waits.
 */
const setup = () => {
  const gates = { a: Deferred.makeUnsafe<void>(), b: Deferred.makeUnsafe<void>() }
  const seen = { a: [] as Array<string>, b: [] as Array<string> }
  const waits: Array<{ readonly name: "a" | "b"; readonly count: number; readonly resolve: () => void }> = []
  const consumer = (name: "a" | "b") =>
    Lines.logic(name, ($) =>
      $.onAction("line").run((line) =>
        Effect.gen(function* () {
          seen[name].push(line)
          for (const { name: waited, count, resolve } of waits) {
            if (waited === name && seen[name].length >= count) resolve()
          }
          yield* Deferred.await(gates[name])
        })
      )
    )
  const runtime = disposing(
    Runtime.make(
      Lines.implement({ initial: [], logics: [consumer("a"), consumer("b")], channel: { capacity: 1 } })
    )
  )
  const ref = runtime.resolve(Lines.tag)
  const line = (text: string) => runtime.run(ref.actions.line(text))
  const open = (name: "a" | "b") => void Deferred.doneUnsafe(gates[name], Effect.void)
  const handled = (name: "a" | "b", count: number): Promise<void> => {
    const { promise, resolve } = latch()
    waits.push({ name, count, resolve })
    if (seen[name].length >= count) resolve()
    return promise
  }
  /** One in flight and one in the FIFO of each consumer. */
  const fill = async () => {
    await runtime.runPromise(ref.actions.line("1"))
    await Promise.all([handled("a", 1), handled("b", 1)])
    await runtime.runPromise(ref.actions.line("2"))
  }
  const gauge = () => ref.unsafe.backlog().consumers.map(({ depth, waiting }) => ({ depth, waiting }))
  const interrupt = async (fiber: Fiber.Fiber<void>) => {
    await runtime.runPromise(Fiber.interrupt(fiber))
    return fiber.pollUnsafe()
  }
  /** Opens both gates and waits until every committed action has been handled by both. */
  const drain = async () => {
    open("a")
    open("b")
    const { length } = ref.unsafe.getState()
    await Promise.all([handled("a", length), handled("b", length)])
    return { committed: ref.unsafe.getState(), a: seen.a, b: seen.b }
  }
  return { runtime, ref, line, open, handled, fill, gauge, interrupt, drain }
}

const interrupted = (exit: Exit.Exit<unknown, unknown> | undefined): boolean =>
  exit !== undefined && Exit.hasInterrupts(exit)

describe("T8 an interrupted dispatcher", () => {
  test("T8 before its reservation: nothing commits, nothing is seen", async () => {
    const { runtime, ref, interrupt, drain } = setup()
    const gate = Deferred.makeUnsafe<void>()
    const fiber = runtime.run(Effect.andThen(Deferred.await(gate), ref.actions.line("never")))
    expect(interrupted(await interrupt(fiber))).toBe(true)
    Deferred.doneUnsafe(gate, Effect.void)
    await runtime.runPromise(ref.actions.line("1"))
    expect(await drain()).toEqual({ committed: ["1"], a: ["1"], b: ["1"] })
  })

  test("T8 in line: it leaves every line, and the next in line enters", async () => {
    const { line, ref, runtime, fill, gauge, interrupt, drain } = setup()
    await fill()
    const first = line("never")
    const second = line("3")
    expect(gauge()).toEqual([
      { depth: 1, waiting: 2 },
      { depth: 1, waiting: 2 }
    ])
    expect(interrupted(await interrupt(first))).toBe(true)
    expect(gauge()).toEqual([
      { depth: 1, waiting: 1 },
      { depth: 1, waiting: 1 }
    ])
    expect(ref.unsafe.getState()).toEqual(["1", "2"])
    const drained = drain()
    await runtime.runPromise(Fiber.join(second))
    await drained
    expect(await drain()).toEqual({ committed: ["1", "2", "3"], a: ["1", "2", "3"], b: ["1", "2", "3"] })
    expect(entriesOf(runtime).length).toBe(3)
  })

  test("T8 granted by one of two: the slot it holds goes to the next in line", async () => {
    const { line, ref, runtime, fill, gauge, interrupt, open, handled, drain } = setup()
    await fill()
    const first = line("never")
    const second = line("3")
    open("a")
    await handled("a", 2)
    // `a` has taken what it had; the first caller holds its slot and waits for `b`.
    expect(gauge()).toEqual([
      { depth: 1, waiting: 1 },
      { depth: 1, waiting: 2 }
    ])
    expect(ref.unsafe.getState()).toEqual(["1", "2"])
    expect(interrupted(await interrupt(first))).toBe(true)
    expect(gauge()).toEqual([
      { depth: 1, waiting: 0 },
      { depth: 1, waiting: 1 }
    ])
    open("b")
    await runtime.runPromise(Fiber.join(second))
    expect(await drain()).toEqual({ committed: ["1", "2", "3"], a: ["1", "2", "3"], b: ["1", "2", "3"] })
  })

  test("T8 granted by all, while the instance is held: it gives everything back", async () => {
    const { line, ref, runtime, fill, interrupt, open, handled, drain } = setup()
    await fill()
    const first = line("never")
    const second = line("3")
    runtime.travel.to(new Map([["Lines#1", []]]))
    open("a")
    open("b")
    await Promise.all([handled("a", 2), handled("b", 2)])
    expect(interrupted(await interrupt(first))).toBe(true)
    runtime.travel.live()
    await runtime.runPromise(Fiber.join(second))
    expect(ref.unsafe.getState()).toEqual(["1", "2", "3"])
    expect(await drain()).toEqual({ committed: ["1", "2", "3"], a: ["1", "2", "3"], b: ["1", "2", "3"] })
    expect(ref.unsafe.backlog().consumers).toMatchObject([
      { depth: 0, waiting: 0 },
      { depth: 0, waiting: 0 }
    ])
  })

  test("T8 committed but not resumed: every consumer sees it, although the fiber ends interrupted", async () => {
    const { line, ref, fill, drain } = setup()
    await fill()
    const fiber = line("3")
    ref.unsafe.subscribe(() => fiber.interruptUnsafe())
    const drained = drain()
    await new Promise<void>((resolve) => {
      fiber.addObserver(() => resolve())
    })
    await drained
    expect(interrupted(fiber.pollUnsafe())).toBe(true)
    expect(await drain()).toEqual({ committed: ["1", "2", "3"], a: ["1", "2", "3"], b: ["1", "2", "3"] })
  })

  test("T8 interrupted by a subscriber of its own uncontended commit: it stands and is seen", async () => {
    const { runtime, ref, drain } = setup()
    const gate = Deferred.makeUnsafe<void>()
    const fiber = runtime.run(
      Deferred.await(gate).pipe(
        Effect.andThen(ref.actions.line("1")),
        Effect.andThen(ref.actions.line("never"))
      )
    )
    ref.unsafe.subscribe(() => fiber.interruptUnsafe())
    Deferred.doneUnsafe(gate, Effect.void)
    await new Promise<void>((resolve) => {
      fiber.addObserver(() => resolve())
    })
    expect(interrupted(fiber.pollUnsafe())).toBe(true)
    expect(await drain()).toEqual({ committed: ["1"], a: ["1"], b: ["1"] })
  })

  test("T8 interrupted from the consumer that frees the last slot: seen by all or by none", async () => {
    const { runtime, ref, line, fill, drain } = setup()
    await fill()
    const fiber = line("maybe")
    const drained = drain()
    // Races with the handlers that free the slots.
    runtime.run(Fiber.interrupt(fiber))
    await drained
    const { committed, a, b } = await drain()
    expect(a).toEqual(committed)
    expect(b).toEqual(committed)
    expect(ref.unsafe.getState()).toEqual(committed)
  })

  test("T8 a batch is seen whole or not at all", async () => {
    const { runtime, ref, fill, interrupt, drain } = setup()
    await fill()
    const batch = [
      { _tag: "line", payload: "x" },
      { _tag: "other", payload: "y" },
      { _tag: "line", payload: "z" }
    ] as const
    const fiber = runtime.run(ref.dispatchBatch(batch))
    expect(interrupted(await interrupt(fiber))).toBe(true)
    expect(await drain()).toEqual({ committed: ["1", "2"], a: ["1", "2"], b: ["1", "2"] })
  })

  test("T8 a body cannot be interrupted between its writes and its commit", async () => {
    const { runtime, ref } = setup()
    const gate = Deferred.makeUnsafe<void>()
    const fiber: Fiber.Fiber<void> = runtime.run(
      Effect.andThen(
        Deferred.await(gate),
        ref.transact("interrupts itself", (tx) => {
          tx.set(["1"])
          fiber.interruptUnsafe()
        })
      )
    )
    Deferred.doneUnsafe(gate, Effect.void)
    await new Promise<void>((resolve) => {
      fiber.addObserver(() => resolve())
    })
    expect(interrupted(fiber.pollUnsafe())).toBe(true)
    expect(ref.unsafe.getState()).toEqual(["1"])
    expect(entriesOf(runtime)).toMatchObject([{ outcome: "commit" }])
  })
})
