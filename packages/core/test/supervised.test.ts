/** What a supervisor asks of an instance. */
import { Local, Module, Runtime } from "@sluice/core"
import * as Supervised from "@sluice/core/Supervised"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { expect, test } from "vitest"
import { collectErrors, disposing } from "./support.ts"

const Job = Module.make("Job", {
  state: Schema.Struct({ done: Schema.Number, twice: Schema.Number }),
  actions: { work: Schema.Number, fail: Schema.Void },
  reducers: { work: (state, n) => ({ ...state, done: state.done + n }) },
  traits: (t) => ({ twice: t.computed((state) => state.done * 2) })
})

const make = () => {
  const told: Array<string> = []
  const logic = Job.logic("worker", ($) =>
    Effect.gen(function* () {
      told.push(`start at ${(yield* $.state.get).twice}`)
      yield* Effect.addFinalizer(() => Effect.sync(() => told.push("end")))
      yield* $.onAction("work").run((n) => Effect.sync(() => told.push(`work ${n}`)))
      yield* $.onAction("fail").run(() => Effect.die(new Error("no")))
    })
  )
  return { told, live: Job.implement({ initial: { done: 0 }, logics: [logic] }) }
}

test("a restart keeps the instance, its subscribers and what no flow had taken, and begins with the state it is given", async () => {
  const { live, told } = make()
  const runtime = disposing(Runtime.make(live))
  const job = runtime.resolve(Job.tag)
  const seen: Array<number> = []
  job.unsafe.subscribe((state) => seen.push(state.twice))
  await runtime.runPromise(job.actions.work(1))
  await runtime.runPromise(Supervised.restart(job, "preserved"))
  await runtime.runPromise(job.actions.work(2))
  await expect.poll(() => told).toEqual(["start at 0", "work 1", "end", "start at 2", "work 2"])
  // Not taken yet when it restarts.
  job.unsafe.dispatch({ _tag: "work", payload: 3 })
  await runtime.runPromise(Supervised.restart(job, { state: { done: 10, twice: 0 } }))
  await expect.poll(() => told.slice(5).toSorted()).toEqual(["end", "start at 20", "work 3"])
  await runtime.runPromise(Supervised.restart(job, "initial"))
  expect(job.unsafe.getState()).toEqual({ done: 0, twice: 0 })
  expect(seen).toEqual([2, 6, 12, 20, 0])
  expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Job#1"])
})

test("a restart with a state that does not fit is refused, and the logics go on", async () => {
  const { live, told } = make()
  const runtime = disposing(Runtime.make(live, { onError: () => {} }))
  const job = runtime.resolve(Job.tag)
  const wrong = { state: { done: "many" } } as unknown as { state: { done: number; twice: number } }
  const exit = await runtime.runPromise(Effect.exit(Supervised.restart(job, wrong)))
  expect(exit._tag === "Failure" && Cause.squash(exit.cause)).toMatchObject({ _tag: "InvalidState" })
  expect(told).toEqual(["start at 0"])
  expect(job.unsafe.getState()).toEqual({ done: 0, twice: 0 })
})

test("a restart of a closed one dies with InstanceClosed; a local one keeps its key", async () => {
  const { live, told } = make()
  const runtime = disposing(
    Runtime.make(Module.make("Home", { state: Schema.Struct({}), actions: {} }).implement({ initial: {} }))
  )
  const scope = Scope.makeUnsafe()
  const acquire = Scope.provide(Local.acquire(live, { key: "a" }), scope)
  const job = await runtime.runPromise(acquire)
  await runtime.runPromise(Supervised.restart(job, "preserved"))
  expect(await runtime.runPromise(acquire)).toBe(job)
  expect(told).toEqual(["start at 0", "end", "start at 0"])
  await runtime.evict(job.instanceId)
  const exit = await runtime.runPromise(Effect.exit(Supervised.restart(job, "preserved")))
  expect(exit._tag === "Failure" && Cause.squash(exit.cause)).toMatchObject({ _tag: "InstanceClosed" })
})

test("a guard sees what would be committed, derived fields too, and its refusal rolls back", async () => {
  const { live } = make()
  const { errors, onError } = collectErrors()
  const runtime = disposing(Runtime.make(live, { onError }))
  const job = runtime.resolve(Job.tag)
  const refusal = new Error("too much")
  const stop = Supervised.guard(job, (previous, next, origin) => {
    if (next.twice - previous.twice > 10) throw refusal
    expect(origin).toEqual({ kind: "action", name: "work" })
  })
  job.unsafe.dispatch({ _tag: "work", payload: 5 })
  expect(() => job.unsafe.dispatch({ _tag: "work", payload: 6 })).toThrow(refusal)
  expect(job.unsafe.getState()).toEqual({ done: 5, twice: 10 })
  expect(errors).toEqual([refusal])
  stop()
  job.unsafe.dispatch({ _tag: "work", payload: 6 })
  expect(job.unsafe.getState()).toEqual({ done: 11, twice: 22 })
})

test("reports are told of their own instance alone, and still reach onError", async () => {
  const { live } = make()
  const { errors, onError } = collectErrors()
  const runtime = disposing(Runtime.make(live, { onError }))
  const job = runtime.resolve(Job.tag)
  const told: Array<string> = []
  const stop = Supervised.onReport(job, (_, { during, entry }) => told.push(`${during} ${entry}`))
  await runtime.runPromise(job.actions.fail())
  await expect.poll(() => errors).toHaveLength(1)
  expect(told).toEqual(["handler worker: fail"])
  stop()
  await runtime.runPromise(job.actions.fail())
  await expect.poll(() => errors).toHaveLength(2)
  expect(told).toHaveLength(1)
})
