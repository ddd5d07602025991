/** O1 to O4 and T7: what is recorded of each entry, counted exactly, and how one leads to the next. */
import { Module, Runtime } from "@sluice/core"
import type { Trace } from "@sluice/core"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import {
  collectErrors,
  Counter,
  disposing,
  entriesOf,
  grab,
  idle,
  latch,
  plus,
  thrown,
  zero
} from "./support.ts"

const setup = (trace?: Trace.TraceOptions) => {
  const grabbed = grab()
  const reported = collectErrors()
  const runtime = disposing(
    Runtime.make(Counter.implement({ initial: zero, logics: [grabbed.logic] }), {
      onError: reported.onError,
      ...(trace === undefined ? {} : { trace })
    })
  )
  return { runtime, reported, $: grabbed.$, ref: runtime.resolve(Counter.tag) }
}

describe("T7 a transaction's identity", () => {
  test("T7 ids are instanceId::tN, N strictly increasing whatever the outcome", () => {
    const { ref, runtime } = setup()
    ref.unsafe.dispatch({ _tag: "increment" })
    thrown(() => ref.unsafe.dispatch({ _tag: "boom" }))
    ref.unsafe.dispatch({ _tag: "ping", payload: 1 })
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(entriesOf(runtime).map(({ txnId, outcome }) => [txnId, outcome])).toEqual([
      ["Counter#1::t1", "commit"],
      ["Counter#1::t2", "rollback"],
      ["Counter#1::t3", "unchanged"],
      ["Counter#1::t4", "commit"]
    ])
  })

  test("T7 an entry of no handler has no cause", async () => {
    const { ref, runtime } = setup()
    await runtime.runPromise(ref.actions.increment())
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(entriesOf(runtime).map(({ cause }) => cause)).toEqual([undefined, undefined])
  })

  const Chain = Module.make("Chain", {
    state: Schema.Array(Schema.String),
    actions: { start: Schema.Void, next: Schema.Void, last: Schema.Void },
    reducers: {
      start: (state) => [...state, "start"],
      next: (state) => [...state, "next"],
      last: (state) => [...state, "last"]
    }
  })
  type ChainContext = Module.LogicContext<
    ReadonlyArray<string>,
    { readonly start: void; readonly next: void; readonly last: void }
  >
  type Reaction = ($: ChainContext, last: Effect.Effect<void>) => Effect.Effect<unknown, unknown>

  // How a handler of `start` comes to dispatch `last`, and the name of the entry that must be the cause.
  const reactions: ReadonlyArray<readonly [string, string, Reaction]> = [
    ["the handler's own fiber", "start", ($, last) => $.onAction("start").run(() => last)],
    ["a handler under runLatest", "start", ($, last) => $.onAction("start").runLatest(() => last)],
    ["a handler under runExhaust", "start", ($, last) => $.onAction("start").runExhaust(() => last)],
    [
      "a handler under runParallel",
      "start",
      ($, last) => $.onAction("start").runParallel({ concurrency: 2 }, () => last)
    ],
    [
      "after the handler has waited",
      "start",
      ($, last) => $.onAction("start").run(() => Effect.andThen(Effect.yieldNow, last))
    ],
    [
      "a fiber that the handler forked",
      "start",
      ($, last) => $.onAction("start").run(() => Effect.forkDetach(last))
    ],
    [
      "$.state.update, then an action",
      "start",
      ($, last) => $.onAction("start").run(() => Effect.andThen(Effect.void, last))
    ],
    [
      "$.afterCommit outside a window",
      "start",
      ($, last) => $.onAction("start").run(() => $.afterCommit(last))
    ],
    [
      "afterCommit of a function body",
      "between",
      ($, last) => $.onAction("start").run(() => $.transact("between", (tx) => tx.afterCommit(last)))
    ],
    [
      "$.afterCommit of an Effect body",
      "between",
      ($, last) => $.onAction("start").run(() => $.transact("between", $.afterCommit(last)))
    ],
    [
      "a child that a body forked",
      "between",
      ($, last) => $.onAction("start").run(() => $.transact("between", Effect.forkChild(last)))
    ],
    [
      "a fiber that a body detached",
      "between",
      ($, last) => $.onAction("start").run(() => $.transact("between", Effect.forkDetach(last)))
    ],
    [
      "a handler of what the handler dispatched",
      "next",
      ($, last) =>
        Effect.andThen(
          $.onAction("next").run(() => last),
          $.onAction("start").run(() => $.actions.next())
        )
    ],
    [
      "a puller of an actionStream",
      "start",
      ($, last) =>
        $.use(Chain.tag).pipe(
          Effect.flatMap((handle) =>
            Effect.forkScoped(
              Stream.runForEach(handle.actionStream("start"), () => last),
              { startImmediately: true }
            )
          ),
          // The setup's own module is in its scope; the type of this table does not say so.
          (effect) => effect as Effect.Effect<unknown>
        )
    ],
    [
      "a flow on an actionStream",
      "start",
      ($, last) =>
        $.use(Chain.tag).pipe(
          Effect.flatMap((handle) => $.on(handle.actionStream("start")).run(() => last)),
          (effect) => effect as Effect.Effect<unknown>
        )
    ],
    [
      "a flow under runLatest on an actionStream",
      "start",
      ($, last) =>
        $.use(Chain.tag).pipe(
          Effect.flatMap((handle) => $.on(handle.actionStream("start")).runLatest(() => last)),
          (effect) => effect as Effect.Effect<unknown>
        )
    ],
    [
      "a callback that the handler calls",
      "start",
      ($) => {
        const callback = $.callback("last")
        return $.onAction("start").run(() => Effect.promise(() => callback()))
      }
    ]
  ]

  test.each(reactions)(
    "T7 the cause is carried by %s: it is the transaction of %s",
    async (_, cause, react) => {
      const done = latch()
      const logic = Chain.logic("react", ($) => react($, $.actions.last()))
      const runtime = disposing(Runtime.make(Chain.implement({ initial: [], logics: [logic] })))
      const ref = runtime.resolve(Chain.tag)
      ref.unsafe.subscribe((state) => {
        if (state.includes("last")) done.resolve()
      })
      // Something before it, so that the numbers tell.
      ref.unsafe.transact("first", (tx) => tx.update((state) => [...state, "first"]))
      await runtime.runPromise(ref.actions.start())
      await done.promise
      const entries = entriesOf(runtime)
      const byName = (name: string) => entries.find(({ origin }) => origin.name === name)
      expect(byName("last")?.cause).toBe(byName(cause)?.txnId)
      expect(byName(cause)?.txnId).toBeDefined()
      for (const { cause, seq } of entries) {
        // A tree can be drawn: a cause is an earlier entry.
        if (cause !== undefined) expect(entries.find(({ txnId }) => txnId === cause)?.seq).toBeLessThan(seq)
      }
    }
  )

  test("T7 it goes from one instance to another", async () => {
    const Second = Module.make("Second", {
      state: Schema.Number,
      actions: { bump: Schema.Void },
      reducers: { bump: (state) => state + 1 }
    })
    const done = latch()
    const SecondLive = Second.implement({ initial: 0 })
    const relay = Chain.logic("relay", ($) =>
      Effect.gen(function* () {
        const second = yield* $.use(SecondLive)
        yield* $.onAction("start").run(() => second.actions.bump())
      })
    )
    const runtime = disposing(
      Runtime.make(Chain.implement({ initial: [], logics: [relay], imports: [SecondLive] }))
    )
    runtime.resolve(Second.tag).unsafe.subscribe(() => done.resolve())
    await runtime.runPromise(runtime.resolve(Chain.tag).actions.start())
    await done.promise
    expect(entriesOf(runtime)).toMatchObject([
      { txnId: "Chain#1::t1", cause: undefined },
      { txnId: "Second#1::t1", cause: "Chain#1::t1" }
    ])
  })

  test("T7 a subscriber's entry keeps to its own number while afterCommit keeps the body's", async () => {
    const { ref, runtime, $ } = setup()
    const done = latch()
    ref.unsafe.subscribe(({ count, log }) => {
      if (count === 1 && log.length === 0) ref.unsafe.dispatch({ _tag: "note", payload: "by a subscriber" })
      if (count === 2) done.resolve()
    })
    await runtime.runPromise(
      ref.transact("body", (tx) => {
        tx.update(plus(1))
        tx.afterCommit($.actions.increment())
      })
    )
    await done.promise
    expect(entriesOf(runtime)).toMatchObject([
      { origin: { name: "body" }, txnId: "Counter#1::t1" },
      { origin: { name: "note" }, txnId: "Counter#1::t2" },
      { origin: { name: "increment" }, txnId: "Counter#1::t3", cause: "Counter#1::t1" }
    ])
  })

  test("T7 a start always, a duration at level full or when sampled", () => {
    for (const level of ["light", "full", { sample: 1 }] as const) {
      const { ref, runtime } = setup({ level })
      ref.unsafe.dispatch({ _tag: "increment" })
      const [entry] = entriesOf(runtime)
      expect(entry?.at).toBeGreaterThan(Date.now() - 60_000)
      if (level === "light") expect(entry).not.toHaveProperty("durationMs")
      else expect(entry?.durationMs).toBeGreaterThanOrEqual(0)
    }
  })
})

describe("O1 a ring of fixed capacity", () => {
  test("O1 recorded, dropped and sampledOut are exact", () => {
    const { ref, runtime } = setup({ capacity: 4 })
    expect(runtime.trace.snapshot()).toEqual({ events: [], recorded: 0, dropped: 0, sampledOut: 0 })
    for (let i = 1; i <= 10; i++) {
      ref.unsafe.dispatch({ _tag: "increment" })
      const { events, ...counts } = runtime.trace.snapshot()
      expect(counts).toEqual({ recorded: i, dropped: Math.max(0, i - 4), sampledOut: 0 })
      expect(runtime.trace.counts()).toEqual(counts)
      const kept = Array.from({ length: Math.min(i, 4) }, (_, k) => i - Math.min(i, 4) + 1 + k)
      expect(events.map(({ seq }) => seq)).toEqual(kept)
      for (let after = 0; after <= i; after++)
        expect(runtime.trace.snapshot(after).events).toEqual(events.filter(({ seq }) => seq > after))
      expect(events.map(({ txnId }) => txnId)).toEqual(kept.map((n) => `Counter#1::t${n}`))
    }
  })

  test("O1 a ring of one", () => {
    const { ref, runtime } = setup({ capacity: 1 })
    for (let i = 0; i < 3; i++) ref.unsafe.dispatch({ _tag: "increment" })
    expect(runtime.trace.snapshot()).toMatchObject({ events: [{ seq: 3 }], recorded: 3, dropped: 2 })
  })

  test("O1 what was given out is not written again", () => {
    const { ref, runtime } = setup({ capacity: 2 })
    ref.unsafe.dispatch({ _tag: "increment" })
    const before = runtime.trace.snapshot().events
    for (let i = 0; i < 5; i++) ref.unsafe.dispatch({ _tag: "note", payload: "x" })
    expect(before).toMatchObject([{ seq: 1, origin: { name: "increment" } }])
  })

  test("O1 the capacity is 4,096 unless told", () => {
    expect(setup().runtime.trace.capacity).toBe(4096)
  })
})

describe("O2 levels", () => {
  // Every way to enter, and every outcome.
  const script = async ({ ref, runtime, $ }: ReturnType<typeof setup>) => {
    const states: Array<unknown> = []
    ref.unsafe.subscribe((state) => states.push(state))
    ref.unsafe.dispatch({ _tag: "increment" })
    await runtime.runPromise(
      ref.dispatchBatch([
        { _tag: "add", payload: 2 },
        { _tag: "note", payload: "n" }
      ])
    )
    thrown(() => ref.unsafe.dispatch({ _tag: "boom" }))
    await $.callback("add")(3)
    await runtime.runPromise($.state.update(plus(10)))
    await runtime.runPromise(ref.actions.ping(1))
    await runtime.runPromise(ref.transact("body", (tx) => tx.update(plus(100))))
    runtime.travel.to(new Map([["Counter#1", zero]]))
    runtime.travel.live()
    await runtime.runPromise(ref.reset())
    return states
  }
  const entries = 10
  const levels = ["off", "light", "full", { sample: 3 }, { sample: 1 }] as const

  test("O2 whatever the level, the same states", async () => {
    const runs = await Promise.all(levels.map(async (level) => script(setup({ level }))))
    for (const states of runs) expect(states).toEqual(runs[0])
    expect(runs[0]?.length).toBe(8)
  })

  test("O2 off: nothing", async () => {
    const app = setup({ level: "off" })
    await script(app)
    await app.runtime.dispose()
    expect(app.runtime.trace.snapshot()).toEqual({ events: [], recorded: 0, dropped: 0, sampledOut: 0 })
  })

  test("O2 light: one event an entry, with transaction, origin, tags, outcome and cause", async () => {
    const app = setup({ level: "light" })
    await script(app)
    const { events, recorded } = app.runtime.trace.snapshot()
    expect(recorded).toBe(entries)
    for (const event of events) {
      expect(
        Object.keys(event)
          .filter((key) => key !== "error")
          .sort()
      ).toEqual(["at", "cause", "instanceId", "kind", "origin", "outcome", "seq", "tags", "txnId"].sort())
    }
    expect(entriesOf(app.runtime).map(({ origin, tags, outcome }) => [origin.kind, tags, outcome])).toEqual([
      ["action", ["increment"], "commit"],
      ["action", ["add", "note"], "commit"],
      ["action", ["boom"], "rollback"],
      ["service-callback", ["add"], "commit"],
      ["state-update", [], "commit"],
      ["action", ["ping"], "unchanged"],
      ["state-update", [], "commit"],
      ["devtools", [], "commit"],
      ["devtools", [], "commit"],
      ["state-update", [], "commit"]
    ])
  })

  test("O2 the level is light unless told", () => {
    expect(setup().runtime.trace.level).toBe("light")
  })

  test("O2 light: one clock read a task", async () => {
    let reads = 0
    const clock = Object.create(Clock.Clock.defaultValue(), {
      currentTimeMillisUnsafe: { value: () => ++reads }
    }) as Clock.Clock
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero }), { layer: Layer.succeed(Clock.Clock, clock) })
    )
    const ref = runtime.resolve(Counter.tag)
    await idle()
    reads = 0
    for (let i = 0; i < 100; i++) ref.unsafe.dispatch({ _tag: "increment" })
    expect(reads).toBe(1)
    await idle()
    for (let i = 0; i < 100; i++) ref.unsafe.dispatch({ _tag: "increment" })
    expect(reads).toBe(2)
    const times = new Set(entriesOf(runtime).map(({ at }) => at))
    expect([...times]).toEqual([1, 2])
  })

  test("O2 the time is that of the app's clock", () => {
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero }), { layer: TestClock.layer() })
    )
    runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
    expect(entriesOf(runtime)).toMatchObject([{ at: 0 }])
  })

  const full = async (level: Trace.TraceLevel) => {
    const handled = latch()
    const logic = Counter.logic("watch", ($) =>
      Effect.all([
        $.onAction("add").run((by) => (by === 1 ? Effect.void : Effect.fail("no")), { name: "adds" }),
        $.onAction("note")
          .filter((line) => line === "pass")
          .run(() => Effect.sync(() => handled.resolve()), { name: "notes" })
      ])
    )
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [logic] }), {
        onError: () => {},
        trace: { level }
      })
    )
    const ref = runtime.resolve(Counter.tag)
    for (const action of [
      { _tag: "add", payload: 1 },
      { _tag: "add", payload: 2 },
      { _tag: "note", payload: "skip" },
      { _tag: "note", payload: "pass" }
    ] as const) {
      ref.unsafe.dispatch(action)
      await idle()
    }
    await handled.promise
    await idle()
    return { runtime, ref }
  }

  test("O2 full: payloads, changed fields, deliveries, handlers and durations", async () => {
    const { runtime } = await full("full")
    const { events } = runtime.trace.snapshot()
    const of = (n: number) => events.filter(({ txnId }) => txnId === `Counter#1::t${n}`)
    const handler = (outcome: string, consumer: string) => ({ kind: "handler", outcome, consumer })
    expect(of(1)).toMatchObject([
      { kind: "entry", payloads: [1], changed: ["count"] },
      { kind: "delivery", tag: "add", consumer: "adds" },
      handler("success", "adds")
    ])
    expect(of(2)).toMatchObject([{ kind: "entry" }, { kind: "delivery" }, handler("failure", "adds")])
    expect(of(3)).toMatchObject([
      { kind: "entry", payloads: ["skip"], changed: ["log"] },
      { kind: "delivery", consumer: "notes" },
      { kind: "skipped", tag: "note", consumer: "notes", reason: "filter" }
    ])
    expect(of(4)).toMatchObject([{ kind: "entry" }, { kind: "delivery" }, handler("success", "notes")])
    for (const event of events) {
      if (event.kind === "entry" || event.kind === "handler")
        expect(event.durationMs).toBeGreaterThanOrEqual(0)
    }
  })

  test("O2 full: for whom an entry waited, until when; one that did not wait says nothing", async () => {
    const gate = latch()
    const logic = Counter.logic("slow", ($) =>
      $.onAction("increment").run(() => Effect.promise(() => gate.promise), { name: "slow", capacity: 1 })
    )
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [logic] }), { trace: { level: "full" } })
    )
    const { actions } = runtime.resolve(Counter.tag)
    const all = Promise.all([1, 2].map(() => runtime.runPromise(actions.increment())))
    await idle()
    gate.resolve()
    await all
    const waits = entriesOf(runtime).map(({ waited }) => waited)
    expect(waits.map((waited) => waited?.consumers)).toEqual([undefined, ["slow"]])
    expect(waits[1]!.until).toBeGreaterThanOrEqual(waits[1]!.from)
  })

  test("O3 full: which handler made an entry", async () => {
    const logic = Counter.logic("relay", ($) =>
      Effect.all([
        $.onAction("increment").run(() => $.actions.note("a"), { name: "first" }),
        $.onAction("increment").run(() => Effect.andThen(Effect.yieldNow, $.actions.note("b")), {
          name: "second"
        })
      ])
    )
    for (const level of ["full", "light"] as const) {
      const runtime = disposing(
        Runtime.make(Counter.implement({ initial: zero, logics: [logic] }), { trace: { level } })
      )
      runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
      await idle()
      expect(entriesOf(runtime).map(({ handler }) => handler)).toEqual(
        level === "full" ? [undefined, "first", "second"] : [undefined, undefined, undefined]
      )
    }
  })

  test("O2 light records none of these", async () => {
    const { runtime } = await full("light")
    expect(runtime.trace.snapshot().events.map(({ kind }) => kind)).toEqual([
      "entry",
      "entry",
      "entry",
      "entry"
    ])
  })

  test("O2 { sample: n }: every n-th entry in full, the others are counted", () => {
    const { ref, runtime } = setup({ level: { sample: 3 } })
    for (let i = 0; i < 10; i++) ref.unsafe.dispatch({ _tag: "increment" })
    const sampled = entriesOf(runtime)
    expect(sampled.map(({ txnId }) => txnId)).toEqual([
      "Counter#1::t1",
      "Counter#1::t4",
      "Counter#1::t7",
      "Counter#1::t10"
    ])
    expect(sampled.every(({ payloads, changed }) => payloads?.length === 1 && changed?.[0] === "count")).toBe(
      true
    )
    expect(runtime.trace.counts()).toEqual({ recorded: 4, dropped: 0, sampledOut: 6 })
  })

  test("O2 { sample: n } counts entries that roll back or change nothing, too", () => {
    const { ref, runtime } = setup({ level: { sample: 2 } })
    ref.unsafe.dispatch({ _tag: "ping", payload: 1 })
    thrown(() => ref.unsafe.dispatch({ _tag: "boom" }))
    thrown(() => ref.unsafe.dispatch({ _tag: "boom" }))
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(entriesOf(runtime).map(({ outcome }) => outcome)).toEqual(["unchanged", "rollback"])
    expect(runtime.trace.counts()).toEqual({ recorded: 2, dropped: 0, sampledOut: 2 })
  })
})

describe("O3 events of one entry", () => {
  test("O3 they share its transaction id and carry its cause", async () => {
    const done = latch()
    const logic = Counter.logic("relay", ($) =>
      Effect.all([
        $.onAction("increment").run(() => $.actions.note("made")),
        $.onAction("note")
          .filter((line) => line !== "")
          .run(() => Effect.sync(() => done.resolve())),
        $.onAction("note")
          .filter(() => false)
          .run(() => Effect.void)
      ])
    )
    const runtime = disposing(
      Runtime.make(Counter.implement({ initial: zero, logics: [logic] }), { trace: { level: "full" } })
    )
    await runtime.runPromise(runtime.resolve(Counter.tag).actions.increment())
    await done.promise
    await idle()
    const made = runtime.trace.snapshot().events.filter(({ txnId }) => txnId === "Counter#1::t2")
    expect(made.map(({ kind }) => kind).sort()).toEqual(
      ["entry", "delivery", "delivery", "skipped", "handler"].sort()
    )
    expect(made.map(({ cause }) => cause)).toEqual(made.map(() => "Counter#1::t1"))
    const first = runtime.trace.snapshot().events.filter(({ txnId }) => txnId === "Counter#1::t1")
    expect(first.every(({ cause }) => cause === undefined)).toBe(true)
  })
})

describe("O4 readers", () => {
  test("O4 a reader polls: a snapshot costs the entries nothing and takes nothing away", () => {
    const { ref, runtime } = setup()
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(runtime.trace.snapshot()).toEqual(runtime.trace.snapshot())
    expect(runtime.trace.snapshot().events.length).toBe(1)
  })

  interface Batch {
    readonly seqs: ReadonlyArray<number>
    readonly counts: Trace.TraceCounts
  }
  const collect = (runtime: { readonly trace: Trace.TraceReader }) => {
    const batches: Array<Batch> = []
    const stop = runtime.trace.attach({
      onBatch: (events, counts) => batches.push({ seqs: events.map(({ seq }) => seq), counts })
    })
    return { batches, stop }
  }

  test("O4 a sink is told in batches, never inside an entry, from when it came", async () => {
    const { ref, runtime } = setup()
    ref.unsafe.dispatch({ _tag: "increment" })
    const { batches, stop } = collect(runtime)
    for (let i = 0; i < 3; i++) ref.unsafe.dispatch({ _tag: "increment" })
    expect(batches).toEqual([])
    await idle()
    expect(batches).toEqual([{ seqs: [2, 3, 4], counts: { recorded: 4, dropped: 0, sampledOut: 0 } }])
    ref.unsafe.dispatch({ _tag: "increment" })
    await idle()
    expect(batches.map(({ seqs }) => seqs)).toEqual([[2, 3, 4], [5]])
    ref.unsafe.dispatch({ _tag: "increment" })
    stop()
    await idle()
    expect(batches.length).toBe(2)
  })

  test("O4 what a sink was too slow for is counted as dropped", async () => {
    const { ref, runtime } = setup({ capacity: 4 })
    const { batches } = collect(runtime)
    for (let i = 0; i < 10; i++) ref.unsafe.dispatch({ _tag: "increment" })
    await idle()
    expect(batches).toEqual([{ seqs: [7, 8, 9, 10], counts: { recorded: 10, dropped: 6, sampledOut: 0 } }])
  })

  test("O4 a sink that throws is reported; the others and the entries go on", async () => {
    const { ref, runtime, reported } = setup()
    runtime.trace.attach({
      onBatch: () => {
        throw new Error("sink")
      }
    })
    const { batches } = collect(runtime)
    for (let i = 1; i <= 2; i++) {
      ref.unsafe.dispatch({ _tag: "increment" })
      await idle()
    }
    expect(batches.map(({ seqs }) => seqs)).toEqual([[1], [2]])
    expect(ref.unsafe.getState().count).toBe(2)
    expect(reported.errors.map(String)).toEqual(["Error: sink", "Error: sink"])
    expect(reported.infos[0]).toMatchObject({ during: "trace" })
  })

  test("O4 a sink that makes entries is told of them in a later batch", async () => {
    const { ref, runtime } = setup()
    const seqs: Array<ReadonlyArray<number>> = []
    runtime.trace.attach({
      onBatch: (events) => {
        seqs.push(events.map(({ seq }) => seq))
        if (ref.unsafe.getState().count < 3) ref.unsafe.dispatch({ _tag: "increment" })
      }
    })
    ref.unsafe.dispatch({ _tag: "increment" })
    await idle()
    expect(seqs).toEqual([[1], [2], [3]])
  })

  test("O4 a reader that never comes holds up no entry", async () => {
    const { ref, runtime } = setup({ capacity: 2 })
    const gate = Deferred.makeUnsafe<void>()
    runtime.trace.attach({ onBatch: () => void runtime.run(Deferred.await(gate)) })
    for (let i = 0; i < 1000; i++) await runtime.runPromise(ref.actions.increment())
    expect(ref.unsafe.getState().count).toBe(1000)
  })
})
