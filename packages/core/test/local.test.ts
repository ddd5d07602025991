/** Section 1 and C7 for local instances whose layers wait, and for those that have ended. */
import { Local, Module, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { afterEach, describe, expect, test, vi } from "vitest"
import { collectErrors, Counter, disposing, idle, rejection, thrown, zero } from "./support.ts"

class Name extends Context.Service<Name, string>()("test/local/Name") {}

const CounterLive = Counter.implement({ initial: zero })

/** A module whose own layer waits for `finish`, and what becomes of it. */
const waiting = () => {
  const gate = Deferred.makeUnsafe<string>()
  const events: Array<string> = []
  const note = (line: string) => Effect.sync(() => void events.push(line))
  const layer = Layer.effect(
    Name,
    Effect.acquireRelease(Deferred.await(gate), () => note("released"))
  )
  const logic = Counter.logic("lives", ($) =>
    Effect.gen(function* () {
      const { instanceId } = yield* $.use(Counter)
      yield* note(`${instanceId} starts with ${yield* $.use(Name)}`)
      yield* Effect.addFinalizer(() => note(`${instanceId} ends`))
    })
  )
  const Live = Counter.implement({ initial: zero, logics: [logic] }).withLayer(layer)
  const reported = collectErrors()
  const runtime = disposing(Runtime.make([], { onError: reported.onError }))
  const finish = async () => {
    Deferred.doneUnsafe(gate, Effect.succeed("Ada"))
    await idle()
  }
  return { runtime, Live, events, reported, finish }
}

describe("1 a local instance whose layer waits", () => {
  test("1 it starts when the layer is there", async () => {
    const { runtime, Live, events, finish } = waiting()
    runtime.local(Live).mount()
    await idle()
    expect(events).toEqual([])
    await finish()
    expect(events).toEqual(["Counter#1 starts with Ada"])
    await runtime.dispose()
    expect(events).toEqual(["Counter#1 starts with Ada", "Counter#1 ends", "released"])
  })

  test("C7 disposed of meanwhile: no setup runs afterwards, nothing is live, and the layer is released", async () => {
    const { runtime, Live, events, reported, finish } = waiting()
    const local = runtime.local(Live)
    local.mount()
    await runtime.dispose()
    expect(local.closed()).toBe(true)
    await finish()
    expect(runtime.instances()).toEqual([])
    expect(events.filter((line) => line !== "released")).toEqual([])
    expect(reported.errors).toEqual([])
    expect(thrown(() => local.ref.unsafe.dispatch({ _tag: "increment" }))).toMatchObject({
      _tag: "InstanceClosed"
    })
  })

  test("C7 its caller that waits for the setups is told so when the runtime is disposed of", async () => {
    const { runtime, Live, finish } = waiting()
    const { mount, ref } = runtime.local(Live.impl)
    mount()
    for (let n = 0; n < 256; n++) ref.unsafe.dispatch({ _tag: "ping", payload: n })
    const caller = rejection(Effect.runPromise(ref.actions.ping(256)))
    await runtime.dispose()
    expect(await caller).toMatchObject({ _tag: "InstanceClosed" })
    await finish()
  })

  test("1 unmounted meanwhile: it never starts", async () => {
    const { runtime, Live, events, reported, finish } = waiting()
    const local = runtime.local(Live)
    local.mount()()
    await vi.waitUntil(local.closed)
    await finish()
    expect(events).toEqual(["released"])
    expect(runtime.instances()).toEqual([])
    expect(reported.errors).toEqual([])
  })

  test("1 two wait for one layer, the first is unmounted: the second starts", async () => {
    const { runtime, Live, events, reported, finish } = waiting()
    const [first, second] = [runtime.local(Live), runtime.local(Live)]
    const release = first.mount()
    second.mount()
    release()
    await vi.waitUntil(first.closed)
    await finish()
    expect(events).toEqual(["Counter#2 starts with Ada"])
    expect(runtime.instances()).toEqual([second.ref])
    expect(reported.errors).toEqual([])
  })

  test("1 the first is unmounted, then another is mounted: it starts", async () => {
    const { runtime, Live, events, reported, finish } = waiting()
    const first = runtime.local(Live)
    first.mount()()
    await vi.waitUntil(first.closed)
    const second = runtime.local(Live)
    second.mount()
    await finish()
    // The first has a layer of its own, which ends with it.
    expect(events).toEqual(["released", "Counter#2 starts with Ada"])
    expect(runtime.instances()).toEqual([second.ref])
    expect(reported.errors).toEqual([])
  })
})

describe("1 a local instance that has ended", () => {
  test("1 mounted again, it says that it has ended, and starts nothing", async () => {
    const runtime = disposing(Runtime.make([]))
    const local = runtime.local(CounterLive)
    expect(local.closed()).toBe(false)
    local.mount()()
    await vi.waitUntil(local.closed)
    local.mount()
    await idle()
    expect(local.closed()).toBe(true)
    expect(runtime.instances()).toEqual([])
  })

  test("1 a keyed one that was evicted: its key gives a new one, which lives", async () => {
    const runtime = disposing(Runtime.make([]))
    const first = runtime.local(CounterLive, { key: "a" })
    first.mount()
    first.ref.unsafe.dispatch({ _tag: "increment" })
    await runtime.evict(first.ref.instanceId)
    expect(first.closed()).toBe(true)
    const second = runtime.local(CounterLive, { key: "a" })
    second.mount()
    expect(second.ref).not.toBe(first.ref)
    second.ref.unsafe.dispatch({ _tag: "increment" })
    expect(second.ref.unsafe.getState().count).toBe(1)
    expect(runtime.instances()).toEqual([second.ref])
    expect(runtime.local(CounterLive, { key: "a" }).ref).toBe(second.ref)
  })

  test("1 what becomes of an evicted one does not touch the one that has its key now", async () => {
    const runtime = disposing(Runtime.make([]))
    const first = runtime.local(CounterLive, { key: "a" })
    const release = first.mount()
    await runtime.evict(first.ref.instanceId)
    const second = runtime.local(CounterLive, { key: "a" })
    second.mount()
    release()
    await new Promise((resume) => setTimeout(resume))
    await idle()
    expect(runtime.local(CounterLive, { key: "a" }).ref).toBe(second.ref)
    expect(second.closed()).toBe(false)
  })
})

describe("1 how long a local instance is kept", () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  const timed = () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    const elapse = async (ms: number) => {
      vi.advanceTimersByTime(ms)
      await idle()
    }
    return { runtime: disposing(Runtime.make([])), elapse }
  }

  test("1 a keyed one that was forgotten cold and is mounted after all is found under its key", async () => {
    const { runtime, elapse } = timed()
    const late = runtime.local(CounterLive, { key: "a" })
    await elapse(60_000)
    late.mount()
    expect(runtime.local(CounterLive, { key: "a" }).ref).toBe(late.ref)
  })

  test("1 unless another has its key by then, which keeps it", async () => {
    const { runtime, elapse } = timed()
    const late = runtime.local(CounterLive, { key: "a" })
    await elapse(60_000)
    const second = runtime.local(CounterLive, { key: "a" })
    second.mount()
    late.mount()()
    await elapse(60_000)
    expect(late.closed()).toBe(true)
    expect(runtime.local(CounterLive, { key: "a" }).ref).toBe(second.ref)
  })

  test("1 a cold one whose key another has been mounted under says that it has ended", async () => {
    const { runtime, elapse } = timed()
    const late = runtime.local(CounterLive, { key: "a" })
    await elapse(60_000)
    const second = runtime.local(CounterLive, { key: "a" })
    expect(late.closed()).toBe(true)
    expect(second.closed()).toBe(false)
  })

  test("1 one that is asked for when its last user has left waits for that user, but not for ever", async () => {
    const { runtime, elapse } = timed()
    const options = { key: "a", gcTime: 1_000 }
    const local = runtime.local(CounterLive, options)
    local.mount()()
    local.ref.unsafe.dispatch({ _tag: "increment" })
    await elapse(999)
    const late = runtime.local(CounterLive, options)
    await elapse(4_999)
    expect(late.closed()).toBe(false)
    const release = late.mount()
    await elapse(60_000)
    expect(late.ref.unsafe.getState().count).toBe(1)
    release()
    runtime.local(CounterLive, options)
    await elapse(5_000)
    expect(late.closed()).toBe(true)
    expect(runtime.instances()).toEqual([])
  })

  // The last is more than a host's timer can hold, which then would end at once.
  test.each([Number.POSITIVE_INFINITY, 2 ** 31])("1 gcTime %d: it is kept, also cold", async (gcTime) => {
    const { runtime, elapse } = timed()
    const options = { key: "a", gcTime }
    const local = runtime.local(CounterLive, options)
    await elapse(60_000)
    expect(runtime.local(CounterLive, options).ref).toBe(local.ref)
    local.mount()()
    await elapse(60_000)
    expect(local.closed()).toBe(false)
    expect(runtime.local(CounterLive, options).ref).toBe(local.ref)
    await runtime.dispose()
    expect(local.closed()).toBe(true)
  })
})

describe("1 what a local instance is given by its user: a layer", () => {
  const greets = (events: Array<string>) =>
    Counter.logic("greets", ($) =>
      Effect.gen(function* () {
        const { instanceId } = yield* $.use(Counter)
        const name = yield* $.use(Name)
        events.push(`${instanceId} greets ${name}`)
        yield* Effect.addFinalizer(() => Effect.sync(() => events.push(`${instanceId} ends`)))
      })
    )
  const named = (name: string, events: Array<string>) =>
    Layer.effect(
      Name,
      Effect.acquireRelease(
        Effect.sync(() => {
          events.push(`${name} is made`)
          return name
        }),
        () => Effect.sync(() => events.push(`${name} is released`))
      )
    )

  test("1 is built when it starts and not before, and is released after its logics have ended", async () => {
    const events: Array<string> = []
    const runtime = disposing(Runtime.make([]))
    const Live = Counter.implement({ initial: zero, logics: [greets(events)] })
    const local = runtime.local(Live, { layer: named("Ada", events) })
    await idle()
    expect(events).toEqual([])
    const release = local.mount()
    await vi.waitUntil(() => events.length === 2)
    release()
    await vi.waitUntil(() => events.length === 4)
    expect(events).toEqual(["Ada is made", "Counter#1 greets Ada", "Counter#1 ends", "Ada is released"])
  })

  test("1 goes before the app's services, and is that of the first who asked for the key", async () => {
    const events: Array<string> = []
    const runtime = disposing(Runtime.make([], { layer: Layer.succeed(Name, "the app's") }))
    const Live = Counter.implement({ initial: zero, logics: [greets(events)] })
    runtime.local(Live).mount()
    runtime.local(Live, { key: "a", layer: Layer.succeed(Name, "a") }).mount()
    runtime.local(Live, { key: "a", layer: Layer.succeed(Name, "b") }).mount()
    await idle()
    expect(events).toEqual(["Counter#1 greets the app's", "Counter#2 greets a"])
  })

  test("1 may need what the app provides", async () => {
    class Greeting extends Context.Service<Greeting, string>()("test/local/Greeting") {}
    const events: Array<string> = []
    const logic = Counter.logic("greets", ($) =>
      Effect.map($.use(Greeting), (greeting) => events.push(greeting))
    )
    const layer = Layer.effect(
      Greeting,
      Effect.map(Name, (name) => `Hello ${name}`)
    )
    const runtime = disposing(Runtime.make([], { layer: Layer.succeed(Name, "Ada") }))
    runtime.local(Counter.implement({ initial: zero, logics: [logic] }), { layer }).mount()
    await idle()
    expect(events).toEqual(["Hello Ada"])
    const bare = disposing(Runtime.make([]))
    // @ts-expect-error the runtime has no Name
    const missing = () => bare.local(Counter.implement({ initial: zero, logics: [logic] }), { layer })
    expect(missing).toBeTypeOf("function")
  })

  test("1 where it fails, onError is told, no logic starts, and entries are refused", async () => {
    const events: Array<string> = []
    const reported = collectErrors()
    const runtime = disposing(Runtime.make([], { onError: reported.onError }))
    const Live = Counter.implement({ initial: zero, logics: [greets(events)] })
    runtime.local(Live, { layer: Layer.effect(Name, Effect.fail("no name")) }).mount()
    await idle()
    expect(events).toEqual([])
    expect(reported.errors).toEqual(["no name"])
  })

  test("1 a program's instance takes one, too", async () => {
    const events: Array<string> = []
    const runtime = disposing(Runtime.make([]))
    const Live = Counter.implement({ initial: zero, logics: [greets(events)] })
    await runtime.runPromise(Effect.scoped(Local.acquire(Live, { layer: named("Ada", events) })))
    expect(events).toEqual(["Ada is made", "Counter#1 greets Ada", "Counter#1 ends", "Ada is released"])
  })
})

describe("1 a cold local instance", () => {
  test("1 a synchronous transact with an Effect finds the app's services and modules", () => {
    const App = Module.make("App", { state: Schema.String, actions: {} })
    const runtime = disposing(
      Runtime.make(App.implement({ initial: "the app" }), { layer: Layer.succeed(Name, "Ada") })
    )
    const { ref } = runtime.local(CounterLive)
    ref.unsafe.transact("names", (tx) =>
      Effect.gen(function* () {
        const line = `${yield* Name} in ${yield* (yield* App.tag).getState}`
        tx.update((state) => ({ ...state, log: [line] }))
      })
    )
    expect(ref.unsafe.getState().log).toEqual(["Ada in the app"])
  })
})
