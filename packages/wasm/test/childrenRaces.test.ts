/** Children that come, go and begin again while something else does. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test } from "vitest"
import { Supervision } from "@sluice/wasm"
import { Desk as Computed, makeCases } from "./suite/cases.ts"

const Desk = Module.make("Desk", { state: Schema.Struct({ open: Schema.Boolean }), actions: {} })
const Flight = Module.make("Flight", {
  state: Schema.Struct({ minutes: Schema.Number }),
  actions: { delay: Schema.Number },
  reducers: { delay: (state, by) => ({ minutes: state.minutes + by }) }
})

const setup = (setups: Effect.Effect<unknown> = Effect.void) => {
  let started = 0
  let ended = 0
  const live = Flight.implement({
    initial: { minutes: 0 },
    logics: [
      Flight.logic("works", () =>
        Effect.gen(function* () {
          started++
          yield* Effect.addFinalizer(() => Effect.sync(() => ended++))
          yield* setups
        })
      )
    ]
  })
  const runtime = Runtime.make(Desk.implement({ initial: { open: true } }), { onError: () => {} })
  onTestFinished(() => runtime.dispose())
  const desk = runtime.resolve(Desk.tag)
  return { children: Supervision.children(desk), counts: () => [started, ended], desk, live, runtime }
}

test("a parent that closes while a child starts leaves none behind", async () => {
  const { children, desk: parent, runtime } = setup()
  const cases = await makeCases("inline", { memory: "image" })
  const live = Computed.implement({ initial: { count: 0 }, handlers: { assess: cases } })
  const first = await runtime.runPromise(children.spawn(live, { key: "one" }))
  await runtime.runPromise(first.runtime.actions.assess({}))
  const from = await runtime.runPromise(first.export)
  await runtime.runPromise(children.stop("one"))
  const instances = runtime.instances().length
  // What its handler remembers is checked before it starts, which waits.
  const spawning = runtime.runPromise(Effect.exit(children.spawn(live, { key: "two", from })))
  await runtime.evict(parent.instanceId)
  expect(Exit.isSuccess(await spawning)).toBe(false)
  expect(runtime.instances().length).toBe(instances - 1)
  expect(await Effect.runPromise(children.list)).toEqual([])
})

test("one key spawned many times at once is one child", async () => {
  const { children, counts, live, runtime } = setup(Effect.yieldNow)
  const spawned = await runtime.runPromise(
    Effect.all(
      Array.from({ length: 20 }, () => children.spawn(live, { key: "one" })),
      { concurrency: "unbounded" }
    )
  )
  expect(new Set(spawned).size).toBe(1)
  await expect.poll(() => counts()).toEqual([1, 0])
})

test("a child that is stopped while it waits to begin again stays stopped", async () => {
  let runs = 0
  const { children, live, runtime } = setup(
    Effect.suspend(() => (runs++ === 0 ? Effect.die(new Error("broken")) : Effect.void))
  )
  const child = await runtime.runPromise(
    children.spawn(live, { key: "one", backoff: Schedule.spaced("100 millis") })
  )
  await expect.poll(() => Effect.runPromise(child.status), { timeout: 5000 }).toBe("restarting")
  await runtime.runPromise(children.stop("one"))
  await Effect.runPromise(Effect.sleep("200 millis"))
  expect([runs, await Effect.runPromise(child.status)]).toEqual([1, "stopped"])
  const again = await runtime.runPromise(children.spawn(live, { key: "one" }))
  expect(again).not.toBe(child)
  expect(await runtime.runPromise(Effect.flip(children.stop("two")))).toMatchObject({ _tag: "ChildRefused" })
})

test("restarts that are asked for at once, and a stop among them, leave one instance or none", async () => {
  const { children, counts, live, runtime } = setup(Effect.yieldNow)
  await runtime.runPromise(children.spawn(live, { key: "one" }))
  const many = (n: number) => Array.from({ length: n }, () => Effect.exit(children.restart("one")))
  await runtime.runPromise(Effect.all(many(10), { concurrency: "unbounded" }))
  await expect.poll(() => counts()[0]! - counts()[1]!, { timeout: 5000 }).toBe(1)
  const child = (await runtime.runPromise(children.list))[0]
  expect(child?.status).toBe("running")
  await runtime.runPromise(
    Effect.all([...many(5), Effect.exit(children.stop("one")), ...many(5)], { concurrency: "unbounded" })
  )
  await expect.poll(() => counts()[0]! - counts()[1]!, { timeout: 5000 }).toBe(0)
  expect(await runtime.runPromise(children.list)).toEqual([])
})
