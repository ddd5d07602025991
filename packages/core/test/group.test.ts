/** T11: several instances in one moment, all or none; and T2 to T5 and C3 to C7 for such a group. */
import { type Commit, Errors, Group, Module, Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { describe, expect, expectTypeOf, test } from "vitest"
import { collectErrors, disposing, entriesOf, idle, latch, rejection, thrown } from "./support.ts"

const Balance = Schema.Struct({ balance: Schema.Finite, log: Schema.Array(Schema.String) })
const options = {
  state: Balance,
  actions: { note: Schema.String },
  reducers: {
    note: (state: typeof Balance.Type, line: string) => ({ ...state, log: [...state.log, line] })
  }
} as const
const A = Module.make("A", options)
const B = Module.make("B", options)
const C = Module.make("C", options)
const start = { balance: 100, log: [] }

const plus = (by: number) => (state: typeof Balance.Type) => ({ ...state, balance: state.balance + by })
const noting = (line: string) => (state: typeof Balance.Type) => ({ ...state, log: [...state.log, line] })

class Broke extends Data.TaggedError("Broke")<{ readonly missing: number }> {}

const setup = (extra: Omit<Runtime.RuntimeOptions, "onError" | "layer"> = {}) => {
  const reported = collectErrors()
  const modules = [
    A.implement({ initial: start, validate: "commit" }),
    B.implement({ initial: start, validate: "commit" }),
    C.implement({ initial: start })
  ] as const
  const runtime = disposing(Runtime.make(modules, { onError: reported.onError, ...extra }))
  const [a, b, c] = [runtime.resolve(A.tag), runtime.resolve(B.tag), runtime.resolve(C.tag)]
  const balances = () => [a, b, c].map(({ unsafe }) => unsafe.getState().balance)
  const versions = () => [a, b, c].map(({ unsafe }) => unsafe.getVersion())
  const outcomes = () =>
    entriesOf(runtime).map(({ groupId, outcome, txnId }) => `${txnId} ${outcome} ${groupId}`)
  return { runtime, a, b, c, balances, versions, outcomes, reported }
}

const collectCommits = () => {
  const commits: Array<Commit.Commit> = []
  const sink: Commit.CommitSink = {
    name: "collect",
    capacity: 64,
    onCommit: (batch) => Effect.sync(() => void commits.push(...batch))
  }
  return { commits, sink }
}

describe("T11 a group", () => {
  test("T11 one transaction on each, each with its own number, and one groupId", () => {
    const { a, b, balances, outcomes, runtime, versions } = setup()
    b.unsafe.dispatch({ _tag: "note", payload: "first" })
    const result = runtime.runSync(
      runtime.transact([a, b], "transfer", (from, to) => {
        from.update(plus(-30))
        to.update(plus(30))
        return from.get().balance
      })
    )
    expect(result).toBe(70)
    expect(balances()).toEqual([70, 130, 100])
    expect(versions()).toEqual([1, 2, 0])
    expect(outcomes()).toEqual(["B#1::t1 commit undefined", "A#1::t1 commit g1", "B#1::t2 commit g1"])
    runtime.unsafe.transact([b, a], "back", (to, from) => {
      to.update(plus(-30))
      from.mutate((draft) => {
        draft.balance += 30
      })
    })
    expect(balances()).toEqual([100, 100, 100])
    expect(outcomes().slice(3)).toEqual(["B#1::t3 commit g2", "A#1::t2 commit g2"])
  })

  test("T11 members are instances, tags, definitions or modules", () => {
    const { a, balances, runtime } = setup()
    const moduleB = B.implement({ initial: start })
    runtime.unsafe.transact([a, moduleB, C], "all", (...txs) => txs.forEach((tx) => tx.update(plus(1))))
    runtime.unsafe.transact([A.tag], "one", (tx) => tx.update(plus(1)))
    expect(balances()).toEqual([102, 101, 101])
  })

  test("T11 a subscriber of one sees what the others committed", () => {
    const { a, b, balances, runtime } = setup()
    const seen: Array<ReadonlyArray<number>> = []
    a.unsafe.subscribe(() => seen.push(balances()))
    b.unsafe.subscribe(() => seen.push(balances()))
    runtime.unsafe.transact([A, B], "transfer", (from, to) => {
      from.update(plus(-1))
      to.update(plus(1))
    })
    expect(seen).toEqual([
      [99, 101, 100],
      [99, 101, 100]
    ])
  })

  test("T3 a member without a change commits nothing and tells nobody", async () => {
    const { commits, sink } = collectCommits()
    const { b, outcomes, runtime, versions } = setup({ sinks: [sink] })
    let told = 0
    b.unsafe.subscribe(() => told++)
    runtime.unsafe.transact([A, B], "one of two", (tx) => tx.update(plus(1)))
    expect(versions()).toEqual([1, 0, 0])
    expect(told).toBe(0)
    expect(outcomes()).toEqual(["A#1::t1 commit g1", "B#1::t1 unchanged g1"])
    await idle()
    expect(commits.map(({ txnId }) => txnId)).toEqual(["A#1::t1"])
  })

  test("T11 sinks get the commits of a group in order, with its id, without another's between", async () => {
    const { commits, sink } = collectCommits()
    const { b, runtime } = setup({ sinks: [sink] })
    b.unsafe.subscribe(({ log }) => {
      if (log.length === 0) b.unsafe.dispatch({ _tag: "note", payload: "after" })
    })
    runtime.unsafe.transact([B, A, C], "three", (...txs) => txs.forEach((tx) => tx.update(plus(1))))
    await idle()
    expect(commits.map(({ groupId, seq, txnId }) => `${seq} ${txnId} ${groupId}`)).toEqual([
      "1 B#1::t1 g1",
      "2 A#1::t1 g1",
      "3 C#1::t1 g1",
      "4 B#1::t2 undefined"
    ])
  })

  test("T11 an instance that is given twice has one transaction", () => {
    const { balances, outcomes, runtime } = setup()
    runtime.unsafe.transact([A, A], "to itself", (from, to) => {
      from.update(plus(-30))
      to.update(plus(30))
      to.update(plus(1))
    })
    expect(balances()).toEqual([101, 100, 100])
    expect(outcomes()).toEqual(["A#1::t1 commit undefined"])
  })

  test("T11 no instance, or one of another runtime, is refused", async () => {
    const { a, balances, runtime } = setup()
    const other = setup()
    const empty = thrown(() => runtime.unsafe.transact([], "none", () => {}))
    expect(empty).toMatchObject({ _tag: "InvalidGroup", reason: "empty" })
    const mixed = runtime.transact([a, other.b], "mixed", (tx) => tx.update(plus(1)))
    const foreign = { _tag: "InvalidGroup", reason: "foreign", instanceId: "B#1" }
    expect(await rejection(runtime.runPromise(mixed))).toMatchObject(foreign)
    expect(thrown(() => runtime.unsafe.transact([other.b], "theirs", () => {}))).toMatchObject(foreign)
    const byHand = { ...a, instanceId: "byHand" }
    expect(thrown(() => runtime.unsafe.transact([byHand], "by hand", () => {}))).toMatchObject({
      ...foreign,
      instanceId: "byHand"
    })
    expect(balances()).toEqual([100, 100, 100])
  })

  test("C7 one with a closed instance is refused, and one that waits when it closes", async () => {
    const { a, b, balances, reported, runtime } = setup()
    runtime.travel.to(new Map([["A#1", start]]))
    const waiting = runtime.run(runtime.transact([b, a], "waits", (tx) => tx.update(plus(1))))
    runtime.unsafe.transact([b, a], "also waits", (tx) => tx.update(plus(1)))
    b.unsafe.dispatch({ _tag: "note", payload: "behind them" })
    expect(b.unsafe.getState().log).toEqual([])
    await runtime.evict("A#1")
    const exit = await runtime.runPromise(Fiber.await(waiting))
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    expect(error).toBeInstanceOf(Errors.InstanceClosed)
    expect(error).toMatchObject({ instanceId: "A#1", entry: 'state-update "waits"' })
    expect(b.unsafe.getState().log).toEqual(["behind them"])
    expect(thrown(() => runtime.unsafe.transact([b, a], "late", () => {}))).toMatchObject({
      _tag: "InstanceClosed",
      instanceId: "A#1"
    })
    expect(balances()).toEqual([100, 100, 100])
    // The caller of the other had gone on.
    expect(reported.infos).toMatchObject([{ instanceId: "A#1", entry: 'state-update "also waits"' }])
    expect(reported.errors).toEqual([expect.any(Errors.InstanceClosed)])
  })
})

describe("T11 T4 all or none: a group that fails", () => {
  const failing: Array<
    [string, (app: ReturnType<typeof setup>) => Effect.Effect<unknown, unknown>, unknown]
  > = [
    [
      "a throw",
      ({ runtime }) =>
        runtime.transact([A, B], "x", (a, b) => {
          a.update(plus(1))
          b.update(plus(1))
          throw new Error("boom")
        }),
      { message: "boom" }
    ],
    [
      "an Effect that fails",
      ({ runtime }) =>
        runtime.transact([A, B], "x", (a, b) => {
          a.update(plus(1))
          b.update(plus(1))
          return Effect.fail(new Broke({ missing: 1 }))
        }),
      { _tag: "Broke", missing: 1 }
    ],
    [
      "an Effect that suspends",
      ({ runtime }) =>
        runtime.transact([A, B], "x", (a) => {
          a.update(plus(1))
          return Effect.sleep(1)
        }),
      { _tag: "TransactionSuspended", by: "effect" }
    ],
    [
      "a Promise",
      ({ runtime }) =>
        runtime.transact([A, B], "x", (a): unknown => {
          a.update(plus(1))
          return Promise.resolve()
        }),
      { _tag: "TransactionSuspended", by: "promise" }
    ],
    [
      "an invalid state of the second",
      ({ runtime }) =>
        runtime.transact([A, B], "x", (a, b) => {
          a.update(plus(1))
          b.update(plus(Number.NaN))
        }),
      { _tag: "InvalidState", instanceId: "B#1" }
    ]
  ]

  test.each(failing)("T4 %s rolls back all, and the next entry works", async (_, body, error) => {
    const app = setup()
    const { a, b, balances, outcomes, reported, runtime, versions } = app
    let told = 0
    for (const { unsafe } of [a, b]) unsafe.subscribe(() => told++)
    expect(await rejection(runtime.runPromise(body(app) as Effect.Effect<unknown>))).toMatchObject(
      error as object
    )
    expect(balances()).toEqual([100, 100, 100])
    expect(versions()).toEqual([0, 0, 0])
    expect(told).toBe(0)
    expect(outcomes()).toEqual(["A#1::t1 rollback g1", "B#1::t1 rollback g1"])
    expect(reported.errors).toMatchObject([error])
    runtime.unsafe.transact([A, B], "next", (from, to) => {
      from.update(plus(-1))
      to.update(plus(1))
    })
    expect(balances()).toEqual([99, 101, 100])
    expect(versions()).toEqual([1, 1, 0])
  })

  test("T4 the error is reported once, for the instance that refused", () => {
    const { reported, runtime } = setup()
    const run = () => runtime.unsafe.transact([A, B], "x", (_, b) => b.update(plus(Number.NaN)))
    expect(thrown(run)).toMatchObject({ _tag: "InvalidState" })
    expect(reported.infos).toMatchObject([{ instanceId: "B#1", during: "entry", txnId: "B#1::t1" }])
  })
})

describe("T2 the window of a group", () => {
  test("T2 an Effect body, given in its place or returned, writes to every open draft with $.state", async () => {
    const grabbed: Array<Module.LogicContext<typeof Balance.Type, { readonly note: string }>> = []
    const grab = ($: Module.LogicContext<typeof Balance.Type, { readonly note: string }>) =>
      Effect.sync(() => void grabbed.push($))
    const runtime = disposing(
      Runtime.make([
        A.implement({ initial: start, logics: [A.logic("grab", grab)] }),
        B.implement({ initial: start, logics: [B.logic("grab", grab)] }),
        C.implement({ initial: start, logics: [C.logic("grab", grab)] })
      ])
    )
    const move = Effect.all(grabbed.slice(0, 2).map(($, i) => $.state.update(plus(i === 0 ? -5 : 5))))
    await runtime.runPromise(runtime.transact([A, B], "in place", move))
    await runtime.runPromise(
      runtime.transact([A, B], "returned", (a) => {
        a.update(plus(-1))
        return Effect.forEach(grabbed.slice(0, 2), ($) => Effect.map($.state.get, ({ balance }) => balance))
      })
    )
    const [a, b] = [runtime.resolve(A.tag), runtime.resolve(B.tag)]
    expect([a, b].map(({ unsafe }) => unsafe.getState().balance)).toEqual([94, 105])
    const outside = runtime.transact([A, B], "outside", grabbed[2]?.state.update(plus(1)) ?? Effect.void)
    expect(await rejection(runtime.runPromise(outside))).toMatchObject({
      _tag: "EntryInTransaction",
      instanceId: "C#1",
      openInstanceId: "A#1, B#1",
      openEntry: 'state-update "outside"'
    })
  })

  test("T2 a transaction of a group is of no use after it", () => {
    const { balances, runtime } = setup()
    let kept: ((f: ReturnType<typeof plus>) => void) | undefined
    runtime.unsafe.transact([A, B], "keep", (_, b) => {
      kept = b.update
    })
    expect(thrown(() => kept?.(plus(1)))).toMatchObject({ _tag: "TransactionSuspended", by: "late write" })
    expect(balances()).toEqual([100, 100, 100])
  })

  test("T5 an entry inside, on a member, on another, or as a group, is refused", () => {
    const { a, c, runtime } = setup()
    const inside = (entry: () => void) => thrown(() => runtime.unsafe.transact([A, B], "open", () => entry()))
    const refused = { _tag: "EntryInTransaction", openInstanceId: "A#1, B#1" }
    expect(inside(() => a.unsafe.dispatch({ _tag: "note", payload: "x" }))).toMatchObject(refused)
    expect(inside(() => c.unsafe.dispatch({ _tag: "note", payload: "x" }))).toMatchObject(refused)
    const group = inside(() => runtime.unsafe.transact([B, C], "within", () => {}))
    expect(group).toMatchObject({ ...refused, instanceId: "B#1, C#1" })
    expect(inside(() => runtime.travel.to(new Map([["C#1", start]])))).toMatchObject(refused)
  })

  test("T6 what is left for after the commit starts then, caused by its own transaction", async () => {
    const { runtime } = setup()
    const seen: Array<string> = []
    const enter = Effect.andThen(
      Effect.sync(() => void seen.push("after")),
      Effect.flatMap(C.tag, (c) => c.actions.note("left"))
    )
    const provided = runtime.resolve(C.tag)
    await runtime.runPromise(
      runtime.transact([A, B], "leaves", (a, b) => {
        a.afterCommit(Effect.provideService(enter, C.tag, provided))
        b.afterCommit(Effect.provideService(enter, C.tag, provided))
        b.update(plus(1))
        seen.push("body")
      })
    )
    await idle()
    expect(seen).toEqual(["body", "after", "after"])
    const causes = entriesOf(runtime).filter(({ instanceId }) => instanceId === "C#1")
    expect(causes.map(({ cause }) => cause)).toEqual(["A#1::t1", "B#1::t1"])
  })

  test("T6 nothing of it starts after a rollback", async () => {
    const { runtime } = setup()
    let started = 0
    const count = Effect.sync(() => void started++)
    await rejection(
      runtime.runPromise(
        runtime.transact([A, B], "leaves", (a, b) => {
          a.afterCommit(count)
          b.afterCommit(count)
          return Effect.andThen(Effect.forkChild(count), Effect.die("no"))
        })
      )
    )
    await idle()
    expect(started).toBe(0)
  })
})

describe("T5 the turn of a group", () => {
  test("T5 entries of subscribers run right after, in the order they were made, on whichever instance", () => {
    const { a, b, c, runtime } = setup()
    const order: Array<string> = []
    const told = (name: string) => (state: typeof Balance.Type) =>
      void order.push(`${name} ${state.log.join()}`)
    const once = (first: () => void) => {
      let done = false
      return () => {
        if (done) return
        done = true
        first()
      }
    }
    a.unsafe.subscribe(
      once(() => {
        b.unsafe.dispatch({ _tag: "note", payload: "1" })
        a.unsafe.dispatch({ _tag: "note", payload: "2" })
        runtime.unsafe.transact([A, B], "3", (...txs) => txs.forEach((tx) => tx.update(noting("3"))))
        b.unsafe.dispatch({ _tag: "note", payload: "4" })
        order.push("made")
      })
    )
    b.unsafe.subscribe(once(() => a.unsafe.dispatch({ _tag: "note", payload: "5" })))
    a.unsafe.subscribe(told("a"))
    b.unsafe.subscribe(told("b"))
    runtime.unsafe.transact([A, B, C], "group", (...txs) => txs.forEach((tx) => tx.update(plus(1))))
    expect(order).toEqual(["made", "a ", "b ", "b 1", "a 2", "a 2,3", "b 1,3", "b 1,3,4", "a 2,3,5"])
    expect(c.unsafe.getState().log).toEqual([])
  })

  test("T5 a subscriber may make groups again and again", () => {
    const { a, balances, runtime } = setup()
    const again = () =>
      runtime.unsafe.transact([A, B], "again", (...txs) => txs.forEach((tx) => tx.update(plus(1))))
    a.unsafe.subscribe(({ balance }) => {
      if (balance < 20_000) again()
    })
    again()
    expect(balances()).toEqual([20_000, 20_000, 100])
  })

  test("T5 made while one of its instances tells, it waits for that, and what comes after waits for it", () => {
    const { a, b, runtime } = setup()
    a.unsafe.subscribe(({ log }) => {
      if (log.join() !== "1") return
      runtime.unsafe.transact([B, A], "2", (...txs) => txs.forEach((tx) => tx.update(noting("2"))))
      b.unsafe.dispatch({ _tag: "note", payload: "3" })
      expect(b.unsafe.getState().log).toEqual([])
    })
    a.unsafe.dispatch({ _tag: "note", payload: "1" })
    expect([a, b].map(({ unsafe }) => unsafe.getState().log)).toEqual([
      ["1", "2"],
      ["2", "3"]
    ])
  })

  test("T5 groups of the same instances in either order, and single entries, wait for no circle", async () => {
    const { a, b, runtime } = setup()
    runtime.travel.to(new Map(["A#1", "B#1"].map((id) => [id, start])))
    const group = (members: ReadonlyArray<typeof a>, line: string) =>
      runtime.transact(members, line, (...txs) => txs.forEach((tx) => tx.update(noting(line))))
    const fibers = [
      runtime.run(a.actions.note("1")),
      runtime.run(group([a, b], "2")),
      runtime.run(group([b, a], "3")),
      runtime.run(b.actions.note("4")),
      runtime.run(group([b], "5")),
      runtime.run(group([a, b], "6")),
      runtime.run(a.actions.note("7"))
    ]
    await idle()
    expect(fibers.map((fiber) => fiber.pollUnsafe())).toEqual(fibers.map(() => undefined))
    runtime.travel.live()
    await runtime.runPromise(Fiber.joinAll(fibers))
    expect([a, b].map(({ unsafe }) => unsafe.getState().log)).toEqual([
      ["1", "2", "3", "6", "7"],
      ["2", "3", "4", "5", "6"]
    ])
  })

  test("T8 one that is interrupted while it waits never runs, and holds nobody up", async () => {
    const { a, b, balances, runtime } = setup()
    runtime.travel.to(new Map([["A#1", start]]))
    const fiber = runtime.run(
      runtime.transact([B, A], "waits", (...txs) => txs.forEach((tx) => tx.update(plus(1))))
    )
    b.unsafe.dispatch({ _tag: "note", payload: "behind it" })
    expect(b.unsafe.getState().log).toEqual([])
    await runtime.runPromise(Fiber.interrupt(fiber))
    expect(b.unsafe.getState().log).toEqual(["behind it"])
    runtime.travel.live()
    a.unsafe.dispatch({ _tag: "note", payload: "next" })
    expect(a.unsafe.getState().log).toEqual(["next"])
    expect(balances()).toEqual([100, 100, 100])
  })
})

describe("C3 a group and full consumers", () => {
  test("C3 it waits until a sink has a slot for each of its commits", async () => {
    const open = latch()
    const batches: Array<ReadonlyArray<string>> = []
    const sink: Commit.CommitSink = {
      name: "slow",
      capacity: 2,
      onCommit: (batch) => {
        batches.push(batch.map(({ txnId }) => txnId))
        return Effect.promise(() => open.promise)
      }
    }
    const { a, balances, runtime } = setup({ sinks: [sink] })
    await runtime.runPromise(a.actions.note("taken"))
    await idle()
    await runtime.runPromise(a.actions.note("takes a slot"))
    const group = runtime.run(
      runtime.transact([A, B], "two", (...txs) => txs.forEach((tx) => tx.update(plus(1))))
    )
    await idle()
    expect(group.pollUnsafe()).toBeUndefined()
    expect(balances()).toEqual([100, 100, 100])
    open.resolve()
    await runtime.runPromise(Fiber.join(group))
    expect(balances()).toEqual([101, 101, 100])
    await idle()
    expect(batches).toEqual([["A#1::t1"], ["A#1::t2"], ["A#1::t3", "B#1::t1"]])
  })

  test("C3 one of more commits than the sink's capacity is let in when it is empty", async () => {
    const { commits, sink } = collectCommits()
    const { balances, runtime } = setup({ sinks: [{ ...sink, capacity: 1 }] })
    await runtime.runPromise(
      runtime.transact([A, B, C], "three", (...txs) => txs.forEach((tx) => tx.update(plus(1))))
    )
    expect(balances()).toEqual([101, 101, 101])
    await idle()
    expect(commits.map(({ groupId }) => groupId)).toEqual(["g1", "g1", "g1"])
  })
})

describe("C3 a group and sinks that come", () => {
  test("C3 one that is attached while a group waits is waited for, too", async () => {
    const [first, second] = [latch(), latch()]
    const taken: Array<string> = []
    const sink = (name: string, open: { readonly promise: Promise<void> }): Commit.CommitSink => ({
      name,
      capacity: 1,
      onCommit: (batch) => {
        taken.push(...batch.map(({ txnId }) => `${name} ${txnId}`))
        return Effect.promise(() => open.promise)
      }
    })
    const { a, b, balances, runtime } = setup({ sinks: [sink("first", first)] })
    await runtime.runPromise(a.actions.note("taken"))
    await idle()
    b.unsafe.dispatch({ _tag: "note", payload: "takes the slot" })
    const group = runtime.run(
      runtime.transact([A, B], "two", (...txs) => txs.forEach((tx) => tx.update(plus(1))))
    )
    runtime.attach(sink("second", second))
    a.unsafe.dispatch({ _tag: "note", payload: "without a slot" })
    await idle()
    expect(balances()).toEqual([100, 100, 100])
    first.resolve()
    second.resolve()
    await runtime.runPromise(Fiber.join(group))
    await idle()
    expect(balances()).toEqual([101, 101, 100])
    const all = ["A#1::t1", "B#1::t1", "A#1::t2", "A#1::t3", "B#1::t2"]
    expect(taken.filter((each) => each.startsWith("first"))).toEqual(all.map((id) => `first ${id}`))
    expect(taken.filter((each) => each.startsWith("second"))).toEqual(
      all.slice(2).map((id) => `second ${id}`)
    )
  })
})

describe("T11 in logic", () => {
  test("T11 Group.transact opens the nearest instances in scope, also from a handler", async () => {
    const transfers = C.logic("transfers", ($) =>
      $.onAction("note").run((line) =>
        Group.transact([A.tag, B], "transfer", (from, to) => {
          from.update(noting(line))
          to.update(noting(line))
        })
      )
    )
    const runtime = disposing(
      Runtime.make([
        C.implement({ initial: start, logics: [transfers], channel: { capacity: 1 } }),
        A.implement({ initial: start }),
        B.implement({ initial: start })
      ])
    )
    for (const line of ["1", "2", "3"]) await runtime.runPromise(runtime.resolve(C.tag).actions.note(line))
    await idle()
    const members = [runtime.resolve(A.tag), runtime.resolve(B.tag)]
    expect(members.map(({ unsafe }) => unsafe.getState().log)).toEqual([
      ["1", "2", "3"],
      ["1", "2", "3"]
    ])
    const groups = entriesOf(runtime).filter(({ groupId }) => groupId !== undefined)
    expect(groups.map(({ cause }) => cause)).toEqual([1, 1, 2, 2, 3, 3].map((n) => `C#1::t${n}`))
  })

  test("T11 of a module that is not provided, it says so", async () => {
    const runtime = disposing(Runtime.make(A.implement({ initial: start })))
    expect(thrown(() => runtime.unsafe.transact([A, B], "x", () => {}))).toMatchObject({
      _tag: "ModuleNotProvided",
      moduleId: "B",
      provided: ["A"]
    })
    const nearest = Group.transact([A, B], "x", () => {}) as Effect.Effect<void>
    expect(await rejection(runtime.runPromise(nearest))).toMatchObject({
      _tag: "ModuleNotProvided",
      moduleId: "B",
      provided: ["A"]
    })
  })
})

describe("T11 types", () => {
  const Priced = Module.make("Priced", {
    state: Schema.Struct({ net: Schema.Number, gross: Schema.Number }),
    actions: {},
    traits: (t) => ({ gross: t.computed((s) => s.net * 2) })
  })
  const PricedLive = Priced.implement({ initial: { net: 1 } })

  test("T11 each transaction is of its member's state; what the body fails with is in the type", () => {
    const { a, runtime } = setup()
    const effect = runtime.transact([a, B.tag, Priced, PricedLive], "x", (first, second, third, fourth) => {
      expectTypeOf(first.get()).toEqualTypeOf<typeof Balance.Type>()
      expectTypeOf(second.get()).toEqualTypeOf<typeof Balance.Type>()
      expectTypeOf(third.get().gross).toEqualTypeOf<number>()
      expectTypeOf(fourth.get()).toEqualTypeOf<{ readonly net: number; readonly gross: number }>()
      third.mutate((draft) => {
        draft.net = 2
        // @ts-expect-error -- a derived field is read-only in a draft
        draft.gross = 2
      })
      return first.get().balance > 0 ? Effect.succeed("ok") : Effect.fail(new Broke({ missing: 1 }))
    })
    expectTypeOf(effect).toEqualTypeOf<Effect.Effect<string, Broke>>()
    expectTypeOf(runtime.transact([a], "x", (tx) => tx.get().balance)).toEqualTypeOf<Effect.Effect<number>>()
    void (() => {
      // @ts-expect-error -- there is no third member
      runtime.unsafe.transact([A, B], "x", (x, y, z) => [x, y, z])
      // @ts-expect-error -- the state of A has no such field
      runtime.unsafe.transact([A], "x", (x) => x.update((state) => ({ ...state, balance: "much" })))
      // @ts-expect-error -- a body that answers later
      runtime.transact([A], "x", async () => {})
      // @ts-expect-error -- not a module
      runtime.unsafe.transact([{ id: "A" }], "x", () => {})
    })
  })

  test("T11 Group.transact needs the modules that it names, and none for an instance", () => {
    const { a } = setup()
    const named = Group.transact([A, B.tag, a], "x", (x, y, z) => [x, y, z].map((tx) => tx.get().balance))
    type Needs = Effect.Services<typeof A.tag> | Effect.Services<typeof B.tag>
    expectTypeOf(named).toEqualTypeOf<Effect.Effect<Array<number>, never, Needs>>()
    expectTypeOf(Group.transact([a], "x", () => "ok")).toEqualTypeOf<Effect.Effect<string>>()
  })

  test("T9 derived fields of every member converge in the window", () => {
    const runtime = disposing(Runtime.make([PricedLive, A.implement({ initial: start })]))
    const seen: Array<number> = []
    runtime
      .resolve(A.tag)
      .unsafe.subscribe(() => seen.push(runtime.resolve(Priced.tag).unsafe.getState().gross))
    runtime.unsafe.transact([A, Priced], "x", (account, priced) => {
      account.update(plus(1))
      priced.mutate((draft) => {
        draft.net = 5
      })
    })
    expect(seen).toEqual([10])
  })
})

describe("runtime.reset", () => {
  test("T11 every live instance is back at its first state in one moment", async () => {
    const { a, b, balances, outcomes, runtime } = setup()
    const local = runtime.local(A.implement({ initial: { ...start, balance: 7 } }))
    const release = local.mount()
    const refs = [a, b, local.ref]
    for (const { unsafe } of refs) unsafe.transact("set", (tx) => tx.update(plus(1)))
    const seen: Array<ReadonlyArray<number>> = []
    for (const { unsafe } of refs) {
      unsafe.subscribe(() => seen.push(refs.map((ref) => ref.unsafe.getState().balance)))
    }
    await runtime.runPromise(runtime.reset())
    expect(seen).toEqual(refs.map(() => [100, 100, 7]))
    expect(balances()).toEqual([100, 100, 100])
    expect(outcomes().slice(3)).toEqual([
      "A#1::t2 commit g1",
      "B#1::t2 commit g1",
      "C#1::t1 unchanged g1",
      "A#2::t2 commit g1"
    ])
    release()
  })

  test("C7 of an instance that closes while it waits, the others are reset", async () => {
    const { a, b, runtime } = setup()
    b.unsafe.transact("set", (tx) => tx.update(plus(1)))
    runtime.travel.to(new Map([["A#1", start]]))
    const reset = runtime.run(runtime.reset())
    await idle()
    expect([reset.pollUnsafe(), b.unsafe.getState().balance]).toEqual([undefined, 101])
    await runtime.evict(a.instanceId)
    await runtime.runPromise(Fiber.join(reset))
    expect(b.unsafe.getState().balance).toBe(100)
  })

  test("T11 of no instance at all it does nothing", async () => {
    const runtime = disposing(Runtime.make([]))
    expect(await runtime.runPromise(runtime.reset())).toBeUndefined()
  })
})

describe("T1 travel of several instances", () => {
  test("T11 nobody sees one travelled and another not, there or back", () => {
    const { a, b, balances, outcomes, runtime } = setup()
    a.unsafe.transact("set", (tx) => tx.update(plus(1)))
    const seen: Array<ReadonlyArray<number>> = []
    for (const { unsafe } of [a, b]) unsafe.subscribe(() => seen.push(balances()))
    runtime.travel.to(
      new Map([
        ["A#1", { ...start, balance: 1 }],
        ["B#1", { ...start, balance: 2 }]
      ])
    )
    runtime.travel.live()
    expect(seen).toEqual([
      [1, 2, 100],
      [1, 2, 100],
      [101, 100, 100],
      [101, 100, 100]
    ])
    expect(outcomes().slice(1)).toEqual([
      "A#1::t2 commit g1",
      "B#1::t1 commit g1",
      "A#1::t3 commit g2",
      "B#1::t2 commit g2"
    ])
  })

  test("T5 by a subscriber of a group, too", () => {
    const { a, b, balances, runtime } = setup()
    const stop = a.unsafe.subscribe(() => {
      stop()
      runtime.travel.to(new Map([["B#1", { ...start, balance: 1 }]]))
      expect(balances()).toEqual([101, 101, 100])
    })
    const seen: Array<ReadonlyArray<number>> = []
    b.unsafe.subscribe(() => seen.push(balances()))
    runtime.unsafe.transact([a, b], "both", (...txs) => txs.forEach((tx) => tx.update(plus(1))))
    expect(seen).toEqual([
      [101, 101, 100],
      [101, 1, 100]
    ])
    runtime.travel.live()
    expect(balances()).toEqual([101, 101, 100])
  })

  test("T5 by a subscriber, they come after what is being told, there and back in order", () => {
    const { a, b, balances, runtime } = setup()
    const seen: Array<ReadonlyArray<number>> = []
    b.unsafe.subscribe(() => seen.push(balances()))
    const stop = a.unsafe.subscribe(() => {
      stop()
      const to = (balance: number) => ["A#1", "B#1"].map((id) => [id, { ...start, balance }] as const)
      runtime.travel.to(new Map(to(1)))
      runtime.travel.to(new Map(to(2).slice(1)))
      runtime.travel.live()
      expect(balances()).toEqual([100, 100, 100])
    })
    a.unsafe.dispatch({ _tag: "note", payload: "go" })
    expect(seen).toEqual([
      [1, 1, 100],
      [1, 2, 100],
      [100, 100, 100]
    ])
    expect(runtime.travel.active()).toBe(false)
  })
})
