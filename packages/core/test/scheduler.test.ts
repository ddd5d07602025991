/** The runtime's own scheduler: its fibers yield without timers, and long chains leave the host its turn. */
import { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { afterEach, expect, onTestFinished, test, vi } from "vitest"
import { Counter, disposing, latch, zero } from "./support.ts"

afterEach(() => {
  vi.restoreAllMocks()
})

const setup = () => {
  const handled = latch()
  const logic = Counter.logic("counts", ($) =>
    $.onAction("ping").run((n) => (n === 100 ? Effect.sync(() => handled.resolve()) : Effect.yieldNow))
  )
  const runtime = disposing(Runtime.make(Counter.implement({ initial: zero, logics: [logic] })))
  return { runtime, ref: runtime.resolve(Counter.tag), handled: handled.promise }
}

test("1 yields, queue round trips and deliveries set no timer", async () => {
  const { runtime, ref, handled } = setup()
  const setTimeout = vi.spyOn(globalThis, "setTimeout")
  const program = Effect.gen(function* () {
    for (let i = 0; i < 100; i++) yield* Effect.yieldNow
    const [there, back] = [yield* Queue.unbounded<number>(), yield* Queue.unbounded<number>()]
    const echo = yield* Effect.forkChild(
      Effect.forever(Effect.flatMap(Queue.take(there), (n) => Queue.offer(back, n + 1)))
    )
    let n = 0
    while (n < 100) {
      yield* Queue.offer(there, n)
      n = yield* Queue.take(back)
    }
    yield* Fiber.interrupt(echo)
    for (let i = 1; i <= 100; i++) yield* ref.actions.ping(i)
    return n
  })
  expect(await runtime.runPromise(program)).toBe(100)
  await handled
  expect(setTimeout.mock.calls).toEqual([])
})

const chains: ReadonlyArray<readonly [string, (until: () => boolean) => Effect.Effect<unknown>]> = [
  [
    "yields",
    (until) => Effect.whileLoop({ while: () => !until(), body: () => Effect.yieldNow, step: () => {} })
  ],
  [
    "queue round trips",
    (until) =>
      Effect.gen(function* () {
        const queue = yield* Queue.unbounded<number>()
        const taker = yield* Effect.forkChild(Effect.forever(Queue.take(queue)))
        while (!until()) {
          yield* Queue.offer(queue, 1)
          yield* Effect.yieldNow
        }
        yield* Fiber.interrupt(taker)
      })
  ],
  [
    "a fiber that never waits",
    (until) => Effect.whileLoop({ while: () => !until(), body: () => Effect.void, step: () => {} })
  ]
]

test.each(chains)("1 a long chain of %s lets a macrotask through", async (_, chain) => {
  const { runtime } = setup()
  let turn = false
  setTimeout(() => (turn = true), 0)
  await runtime.runPromise(chain(() => turn))
  expect(turn).toBe(true)
})

test("1 a handler that dispatches to itself for ever lets a macrotask through", async () => {
  let turn = false
  const done = latch()
  const logic = Counter.logic("loops", ($) =>
    $.onAction("ping").run((n) => (turn ? Effect.sync(() => done.resolve()) : $.actions.ping(n + 1)))
  )
  const runtime = disposing(Runtime.make(Counter.implement({ initial: zero, logics: [logic] })))
  setTimeout(() => (turn = true), 0)
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "ping", payload: 0 })
  await done.promise
  expect(turn).toBe(true)
})

test("1 an uncontended dispatch, without a consumer that waits, runs no fiber and sets no task", () => {
  const runtime = disposing(Runtime.make(Counter.implement({ initial: zero }), { trace: { level: "off" } }))
  const ref = runtime.resolve(Counter.tag)
  const newest = () => Effect.runFork(Effect.void).id
  const microtasks = vi.spyOn(globalThis, "queueMicrotask")
  const immediates = vi.spyOn(globalThis, "setImmediate")
  const before = newest()
  for (let i = 0; i < 100; i++) ref.unsafe.dispatch({ _tag: "increment" })
  expect(newest()).toBe(before + 1)
  expect(microtasks.mock.calls).toEqual([])
  expect(immediates.mock.calls).toEqual([])
  expect(ref.unsafe.getState().count).toBe(100)
})

test("1 fibers of one runtime take turns", async () => {
  // All of it is one turn of the host, however busy the machine is.
  vi.spyOn(performance, "now").mockReturnValue(performance.now())
  onTestFinished(() => void vi.restoreAllMocks())
  const { runtime } = setup()
  const order: Array<string> = []
  const counts = (name: string) =>
    Stream.range(1, 3).pipe(
      Stream.runForEach((n) =>
        Effect.andThen(
          Effect.sync(() => order.push(`${name}${n}`)),
          Effect.yieldNow
        )
      )
    )
  await runtime.runPromise(Effect.all([counts("a"), counts("b")], { concurrency: 2 }))
  expect(order).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"])
})
