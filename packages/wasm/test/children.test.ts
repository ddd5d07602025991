/** `$.children`: supervision of modules, with or without handlers. */
import { Module, Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { expect, onTestFinished, test } from "vitest"
import { Supervision } from "@sluice/wasm"

const Desk = Module.make("Desk", {
  state: Schema.Struct({ failed: Schema.Array(Schema.String) }),
  actions: { childFailed: Supervision.ChildError },
  reducers: {
    childFailed: (state, { child, error, restarts }) => ({
      failed: [...state.failed, `${child.key}: ${error} (${restarts})`]
    })
  }
})
const DeskLive = Desk.implement({ initial: { failed: [] } })

/** Its worker cannot start while the state is broken. */
const Flight = Module.make("Flight", {
  state: Schema.Struct({ minutes: Schema.Number, since: Schema.DateTimeUtcFromMillis.pipe(Schema.optional) }),
  actions: { delay: Schema.Number, note: Schema.Struct({ at: Schema.DateFromMillis }) },
  reducers: { delay: (state, by) => ({ ...state, minutes: state.minutes + by }) }
})
const flights = (started: Array<string>) =>
  Flight.implement({
    initial: (minutes: number) => ({ minutes }),
    logics: [
      Flight.logic("worker", ($) =>
        Effect.gen(function* () {
          const { minutes } = yield* $.state.get
          started.push(`start ${minutes}`)
          yield* Effect.addFinalizer(() => Effect.sync(() => started.push("end")))
          if (minutes < 0) return yield* Effect.die(new Error("broken"))
          yield* $.onAction("note").run(() => Effect.void)
        })
      )
    ]
  })

const setup = (onError: (cause: Cause.Cause<unknown>) => void = () => {}) => {
  const started: Array<string> = []
  const runtime = Runtime.make(DeskLive, { onError })
  onTestFinished(() => runtime.dispose())
  const desk = runtime.resolve(Desk.tag)
  return { runtime, desk, started, live: flights(started), children: Supervision.children(desk) }
}

const plain = (events: ReadonlyArray<Supervision.ChildEvent>) =>
  events.map((event) => ({ ...event, at: undefined }))

const fast = { backoff: Schedule.recurs(100) }

test("a child is a local instance under its key; it is listed, read, restarted and stopped by its parent", async () => {
  const { children, live, runtime, started } = setup()
  const child = await runtime.runPromise(children.spawn(live, { key: "LH1", input: 5, policy: "initial" }))
  expect(await runtime.runPromise(children.spawn(live, { key: "LH1", input: 9 }))).toBe(child)
  await runtime.runPromise(child.runtime.actions.delay(2))
  expect(await runtime.runPromise(children.getState("LH1"))).toEqual({ minutes: 7 })
  expect(await runtime.runPromise(children.list)).toEqual([
    { key: "LH1", module: "Flight", instanceId: "Flight#1", status: "running", policy: "initial" }
  ])
  await runtime.runPromise(children.restart("LH1", "preserved"))
  expect(child.runtime.unsafe.getState()).toEqual({ minutes: 7 })
  await runtime.runPromise(children.restart("LH1"))
  expect(child.runtime.unsafe.getState()).toEqual({ minutes: 5 })
  await runtime.runPromise(children.restart("LH1", { slot: 1 }))
  expect(child.runtime.unsafe.getState()).toEqual({ minutes: 7 })
  expect(started).toEqual(["start 5", "end", "start 7", "end", "start 5", "end", "start 7"])
  await runtime.runPromise(children.stop("LH1"))
  expect(started.at(-1)).toBe("end")
  expect(await runtime.runPromise(children.list)).toEqual([])
  expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Desk#1"])
  const again = await runtime.runPromise(Effect.flip(children.getState("LH1")))
  expect(again.message).toBe('The child "LH1" of Desk#1 was refused: there is none.')
})

test("a child whose logic cannot start begins again by its policy, and goes on", async () => {
  const { children, desk, live, runtime, started } = setup()
  const child = await runtime.runPromise(
    children.spawn(live, { key: "LH2", input: 3, policy: "initial", ...fast })
  )
  await runtime.runPromise(child.runtime.actions.delay(-10))
  // It is the restart that fails, and then the policy that mends it.
  await runtime.runPromise(children.restart("LH2", "preserved"))
  await expect.poll(() => started).toEqual(["start 3", "end", "start -7", "end", "start 3"])
  expect(await runtime.runPromise(child.status)).toBe("running")
  expect(desk.unsafe.getState()).toEqual({ failed: [] })
})

test("one that exhausts its restarts is given up: its parent is told once, and its state stays", async () => {
  const { children, desk, live, runtime, started } = setup()
  const child = await runtime.runPromise(
    children.spawn(live, {
      key: "LH3",
      input: -1,
      attempts: 2,
      ...fast,
      onChildError: (error) => desk.actions.childFailed(error)
    })
  )
  await expect.poll(() => desk.unsafe.getState()).toEqual({ failed: ["LH3: broken (2)"] })
  expect(started.filter((line) => line !== "end")).toEqual(["start -1", "start -1", "start -1"])
  expect(await runtime.runPromise(child.status)).toBe("failed")
  expect(child.runtime.unsafe.getState()).toEqual({ minutes: -1 })
  expect(plain(await runtime.runPromise(child.history)).map(({ _tag }) => _tag)).toEqual([
    "Spawned",
    "Faulted",
    "Restarted",
    "Faulted",
    "Restarted",
    "Faulted",
    "Escalated"
  ])
  // It is not gone: what mends its state lets it be restarted.
  await runtime.runPromise(child.runtime.actions.delay(4))
  await runtime.runPromise(children.restart("LH3"))
  expect(await runtime.runPromise(child.status)).toBe("running")
})

test("a transition that the parent's rule refuses rolls back, typed", async () => {
  const errors: Array<unknown> = []
  const { children, live, runtime } = setup((cause) => errors.push(Cause.squash(cause)))
  const child = await runtime.runPromise(
    children.spawn(live, {
      key: "LH4",
      input: 0,
      validate: (previous, next) => (next.minutes < previous.minutes ? "a delay only grows" : undefined)
    })
  )
  const exit = await runtime.runPromise(Effect.exit(child.runtime.actions.delay(-1)))
  expect(exit._tag === "Failure" && Cause.squash(exit.cause)).toMatchObject({
    _tag: "TransitionRefused",
    instanceId: "Flight#1",
    parent: "Desk#1",
    reason: "a delay only grows"
  })
  expect(errors).toHaveLength(1)
  await runtime.runPromise(child.runtime.actions.delay(1))
  expect(child.runtime.unsafe.getState()).toEqual({ minutes: 1 })
  expect(plain(await runtime.runPromise(child.history))).toMatchObject([
    { _tag: "Spawned" },
    { _tag: "Refused", entry: 'action "delay"', reason: "a delay only grows" },
    { _tag: "Committed", version: 1, actions: [{ _tag: "delay", payload: 1 }] }
  ])
})

test("events are a stream of all children, numbered by child", async () => {
  const { children, live, runtime } = setup()
  const reading = runtime.run(children.events.pipe(Stream.take(4), Stream.runCollect))
  const one = await runtime.runPromise(
    Effect.andThen(Effect.yieldNow, children.spawn(live, { key: "a", input: 0 }))
  )
  const two = await runtime.runPromise(children.spawn(live, { key: "b", input: 0 }))
  await runtime.runPromise(Effect.all([two.runtime.actions.delay(1), one.runtime.actions.delay(2)]))
  const events = await Effect.runPromise(Fiber.join(reading))
  expect(plain(events).map(({ _tag, key, seq }) => [_tag, key, seq])).toEqual([
    ["Spawned", "a", 1],
    ["Spawned", "b", 1],
    ["Committed", "b", 2],
    ["Committed", "a", 2]
  ])
})

test("children end with their parent, last spawned first, and outlive its hot reload", async () => {
  const { children, desk, live, runtime, started } = setup()
  for (const [key, input] of [
    ["a", 1],
    ["b", 2]
  ] as const)
    await runtime.runPromise(children.spawn(live, { key, input }))
  await runtime.replace(Desk.implement({ initial: { failed: [] } }))
  expect(started).toEqual(["start 1", "start 2"])
  await runtime.evict(desk.instanceId)
  expect(started).toEqual(["start 1", "start 2", "end", "end"])
  expect(runtime.instances()).toEqual([])
  const late = await runtime.runPromise(Effect.flip(children.spawn(live, { key: "c", input: 3 })))
  expect(late).toMatchObject({ _tag: "ChildRefused", reason: "Desk#1 has closed" })
})

test("migration: state and events go as JSON to another runtime, where the child goes on", async () => {
  const here = setup()
  const there = setup()
  const child = await here.runtime.runPromise(here.children.spawn(here.live, { key: "LH5", input: 1 }))
  await here.runtime.runPromise(child.runtime.actions.delay(6))
  await here.runtime.runPromise(child.runtime.actions.note({ at: new Date(86_400_000) }))
  const sent = JSON.stringify(await here.runtime.runPromise(child.export))
  await here.runtime.runPromise(here.children.stop("LH5"))

  const from = Schema.decodeUnknownSync(Supervision.Exported)(JSON.parse(sent))
  const moved = await there.runtime.runPromise(
    there.children.spawn(there.live, { key: "LH5", input: 1, from })
  )
  // Its logics began with that state, and never saw another.
  expect(there.started).toEqual(["start 7"])
  await there.runtime.runPromise(moved.runtime.actions.delay(1))
  expect(moved.runtime.unsafe.getState()).toEqual({ minutes: 8 })
  expect(plain(await there.runtime.runPromise(moved.history))).toEqual([
    { _tag: "Spawned", key: "LH5", seq: 1, module: "Flight", instanceId: "Flight#1" },
    {
      _tag: "Committed",
      key: "LH5",
      seq: 2,
      version: 1,
      origin: { kind: "action", name: "delay" },
      actions: [{ _tag: "delay", payload: 6 }]
    },
    {
      _tag: "Committed",
      key: "LH5",
      seq: 3,
      version: 1,
      origin: { kind: "action", name: "note" },
      actions: [{ _tag: "note", payload: { at: 86_400_000 } }]
    },
    { _tag: "Resumed", key: "LH5", seq: 4, module: "Flight", instanceId: "Flight#1" },
    {
      _tag: "Committed",
      key: "LH5",
      seq: 5,
      version: 1,
      origin: { kind: "action", name: "delay" },
      actions: [{ _tag: "delay", payload: 1 }]
    }
  ])
})

test("what does not fit is refused when it is to be resumed: a state, a module", async () => {
  const { children, live, runtime } = setup()
  const child = await runtime.runPromise(children.spawn(live, { key: "a", input: 1 }))
  const from = await runtime.runPromise(child.export)
  const spawn = (key: string, given: Supervision.Exported) =>
    runtime.runPromise(Effect.flip(children.spawn(live, { key, input: 1, from: given })))
  expect((await spawn("b", { ...from, state: { minutes: "many" } })).reason).toContain("minutes")
  expect((await spawn("c", { ...from, module: "Ship" })).reason).toBe(
    "what it is to go on from is of Ship, and not of Flight"
  )
  expect(await runtime.runPromise(children.list)).toHaveLength(1)
})

test("a logic has its instance's as $.children, and `parent` is where a handler's errors go", async () => {
  const { live } = setup()
  const guarding = Desk.logic("guarding", ($) =>
    $.children.spawn(live, {
      key: "a",
      input: -1,
      attempts: 0,
      onChildError: Supervision.parent(Desk.tag, "childFailed")
    })
  )
  const runtime = Runtime.make(Desk.implement({ initial: { failed: [] }, logics: [guarding] }), {
    layer: Supervision.layer,
    onError: () => {}
  })
  onTestFinished(() => runtime.dispose())
  const desk = runtime.resolve(Desk.tag)
  await expect.poll(() => desk.unsafe.getState()).toEqual({ failed: ["a: broken (0)"] })
  expect(await runtime.runPromise(Supervision.children(desk).list)).toMatchObject([
    { key: "a", status: "failed" }
  ])
})

test("an instance has one parent", async () => {
  const { live } = setup()
  const Two = Module.make("Two", { state: Schema.Struct({}), actions: {} })
  const both = Runtime.make([DeskLive, Two.implement({ initial: {} })])
  onTestFinished(() => both.dispose())
  await both.runPromise(Supervision.children(both.resolve(Desk.tag)).spawn(live, { key: "a", input: 1 }))
  const refused = await both.runPromise(
    Effect.flip(Supervision.children(both.resolve(Two.tag)).spawn(live, { key: "a", input: 1 }))
  )
  expect(refused.reason).toBe("Flight#1 is a child of Desk#1 already")
})

test("$.children are those of the instance whose logic it is, where the layer is provided", async () => {
  const started: Array<string> = []
  const spawning = Desk.logic("spawning", ($) =>
    Effect.gen(function* () {
      yield* $.children.spawn(flights(started), { key: "LH1", input: 5, policy: "initial" })
      expect(yield* $.children.getState("LH1")).toEqual({ minutes: 5 })
    })
  )
  const runtime = Runtime.make(DeskLive.withLogic(spawning), { layer: Supervision.layer })
  onTestFinished(() => runtime.dispose())
  const children = Supervision.children(runtime.resolve(Desk.tag))
  await expect
    .poll(() => runtime.runPromise(children.list))
    .toMatchObject([{ key: "LH1", status: "running" }])
  expect(children.parentId).toBe("Desk#1")
})

test("$.children without the layer says which one to provide", () => {
  const errors: Array<unknown> = []
  const asking = Desk.logic("asking", ($) => Effect.asVoid($.children.list))
  const runtime = Runtime.make(DeskLive.withLogic(asking), {
    onError: (cause) => errors.push(Cause.squash(cause))
  })
  onTestFinished(() => runtime.dispose())
  expect(errors).toMatchObject([{ _tag: "ChildrenNotProvided", instanceId: "Desk#1" }])
})
