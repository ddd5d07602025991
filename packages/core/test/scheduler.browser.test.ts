/** In Chromium Effect's own scheduler yields by `setTimeout`, 4 ms a time; the runtime's must not. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import { afterEach, expect, onTestFinished, test, vi } from "vitest"

afterEach(() => {
  vi.restoreAllMocks()
})

const Counter = Module.make("Counter", {
  state: Schema.Number,
  actions: { increment: Schema.Void },
  reducers: { increment: (state) => state + 1 }
})

const setup = (handled: () => void = () => {}) => {
  const logic = Counter.logic("counts", ($) =>
    $.onAction("increment").run(() => Effect.andThen(Effect.yieldNow, Effect.sync(handled)))
  )
  const runtime = Runtime.make(Counter.implement({ initial: 0, logics: [logic] }))
  onTestFinished(() => runtime.dispose())
  return { runtime, ref: runtime.resolve(Counter.tag) }
}

const yields = Effect.gen(function* () {
  for (let i = 0; i < 50; i++) yield* Effect.yieldNow
})

const roundTrips = Effect.gen(function* () {
  const [there, back] = [yield* Queue.unbounded<number>(), yield* Queue.unbounded<number>()]
  const echo = yield* Effect.forkChild(
    Effect.forever(Effect.flatMap(Queue.take(there), (n) => Queue.offer(back, n + 1)))
  )
  let n = 0
  while (n < 50) {
    yield* Queue.offer(there, n)
    n = yield* Queue.take(back)
  }
  yield* Fiber.interrupt(echo)
})

const programs = [
  ["yields", yields],
  ["queue round trips", roundTrips]
] as const

test.each(programs)("1 %s of the runtime's fibers set no timer", async (_, program) => {
  const { runtime } = setup()
  const setTimeout = vi.spyOn(globalThis, "setTimeout")
  await runtime.runPromise(program)
  expect(setTimeout.mock.calls).toEqual([])
})

test.each(programs)(
  "1 %s of Effect's default runtime do: the test above counts what it should",
  async (_, program) => {
    const setTimeout = vi.spyOn(globalThis, "setTimeout")
    await Effect.runPromise(program)
    expect(setTimeout.mock.calls.length).toBeGreaterThan(0)
  }
)

test("1 deliveries and handlers set no timer", async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let handled = 0
  const { runtime, ref } = setup(() => {
    if (++handled === 50) resolve()
  })
  const setTimeout = vi.spyOn(globalThis, "setTimeout")
  await runtime.runPromise(Effect.forEach(Array.from({ length: 50 }), () => ref.actions.increment()))
  await promise
  expect(setTimeout.mock.calls).toEqual([])
  expect(ref.unsafe.getState()).toBe(50)
})

const turns: ReadonlyArray<readonly [string, (done: () => void) => void]> = [
  ["a timer", (done) => void setTimeout(done, 0)],
  [
    "a message",
    (done) => {
      const { port1, port2 } = new MessageChannel()
      port1.addEventListener("message", done)
      port1.start()
      port2.postMessage(undefined)
    }
  ],
  ["a frame", (done) => void requestAnimationFrame(done)]
]

test.each(turns)("1 a long chain of yields lets %s through", async (_, ask) => {
  const { runtime } = setup()
  let turn = false
  ask(() => (turn = true))
  await runtime.runPromise(
    Effect.whileLoop({ while: () => !turn, body: () => Effect.yieldNow, step: () => {} })
  )
  expect(turn).toBe(true)
})
