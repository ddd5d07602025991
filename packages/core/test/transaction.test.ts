/** T1, T3, T4 and T5: one entry is one transaction, which commits once or not at all, in order. */
import { Errors, Module, Runtime } from "@sluice/core"
import type { Commit } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { describe, expect, test } from "vitest"
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

const setup = (options: { readonly validate?: "commit" } = {}) => {
  const grabbed = grab()
  const reported = collectErrors()
  const delivered: Array<string> = []
  const watch = Counter.logic("watch", ($) =>
    $.onAction().run((_, action) => Effect.sync(() => void delivered.push(action._tag)))
  )
  const runtime = disposing(
    Runtime.make(Counter.implement({ initial: zero, logics: [grabbed.logic, watch], ...options }), {
      onError: reported.onError
    })
  )
  const ref = runtime.resolve(Counter.tag)
  const told: Array<CounterState> = []
  ref.unsafe.subscribe((state) => told.push(state))
  return { runtime, ref, $: grabbed.$, reported, delivered, told }
}

interface Env {
  readonly ref: CounterRuntime
  readonly $: CounterContext
  readonly run: <A, E>(effect: Effect.Effect<A, E>) => Promise<A>
  readonly travel: Runtime.Travel
}

const spellings: ReadonlyArray<readonly [string, (env: Env) => unknown]> = [
  ["ref.actions.add", ({ ref, run }) => run(ref.actions.add(2))],
  ["ref.dispatch", ({ ref, run }) => run(ref.dispatch({ _tag: "add", payload: 2 }))],
  ["ref.unsafe.dispatch", ({ ref }) => ref.unsafe.dispatch({ _tag: "add", payload: 2 })],
  ["ref.unsafe.dispatchPromise", ({ ref }) => ref.unsafe.dispatchPromise({ _tag: "add", payload: 2 })],
  ["$.actions.add", ({ $, run }) => run($.actions.add(2))],
  [
    "a handle's actions.add",
    ({ $, run }) =>
      run(
        $.use(Counter.tag).pipe(
          Effect.flatMap((handle) => handle.actions.add(2)),
          inCounter
        )
      )
  ]
]

// `run` is of a runtime that provides Counter; the tests' Env only does not say so.
const inCounter = <A, E>(effect: Effect.Effect<A, E, unknown>): Effect.Effect<A, E> =>
  effect as Effect.Effect<A, E>

interface OtherEntry {
  readonly name: string
  readonly enter: (env: Env) => unknown
  readonly origin: Commit.Origin
  readonly tags?: ReadonlyArray<string>
}

const otherEntries: ReadonlyArray<OtherEntry> = [
  {
    name: "dispatchBatch",
    enter: ({ ref, run }) => run(ref.dispatchBatch([{ _tag: "add", payload: 1 }, { _tag: "increment" }])),
    origin: { kind: "action", name: "batch" },
    tags: ["add", "increment"]
  },
  {
    name: "unsafe.dispatchBatch",
    enter: ({ ref }) => ref.unsafe.dispatchBatch([{ _tag: "add", payload: 1 }, { _tag: "increment" }]),
    origin: { kind: "action", name: "batch" },
    tags: ["add", "increment"]
  },
  {
    name: "reset",
    enter: ({ ref, run }) => run(ref.reset()),
    origin: { kind: "state-update", name: "reset" }
  },
  {
    name: "transact with a function",
    enter: ({ ref, run }) => run(ref.transact("twice", (tx) => tx.update(plus(2)))),
    origin: { kind: "state-update", name: "twice" }
  },
  {
    name: "transact with an Effect",
    enter: ({ $, run }) => run($.transact("twice", $.state.update(plus(2)))),
    origin: { kind: "state-update", name: "twice" }
  },
  {
    name: "transact with an origin",
    enter: ({ ref, run }) =>
      run(
        ref.transact({ kind: "service-callback", name: "socket", details: { frame: 7 } }, (tx) =>
          tx.update(plus(2))
        )
      ),
    origin: { kind: "service-callback", name: "socket", details: { frame: 7 } }
  },
  {
    name: "unsafe.transact",
    enter: ({ ref }) => ref.unsafe.transact("twice", (tx) => tx.update(plus(2))),
    origin: { kind: "state-update", name: "twice" }
  },
  {
    name: "$.callback(tag)",
    enter: ({ $ }) => $.callback("add")(2),
    origin: { kind: "service-callback", name: "add" },
    tags: ["add"]
  },
  {
    name: "$.callback(name, write)",
    enter: ({ $ }) => $.callback("arrived", (state, by: number) => plus(by)(state))(2),
    origin: { kind: "service-callback", name: "arrived" }
  },
  {
    name: "$.state.update",
    enter: ({ $, run }) => run($.state.update(plus(2))),
    origin: { kind: "state-update", name: "grab" }
  },
  {
    name: "$.state.mutate",
    enter: ({ $, run }) =>
      run(
        $.state.mutate((draft) => {
          draft.count += 2
        })
      ),
    origin: { kind: "state-update", name: "grab" }
  },
  {
    name: "a devtools operation",
    enter: ({ travel }) => travel.to(new Map([["Counter#1", { count: 3, log: [] }]])),
    origin: { kind: "devtools", name: "jump" }
  }
]

describe("T1 one entry, one transaction", () => {
  const envOf = ({ ref, $, runtime }: ReturnType<typeof setup>): Env => ({
    ref,
    $,
    run: (effect) => runtime.runPromise(effect),
    travel: runtime.travel
  })

  test.each(spellings)("T1 a dispatch as %s", async (_, enter) => {
    const app = setup()
    await enter(envOf(app))
    expect(entriesOf(app.runtime)).toMatchObject([
      {
        txnId: "Counter#1::t1",
        origin: { kind: "action", name: "add" },
        tags: ["add"],
        outcome: "commit"
      }
    ])
    expect(app.told).toEqual([{ count: 2, log: [] }])
    expect(app.ref.unsafe.getVersion()).toBe(1)
  })

  test.each(otherEntries)("T1 $name", async ({ enter, origin, tags = [] }) => {
    const app = setup()
    app.ref.unsafe.dispatch({ _tag: "increment" })
    await enter(envOf(app))
    const [, ...entries] = entriesOf(app.runtime)
    expect(entries).toMatchObject([{ txnId: "Counter#1::t2", tags, outcome: "commit" }])
    expect(entries[0]?.origin).toEqual(origin)
    expect(app.told.length).toBe(2)
    expect(app.ref.unsafe.getState().count).toBe(origin.name === "reset" ? 0 : 3)
  })

  test("T1 a batch runs its reducers in order and delivers each of its actions", async () => {
    const { ref, runtime, delivered, told } = setup()
    await runtime.runPromise(
      ref.dispatchBatch([
        { _tag: "note", payload: "a" },
        { _tag: "ping", payload: 1 },
        { _tag: "note", payload: "b" }
      ])
    )
    expect(told).toEqual([{ count: 0, log: ["a", "b"] }])
    await idle()
    expect(delivered).toEqual(["note", "ping", "note"])
  })

  test("T1 $.state inside a window writes to its draft and is no entry of its own", async () => {
    const { $, runtime, told } = setup()
    const seen = await runtime.runPromise(
      $.transact(
        "both",
        Effect.gen(function* () {
          yield* $.state.update(plus(1))
          yield* $.state.mutate((draft) => {
            draft.count += 10
          })
          return yield* $.state.get
        })
      )
    )
    expect(seen.count).toBe(11)
    expect(told).toEqual([{ count: 11, log: [] }])
    expect(entriesOf(runtime).length).toBe(1)
  })

  test("T1 the callback of an action carries it to its handlers; that of a name carries none", async () => {
    const { $, delivered } = setup()
    await $.callback("ping")(1)
    await $.callback("arrived", plusArgument)(1)
    await idle()
    expect(delivered).toEqual(["ping"])
  })
})

const plusArgument = (state: CounterState, by: number): CounterState => plus(by)(state)

describe("T3 no commit or one", () => {
  test("T3 many writes: one commit, one notification with the last state", async () => {
    const { ref, runtime, told } = setup()
    const version = ref.unsafe.getVersion()
    await runtime.runPromise(
      ref.transact("many", (tx) => {
        tx.set({ count: 1, log: [] })
        tx.update(plus(1))
        tx.mutate((draft) => {
          draft.count += 1
        })
        expect(tx.get()).toEqual({ count: 3, log: [] })
      })
    )
    expect(told).toEqual([{ count: 3, log: [] }])
    expect(ref.unsafe.getVersion()).toBe(version + 1)
  })

  test("T3 same reference: no commit, no notification, the action is still delivered", async () => {
    const { ref, runtime, told, delivered } = setup()
    const before = ref.unsafe.getState()
    await runtime.runPromise(ref.actions.ping(1))
    expect(ref.unsafe.getState()).toBe(before)
    expect(ref.unsafe.getVersion()).toBe(0)
    expect(told).toEqual([])
    expect(entriesOf(runtime)).toMatchObject([{ outcome: "unchanged", tags: ["ping"] }])
    await idle()
    expect(delivered).toEqual(["ping"])
  })

  test("T3 same reference: a body that writes back what it found, or mutates nothing", async () => {
    const { ref, runtime, told } = setup()
    const before = ref.unsafe.getState()
    await runtime.runPromise(
      ref.transact("back", (tx) => {
        tx.update(plus(1))
        tx.set(before)
      })
    )
    await runtime.runPromise(ref.transact("nothing", (tx) => tx.mutate(() => {})))
    expect(ref.unsafe.getState()).toBe(before)
    expect(told).toEqual([])
    expect(entriesOf(runtime).map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"])
  })

  test("T3 a selection that did not change is not notified", () => {
    const { ref } = setup()
    const counts: Array<number> = []
    ref.unsafe.subscribeTo(
      (state) => state.count,
      (count) => counts.push(count)
    )
    ref.unsafe.dispatch({ _tag: "note", payload: "x" })
    ref.unsafe.dispatch({ _tag: "add", payload: 0 })
    ref.unsafe.dispatch({ _tag: "add", payload: 5 })
    expect(counts).toEqual([5])
  })

  test("T3 no one outside the window sees the draft", async () => {
    const { ref, runtime, $, told } = setup()
    const before = ref.unsafe.getState()
    const seen: Array<unknown> = []
    const handle = await runtime.runPromise($.use(Counter))
    await runtime.runPromise(
      ref.transact("draft", (tx) => {
        tx.update(plus(1))
        seen.push(ref.unsafe.getState(), runtime.runSync(ref.getState), runtime.runSync(handle.getState))
        seen.push(ref.unsafe.getVersion(), told.length)
      })
    )
    expect(seen.slice(0, 3).every((state) => state === before)).toBe(true)
    expect(seen.slice(3)).toEqual([0, 0])
  })

  test("T3 `changes` never emits a draft", async () => {
    const { ref, runtime, $ } = setup()
    const seen: Array<number> = []
    const first = latch()
    const done = latch()
    const reader = ref.changes.pipe(
      Stream.runForEach(({ count }) =>
        Effect.sync(() => {
          seen.push(count)
          first.resolve()
          if (count === 2) done.resolve()
        })
      )
    )
    runtime.run(reader)
    await first.promise
    await runtime.runPromise(
      $.transact("draft", $.state.update(plus(1)).pipe(Effect.andThen($.state.update(plus(1)))))
    )
    await done.promise
    expect(seen).toEqual([0, 2])
  })

  test("T3 a draft that was carried out of its recipe is dead", async () => {
    const { ref, runtime } = setup()
    let leaked: { count: number } | undefined
    await runtime.runPromise(
      ref.transact("leak", (tx) =>
        tx.mutate((draft) => {
          draft.count = 1
          leaked = draft
        })
      )
    )
    const committed = ref.unsafe.getState()
    expect(() => {
      if (leaked !== undefined) leaked.count = 99
    }).toThrow()
    expect(ref.unsafe.getState()).toBe(committed)
    expect(committed.count).toBe(1)
  })

  test("T3 a listener that throws: the commit stands, the others are told, onError gets it", () => {
    const reported = collectErrors()
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero }), { onError: reported.onError })
    )
    const ref = runtime.resolve(Counter.tag)
    const told: Array<string> = []
    ref.unsafe.subscribe(() => told.push("first"))
    ref.unsafe.subscribe(() => {
      throw new Error("listener")
    })
    ref.unsafe.subscribe(() => told.push("third"))
    ref.unsafe.subscribeTo(
      (state) => state.count,
      () => {
        throw new Error("selection listener")
      }
    )
    ref.unsafe.subscribeTo(
      (state) => state.count,
      () => told.push("selection")
    )
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(told).toEqual(["first", "third", "selection"])
    expect(ref.unsafe.getState().count).toBe(1)
    expect(entriesOf(runtime)).toMatchObject([{ outcome: "commit" }])
    expect(reported.errors.map(String)).toEqual(["Error: listener", "Error: selection listener"])
    expect(reported.infos).toMatchObject([
      { during: "listener", instanceId: "Counter#1", moduleId: "Counter" },
      { during: "listener" }
    ])
  })

  test("T3 a selector that throws is reported, and its listener is told of the next change", () => {
    const { ref, reported } = setup()
    const counts: Array<number> = []
    ref.unsafe.subscribeTo(
      (state) => {
        if (state.count === 1) throw new Error("selector")
        return state.count
      },
      (count) => counts.push(count)
    )
    ref.unsafe.dispatch({ _tag: "increment" })
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(reported.errors.map(String)).toEqual(["Error: selector"])
    expect(counts).toEqual([2])
  })

  test("T3 who unsubscribes while a commit is told hears no more; who comes hears of the next", () => {
    const { ref } = setup()
    const told: Array<string> = []
    let stopLast = () => {}
    const stopFirst = ref.unsafe.subscribe(({ count }) => {
      told.push(`first ${count}`)
      stopFirst()
      stopLast()
      ref.unsafe.subscribe((state) => told.push(`late ${state.count}`))
    })
    stopLast = ref.unsafe.subscribe(({ count }) => told.push(`last ${count}`))
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(told).toEqual(["first 1"])
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(told).toEqual(["first 1", "late 2"])
  })
})

interface Failing {
  readonly name: string
  readonly enter: (env: Env) => unknown
  /** What the caller and `onError` get. */
  readonly error: object
}

const asyncBody = async (): Promise<void> => {}

const failing: ReadonlyArray<Failing> = [
  {
    name: "a reducer throws, for a synchronous caller",
    enter: ({ ref }) => ref.unsafe.dispatch({ _tag: "boom" }),
    error: { _tag: "ReducerFailed", tag: "boom" }
  },
  {
    name: "a reducer throws, for an Effect caller",
    enter: ({ ref, run }) => run(ref.actions.boom()),
    error: { _tag: "ReducerFailed", tag: "boom" }
  },
  {
    name: "a reducer throws, for a caller with a Promise",
    enter: ({ ref }) => ref.unsafe.dispatchPromise({ _tag: "boom" }),
    error: { _tag: "ReducerFailed", tag: "boom" }
  },
  {
    name: "a later reducer of a batch throws",
    enter: ({ ref, run }) => run(ref.dispatchBatch([{ _tag: "increment" }, { _tag: "boom" }])),
    error: { _tag: "ReducerFailed", tag: "boom" }
  },
  {
    name: "a later reducer of a synchronous batch throws",
    enter: ({ ref }) => ref.unsafe.dispatchBatch([{ _tag: "increment" }, { _tag: "boom" }]),
    error: { _tag: "ReducerFailed", tag: "boom" }
  },
  {
    name: "a function body throws",
    enter: ({ ref, run }) =>
      run(
        ref.transact("throws", (tx) => {
          tx.update(plus(1))
          throw new Error("body")
        })
      ),
    error: { message: "body" }
  },
  {
    name: "a synchronous body throws",
    enter: ({ ref }) =>
      ref.unsafe.transact("throws", (tx) => {
        tx.update(plus(1))
        throw new Error("body")
      }),
    error: { message: "body" }
  },
  {
    name: "an Effect body fails",
    enter: ({ $, run }) =>
      run($.transact("fails", $.state.update(plus(1)).pipe(Effect.andThen(Effect.fail({ code: 7 }))))),
    error: { code: 7 }
  },
  {
    name: "an Effect that a function body returned fails",
    enter: ({ ref, run }) =>
      run(
        ref.transact("fails", (tx) => {
          tx.update(plus(1))
          return Effect.fail({ code: 8 })
        })
      ),
    error: { code: 8 }
  },
  {
    name: "an Effect body dies",
    enter: ({ $, run }) =>
      run($.transact("dies", $.state.update(plus(1)).pipe(Effect.andThen(Effect.die(new Error("defect")))))),
    error: { message: "defect" }
  },
  {
    name: "an Effect body suspends",
    enter: ({ $, run }) =>
      run($.transact("suspends", $.state.update(plus(1)).pipe(Effect.andThen(Effect.never)))),
    error: { _tag: "TransactionSuspended", by: "effect" }
  },
  {
    name: "a body returns a Promise",
    // @ts-expect-error -- refused by its type already
    enter: ({ ref, run }) => run(ref.transact("promises", asyncBody)),
    error: { _tag: "TransactionSuspended", by: "promise" }
  },
  {
    name: "$.state.update throws",
    enter: ({ $, run }) =>
      run(
        $.state.update(() => {
          throw new Error("update")
        })
      ),
    error: { message: "update" }
  },
  {
    name: "$.state.mutate throws",
    enter: ({ $, run }) =>
      run(
        $.state.mutate((draft) => {
          draft.count = 5
          throw new Error("mutate")
        })
      ),
    error: { message: "mutate" }
  },
  {
    name: "the write of a callback throws",
    enter: ({ $ }) =>
      $.callback("arrived", () => {
        throw new Error("write")
      })(),
    error: { message: "write" }
  },
  {
    name: "an invalid state, under validate: commit",
    enter: ({ ref, run }) => run(ref.actions.add(Number.NaN)),
    error: { _tag: "InvalidState", instanceId: "Counter#1", entry: 'action "add"' }
  },
  {
    name: "an invalid state of a body, under validate: commit",
    enter: ({ ref, run }) => run(ref.transact("bad", (tx) => tx.update(plus(Number.NaN)))),
    error: { _tag: "InvalidState" }
  }
]

describe("T4 a failed entry leaves no mark", () => {
  test.each(failing)("T4 $name", async ({ enter, error }) => {
    const grabbed = grab()
    const reported = collectErrors()
    const handled: Array<unknown> = []
    const lastHandled = latch()
    const watch = Counter.logic("watch", ($) =>
      $.onAction().run((payload, action) =>
        Effect.sync(() => {
          handled.push(action._tag)
          if (payload === "last") lastHandled.resolve()
        })
      )
    )
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [grabbed.logic, watch], validate: "commit" }), {
        onError: reported.onError
      })
    )
    const ref = runtime.resolve(Counter.tag)
    ref.unsafe.dispatch({ _tag: "add", payload: 3 })
    await idle()
    const before = {
      state: ref.unsafe.getState(),
      version: ref.unsafe.getVersion(),
      backlog: ref.unsafe.backlog()
    }
    handled.length = 0
    const told: Array<unknown> = []
    ref.unsafe.subscribe((state) => told.push(state))

    const env: Env = {
      ref,
      $: grabbed.$,
      run: (effect) => runtime.runPromise(effect),
      travel: runtime.travel
    }
    const given = await rejection(new Promise((resolve) => resolve(enter(env))))

    expect(given).toMatchObject(error)
    expect(ref.unsafe.getState()).toBe(before.state)
    expect(ref.unsafe.getVersion()).toBe(before.version)
    expect(ref.unsafe.backlog()).toEqual(before.backlog)
    expect(told).toEqual([])
    const [, ...events] = runtime.trace.snapshot().events
    expect(events).toMatchObject([{ kind: "entry", outcome: "rollback", txnId: "Counter#1::t2", error }])
    expect(reported.errors).toEqual([given])
    expect(reported.infos).toMatchObject([
      { during: "entry", instanceId: "Counter#1", moduleId: "Counter", txnId: "Counter#1::t2" }
    ])

    await runtime.runPromise(ref.actions.note("last"))
    expect(ref.unsafe.getState()).toEqual({ count: 3, log: ["last"] })
    expect(told.length).toBe(1)
    await lastHandled.promise
    expect(handled).toEqual(["note"])
    expect(reported.errors.length).toBe(1)
  })

  test("T4 a caller that waited for slots and then fails gives them to the next in line", async () => {
    const gate = Deferred.makeUnsafe<void>()
    const handled: Array<string> = []
    const last = latch()
    const slow = Counter.logic("slow", ($) =>
      $.onAction().run((payload, action) =>
        Effect.sync(() => {
          handled.push(action._tag)
          if (payload === "last") last.resolve()
        }).pipe(Effect.andThen(Deferred.await(gate)))
      )
    )
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [slow], channel: { capacity: 1 } }), {
        onError: () => {}
      })
    )
    const ref = runtime.resolve(Counter.tag)
    await runtime.runPromise(ref.actions.increment())
    await idle()
    await runtime.runPromise(ref.actions.increment())
    const failing = rejection(runtime.runPromise(ref.actions.boom()))
    const next = runtime.runPromise(ref.actions.note("last"))
    expect(ref.unsafe.backlog().consumers).toMatchObject([{ depth: 1, waiting: 2 }])
    Deferred.doneUnsafe(gate, Effect.void)
    expect(await failing).toMatchObject({ _tag: "ReducerFailed" })
    await next
    await last.promise
    expect(handled).toEqual(["increment", "increment", "note"])
    await idle()
    expect(ref.unsafe.backlog()).toMatchObject({
      consumers: [{ depth: 0, waiting: 0, overflow: 0 }],
      ingress: 0
    })
  })

  test("T4 without validate a state is not checked at commit", async () => {
    const runtime = disposing(Runtime.make(Counter.implement({ initial: zero })))
    const ref = runtime.resolve(Counter.tag)
    await runtime.runPromise(ref.actions.add(Number.NaN))
    expect(ref.unsafe.getState().count).toBeNaN()
  })

  test("T4 the caller gets the body's own error in its error channel, everything else as a defect", async () => {
    const { ref, runtime } = setup()
    const typed = await runtime.runPromise(
      ref
        .transact("typed", () => Effect.fail("mine" as const))
        .pipe(Effect.catch((error) => Effect.succeed(error)))
    )
    expect(typed).toBe("mine")
    const defect = await runtime.runPromise(
      ref.actions.boom().pipe(Effect.catchDefect((error) => Effect.succeed(error)))
    )
    expect(defect).toBeInstanceOf(Errors.ReducerFailed)
  })
})

describe("T5 entries of one instance, one after another", () => {
  const observed = () => {
    const reported = collectErrors()
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero }), { onError: reported.onError })
    )
    return { runtime, reported, ref: runtime.resolve(Counter.tag) }
  }

  test("T5 an entry made by a subscriber while a commit is told runs right after, in order", () => {
    const { ref, runtime } = observed()
    const told: Array<string> = []
    ref.unsafe.subscribe(({ count, log }) => {
      if (log.length > 0 || count !== 1) return
      ref.unsafe.dispatch({ _tag: "note", payload: "a" })
      ref.unsafe.transact("b", (tx) => tx.update((state) => ({ ...state, log: [...state.log, "b"] })))
      // Not yet: the commit is still being told.
      told.push(`in first: ${ref.unsafe.getState().log.join("")}`)
    })
    ref.unsafe.subscribe(({ count, log }) => {
      if (log.length === 0 && count === 1) runtime.run(ref.actions.note("c"))
    })
    ref.unsafe.subscribe(({ log }) => told.push(log.join("")))
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(told).toEqual(["in first: ", "", "a", "ab", "abc"])
    expect(entriesOf(runtime).map(({ txnId, origin }) => `${txnId} ${origin.name}`)).toEqual([
      "Counter#1::t1 increment",
      "Counter#1::t2 note",
      "Counter#1::t3 b",
      "Counter#1::t4 note"
    ])
  })

  test("T5 an entry that such an entry's subscribers make comes after those already admitted", () => {
    const { ref } = observed()
    ref.unsafe.subscribe(({ log }) => {
      const last = log.at(-1) ?? ""
      if (last === "1") for (const line of ["2", "3"]) ref.unsafe.dispatch({ _tag: "note", payload: line })
      if (last === "2") ref.unsafe.dispatch({ _tag: "note", payload: "4" })
    })
    ref.unsafe.dispatch({ _tag: "note", payload: "1" })
    expect(ref.unsafe.getState().log.join("")).toBe("1234")
  })

  test("T5 whether a subscriber's caller can wait makes no difference to the order", async () => {
    const { ref, runtime, $ } = setup()
    const settled: Array<Promise<unknown>> = []
    ref.unsafe.subscribe(({ count, log }) => {
      if (count !== 1 || log.length > 0 || settled.length > 0) return
      const line = (text: string) => ({ _tag: "note", payload: text }) as const
      settled.push(runtime.runPromise(Effect.andThen(ref.dispatch(line("a")), ref.dispatch(line("g")))))
      ref.unsafe.dispatch(line("b"))
      settled.push(runtime.runPromise($.actions.note("c")))
      settled.push($.callback("note")("d"))
      settled.push(ref.unsafe.dispatchPromise(line("e")))
      ref.unsafe.dispatchBatch([line("f")])
    })
    ref.unsafe.dispatch({ _tag: "increment" })
    await Promise.all(settled)
    expect(ref.unsafe.getState().log.join("")).toBe("abcdefg")
  })

  test("T5 a subscriber's entry that fails reaches onError alone", () => {
    const { ref, reported } = observed()
    ref.unsafe.subscribe(({ count }) => {
      if (count === 1) {
        ref.unsafe.dispatch({ _tag: "boom" })
        ref.unsafe.dispatch({ _tag: "add", payload: 10 })
      }
    })
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(ref.unsafe.getState().count).toBe(11)
    expect(reported.errors).toMatchObject([{ _tag: "ReducerFailed" }])
  })

  test("T5 a subscriber may make entries 20,000 times over", () => {
    const { ref, reported } = observed()
    ref.unsafe.subscribe(({ count }) => {
      if (count < 20_000) ref.unsafe.dispatch({ _tag: "increment" })
    })
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(reported.errors).toEqual([])
    expect(ref.unsafe.getState().count).toBe(20_000)
  })

  test("T5 Effect callers enter in the order they came, also when they have to wait", async () => {
    const gate = Deferred.makeUnsafe<void>()
    const slow = Counter.logic("slow", ($) => $.onAction("note").run(() => Deferred.await(gate)))
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [slow], channel: { capacity: 1 } }))
    )
    const ref = runtime.resolve(Counter.tag)
    const lines = ["a", "b", "c", "d", "e"]
    const fibers = lines.map((line) => runtime.run(ref.actions.note(line)))
    Deferred.doneUnsafe(gate, Effect.void)
    await runtime.runPromise(Fiber.joinAll(fibers))
    expect(ref.unsafe.getState().log).toEqual(lines)
  })

  const Other = Module.make("Other", {
    state: Schema.Struct({ on: Schema.Boolean }),
    actions: { toggle: Schema.Void },
    reducers: { toggle: ({ on }) => ({ on: !on }) }
  })

  const inside: ReadonlyArray<
    readonly [string, (ref: CounterRuntime, run: <A, E>(effect: Effect.Effect<A, E>) => A) => unknown]
  > = [
    ["unsafe.dispatch", (ref) => ref.unsafe.dispatch({ _tag: "increment" })],
    ["unsafe.dispatchBatch", (ref) => ref.unsafe.dispatchBatch([{ _tag: "increment" }])],
    ["unsafe.transact", (ref) => ref.unsafe.transact("inner", () => {})],
    ["dispatch", (ref, run) => run(ref.dispatch({ _tag: "increment" }))],
    ["actions", (ref, run) => run(ref.actions.increment())],
    ["dispatchBatch", (ref, run) => run(ref.dispatchBatch([{ _tag: "increment" }]))],
    ["reset", (ref, run) => run(ref.reset())],
    ["transact", (ref, run) => run(ref.transact("inner", () => {}))]
  ]

  test.each(inside)("T5 %s inside a function body fails with EntryInTransaction", async (_, enter) => {
    const { ref, runtime } = observed()
    let error: unknown
    await runtime.runPromise(
      ref.transact("outer", (tx) => {
        tx.update(plus(1))
        error = thrown(() => enter(ref, (effect) => runtime.runSync(effect)))
      })
    )
    expect(error).toBeInstanceOf(Errors.EntryInTransaction)
    expect(error).toMatchObject({
      instanceId: "Counter#1",
      openInstanceId: "Counter#1",
      openEntry: 'state-update "outer"'
    })
    expect(String(error)).toContain("afterCommit")
    // The body swallowed it, so the body's own writes stand, and only they.
    expect(ref.unsafe.getState()).toEqual({ count: 1, log: [] })
    expect(entriesOf(runtime).length).toBe(1)
  })

  test.each(inside)("T5 %s inside an Effect body fails with EntryInTransaction", async (_, enter) => {
    const { ref, runtime } = observed()
    const body = Effect.suspend(() => Effect.sync(() => enter(ref, (effect) => runtime.runSync(effect))))
    const error = await rejection(runtime.runPromise(ref.transact("outer", body)))
    expect(error).toBeInstanceOf(Errors.EntryInTransaction)
    expect(entriesOf(runtime)).toMatchObject([{ outcome: "rollback" }])
  })

  test("T5 a dispatch that an Effect body yields fails with EntryInTransaction", async () => {
    const { ref, runtime } = observed()
    const error = await rejection(runtime.runPromise(ref.transact("outer", ref.actions.increment())))
    expect(error).toMatchObject({ _tag: "EntryInTransaction", entry: 'action "increment"' })
    expect(ref.unsafe.getVersion()).toBe(0)
  })

  test("T5 an entry made in a recipe of $.state fails with EntryInTransaction", async () => {
    const { ref, runtime, $ } = setup()
    const error = await rejection(
      runtime.runPromise(
        $.state.update((state) => {
          ref.unsafe.dispatch({ _tag: "increment" })
          return state
        })
      )
    )
    expect(error).toMatchObject({ _tag: "EntryInTransaction", openEntry: 'state-update "grab"' })
  })

  test("T5 a callback called inside a body rejects with EntryInTransaction", async () => {
    const { ref, runtime, $ } = setup()
    let inner: Promise<unknown> = Promise.resolve()
    await runtime.runPromise(
      ref.transact("outer", () => {
        inner = rejection($.callback("add")(1))
      })
    )
    expect(await inner).toBeInstanceOf(Errors.EntryInTransaction)
  })

  test("T5 an entry made by a reducer fails with EntryInTransaction, and so does its action", async () => {
    const inner: Array<unknown> = []
    const Nested = Module.make("Nested", {
      state: Schema.Number,
      actions: { nest: Schema.Void, plain: Schema.Void },
      reducers: {
        nest: (state) => {
          try {
            ref.unsafe.dispatch({ _tag: "plain" })
          } catch (error) {
            inner.push(error)
            throw error
          }
          return state + 1
        },
        plain: (state) => state + 1
      }
    })
    const reported = collectErrors()
    const runtime = disposing(Runtime.make(Nested.implement({ initial: 0 }), { onError: reported.onError }))
    const ref = runtime.resolve(Nested.tag)
    const outer = thrown(() => ref.unsafe.dispatch({ _tag: "nest" }))
    expect(inner).toMatchObject([
      { _tag: "EntryInTransaction", entry: 'action "plain"', openEntry: 'action "nest"' }
    ])
    expect(outer).toMatchObject({ _tag: "ReducerFailed", cause: inner[0] })
    expect(ref.unsafe.getState()).toBe(0)
  })

  test("T5 an entry on another instance fails in the same way, also on one of another runtime", async () => {
    const runtime = disposing(
      Runtime.make([Counter.implement({ initial: zero }), Other.implement({ initial: { on: false } })])
    )
    const elsewhere = disposing(
      Runtime.make(Other.implement({ initial: { on: false } }), { label: "elsewhere" })
    )
    const ref = runtime.resolve(Counter.tag)
    for (const other of [runtime.resolve(Other.tag), elsewhere.resolve(Other.tag)]) {
      const errors: Array<unknown> = []
      await runtime.runPromise(
        ref.transact("outer", () => {
          errors.push(thrown(() => other.unsafe.dispatch({ _tag: "toggle" })))
          errors.push(thrown(() => runtime.runSync(other.actions.toggle())))
        })
      )
      expect(errors).toMatchObject([
        { _tag: "EntryInTransaction", instanceId: "Other#1", openInstanceId: "Counter#1" },
        { _tag: "EntryInTransaction", instanceId: "Other#1", openInstanceId: "Counter#1" }
      ])
      expect(other.unsafe.getState()).toEqual({ on: false })
    }
  })

  test("T5 instances do not wait for each other", async () => {
    const gate = Deferred.makeUnsafe<void>()
    const slow = Counter.logic("slow", ($) => $.onAction("note").run(() => Deferred.await(gate)))
    const runtime = disposing(
      Runtime.make([
        Counter.implement({ initial: zero, logics: [slow], channel: { capacity: 1 } }),
        Other.implement({ initial: { on: false } })
      ])
    )
    const counter = runtime.resolve(Counter.tag)
    const other = runtime.resolve(Other.tag)
    const waiting = ["a", "b", "c", "d"].map((line) => runtime.run(counter.actions.note(line)))
    expect(waiting.some((fiber) => fiber.pollUnsafe() === undefined)).toBe(true)
    await runtime.runPromise(other.actions.toggle())
    expect(other.unsafe.getState()).toEqual({ on: true })

    // Nor for a commit that is being told: a subscriber's entry on another instance runs at once.
    const seen: Array<boolean> = []
    counter.unsafe.subscribe(() => {
      other.unsafe.dispatch({ _tag: "toggle" })
      seen.push(other.unsafe.getState().on)
    })
    counter.unsafe.dispatch({ _tag: "increment" })
    expect(seen).toEqual([false])
    Deferred.doneUnsafe(gate, Effect.void)
    await runtime.runPromise(Fiber.joinAll(waiting))
  })
})

describe("T3, T4 an onError that throws", () => {
  const broken = (
    ...setups: ReadonlyArray<($: CounterContext) => Effect.Effect<void, never, Scope.Scope>>
  ) => {
    const reported: Array<string> = []
    const logged: Array<string> = []
    const logger = Logger.make<unknown, void>(({ logLevel }) => void logged.push(logLevel))
    const runtime = disposing(
      Runtime.make(
        Counter.implement({
          initial: zero,
          logics: setups.map((setup, i) => Counter.logic(`logic ${i}`, setup))
        }),
        {
          layer: Logger.layer([logger]),
          onError: (_, { during }) => {
            reported.push(during)
            throw new Error("onError is broken")
          }
        }
      )
    )
    return { runtime, ref: runtime.resolve(Counter.tag), reported, logged }
  }

  test("T3 told of a listener: the commit stands, the others are told, and the instance goes on", () => {
    const { ref, reported, logged } = broken()
    const told: Array<number> = []
    ref.unsafe.subscribe(() => {
      throw new Error("listener")
    })
    ref.unsafe.subscribe(({ count }) => told.push(count))
    ref.unsafe.subscribeTo(
      ({ count }) => count,
      () => {
        throw new Error("selection listener")
      }
    )
    for (let n = 0; n < 3; n++) ref.unsafe.dispatch({ _tag: "increment" })
    expect(ref.unsafe.getState().count).toBe(3)
    expect(told).toEqual([1, 2, 3])
    expect(reported).toEqual(Array.from({ length: 6 }, () => "listener"))
    // What it was told of, and what it threw itself.
    expect(logged).toEqual(Array.from({ length: 12 }, () => "Error"))
  })

  test("T3 told of a predicate: the action is committed, and the other flows get it", async () => {
    const delivered: Array<string> = []
    const { ref, runtime, reported } = broken(
      ($) =>
        $.onAction((): boolean => {
          throw new Error("predicate")
        }).run(() => Effect.void),
      ($) => $.onAction().run((_, action) => Effect.sync(() => void delivered.push(action._tag)))
    )
    ref.unsafe.dispatch({ _tag: "increment" })
    await runtime.runPromise(ref.actions.increment())
    await idle()
    expect(ref.unsafe.getState().count).toBe(2)
    expect(delivered).toEqual(["increment", "increment"])
    expect(reported).toEqual(["predicate", "predicate"])
  })

  test("T4 told of a rollback: the caller gets its own error, and the next entry works", async () => {
    const { ref, runtime, reported } = broken()
    expect(thrown(() => ref.unsafe.dispatch({ _tag: "boom" }))).toMatchObject({ _tag: "ReducerFailed" })
    expect(await rejection(runtime.runPromise(ref.actions.boom()))).toMatchObject({ _tag: "ReducerFailed" })
    expect(await rejection(ref.unsafe.dispatchPromise({ _tag: "boom" }))).toMatchObject({
      _tag: "ReducerFailed"
    })
    expect(await rejection(runtime.runPromise(ref.transact("fails", () => Effect.fail("its own"))))).toBe(
      "its own"
    )
    expect(reported).toEqual(["entry", "entry", "entry", "entry"])
    expect(ref.unsafe.getState()).toBe(zero)
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(ref.unsafe.getState().count).toBe(1)
  })

  test("T5 told of an entry that a subscriber made: those behind it enter", () => {
    const { ref } = broken()
    ref.unsafe.subscribe(({ count }) => {
      if (count !== 1) return
      ref.unsafe.dispatch({ _tag: "boom" })
      ref.unsafe.dispatch({ _tag: "increment" })
    })
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(ref.unsafe.getState().count).toBe(2)
  })
})

describe("T1 an action that carries nothing", () => {
  // What a component's `onClick={actions.increment}` hands over. The casts stand for callers without types.
  const event = { type: "click" }
  const withEvent = { _tag: "increment", payload: event } as unknown as { readonly _tag: "increment" }

  const carrying: ReadonlyArray<readonly [string, (env: Env) => unknown]> = [
    ["ref.dispatch", ({ ref, run }) => run(ref.dispatch(withEvent))],
    ["ref.unsafe.dispatch", ({ ref }) => ref.unsafe.dispatch(withEvent)],
    ["dispatchBatch", ({ ref, run }) => run(ref.dispatchBatch([withEvent, withEvent]))],
    ["unsafe.dispatchBatch", ({ ref }) => ref.unsafe.dispatchBatch([withEvent, withEvent])],
    ["$.callback", ({ $ }) => ($.callback("increment") as (payload: unknown) => Promise<void>)(event)]
  ]
  test.each(carrying)("T1 %s delivers it without what its caller handed over", async (name, enter) => {
    const grabbed = grab()
    const delivered: Array<unknown> = []
    const commits: Array<unknown> = []
    const watch = Counter.logic("watch", ($) =>
      $.onAction().run((payload, action) => Effect.sync(() => void delivered.push([payload, action])))
    )
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [grabbed.logic, watch] }))
    )
    runtime.attach({
      name: "sink",
      capacity: 8,
      onCommit: (batch) => Effect.sync(() => void commits.push(...batch.flatMap(({ actions }) => actions)))
    })
    const run = <A, E>(effect: Effect.Effect<A, E>) => runtime.runPromise(effect)
    await enter({ ref: runtime.resolve(Counter.tag), $: grabbed.$, run, travel: runtime.travel })
    await idle()
    const times = name.endsWith("Batch") ? 2 : 1
    expect(delivered).toEqual(Array.from({ length: times }, () => [undefined, { _tag: "increment" }]))
    expect(commits).toEqual(Array.from({ length: times }, () => ({ _tag: "increment" })))
  })
})
