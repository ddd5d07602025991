/** Section 1 of the contract: the app root, from its build to its disposal, and local instances. */
import { Errors, Module, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { afterEach, describe, expect, test, vi } from "vitest"
import { collectErrors, Counter, disposing, grab, idle, plus, rejection, thrown, zero } from "./support.ts"

class Name extends Context.Service<Name, string>()("test/Name") {}

const CounterLive = Counter.implement({ initial: zero })

const gated = () => {
  const gate = Deferred.makeUnsafe<string, Error>()
  const events: Array<string> = []
  const layer = Layer.effect(
    Name,
    Effect.acquireRelease(
      Effect.flatMap(
        Effect.sync(() => void events.push("building")),
        () => Deferred.await(gate)
      ),
      () => Effect.sync(() => void events.push("released"))
    )
  )
  const logic = Counter.logic("starts", ($) =>
    Effect.gen(function* () {
      events.push(`setup with ${yield* $.use(Name)}`)
      yield* Effect.addFinalizer(() => Effect.sync(() => void events.push("closed")))
    })
  )
  const reported = collectErrors()
  const runtime = disposing(
    Runtime.make(Counter.implement({ initial: zero, logics: [logic] }), {
      layer,
      onError: reported.onError,
      label: "app"
    })
  )
  const finish = (name: string) => void Deferred.doneUnsafe(gate, Effect.succeed(name))
  const fail = (error: Error) => void Deferred.doneUnsafe(gate, Effect.fail(error))
  return { runtime, events, reported, finish, fail }
}

describe("1 building", () => {
  test("1 layers that need not wait are built, and setups run, before Runtime.make returns", () => {
    const names: Array<string> = []
    const logic = Counter.logic("uses", ($) => Effect.map($.use(Name), (name) => void names.push(name)))
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [logic] }), {
        layer: Layer.succeed(Name, "Ada")
      })
    )
    expect(runtime.status).toBe("ready")
    expect(names).toEqual(["Ada"])
    expect(runtime.runSync(Name)).toBe("Ada")
  })

  test("1 with a layer that waits: nothing starts before it is there, and callers wait or are told", async () => {
    const { runtime, events, finish } = gated()
    const statuses: Array<string> = []
    runtime.subscribe(() => statuses.push(runtime.status))
    expect(runtime.status).toBe("building")
    expect(events).toEqual(["building"])
    expect(runtime.instances()).toEqual([])
    expect(thrown(() => runtime.resolve(Counter.tag))).toMatchObject({
      _tag: "RuntimeNotReady",
      label: "app"
    })
    expect(thrown(() => runtime.local(CounterLive))).toMatchObject({ _tag: "RuntimeNotReady" })
    const early = runtime.runPromise(Effect.all([Name, Effect.flatMap(Counter.tag, (ref) => ref.getState)]))
    const fiber = runtime.run(Effect.flatMap(Counter.tag, (ref) => ref.actions.increment()))
    finish("Ada")
    await runtime.ready
    expect(runtime.status).toBe("ready")
    expect(statuses).toEqual(["ready"])
    expect(events).toEqual(["building", "setup with Ada"])
    await runtime.runPromise(Fiber.join(fiber))
    expect((await early)[0]).toBe("Ada")
    expect(runtime.resolve(Counter.tag).unsafe.getState().count).toBe(1)
  })

  test("1 a layer that fails: the build has failed, with the reason wherever one asks", async () => {
    const { runtime, events, reported, fail } = gated()
    const early = rejection(runtime.runPromise(Effect.void))
    const error = new Error("no connection")
    fail(error)
    expect(await rejection(runtime.ready)).toBe(error)
    expect(runtime.status).toBe("failed")
    expect(await early).toBe(error)
    expect(thrown(() => runtime.resolve(Counter.tag))).toBe(error)
    expect(thrown(() => runtime.runSync(Effect.void))).toBe(error)
    expect(await rejection(runtime.runPromise(Effect.void))).toBe(error)
    expect(runtime.instances()).toEqual([])
    expect(reported.errors).toEqual([error])
    expect(reported.infos).toMatchObject([{ during: "build", entry: "layers and initial states" }])
    expect(events).toEqual(["building"])
    await runtime.dispose()
  })

  test("1 a build that fails releases what it had acquired", async () => {
    const events: Array<string> = []
    const acquired = Layer.effectDiscard(
      Effect.acquireRelease(
        Effect.sync(() => void events.push("acquired")),
        () => Effect.sync(() => void events.push("released"))
      )
    )
    const failing = Layer.effect(Name, Effect.fail("no"))
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, imports: [acquired, failing] }), { onError: () => {} })
    )
    expect(await rejection(runtime.ready)).toBe("no")
    await idle()
    expect(events).toEqual(["acquired", "released"])
  })

  test("1 a build that fails makes no unhandled rejection", async () => {
    const rejections: Array<unknown> = []
    const onRejection = (error: unknown): void => void rejections.push(error)
    process.on("unhandledRejection", onRejection)
    disposing(
      Runtime.make(Counter.implement({ initial: zero, imports: [Layer.effect(Name, Effect.fail("no"))] }), {
        onError: () => {}
      })
    )
    await idle()
    process.off("unhandledRejection", onRejection)
    expect(rejections).toEqual([])
  })

  test("1 a setup that fails is reported; the instance and the other setups go on", async () => {
    const reported = collectErrors()
    const grabbed = grab()
    const fails = Counter.logic("fails", () => Effect.fail(new Error("setup")))
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [fails, grabbed.logic] }), {
        onError: reported.onError
      })
    )
    expect(runtime.status).toBe("ready")
    expect(reported.errors.map(String)).toEqual(["Error: setup"])
    expect(reported.infos).toMatchObject([{ during: "setup", entry: "fails", instanceId: "Counter#1" }])
    await runtime.runPromise(grabbed.$.actions.increment())
    expect(runtime.resolve(Counter.tag).unsafe.getState().count).toBe(1)
  })

  test("1 without onError, errors are logged", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {})
    const error = vi.spyOn(console, "error").mockImplementation(() => {})
    const runtime = disposing(Runtime.make(CounterLive, { label: "quiet" }))
    thrown(() => runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "boom" }))
    await idle()
    const logged = JSON.stringify([...log.mock.calls, ...error.mock.calls])
    vi.restoreAllMocks()
    expect(logged).toContain("quiet: Counter#1, entry action")
  })
})

describe("1 listeners of the runtime", () => {
  test("1 one that throws is reported, and the others are told", async () => {
    const reported = collectErrors()
    const runtime = disposing(Runtime.make(CounterLive, { onError: reported.onError }))
    const told: Array<number> = []
    runtime.subscribe(() => {
      throw new Error("runtime listener")
    })
    runtime.subscribe(() => told.push(runtime.instances().length))
    await runtime.evict("Counter#1")
    expect(told).toEqual([0])
    expect(reported.errors.map(String)).toEqual(["Error: runtime listener"])
    expect(reported.infos).toMatchObject([{ during: "listener" }])
  })
})

describe("1 running", () => {
  test("1 runSync while layers are built: RuntimeNotReady; afterwards it runs", async () => {
    const { runtime, finish } = gated()
    const ran: Array<string> = []
    const effect = Effect.sync(() => ran.push("ran"))
    expect(thrown(() => runtime.runSync(effect))).toMatchObject({ _tag: "RuntimeNotReady", label: "app" })
    expect(ran).toEqual([])
    finish("Ada")
    await runtime.ready
    runtime.runSync(effect)
    expect(ran).toEqual(["ran"])
  })

  test("1 run, runPromise and runSync run with the app's modules and services", async () => {
    const runtime = disposing(Runtime.make(CounterLive, { layer: Layer.succeed(Name, "Ada") }))
    const effect = Effect.gen(function* () {
      const counter = yield* Counter.tag
      yield* counter.actions.increment()
      return `${yield* Name} ${(yield* counter.getState).count}`
    })
    expect(runtime.runSync(effect)).toBe("Ada 1")
    expect(await runtime.runPromise(effect)).toBe("Ada 2")
    expect(await runtime.runPromise(Fiber.join(runtime.run(effect)))).toBe("Ada 3")
    expect(await rejection(runtime.runPromise(Effect.fail("mine")))).toBe("mine")
  })

  test("1 instances() are the live ones, in the order they were made", () => {
    const runtime = disposing(Runtime.make(CounterLive))
    const local = runtime.local(CounterLive)
    expect(runtime.instances()).toEqual([runtime.resolve(Counter.tag)])
    local.mount()
    expect(runtime.instances()).toEqual([runtime.resolve(Counter.tag), local.ref])
  })
})

describe("1 evict and dispose", () => {
  const closing = () => {
    const events: Array<string> = []
    const named = (id: string) => {
      const def = Module.make(id, { state: Schema.Number, actions: { go: Schema.Void } })
      const logic = def.logic("closes", () =>
        Effect.gen(function* () {
          yield* Effect.addFinalizer(() => Effect.sync(() => void events.push(`${id} first`)))
          yield* Effect.addFinalizer(() => Effect.sync(() => void events.push(`${id} second`)))
        })
      )
      return { def, live: def.implement({ initial: 0, logics: [logic] }) }
    }
    const [a, b] = [named("A"), named("B")]
    const runtime = disposing(Runtime.make([a.live, b.live], { label: "app" }))
    return { runtime, events, a: a.def, b: b.def }
  }

  test("1 evict closes one instance: its finalizers run last first, and entries are refused", async () => {
    const { runtime, events, a, b } = closing()
    const [refA, refB] = [runtime.resolve(a.tag), runtime.resolve(b.tag)]
    let changed = 0
    runtime.subscribe(() => changed++)
    await runtime.evict("A#1")
    expect(events).toEqual(["A second", "A first"])
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["B#1"])
    expect(changed).toBe(1)
    const expected = { _tag: "InstanceClosed", instanceId: "A#1", entry: 'action "go"' }
    expect(await rejection(runtime.runPromise(refA.actions.go()))).toMatchObject(expected)
    expect(thrown(() => refA.unsafe.dispatch({ _tag: "go" }))).toMatchObject(expected)
    expect(await rejection(refA.unsafe.dispatchPromise({ _tag: "go" }))).toMatchObject(expected)
    expect(thrown(() => refA.unsafe.transact("x", () => {}))).toMatchObject({ _tag: "InstanceClosed" })
    await runtime.runPromise(refB.actions.go())
    await runtime.evict("A#1")
    await runtime.evict("unknown#1")
    expect(changed).toBe(1)
  })

  test("1 dispose closes every instance, the last made first", async () => {
    const { runtime, events } = closing()
    await runtime.dispose()
    expect(events).toEqual(["B second", "B first", "A second", "A first"])
    expect(runtime.status).toBe("disposed")
    expect(runtime.instances()).toEqual([])
  })

  test("1 after dispose: RuntimeDisposed from the runtime, InstanceClosed from its instances", async () => {
    const { runtime, a } = closing()
    const ref = runtime.resolve(a.tag)
    await runtime.dispose()
    const disposed = { _tag: "RuntimeDisposed", label: "app" }
    expect(thrown(() => runtime.resolve(a.tag))).toMatchObject(disposed)
    expect(thrown(() => runtime.runSync(Effect.void))).toMatchObject(disposed)
    expect(await rejection(runtime.runPromise(Effect.void))).toMatchObject(disposed)
    expect(thrown(() => runtime.local(CounterLive))).toMatchObject(disposed)
    expect(thrown(() => ref.unsafe.dispatch({ _tag: "go" }))).toBeInstanceOf(Errors.InstanceClosed)
  })

  test("1 dispose is idempotent, and settles when all is closed", async () => {
    const gate = Deferred.makeUnsafe<void>()
    const closed: Array<string> = []
    const slow = Counter.logic("slow", () =>
      Effect.addFinalizer(() =>
        Effect.andThen(
          Deferred.await(gate),
          Effect.sync(() => void closed.push("slow"))
        )
      )
    )
    const runtime = disposing(Runtime.make(Counter.implement({ initial: zero, logics: [slow] })))
    const both = Promise.all([runtime.dispose(), runtime.dispose()]).then(() => void closed.push("disposed"))
    await idle()
    expect(closed).toEqual([])
    Deferred.doneUnsafe(gate, Effect.void)
    await both
    await runtime.dispose()
    expect(closed).toEqual(["slow", "disposed"])
  })

  test("1 await using disposes", async () => {
    let finalized = false
    const logic = Counter.logic("closes", () =>
      Effect.addFinalizer(() => Effect.sync(() => (finalized = true)))
    )
    {
      await using runtime = Runtime.make(Counter.implement({ initial: zero, logics: [logic] }))
      expect(runtime.status).toBe("ready")
    }
    expect(finalized).toBe(true)
  })

  test("1 disposed while its layers are built: nothing starts, and what was acquired is released", async () => {
    const { runtime, events, finish } = gated()
    const waiting = rejection(runtime.runPromise(Effect.void))
    const disposed = runtime.dispose()
    expect(runtime.status).toBe("disposed")
    // What is being acquired is waited for, so that it can be released.
    finish("Ada")
    await disposed
    expect(runtime.status).toBe("disposed")
    expect(events.filter((event) => event.startsWith("setup"))).toEqual([])
    expect(runtime.instances()).toEqual([])
    expect(thrown(() => runtime.resolve(Counter.tag))).toMatchObject({ _tag: "RuntimeDisposed" })
    expect(await waiting).toMatchObject({ _tag: "RuntimeDisposed" })
    expect(await rejection(runtime.ready)).toMatchObject({ _tag: "RuntimeDisposed" })
    expect(events).toEqual(["building", "released"])
  })

  test("1 disposed while a layer waits that can be interrupted: it is", async () => {
    const reported = collectErrors()
    let interrupted = false
    const never = Layer.effect(
      Name,
      Effect.onInterrupt(Effect.never, () => Effect.sync(() => (interrupted = true)))
    )
    const runtime = disposing(Runtime.make(CounterLive, { layer: never, onError: reported.onError }))
    await runtime.dispose()
    expect(interrupted).toBe(true)
    expect(runtime.status).toBe("disposed")
    expect(reported.errors).toEqual([])
  })

  test("1 a handler is interrupted when its instance closes, with its finalizers", async () => {
    const events: Array<string> = []
    const started = Promise.withResolvers<void>()
    const handles = Counter.logic("handles", ($) =>
      $.onAction("ping").run(() =>
        Effect.sync(() => started.resolve()).pipe(
          Effect.andThen(Effect.never),
          Effect.ensuring(Effect.sync(() => void events.push("finalized"))),
          Effect.onInterrupt(() => Effect.sync(() => void events.push("interrupted")))
        )
      )
    )
    const reported = collectErrors()
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [handles] }), { onError: reported.onError })
    )
    runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "ping", payload: 1 })
    await started.promise
    await runtime.dispose()
    expect(events).toEqual(["finalized", "interrupted"])
    expect(reported.errors).toEqual([])
  })
})

describe("1 local instances", () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  const lives = () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    const events: Array<string> = []
    const logic = Counter.logic("lives", () =>
      Effect.gen(function* () {
        const { instanceId } = yield* Counter.tag
        events.push(`${instanceId} starts`)
        yield* Effect.addFinalizer(() => Effect.sync(() => void events.push(`${instanceId} ends`)))
      })
    )
    const Live = Counter.implement({ initial: (count: number) => ({ count, log: [] }), logics: [logic] })
    const runtime = disposing(Runtime.make([]))
    const elapse = async (ms: number) => {
      vi.advanceTimersByTime(ms)
      await idle()
    }
    return { runtime, Live, events, elapse }
  }

  test("1 it is made cold: a state and nothing else", async () => {
    const { runtime, Live, events } = lives()
    const { ref } = runtime.local(Live, { input: 5 })
    expect(ref.unsafe.getState().count).toBe(5)
    expect(runtime.instances()).toEqual([])
    ref.unsafe.transact("set", (tx) => tx.update(plus(1)))
    await idle()
    expect(ref.unsafe.getState().count).toBe(6)
    expect(events).toEqual([])
  })

  test("1 the first mount starts it, the last release ends it", async () => {
    const { runtime, Live, events, elapse } = lives()
    const local = runtime.local(Live.impl, { input: 1 })
    const [one, two] = [local.mount(), local.mount()]
    expect(events).toEqual(["Counter#1 starts"])
    expect(runtime.instances()).toEqual([local.ref])
    one()
    one()
    await elapse(10)
    expect(events).toEqual(["Counter#1 starts"])
    two()
    expect(events).toEqual(["Counter#1 starts"])
    await elapse(0)
    expect(events).toEqual(["Counter#1 starts", "Counter#1 ends"])
    expect(runtime.instances()).toEqual([])
    expect(thrown(() => local.ref.unsafe.dispatch({ _tag: "increment" }))).toMatchObject({
      _tag: "InstanceClosed"
    })
  })

  test("1 released and mounted again at once, as StrictMode does, it is the same one", async () => {
    const { runtime, Live, events, elapse } = lives()
    const local = runtime.local(Live, { input: 1 })
    local.mount()()
    local.mount()
    await elapse(10)
    expect(events).toEqual(["Counter#1 starts"])
    local.ref.unsafe.dispatch({ _tag: "increment" })
    expect(local.ref.unsafe.getState().count).toBe(2)
  })

  test("1 without a key each is private; with one they are shared", () => {
    const { runtime, Live } = lives()
    const privates = [runtime.local(Live, { input: 1 }), runtime.local(Live, { input: 1 })]
    expect(privates[0]?.ref).not.toBe(privates[1]?.ref)
    const shared = [
      runtime.local(Live, { input: 1, key: "a" }),
      runtime.local(Live, { input: 2, key: "a" }),
      runtime.local(Live, { input: 3, key: "b" })
    ]
    expect(shared[1]?.ref).toBe(shared[0]?.ref)
    expect(shared[2]?.ref).not.toBe(shared[0]?.ref)
    expect(shared.map(({ ref }) => ref.unsafe.getState().count)).toEqual([1, 1, 3])
  })

  test("1 a key is of one module", () => {
    const { runtime, Live } = lives()
    const Other = Module.make("Other", { state: Schema.Number, actions: {} }).implement({ initial: 0 })
    expect(runtime.local(Live, { input: 1, key: "a" }).ref.id).toBe("Counter")
    expect(runtime.local(Other, { key: "a" }).ref.id).toBe("Other")
  })

  test("1 gcTime: it outlives its last user so long, and its key finds it meanwhile", async () => {
    const { runtime, Live, events, elapse } = lives()
    const options = { input: 1, key: "a", gcTime: 1000 }
    const first = runtime.local(Live, options)
    first.mount()()
    await elapse(999)
    const second = runtime.local(Live, options)
    expect(second.ref).toBe(first.ref)
    const release = second.mount()
    await elapse(5000)
    expect(events).toEqual(["Counter#1 starts"])
    release()
    await elapse(999)
    expect(events).toEqual(["Counter#1 starts"])
    await elapse(1)
    expect(events).toEqual(["Counter#1 starts", "Counter#1 ends"])
    expect(runtime.local(Live, options).ref).not.toBe(first.ref)
  })

  test("1 a keyed one that no component ever mounts is forgotten", async () => {
    const { runtime, Live, elapse } = lives()
    const first = runtime.local(Live, { input: 1, key: "a" })
    await elapse(60_000)
    expect(runtime.local(Live, { input: 2, key: "a" }).ref).not.toBe(first.ref)
  })

  test("1 dispose closes the local ones; a later mount starts nothing", async () => {
    const { runtime, Live, events } = lives()
    const mounted = runtime.local(Live, { input: 1 })
    const cold = runtime.local(Live, { input: 2 })
    const release = mounted.mount()
    await runtime.dispose()
    expect(events).toEqual(["Counter#1 starts", "Counter#1 ends"])
    const releaseCold = cold.mount()
    await idle()
    expect(events).toEqual(["Counter#1 starts", "Counter#1 ends"])
    expect(runtime.instances()).toEqual([])
    release()
    releaseCold()
  })

  test("1 its logic has the app's services and modules", () => {
    const App = Module.make("App", { state: Schema.String, actions: {} })
    const seen: Array<string> = []
    const logic = Counter.logic("looks", ($) =>
      Effect.gen(function* () {
        seen.push(yield* $.use(Name), yield* (yield* $.use(App)).getState)
      })
    )
    const runtime = disposing(
      Runtime.make(App.implement({ initial: "the app" }), { layer: Layer.succeed(Name, "Ada") })
    )
    runtime.local(CounterLive.withLogic(logic)).mount()
    expect(seen).toEqual(["Ada", "the app"])
  })
})
