/** Section 1: modules replaced while they run (hot reload), their state kept. */
import { Handler, Module, Runtime } from "@sluice/core"
import type { Commit } from "@sluice/core"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, test, vi } from "vitest"
import { collectErrors, disposing, idle, rejection, statesOf, thrown } from "./support.ts"

class Name extends Context.Service<Name, string>()("test/replace/Name") {}

/** As a file gives it each time that it is evaluated: new values under one id. */
const evaluate = (version: number, events: Array<string> = [], options: { readonly id?: string } = {}) => {
  const Def = Module.make(options.id ?? "Counter", {
    state: Schema.Struct({ count: Schema.Finite }),
    actions: { add: Schema.Finite, ping: Schema.Finite },
    reducers: { add: (state, by) => ({ count: state.count + by * version }) },
    extend: (handle) => ({ version, twice: handle.actions.add(2) })
  })
  const logic = Def.logic("counting", ($) =>
    Effect.gen(function* () {
      events.push(`v${version} starts`)
      yield* Effect.addFinalizer(() => Effect.sync(() => void events.push(`v${version} ends`)))
      yield* $.onAction("ping").run((n) => Effect.sync(() => void events.push(`v${version} ping ${n}`)))
    })
  )
  return { Def, Live: Def.implement({ initial: { count: 0 }, logics: [logic] }) }
}

describe("1 replace", () => {
  test("1 the instance stays, with its state, version and subscribers; reducers, logics and extension are new", async () => {
    const events: Array<string> = []
    const [one, two] = [evaluate(1, events), evaluate(2, events)]
    const runtime = disposing(Runtime.make(one.Live))
    const counter = runtime.resolve(one.Def.tag)
    const told: Array<number> = []
    counter.unsafe.subscribe(({ count }) => told.push(count))
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await runtime.replace(two.Live)
    expect(events).toEqual(["v1 starts", "v1 ends", "v2 starts"])
    expect(runtime.resolve(two.Def.tag)).toBe(counter)
    expect(runtime.instances()).toEqual([counter])
    expect([counter.instanceId, counter.unsafe.getVersion(), counter.version]).toEqual(["Counter#1", 1, 2])
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    await runtime.runPromise(counter.actions.add(1))
    await runtime.runPromise(counter.twice)
    expect(told).toEqual([1, 3, 5, 9])
    await runtime.runPromise(counter.actions.ping(7))
    await idle()
    expect(events.at(-1)).toBe("v2 ping 7")
  })

  test("1 reset gives the new initial state", async () => {
    const { Def, Live } = evaluate(1)
    const runtime = disposing(Runtime.make(Live))
    await runtime.replace(Def.implement({ initial: { count: 5 } }))
    const counter = runtime.resolve(Def.tag)
    expect(counter.unsafe.getState().count).toBe(0)
    await runtime.runPromise(counter.reset())
    expect(counter.unsafe.getState().count).toBe(5)
  })

  test("1 what was waiting, or comes while the old logics end, is for the new ones: each once, in order", async () => {
    const events: Array<string> = []
    const ending = Deferred.makeUnsafe<void>()
    const started = Deferred.makeUnsafe<void>()
    const make = (version: number) => {
      const { Def } = evaluate(version)
      const logic = Def.logic("pinging", ($) =>
        Effect.gen(function* () {
          yield* Effect.addFinalizer(() => (version === 1 ? Deferred.await(ending) : Effect.void))
          yield* $.onAction("ping").run((n) =>
            Effect.gen(function* () {
              events.push(`v${version} ${n}`)
              if (version === 1) {
                yield* Deferred.succeed(started, undefined)
                yield* Effect.never
              }
            })
          )
        })
      )
      return {
        Def,
        Live: Def.implement({ initial: { count: 0 }, logics: [logic], channel: { capacity: 4 } })
      }
    }
    const [one, two] = [make(1), make(2)]
    const runtime = disposing(Runtime.make(one.Live))
    const counter = runtime.resolve(one.Def.tag)
    const all = Array.from({ length: 4 }, (_, n) => n)
    for (const n of all) counter.unsafe.dispatch({ _tag: "ping", payload: n })
    await Effect.runPromise(Deferred.await(started))
    const replacing = runtime.replace(two.Live)
    await idle()
    for (const n of [4, 5]) counter.unsafe.dispatch({ _tag: "ping", payload: n })
    expect(events).toEqual(["v1 0"])
    Deferred.doneUnsafe(ending, Effect.void)
    await replacing
    counter.unsafe.dispatch({ _tag: "ping", payload: 6 })
    await idle()
    expect(events).toEqual(["v1 0", "v2 1", "v2 2", "v2 3", "v2 4", "v2 5", "v2 6"])
    expect(counter.unsafe.backlog().consumers.map(({ name, depth }) => [name, depth])).toEqual([
      ["pinging: ping", 0]
    ])
  })

  test("1 two flows of one tag, of which one is ahead: each successor goes on where its own had stopped", async () => {
    const events: Array<string> = []
    const make = (version: number, names: ReadonlyArray<string>) => {
      const { Def } = evaluate(version)
      const logic = Def.logic("two", ($) =>
        Effect.forEach(names, (name) =>
          $.onAction("ping").run(
            (n) => {
              events.push(`${name}${version} ${n}`)
              return version === 1 && name === "slow" ? Effect.never : Effect.void
            },
            { name }
          )
        )
      )
      return { Def, Live: Def.implement({ initial: { count: 0 }, logics: [logic] }) }
    }
    const [one, two] = [make(1, ["slow", "fast"]), make(2, ["fast", "slow"])]
    const runtime = disposing(Runtime.make(one.Live))
    const counter = runtime.resolve(one.Def.tag)
    for (const n of [0, 1, 2]) counter.unsafe.dispatch({ _tag: "ping", payload: n })
    await idle()
    await runtime.replace(two.Live)
    counter.unsafe.dispatch({ _tag: "ping", payload: 3 })
    await idle()
    const of = (name: string) => events.filter((line) => line.startsWith(name))
    expect(of("slow")).toEqual(["slow1 0", "slow2 1", "slow2 2", "slow2 3"])
    expect(of("fast")).toEqual(["fast1 0", "fast1 1", "fast1 2", "fast2 3"])
  })

  test("1 a renamed logic's flow of the same tags takes over; what no new flow takes is warned of", async () => {
    const events: Array<string> = []
    const make = (name: string, tag: "ping" | "add") => {
      const { Def } = evaluate(1)
      const logic = Def.logic(name, ($) =>
        $.onAction(tag).run((n) => {
          events.push(`${name} ${n}`)
          return name === "renamed" ? Effect.void : Effect.never
        })
      )
      return { Def, Live: Def.implement({ initial: { count: 0 }, logics: [logic] }) }
    }
    const { Def, Live } = make("first", "ping")
    const warnings: Array<unknown> = []
    const runtime = disposing(
      Runtime.make(Live, {
        layer: Logger.layer([Logger.make<unknown, void>(({ message }) => void warnings.push(message))])
      })
    )
    const counter = runtime.resolve(Def.tag)
    for (const n of [0, 1, 2]) counter.unsafe.dispatch({ _tag: "ping", payload: n })
    await idle()
    await runtime.replace(make("renamed", "ping").Live)
    await idle()
    expect(events).toEqual(["first 0", "renamed 1", "renamed 2"])
    await runtime.replace(make("stuck", "ping").Live)
    for (const n of [3, 4]) counter.unsafe.dispatch({ _tag: "ping", payload: n })
    await idle()
    expect(warnings).toEqual([])
    await runtime.replace(make("other", "add").Live)
    await idle()
    expect(String(warnings)).toContain("1 deliveries of Counter#1 were left")
  })

  test("C3 a caller that waits for room goes on waiting, and is let in once", async () => {
    const make = (version: number) => {
      const { Def } = evaluate(version)
      const logic = Def.logic("l", ($) =>
        $.onAction("ping").run(() => (version === 1 ? Effect.never : Effect.void))
      )
      return {
        Def,
        Live: Def.implement({ initial: { count: 0 }, logics: [logic], channel: { capacity: 1 } })
      }
    }
    const { Def, Live } = make(1)
    const runtime = disposing(Runtime.make(Live))
    const { actions, unsafe } = runtime.resolve(Def.tag)
    const callers = Promise.all([0, 1, 2, 3].map((n) => runtime.runPromise(actions.ping(n))))
    await idle()
    expect(unsafe.backlog().consumers[0]?.waiting).toBe(2)
    await runtime.replace(make(2).Live)
    await callers
    await idle()
    expect(unsafe.backlog().consumers).toMatchObject([{ depth: 0, waiting: 0, inFlight: 0 }])
  })

  test("1 a setup that still waits is interrupted; what was kept for it is for the new one", async () => {
    const events: Array<string> = []
    const make = (version: number) => {
      const { Def } = evaluate(version)
      const logic = Def.logic("l", ($) =>
        Effect.gen(function* () {
          if (version === 1)
            yield* Effect.onInterrupt(Effect.never, () => Effect.sync(() => void events.push("cut")))
          yield* $.onAction("ping").run((n) => Effect.sync(() => void events.push(`v${version} ${n}`)))
        })
      )
      return { Def, Live: Def.implement({ initial: { count: 0 }, logics: [logic] }) }
    }
    const { Def, Live } = make(1)
    const runtime = disposing(Runtime.make(Live))
    runtime.resolve(Def.tag).unsafe.dispatch({ _tag: "ping", payload: 1 })
    await runtime.replace(make(2).Live)
    await idle()
    expect(events).toEqual(["cut", "v2 1"])
  })

  test("1 streams and subscribers of others go on", async () => {
    const [one, two] = [evaluate(1), evaluate(2)]
    const runtime = disposing(Runtime.make(one.Live))
    const counter = runtime.resolve(one.Def.tag)
    const pings: Array<number> = []
    const counts: Array<number> = []
    runtime.run(
      Stream.runForEach(counter.actionStream("ping"), ({ payload }) =>
        Effect.sync(() => void pings.push(payload))
      )
    )
    runtime.run(
      Stream.runForEach(
        counter.changesOf((s) => s.count),
        (n) => Effect.sync(() => void counts.push(n))
      )
    )
    await idle()
    await runtime.runPromise(counter.actions.ping(1))
    await runtime.replace(two.Live)
    await runtime.runPromise(Effect.all([counter.actions.ping(2), counter.actions.add(1)]))
    await idle()
    expect(pings).toEqual([1, 2])
    expect(counts).toEqual([0, 2])
  })

  test("1 actions may come and go", async () => {
    const { Live } = evaluate(1)
    const Next = Module.make("Counter", {
      state: Schema.Struct({ count: Schema.Finite }),
      actions: { add: Schema.Finite, double: Schema.Void },
      reducers: { double: ({ count }) => ({ count: count * 2 }) }
    })
    const runtime = disposing(Runtime.make(Live))
    await runtime.replace(Next.implement({ initial: { count: 0 } }))
    const next = runtime.resolve(Next.tag)
    expect(Object.keys(next.actions)).toEqual(["add", "double"])
    expect("version" in next).toBe(false)
    next.unsafe.transact("set", (tx) => tx.set({ count: 4 }))
    await runtime.runPromise(next.actions.double())
    expect(next.unsafe.getState().count).toBe(8)
    expect(thrown(() => next.unsafe.dispatch({ _tag: "ping" } as never))).toMatchObject({
      _tag: "UnknownAction"
    })
  })
})

describe("1 replace is all or nothing", () => {
  test("1 a state that the new schema does not take: InvalidState, and the old module goes on", async () => {
    const events: Array<string> = []
    const { Def, Live } = evaluate(1, events)
    const runtime = disposing(Runtime.make(Live))
    const Wider = Module.make("Counter", {
      state: Schema.Struct({ count: Schema.Finite, step: Schema.Finite }),
      actions: {}
    })
    expect(
      await rejection(runtime.replace(Wider.implement({ initial: { count: 0, step: 1 } })))
    ).toMatchObject({
      _tag: "InvalidState",
      instanceId: "Counter#1",
      entry: 'init "replace"',
      message: expect.stringContaining("The state is unchanged") as unknown
    })
    expect(events).toEqual(["v1 starts"])
    const counter = runtime.resolve(Def.tag)
    await runtime.runPromise(counter.actions.ping(1))
    await idle()
    expect(events).toEqual(["v1 starts", "v1 ping 1"])
  })

  test("1 of several instances one does not fit: none is replaced", async () => {
    const [one, two] = [evaluate(1), evaluate(2)]
    const runtime = disposing(Runtime.make(one.Live))
    const local = runtime.local(one.Live)
    local.mount()
    local.ref.unsafe.transact("far", (tx) => tx.set({ count: 1000 }))
    const Narrow = Module.make("Counter", {
      state: Schema.Struct({ count: Schema.Finite.check(Schema.isLessThan(100)) }),
      actions: {}
    })
    expect(await rejection(runtime.replace(Narrow.implement({ initial: { count: 0 } })))).toMatchObject({
      _tag: "InvalidState",
      instanceId: "Counter#2"
    })
    expect(runtime.resolve(one.Def.tag).version).toBe(1)
    await runtime.replace(two.Live)
    expect([runtime.resolve(one.Def.tag).version, local.ref.version]).toEqual([2, 2])
  })

  test("1 a layer that fails, an extension that is refused: nothing is replaced, and what was built is released", async () => {
    const events: Array<string> = []
    const { Def, Live } = evaluate(1, events)
    const runtime = disposing(Runtime.make(Live))
    const acquired = Layer.effectDiscard(
      Effect.acquireRelease(
        Effect.sync(() => void events.push("acquired")),
        () => Effect.sync(() => void events.push("released"))
      )
    )
    const failing = Layer.effect(Name, Effect.fail("no"))
    const Failing = Def.implement({ initial: { count: 0 }, imports: [acquired, failing] })
    expect(await rejection(runtime.replace(Failing))).toBe("no")
    const Taken = Module.make("Counter", {
      state: Schema.Struct({ count: Schema.Finite }),
      actions: {},
      extend: (): object => ({ getState: 1 })
    })
    expect(
      await rejection(runtime.replace(Taken.implement({ initial: { count: 0 }, imports: [acquired] })))
    ).toMatchObject({
      _tag: "InvalidExtension",
      taken: ["getState"]
    })
    expect(events).toEqual(["v1 starts", "acquired", "released", "acquired", "released"])
    expect(runtime.resolve(Def.tag).version).toBe(1)
  })

  test("1 a module that does not run: ModuleNotProvided", async () => {
    const runtime = disposing(Runtime.make(evaluate(1, [], { id: "A" }).Live))
    expect(await rejection(runtime.replace(evaluate(1, [], { id: "B" }).Live))).toMatchObject({
      _tag: "ModuleNotProvided",
      moduleId: "B",
      provided: ["A"]
    })
  })

  test("1 the same value again changes nothing", async () => {
    const events: Array<string> = []
    const { Live } = evaluate(1, events)
    const runtime = disposing(Runtime.make(Live))
    await runtime.replace(Live)
    expect(events).toEqual(["v1 starts"])
  })
})

describe("1 what replace reaches", () => {
  test("1 layers: the new are built before, the old released after the old logics", async () => {
    const events: Array<string> = []
    const make = (version: number) => {
      const { Def } = evaluate(version)
      const layer = Layer.effect(
        Name,
        Effect.acquireRelease(
          Effect.sync(() => (events.push(`v${version} acquired`), `v${version}`)),
          () => Effect.sync(() => void events.push(`v${version} released`))
        )
      )
      const logic = Def.logic("l", ($) =>
        Effect.gen(function* () {
          events.push(`starts with ${yield* $.use(Name)}`)
          yield* Effect.addFinalizer(() => Effect.sync(() => void events.push(`v${version} ends`)))
        })
      )
      return Def.implement({ initial: { count: 0 }, logics: [logic], imports: [layer] })
    }
    const runtime = disposing(Runtime.make(make(1)))
    await runtime.replace(make(2))
    expect(events).toEqual([
      "v1 acquired",
      "starts with v1",
      "v2 acquired",
      "v1 ends",
      "v1 released",
      "starts with v2"
    ])
    await runtime.dispose()
    expect(events.slice(6)).toEqual(["v2 ends", "v2 released"])
  })

  test("1 local instances, by key or not, and those in nested scopes, keep their states and keys", async () => {
    const [one, two] = [evaluate(1), evaluate(2)]
    const runtime = disposing(Runtime.make(one.Live))
    const scope = runtime.scope(one.Live)
    const [keyed, inScope] = [runtime.local(one.Live, { key: "k" }), scope.local(one.Live)]
    keyed.mount()
    inScope.mount()
    const all = runtime.instances()
    all.forEach(({ unsafe }, n) => unsafe.transact("set", (tx) => tx.set({ count: n })))
    await runtime.replace(two.Live)
    expect(runtime.instances()).toEqual(all)
    expect(statesOf(runtime).map(([, state]) => state)).toEqual([0, 1, 2, 3].map((count) => ({ count })))
    expect([keyed.ref.version, inScope.ref.version, scope.resolve(two.Def.tag).version]).toEqual([2, 2, 2])
    expect(runtime.local(two.Live, { key: "k" }).ref).toBe(keyed.ref)
    expect([keyed.isOf(two.Live), keyed.isOf(one.Live), keyed.closed()]).toEqual([true, true, false])
  })

  test("1 another implementation of the module, in a local instance, is left as it is", async () => {
    const [one, two] = [evaluate(1), evaluate(2)]
    const runtime = disposing(Runtime.make(one.Live))
    const other = runtime.local(one.Def.implement({ initial: { count: 9 } }))
    other.mount()
    await runtime.replace(two.Live)
    expect([runtime.resolve(one.Def.tag).version, other.ref.version]).toEqual([2, 1])
  })

  test("1 a module that is only used locally is replaced there; whoever still has the old value gets the new", async () => {
    const [one, two] = [evaluate(1), evaluate(2)]
    const runtime = disposing(Runtime.make([]))
    const local = runtime.local(one.Live)
    local.mount()
    await runtime.replace(two.Live)
    expect(local.ref.version).toBe(2)
    expect(runtime.local(one.Live).ref.version).toBe(2)
    await runtime.add(one.Live)
    expect(runtime.resolve(one.Def.tag).version).toBe(2)
  })

  test("1 what it imports is replaced where it was evaluated again, and added where it was not there", async () => {
    const events: Array<string> = []
    const top = (imports: ReadonlyArray<Module.AnyModule>) =>
      Module.make("Top", { state: Schema.Number, actions: {} }).implement({ initial: 0, imports })
    const [one, two] = [evaluate(1, events), evaluate(2, events)]
    const runtime = disposing(Runtime.make(top([one.Live])))
    const counter = runtime.resolve(one.Def.tag)
    await runtime.replace(top([evaluate(1, [], { id: "Added" }).Live, two.Live]))
    expect(counter.version).toBe(2)
    expect(events).toEqual(["v1 starts", "v1 ends", "v2 starts"])
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Counter#1", "Top#1", "Added#1"])
  })

  test("1 derived fields follow from the new functions, in one commit", async () => {
    const make = (by: number) =>
      Module.make("Sum", {
        state: Schema.Struct({ n: Schema.Finite, times: Schema.Finite }),
        actions: { set: Schema.Finite },
        reducers: { set: (state, n) => ({ ...state, n }) },
        traits: (t) => ({ times: t.computed((state) => state.n * by) })
      })
    const [one, two] = [make(2), make(3)]
    const runtime = disposing(Runtime.make(one.implement({ initial: { n: 1 } })))
    const sum = runtime.resolve(one.tag)
    const commits: Array<Commit.Commit> = []
    runtime.onCommit((commit) => void commits.push(commit))
    sum.unsafe.dispatch({ _tag: "set", payload: 5 })
    await runtime.replace(two.implement({ initial: { n: 1 } }))
    expect(sum.unsafe.getState()).toEqual({ n: 5, times: 15 })
    sum.unsafe.dispatch({ _tag: "set", payload: 6 })
    expect(sum.unsafe.getState()).toEqual({ n: 6, times: 18 })
    await runtime.replace(
      Module.make("Sum", {
        state: Schema.Struct({ n: Schema.Finite }),
        actions: {}
      }).implement({ initial: { n: 1 } })
    )
    expect(sum.unsafe.getState()).toEqual({ n: 6 })
    expect(commits.map(({ next, origin }) => [origin.kind, origin.name, next])).toEqual([
      ["action", "set", { n: 5, times: 10 }],
      ["init", "replace", { n: 5, times: 15 }],
      ["action", "set", { n: 6, times: 18 }],
      ["init", "replace", { n: 6 }]
    ])
  })
})

describe("C7 replaced and closed", () => {
  test("C7 disposed of while its new layers wait: nothing is replaced, and all ends", async () => {
    const events: Array<string> = []
    const [one, two] = [evaluate(1, events), evaluate(2, events)]
    const runtime = disposing(Runtime.make(one.Live))
    const replacing = rejection(runtime.replace(two.Live.withLayer(Layer.effect(Name, Effect.never))))
    await idle()
    await runtime.dispose()
    expect(await replacing).toMatchObject({ _tag: "RuntimeDisposed" })
    expect(events).toEqual(["v1 starts", "v1 ends"])
  })

  test("C7 disposed of while the old logics end: the new ones do not start", async () => {
    const events: Array<string> = []
    const gate = Deferred.makeUnsafe<void>()
    const { Def } = evaluate(1)
    const slow = Def.logic("slow", () => Effect.addFinalizer(() => Deferred.await(gate)))
    const runtime = disposing(Runtime.make(Def.implement({ initial: { count: 0 }, logics: [slow] })))
    const replacing = rejection(runtime.replace(evaluate(2, events).Live))
    await idle()
    const disposed = runtime.dispose()
    await idle()
    Deferred.doneUnsafe(gate, Effect.void)
    await disposed
    expect(await replacing).toMatchObject({ _tag: "RuntimeDisposed" })
    expect(events).toEqual([])
    expect(runtime.instances()).toEqual([])
  })

  test("C7 evicted while its old logics end: it does not start again", async () => {
    const events: Array<string> = []
    const reported = collectErrors()
    const gate = Deferred.makeUnsafe<void>()
    const { Def } = evaluate(1)
    const slow = Def.logic("slow", () => Effect.addFinalizer(() => Deferred.await(gate)))
    const runtime = disposing(
      Runtime.make(Def.implement({ initial: { count: 0 }, logics: [slow] }), { onError: reported.onError })
    )
    const replacing = runtime.replace(evaluate(2, events).Live)
    await idle()
    await runtime.evict("Counter#1")
    Deferred.doneUnsafe(gate, Effect.void)
    await replacing
    expect(events).toEqual([])
    expect(runtime.instances()).toEqual([])
    expect(reported.errors).toEqual([])
  })

  test("1 replaced twice at once: one after the other", async () => {
    const events: Array<string> = []
    const [one, two, three] = [evaluate(1, events), evaluate(2, events), evaluate(3, events)]
    const runtime = disposing(Runtime.make(one.Live))
    await Promise.all([runtime.replace(two.Live), runtime.replace(three.Live)])
    expect(events).toEqual(["v1 starts", "v1 ends", "v2 starts", "v2 ends", "v3 starts"])
    await runtime.replace(one.Live)
    expect(events.slice(5)).toEqual(["v3 ends", "v1 starts"])
    expect(runtime.local(two.Live).ref.version).toBe(1)
  })

  test("1 replaced from within a subscriber: after what is being told", async () => {
    const [one, two] = [evaluate(1), evaluate(2)]
    const runtime = disposing(Runtime.make(one.Live))
    const counter = runtime.resolve(one.Def.tag)
    let replacing: Promise<void> | undefined
    counter.unsafe.subscribe(() => {
      replacing ??= runtime.replace(two.Live)
    })
    counter.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(counter.version).toBe(1)
    await replacing
    expect(counter.version).toBe(2)
  })
})

describe("1 replaced where not all run the same, or run yet", () => {
  test("1 keyed instances of two implementations become those of the third, each under its key", async () => {
    const [one, two, three] = [evaluate(1), evaluate(2), evaluate(3)]
    const runtime = disposing(Runtime.make([]))
    const [a, b] = [runtime.local(one.Live, { key: "a" }), runtime.local(two.Live, { key: "b" })]
    const release = a.mount()
    b.mount()
    await runtime.replace(three.Live)
    expect(runtime.local(three.Live, { key: "a" }).ref).toBe(a.ref)
    expect(runtime.local(one.Live, { key: "b" }).ref).toBe(b.ref)
    release()
    await vi.waitUntil(a.closed)
    expect(runtime.local(three.Live, { key: "a" }).ref).not.toBe(a.ref)
  })

  test("1 replaced in a scope inside, what runs outside is still what it was", async () => {
    const [one, two] = [evaluate(1), evaluate(2)]
    const Importing = Module.make("Importing", { state: Schema.Struct({}), actions: {} })
    const runtime = disposing(Runtime.make(one.Live))
    const scope = runtime.scope(one.Live, { label: "inside" })
    await scope.replace(two.Live)
    await runtime.add(Importing.implement({ initial: {}, imports: [one.Live] }))
    expect(runtime.resolve(one.Def.tag).version).toBe(1)
    expect(scope.resolve(one.Def.tag).version).toBe(2)
    await runtime.replace(two.Live)
    expect(runtime.resolve(one.Def.tag).version).toBe(2)
  })

  test("1 what was cold is replaced when it starts, and is given its actions once", async () => {
    const events: Array<string> = []
    const [one, two] = [evaluate(1, events), evaluate(2, events)]
    const reported = collectErrors()
    const runtime = disposing(Runtime.make(one.Live, { onError: reported.onError }))
    const cold = runtime.local(one.Live)
    cold.ref.unsafe.dispatch({ _tag: "add", payload: 1 })
    await runtime.replace(two.Live)
    cold.mount()
    await idle()
    expect(cold.ref.version).toBe(2)
    cold.ref.unsafe.dispatch({ _tag: "add", payload: 1 })
    cold.ref.unsafe.dispatch({ _tag: "ping", payload: 1 })
    await idle()
    expect(cold.ref.unsafe.getState()).toEqual({ count: 3 })
    expect(events.filter((event) => event.endsWith("ping 1"))).toEqual(["v2 ping 1"])
    expect(reported.errors).toEqual([])
  })

  test("1 what waits for its layer is replaced when it starts, with what the new one imports", async () => {
    const events: Array<string> = []
    const gate = Deferred.makeUnsafe<string>()
    const Imported = evaluate(3, events, { id: "Imported" }).Live
    const [one, two] = [evaluate(1, events), evaluate(2, events)]
    const Waiting = one.Live.withLayer(Layer.effect(Name, Deferred.await(gate)))
    const runtime = disposing(Runtime.make([]))
    const local = runtime.local(Waiting, { key: "a" })
    local.mount()
    await runtime.replace(two.Def.implement({ initial: { count: 0 }, imports: [Imported] }))
    expect(local.ref.version).toBe(1)
    Deferred.doneUnsafe(gate, Effect.succeed("Ada"))
    await idle()
    expect(local.ref.version).toBe(2)
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Counter#1", "Imported#1"])
    expect(events).toEqual(["v1 starts", "v1 ends", "v3 starts"])
    expect(runtime.local(Waiting, { key: "a" }).ref).toBe(local.ref)
  })

  test("1 what starts while the new layers are built, and does not fit: reported, and it goes on as it was", async () => {
    const gate = Deferred.makeUnsafe<void>()
    const one = evaluate(1)
    const Strict = Module.make("Counter", {
      state: Schema.Struct({ count: Schema.Finite.check(Schema.isLessThan(5)) }),
      actions: {}
    }).implement({ initial: { count: 0 } })
    const reported = collectErrors()
    const runtime = disposing(Runtime.make(one.Live, { onError: reported.onError }))
    const cold = runtime.local(one.Live)
    cold.ref.unsafe.dispatch({ _tag: "add", payload: 5 })
    const replacing = runtime.replace(Strict.withLayer(Layer.effectDiscard(Deferred.await(gate))))
    Deferred.doneUnsafe(gate, Effect.void)
    await replacing
    cold.mount()
    await vi.waitUntil(() => reported.errors.length > 0)
    expect(reported.errors).toMatchObject([{ _tag: "InvalidState", instanceId: "Counter#2" }])
    expect(reported.infos).toMatchObject([{ during: "build", entry: "replace" }])
    cold.ref.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(cold.ref.unsafe.getState()).toEqual({ count: 6 })
  })

  test("C7 a scope inside is disposed of while the new layers wait: nothing starts in it", async () => {
    const events: Array<string> = []
    const gate = Deferred.makeUnsafe<void>()
    const [one, two] = [evaluate(1, events), evaluate(2, events)]
    const Imported = evaluate(3, events, { id: "Imported" }).Live.withLayer(
      Layer.effectDiscard(
        Effect.acquireRelease(Deferred.await(gate), () => Effect.sync(() => void events.push("released")))
      )
    )
    const runtime = disposing(Runtime.make([]))
    const scope = runtime.scope(one.Live)
    const commits: Array<Commit.Commit> = []
    runtime.onCommit((commit) => void commits.push(commit))
    const replacing = runtime.replace(two.Def.implement({ initial: { count: 0 }, imports: [Imported] }))
    await idle()
    await scope.dispose()
    Deferred.doneUnsafe(gate, Effect.void)
    await replacing
    expect(runtime.instances()).toEqual([])
    expect(events).toEqual(["v1 starts", "v1 ends", "released"])
    expect(commits).toEqual([])
  })

  test("5 who waits for a source's load waits for that of the new module", async () => {
    const User = AsyncResult.Schema({ success: Schema.String })
    const loading = (load: Effect.Effect<string>) => {
      const Def = Module.make("Profile", {
        state: Schema.Struct({ id: Schema.Finite, user: User }),
        actions: {},
        traits: (t) => ({ user: t.source({ key: ({ id }) => id, load: () => load }) })
      })
      return { Def, Live: Def.implement({ initial: { id: 1 } }) }
    }
    const [one, two] = [loading(Effect.never), loading(Effect.succeed("Ada"))]
    const runtime = disposing(Runtime.make(one.Live))
    const refreshed = runtime.runPromise(runtime.resolve(one.Def.tag).refresh("user"))
    await idle()
    await runtime.replace(two.Live)
    expect(await refreshed).toMatchObject({ _tag: "Success", value: "Ada" })
  })

  test("T1 an entry whose handler was computing outside is computed by the new one", async () => {
    const computing = (compute: (state: { n: number }, by: number) => Effect.Effect<{ n: number }>) => {
      const Def = Module.make("Sum", {
        state: Schema.Struct({ n: Schema.Finite }),
        actions: { add: Schema.Finite }
      })
      return { Def, Live: Def.implement({ initial: { n: 0 }, handlers: { add: Handler.outside(compute) } }) }
    }
    const one = computing(() => Effect.never)
    const two = computing(({ n }, by) => Effect.succeed({ n: n + by }))
    const runtime = disposing(Runtime.make(one.Live))
    const sum = runtime.resolve(one.Def.tag)
    const dispatched = sum.unsafe.dispatchPromise({ _tag: "add", payload: 2 })
    await runtime.replace(two.Live)
    await dispatched
    expect(sum.unsafe.getState()).toEqual({ n: 2 })
  })
})
