/** T2 and T6: the window is synchronous, and what it leaves to do starts after publication or never. */
import { Errors, Module, Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { afterEach, describe, expect, test, vi } from "vitest"
import {
  collectErrors,
  Counter,
  type CounterContext,
  type CounterRuntime,
  type CounterState,
  disposing,
  entriesOf,
  grab,
  idle,
  latch,
  plus,
  rejection,
  thrown,
  zero
} from "./support.ts"

const Other = Module.make("Other", {
  state: Schema.Struct({ count: Schema.Number }),
  actions: { bump: Schema.Void },
  reducers: { bump: ({ count }) => ({ count: count + 1 }) }
})

const setup = () => {
  const grabbed = grab()
  const reported = collectErrors()
  const runtime = disposing(
    Runtime.make(
      [
        Counter.implement({ initial: zero, logics: [grabbed.logic] }),
        Other.implement({ initial: { count: 0 } })
      ],
      { onError: reported.onError }
    )
  )
  return {
    runtime,
    reported,
    $: grabbed.$,
    ref: runtime.resolve(Counter.tag),
    other: runtime.resolve(Other.tag)
  }
}
type App = ReturnType<typeof setup>

const deferred = Deferred.makeUnsafe<void>

describe("T2 the window is synchronous", () => {
  test("T2 an Effect runs in the window, whether given or returned by a function", async () => {
    const { ref, runtime, $ } = setup()
    const given = await runtime.runPromise($.transact("given", Effect.as($.state.update(plus(1)), "given")))
    const returned = await runtime.runPromise(
      ref.transact("returned", (tx) =>
        Effect.sync(() => {
          tx.update(plus(10))
          return tx.get().count
        })
      )
    )
    const plain = await runtime.runPromise(ref.transact("plain", (tx) => tx.get().count))
    expect([given, returned, plain]).toEqual(["given", 11, 11])
    expect(entriesOf(runtime).map(({ outcome }) => outcome)).toEqual(["commit", "commit", "unchanged"])
  })

  test("T2 a body of many operations that does not suspend commits", async () => {
    const { $, runtime, ref } = setup()
    const many = Effect.gen(function* () {
      for (let i = 0; i < 10_000; i++) yield* $.state.update(plus(1))
      yield* Effect.forEach(Array.from({ length: 10_000 }), () => Effect.void, { discard: true })
    })
    await runtime.runPromise($.transact("many", many))
    expect(ref.unsafe.getState().count).toBe(10_000)
    expect(ref.unsafe.getVersion()).toBe(1)
  })

  test("T2 what is already there is no suspension", async () => {
    const { $, runtime, ref } = setup()
    const queue = await runtime.runPromise(Queue.unbounded<number>())
    const done = deferred()
    Deferred.doneUnsafe(done, Effect.void)
    const body = Effect.gen(function* () {
      yield* Queue.offer(queue, 5)
      const by = yield* Queue.take(queue)
      yield* Deferred.await(done)
      yield* $.state.update(plus(by))
    })
    await runtime.runPromise($.transact("ready", body))
    expect(ref.unsafe.getState().count).toBe(5)
  })

  const suspending: ReadonlyArray<readonly [string, () => Effect.Effect<unknown>]> = [
    ["sleep", () => Effect.sleep(1)],
    ["yieldNow", () => Effect.yieldNow],
    ["Deferred.await", () => Deferred.await(deferred())],
    ["Queue.take", () => Effect.flatMap(Queue.unbounded<number>(), (queue) => Queue.take(queue))],
    ["Effect.promise", () => Effect.promise(() => Promise.resolve())],
    ["Effect.never", () => Effect.never],
    ["Fiber.join of a child", () => Effect.flatMap(Effect.forkChild(Effect.void), Fiber.join)]
  ]

  describe.each(suspending)("by %s", (_, wait) => {
    test.each([
      [
        "an Effect body",
        (app: App, wait: Effect.Effect<unknown>) =>
          app.$.transact("loading", app.$.state.update(plus(1)).pipe(Effect.andThen(wait)))
      ],
      [
        "an Effect that a function returned",
        (app: App, wait: Effect.Effect<unknown>) =>
          app.ref.transact("loading", (tx) => {
            tx.update(plus(1))
            return wait
          })
      ]
    ] as const)(
      "T2 %s that suspends is rolled back, interrupted, and told how to split",
      async (_, transact) => {
        const app = setup()
        let interrupted = false
        let finished = false
        const body = wait().pipe(
          Effect.andThen(Effect.sync(() => (finished = true))),
          Effect.onInterrupt(() => Effect.sync(() => (interrupted = true)))
        )
        const error = await rejection(app.runtime.runPromise(transact(app, body)))
        expect(error).toBeInstanceOf(Errors.TransactionSuspended)
        expect(error).toMatchObject({
          instanceId: "Counter#1",
          entry: 'state-update "loading"',
          by: "effect"
        })
        expect(String(error)).toContain('state-update "loading" on Counter#1')
        expect(String(error)).toMatch(/Split it: one transaction before the IO, the IO outside, and a second/)
        expect(app.ref.unsafe.getState()).toBe(zero)
        expect(entriesOf(app.runtime)).toMatchObject([{ outcome: "rollback" }])
        await idle()
        expect({ interrupted, finished }).toEqual({ interrupted: true, finished: false })
        await app.runtime.runPromise(app.ref.actions.increment())
        expect(app.ref.unsafe.getState().count).toBe(1)
      }
    )
  })

  test("T2 a synchronous transact refuses a body that suspends as well", () => {
    const { ref } = setup()
    const error = thrown(() => ref.unsafe.transact("loading", () => Effect.never))
    expect(error).toMatchObject({ _tag: "TransactionSuspended", entry: 'state-update "loading"' })
    expect(ref.unsafe.getVersion()).toBe(0)
  })

  type Late = readonly [string, (app: App) => Effect.Effect<unknown>]
  const lateWrites: ReadonlyArray<Late> = [
    ["$.state.update", ({ $ }) => $.state.update(plus(1))],
    ["$.state.mutate", ({ $ }) => $.state.mutate((draft) => void draft.count++)],
    ["$.actions", ({ $ }) => $.actions.increment()],
    ["$.transact", ({ $ }) => $.transact("late", (tx) => tx.update(plus(1)))],
    ["ref.actions", ({ ref }) => ref.actions.increment()],
    ["ref.dispatchBatch", ({ ref }) => ref.dispatchBatch([{ _tag: "increment" }])],
    ["ref.reset", ({ ref }) => ref.reset()],
    ["ref.unsafe.dispatch", ({ ref }) => Effect.sync(() => ref.unsafe.dispatch({ _tag: "increment" }))],
    [
      "ref.unsafe.dispatchPromise",
      ({ ref }) => Effect.promise(() => ref.unsafe.dispatchPromise({ _tag: "increment" }))
    ],
    [
      "ref.unsafe.transact",
      ({ ref }) => Effect.sync(() => ref.unsafe.transact("late", (tx) => tx.update(plus(1))))
    ],
    ["$.callback", ({ $ }) => Effect.promise(() => $.callback("increment")())],
    ["$.afterCommit", ({ $ }) => $.afterCommit($.state.update(plus(1)))],
    ["another instance's action", ({ other }) => other.actions.bump()],
    [
      "another instance's unsafe.dispatch",
      ({ other }) => Effect.sync(() => other.unsafe.dispatch({ _tag: "bump" }))
    ]
  ]

  const expectNothingWritten = async (app: App) => {
    await idle()
    expect(app.ref.unsafe.getState()).toBe(zero)
    expect(app.other.unsafe.getState()).toEqual({ count: 0 })
    expect(entriesOf(app.runtime).map(({ outcome }) => outcome)).toEqual(["rollback"])
  }

  test.each(lateWrites)(
    "T2 %s in a finalizer of a suspended body fails with TransactionSuspended",
    async (_, write) => {
      const app = setup()
      const ended = latch<Exit.Exit<unknown>>()
      const finalizer = Effect.flatMap(Effect.exit(write(app)), (exit) =>
        Effect.sync(() => ended.resolve(exit))
      )
      const body = Effect.never.pipe(Effect.ensuring(finalizer))
      await rejection(app.runtime.runPromise(app.ref.transact("loading", body)))
      const exit = await ended.promise
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({ _tag: "TransactionSuspended" })
      await expectNothingWritten(app)
    }
  )

  test.each(lateWrites)(
    "T2 %s after an uninterruptible wait fails with TransactionSuspended",
    async (_, write) => {
      const app = setup()
      const gate = deferred()
      const ended = latch<Exit.Exit<unknown>>()
      const body = Effect.uninterruptible(
        Effect.gen(function* () {
          yield* Deferred.await(gate)
          ended.resolve(yield* Effect.exit(write(app)))
        })
      )
      await rejection(app.runtime.runPromise(app.ref.transact("loading", body)))
      Deferred.doneUnsafe(gate, Effect.void)
      const exit = await ended.promise
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({ _tag: "TransactionSuspended" })
      await expectNothingWritten(app)
    }
  )

  test("T2 a finalizer that forks its write does not get past", async () => {
    const app = setup()
    const write = app.ref.actions.increment()
    const finalizer = Effect.forkDetach(write).pipe(
      Effect.andThen(Effect.forkDetach(write, { uninterruptible: true }))
    )
    await rejection(
      app.runtime.runPromise(app.ref.transact("loading", Effect.never.pipe(Effect.ensuring(finalizer))))
    )
    await expectNothingWritten(app)
  })

  test("T2 the transaction of a function body is dead when the body has ended", async () => {
    const { ref, runtime } = setup()
    const late: Array<unknown> = []
    await runtime.runPromise(
      ref
        .transact("leak", (tx) => {
          late.push(tx)
          tx.update(plus(1))
          return tx
        })
        .pipe(
          Effect.map((tx) => {
            for (const use of [
              () => tx.get(),
              () => tx.set(zero),
              () => tx.update(plus(1)),
              () => tx.mutate(() => {}),
              () => tx.afterCommit(Effect.void)
            ]) {
              expect(thrown(use)).toMatchObject({ _tag: "TransactionSuspended", by: "late write" })
            }
          })
        )
    )
    expect(ref.unsafe.getState().count).toBe(1)
  })

  describe("a write inside a recipe", () => {
    interface Tx {
      readonly get: () => CounterState
      readonly set: (state: CounterState) => void
      readonly update: (f: (state: CounterState) => CounterState) => void
      readonly mutate: (recipe: (draft: { count: number }) => void) => void
    }
    const writes: ReadonlyArray<readonly [string, (tx: Tx) => void]> = [
      ["tx.set", (tx) => tx.set({ count: 9, log: [] })],
      ["tx.update", (tx) => tx.update(plus(9))],
      ["tx.mutate", (tx) => tx.mutate((draft) => void (draft.count = 9))]
    ]
    test.each(writes)("T1 %s is refused, for it would be lost: the entry rolls back", (_, write) => {
      const { ref, reported } = setup()
      const error = thrown(() =>
        ref.unsafe.transact("nests", (tx) =>
          tx.mutate((draft) => {
            draft.count = 1
            write(tx)
          })
        )
      )
      expect(error).toMatchObject({ _tag: "EntryInTransaction", openEntry: 'state-update "nests"' })
      expect(String(error)).toContain("recipe")
      expect(reported.errors).toEqual([error])
      expect(ref.unsafe.getState()).toBe(zero)
    })

    test("T1 reading inside a recipe is no write, and gives the draft from before the recipe", () => {
      const { ref } = setup()
      ref.unsafe.transact("reads", (tx) => {
        tx.update(plus(1))
        tx.mutate((draft) => {
          draft.count += 10
          expect(tx.get().count).toBe(1)
        })
        expect(tx.get().count).toBe(11)
      })
      expect(ref.unsafe.getState().count).toBe(11)
    })

    test.each(writes)("T1 %s goes on working after the recipe, also after one that threw", (_, write) => {
      const { ref } = setup()
      ref.unsafe.transact("after", (tx) => {
        expect(thrown(() => tx.mutate(() => write(tx)))).toMatchObject({ _tag: "EntryInTransaction" })
        expect(tx.get()).toBe(zero)
        write(tx)
      })
      expect(ref.unsafe.getState().count).toBe(9)
    })
  })

  describe("Promises", () => {
    const rejections: Array<unknown> = []
    const onRejection = (error: unknown): void => void rejections.push(error)

    test("T2 an async function as a body is refused, and what it writes later fails", async () => {
      const { ref, runtime } = setup()
      process.on("unhandledRejection", onRejection)
      const gate = latch()
      const late = latch<unknown>()
      const error = await rejection(
        runtime.runPromise(
          // @ts-expect-error -- refused by its type already
          ref.transact("async", async (tx) => {
            tx.update(plus(1))
            await gate.promise
            late.resolve(thrown(() => tx.update(plus(1))))
            tx.update(plus(1))
          })
        )
      )
      expect(error).toMatchObject({
        _tag: "TransactionSuspended",
        instanceId: "Counter#1",
        entry: 'state-update "async"',
        by: "promise"
      })
      gate.resolve()
      expect(await late.promise).toMatchObject({ _tag: "TransactionSuspended", by: "late write" })
      await idle()
      process.off("unhandledRejection", onRejection)
      expect(ref.unsafe.getState()).toBe(zero)
      // Its caller was told; that the refused Promise fails as well is no news to the host.
      expect(rejections).toEqual([])
    })

    const promised = Promise.resolve(zero)
    const lying: Array<readonly [string, (app: App) => unknown]> = [
      // The casts stand for callers without types.
      ["tx.update", ({ ref }) => ref.unsafe.transact("x", (tx) => tx.update(() => promised as never))],
      ["tx.set", ({ ref }) => ref.unsafe.transact("x", (tx) => tx.set(promised as never))],
      ["$.state.update", ({ $, runtime }) => runtime.runSync($.state.update(() => promised as never))],
      ["a synchronous body", ({ ref }) => ref.unsafe.transact("x", () => promised as never)]
    ]
    test.each(lying)("T2 a Promise from %s is refused", (_, enter) => {
      const app = setup()
      expect(thrown(() => enter(app))).toMatchObject({ _tag: "TransactionSuspended", by: "promise" })
      expect(app.ref.unsafe.getState()).toBe(zero)
    })

    // oxlint-disable-next-line typescript/no-misused-promises -- the mistake is what is tested
    const asyncRecipe: (draft: { count: number }) => void = async (draft) => {
      draft.count = 5
      await promised
    }
    const recipes: Array<readonly [string, (app: App) => unknown, string]> = [
      ["tx.mutate", ({ ref }) => ref.unsafe.transact("x", (tx) => tx.mutate(asyncRecipe)), "x"],
      ["$.state.mutate", ({ $, runtime }) => runtime.runSync($.state.mutate(asyncRecipe)), "grab"],
      [
        "$.state.mutate in a window",
        ({ $, ref }) => ref.unsafe.transact("x", $.state.mutate(asyncRecipe) as never),
        "x"
      ]
    ]
    test.each(recipes)("T2 an async recipe of %s is refused, and changes nothing", (_, enter, name) => {
      const app = setup()
      expect(thrown(() => enter(app))).toMatchObject({
        _tag: "TransactionSuspended",
        instanceId: "Counter#1",
        entry: `state-update ${JSON.stringify(name)}`,
        by: "promise"
      })
      expect(app.ref.unsafe.getState()).toBe(zero)
    })

    const Async = Module.make("Async", {
      state: Schema.Struct({ count: Schema.Number }),
      actions: { wait: Schema.Void, plain: Schema.Void },
      reducers: {
        // The cast stands for a reducer without types.
        wait: (async (state: { count: number }) => state) as never,
        plain: (state) => ({ ...state, count: 1 })
      }
    })
    test("T2 a reducer that returns a Promise is refused, alone and in a batch", async () => {
      const runtime = disposing(
        Runtime.make(Async.implement({ initial: { count: 0 } }), { onError: () => {} })
      )
      const ref = runtime.resolve(Async.tag)
      const expected = { _tag: "TransactionSuspended", by: "promise", instanceId: "Async#1" }
      expect(await rejection(runtime.runPromise(ref.actions.wait()))).toMatchObject(expected)
      const batch = [{ _tag: "wait" }, { _tag: "plain" }] as const
      expect(await rejection(runtime.runPromise(ref.dispatchBatch(batch)))).toMatchObject(expected)
      expect(ref.unsafe.getState()).toEqual({ count: 0 })
    })
  })

  describe("a fiber that the body resumes is not the body", () => {
    interface Opened {
      readonly app: App
      readonly gate: Deferred.Deferred<void>
    }
    const windows: ReadonlyArray<readonly [string, (opened: Opened) => Effect.Effect<unknown>]> = [
      [
        "an Effect body",
        ({ app: { $ }, gate }) =>
          $.transact(
            "outer",
            $.state
              .update(plus(10))
              .pipe(
                Effect.andThen(Deferred.succeed(gate, undefined)),
                Effect.andThen($.state.update(plus(10)))
              )
          )
      ],
      [
        "a function body",
        ({ app: { ref }, gate }) =>
          ref.transact("outer", (tx) => {
            tx.update(plus(10))
            Deferred.doneUnsafe(gate, Effect.void)
            tx.update(plus(10))
          })
      ],
      [
        "a recipe of $.state.update",
        ({ app: { $ }, gate }) =>
          $.state.update((state) => {
            Deferred.doneUnsafe(gate, Effect.void)
            return plus(20)(state)
          })
      ]
    ]
    const foreign: ReadonlyArray<
      readonly [string, ($: CounterContext, ref: CounterRuntime) => Effect.Effect<unknown>]
    > = [
      ["dispatches", (_, ref) => ref.actions.add(1)],
      [
        "dispatches synchronously",
        (_, ref) => Effect.sync(() => ref.unsafe.dispatch({ _tag: "add", payload: 1 }))
      ],
      ["updates the state", ($) => $.state.update(plus(1))],
      ["opens a transaction", (_, ref) => ref.transact("inner", (tx) => tx.update(plus(1)))],
      ["forks a dispatch", (_, ref) => Effect.forkDetach(ref.actions.add(1), { startImmediately: true })]
    ]
    const cases = windows.flatMap(([window, open]) =>
      foreign.map(([what, write]) => ({ window, open, what, write }))
    )

    test.each(cases)(
      "T2 one that $window resumes and that $what enters after it",
      async ({ open, write }) => {
        const app = setup()
        const { ref, runtime, $ } = app
        const gate = deferred()
        const seen: Array<number> = []
        const fiber = runtime.run(
          Effect.gen(function* () {
            yield* Deferred.await(gate)
            seen.push((yield* $.state.get).count, (yield* ref.getState).count, ref.unsafe.getState().count)
            yield* write($, ref)
          })
        )
        await runtime.runPromise(open({ app, gate }))
        await runtime.runPromise(Fiber.join(fiber))
        await idle()
        // Either it ran within the window, and saw the committed state, or after it.
        expect([
          [0, 0, 0],
          [20, 20, 20]
        ]).toContainEqual(seen)
        expect(ref.unsafe.getState().count).toBe(21)
        expect(entriesOf(runtime).map(({ outcome }) => outcome)).toEqual(["commit", "commit"])
      }
    )

    test("T2 its entry runs also when the window that resumed it rolls back", async () => {
      const { ref, runtime, $ } = setup()
      const gate = deferred()
      const fiber = runtime.run(Effect.andThen(Deferred.await(gate), ref.actions.add(1)))
      const body = $.state
        .update(plus(10))
        .pipe(Effect.andThen(Deferred.succeed(gate, undefined)), Effect.andThen(Effect.never))
      await rejection(runtime.runPromise($.transact("outer", body)))
      await runtime.runPromise(Fiber.join(fiber))
      expect(ref.unsafe.getState().count).toBe(1)
      expect(entriesOf(runtime).map(({ outcome }) => outcome)).toEqual(["rollback", "commit"])
    })

    test("T2 several of them enter in the order in which they came, on any instance", async () => {
      const { ref, other, runtime, $ } = setup()
      const gate = deferred()
      const fibers = ["a", "b", "c"].map((line) =>
        runtime.run(
          Deferred.await(gate).pipe(
            Effect.andThen(ref.actions.note(line)),
            Effect.andThen(other.actions.bump())
          )
        )
      )
      await runtime.runPromise($.transact("outer", Deferred.succeed(gate, undefined)))
      await runtime.runPromise(Fiber.joinAll(fibers))
      expect(ref.unsafe.getState().log).toEqual(["a", "b", "c"])
      expect(other.unsafe.getState().count).toBe(3)
    })

    test("T2 a reader of a queue that the body offers to gets the item outside the window", async () => {
      const { ref, runtime, $ } = setup()
      const queue = await runtime.runPromise(Queue.unbounded<number>())
      const fiber = runtime.run(Effect.flatMap(Queue.take(queue), (by) => ref.actions.add(by)))
      await runtime.runPromise(
        $.transact("outer", $.state.update(plus(10)).pipe(Effect.andThen(Queue.offer(queue, 5))))
      )
      await runtime.runPromise(Fiber.join(fiber))
      expect(ref.unsafe.getState().count).toBe(15)
    })
  })

  describe("in development and in production", () => {
    afterEach(() => {
      vi.unstubAllEnvs()
      vi.resetModules()
    })

    test.each(["development", "production"])("T2 the same in %s", async (env) => {
      vi.stubEnv("NODE_ENV", env)
      vi.resetModules()
      const fresh = await import("@sluice/core")
      const runtime = disposing(
        fresh.Runtime.make(
          fresh.Module.make("Fresh", { state: Schema.Number, actions: {} }).implement({ initial: 0 }),
          { onError: () => {} }
        )
      )
      const [ref] = runtime.instances()
      expect(thrown(() => ref?.unsafe.transact("loading", () => Effect.never))).toMatchObject({
        _tag: "TransactionSuspended"
      })
    })
  })
})

describe("T6 what a body leaves to do", () => {
  interface Start {
    readonly app: App
    readonly scope: Scope.Scope
    readonly work: Effect.Effect<unknown>
  }
  const starts: ReadonlyArray<readonly [string, (start: Start) => Effect.Effect<unknown>]> = [
    ["$.afterCommit", ({ app, work }) => app.$.afterCommit(work)],
    ["forkChild", ({ work }) => Effect.forkChild(work)],
    ["forkIn", ({ scope, work }) => Effect.forkIn(work, scope)],
    ["forkDetach", ({ work }) => Effect.forkDetach(work)],
    ["forkScoped", ({ scope, work }) => Effect.provideService(Effect.forkScoped(work), Scope.Scope, scope)],
    ["forkChild, uninterruptible", ({ work }) => Effect.forkChild(work, { uninterruptible: true })],
    ["forkDetach, uninterruptible", ({ work }) => Effect.forkDetach(work, { uninterruptible: true })],
    ["a fork of a fork", ({ work }) => Effect.forkDetach(Effect.forkDetach(work))]
  ]

  test.each(starts)("T6 %s starts after publication and can dispatch", async (_, start) => {
    const app = setup()
    const { ref, runtime, $ } = app
    const scope = Scope.makeUnsafe()
    const order: Array<string> = []
    const done = latch()
    ref.unsafe.subscribe(({ count }) => order.push(`told ${count}`))
    const work = Effect.suspend(() => {
      order.push(`started at ${ref.unsafe.getState().count}`)
      return Effect.andThen(
        ref.actions.increment(),
        Effect.sync(() => done.resolve())
      )
    })
    const body = Effect.gen(function* () {
      yield* start({ app, scope, work })
      yield* $.state.update(plus(10))
      order.push("body ends")
    })
    await runtime.runPromise($.transact("outer", body))
    await done.promise
    expect(order).toEqual(["body ends", "told 10", "started at 10", "told 11"])
  })

  test("T6 tx.afterCommit of a function body starts after publication, in order", async () => {
    const { ref, runtime } = setup()
    const order: Array<string> = []
    const done = latch()
    ref.unsafe.subscribe(() => order.push("told"))
    await runtime.runPromise(
      ref.transact("outer", (tx) => {
        tx.afterCommit(Effect.sync(() => order.push("first")))
        tx.afterCommit(Effect.sync(() => done.resolve(void order.push("second"))))
        tx.update(plus(1))
      })
    )
    await done.promise
    expect(order).toEqual(["told", "first", "second"])
  })

  test("T6 it starts after a transaction without a commit, too", async () => {
    const { ref, runtime, $ } = setup()
    const done = [latch(), latch(), latch()] as const
    await runtime.runPromise(
      ref.transact("nothing", (tx) => tx.afterCommit(Effect.sync(() => done[0].resolve())))
    )
    await runtime.runPromise($.transact("nothing", Effect.forkChild(Effect.sync(() => done[1].resolve()))))
    ref.unsafe.transact("nothing", (tx) => tx.afterCommit(Effect.sync(() => done[2].resolve())))
    await Promise.all(done.map(({ promise }) => promise))
    expect(ref.unsafe.getVersion()).toBe(0)
  })

  test("T6 $.afterCommit outside a window runs at once, in the instance's scope", async () => {
    const { runtime, $, ref } = setup()
    const done = latch()
    let interrupted = false
    await runtime.runPromise(
      $.afterCommit(
        Effect.andThen(
          ref.actions.increment(),
          Effect.sync(() => done.resolve())
        )
      )
    )
    await done.promise
    const waiting = Effect.onInterrupt(Effect.never, () => Effect.sync(() => (interrupted = true)))
    await runtime.runPromise($.afterCommit(waiting))
    await idle()
    await runtime.evict("Counter#1")
    expect(interrupted).toBe(true)
  })

  const failures: ReadonlyArray<readonly [string, (app: App) => Effect.Effect<unknown, unknown>]> = [
    ["a failure", () => Effect.fail("no")],
    ["a defect", () => Effect.die("no")],
    ["an interruption of itself", () => Effect.interrupt],
    ["a suspension", () => Effect.never]
  ]
  const rollbacks = starts.flatMap(([how, start]) =>
    failures.map(([why, fail]) => ({ how, start, why, fail }))
  )
  test.each(rollbacks)("T6 $how does not start after $why", async ({ start, fail }) => {
    const app = setup()
    const scope = Scope.makeUnsafe()
    let started = false
    const work = Effect.sync(() => (started = true))
    const body = Effect.andThen(start({ app, scope, work }), fail(app))
    const exit = await app.runtime.runPromise(Effect.exit(app.$.transact("outer", body)))
    expect(Exit.isFailure(exit)).toBe(true)
    await idle()
    expect(started).toBe(false)
    expect(entriesOf(app.runtime)).toMatchObject([{ outcome: "rollback" }])
    // Nothing is left behind that its scope would wait for.
    await app.runtime.runPromise(Scope.close(scope, Exit.void))
  })

  test("T6 nor after a state that was refused, nor after a throw", async () => {
    const { ref, runtime } = setup()
    let started = false
    const work = Effect.sync(() => (started = true))
    await rejection(
      runtime.runPromise(
        ref.transact("throws", (tx) => {
          tx.afterCommit(work)
          throw new Error("no")
        })
      )
    )
    const strict = disposing(
      Runtime.make(Counter.implement({ initial: zero, validate: "commit" }), { onError: () => {} })
    )
    await rejection(
      strict.runPromise(
        strict.resolve(Counter.tag).transact("invalid", (tx) => {
          tx.afterCommit(work)
          tx.update(plus(Number.NaN))
          return Effect.forkChild(work)
        })
      )
    )
    await idle()
    expect(started).toBe(false)
  })

  test.each(["$.afterCommit", "tx.afterCommit", "forkChild"])(
    "T6 %s lives on in the instance's scope, whatever becomes of its caller, and ends with it",
    async (how) => {
      const { ref, runtime, $ } = setup()
      const running = latch()
      let interrupted = false
      const work = Effect.sync(() => running.resolve()).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Effect.sync(() => (interrupted = true)))
      )
      const caller = runtime.run(
        ref.transact("outer", (tx) =>
          how === "forkChild"
            ? Effect.forkChild(work)
            : how === "tx.afterCommit"
              ? Effect.sync(() => tx.afterCommit(work))
              : $.afterCommit(work)
        )
      )
      await runtime.runPromise(Fiber.join(caller))
      await running.promise
      await idle()
      expect(interrupted).toBe(false)
      await runtime.evict("Counter#1")
      expect(interrupted).toBe(true)
    }
  )

  test("T6 forkIn lives in its own scope: it outlives the instance and ends with that scope", async () => {
    const { runtime, $ } = setup()
    const scope = Scope.makeUnsafe()
    const running = latch()
    let interrupted = false
    const work = Effect.sync(() => running.resolve()).pipe(
      Effect.andThen(Effect.never),
      Effect.onInterrupt(() => Effect.sync(() => (interrupted = true)))
    )
    await runtime.runPromise($.transact("outer", Effect.forkIn(work, scope)))
    await running.promise
    await runtime.evict("Counter#1")
    expect(interrupted).toBe(false)
    await runtime.runPromise(Scope.close(scope, Exit.void))
    expect(interrupted).toBe(true)
  })

  test("T6 forkDetach outlives the instance", async () => {
    const { runtime, $ } = setup()
    const gate = deferred()
    const running = latch()
    const done = latch()
    const work = Effect.sync(() => running.resolve()).pipe(
      Effect.andThen(Deferred.await(gate)),
      Effect.andThen(Effect.sync(() => done.resolve()))
    )
    await runtime.runPromise($.transact("outer", Effect.forkDetach(work)))
    await running.promise
    await runtime.evict("Counter#1")
    Deferred.doneUnsafe(gate, Effect.void)
    await done.promise
  })

  test.each([
    ["$.afterCommit", (app: App, work: Effect.Effect<unknown, unknown>) => app.$.afterCommit(work)],
    ["forkChild", (_: App, work: Effect.Effect<unknown, unknown>) => Effect.forkChild(work)],
    ["forkDetach", (_: App, work: Effect.Effect<unknown, unknown>) => Effect.forkDetach(work)]
  ] as const)("T6 an error of %s reaches onError", async (_, start) => {
    const app = setup()
    await app.runtime.runPromise(app.$.transact("outer", start(app, Effect.fail(new Error("later")))))
    await idle()
    expect(app.reported.errors.map(String)).toEqual(["Error: later"])
    expect(app.reported.infos).toMatchObject([{ instanceId: "Counter#1", during: "afterCommit" }])
  })
})
