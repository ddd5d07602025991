/** T1 and T10 for devtools: showing another moment's states, and coming back. */
import { Module, Runtime } from "@sluice/core"
import * as CallSites from "@sluice/core/CallSites"
import * as Devtools from "@sluice/core/Devtools"
import { instanceOf } from "@sluice/core/ModuleRuntime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  collectErrors,
  Counter,
  type CounterState,
  disposing,
  entriesOf,
  grab,
  idle,
  plus,
  rejection,
  thrown,
  zero
} from "./support.ts"

const setup = () => {
  const grabbed = grab()
  const reported = collectErrors()
  const fired: Array<unknown> = []
  const fires = Counter.logic("fires", ($) =>
    Effect.all([
      $.onAction().run((_, action) => Effect.sync(() => void fired.push(action._tag))),
      $.onState((state) => state.count).run((count) => Effect.sync(() => void fired.push(count)))
    ])
  )
  const runtime = disposing(
    Runtime.make(Counter.implement({ initial: zero, logics: [grabbed.logic, fires] }), {
      onError: reported.onError
    })
  )
  const ref = runtime.resolve(Counter.tag)
  const to = (state: unknown) => runtime.travel.to(new Map([["Counter#1", state]]))
  return { runtime, ref, $: grabbed.$, reported, fired, to }
}

const at = (count: number): CounterState => ({ count, log: [] })

describe("T1 a devtools operation", () => {
  test("T1 a jump is one transaction of origin devtools; readers outside see its state", () => {
    const { ref, runtime, to } = setup()
    const told: Array<CounterState> = []
    ref.unsafe.subscribe((state) => told.push(state))
    to(at(42))
    expect(ref.unsafe.getState()).toEqual(at(42))
    expect(runtime.runSync(ref.getState)).toEqual(at(42))
    expect(told).toEqual([at(42)])
    expect(entriesOf(runtime)).toMatchObject([
      { origin: { kind: "devtools", name: "jump" }, tags: [], outcome: "commit" }
    ])
    expect(runtime.travel.active()).toBe(true)
  })

  test("T1 no handler and no onState fires, and `changes` does not emit", async () => {
    const { ref, runtime, fired, to } = setup()
    await runtime.runPromise(ref.actions.increment())
    const emitted: Array<number> = []
    runtime.run(Stream.runForEach(ref.changes, ({ count }) => Effect.sync(() => void emitted.push(count))))
    await idle()
    expect(fired).toEqual([0, "increment", 1])
    to(at(42))
    await idle()
    to(at(43))
    await idle()
    runtime.travel.live()
    await idle()
    expect(fired).toEqual([0, "increment", 1])
    expect(emitted).toEqual([1])
    await runtime.runPromise(ref.actions.increment())
    await idle()
    expect(fired).toEqual([0, "increment", 1, "increment", 2])
    expect(emitted).toEqual([1, 2])
  })

  test("T1 logic goes on to see the state that devtools came from", () => {
    const { runtime, $, to } = setup()
    to(at(42))
    expect(runtime.runSync($.state.get)).toEqual(zero)
    const handle = runtime.runSync($.use(Counter))
    expect(runtime.runSync(handle.getState)).toEqual(zero)
  })

  test("T1 live comes back to that state, also after several jumps", () => {
    const { ref, runtime, to } = setup()
    ref.unsafe.dispatch({ _tag: "add", payload: 7 })
    const before = ref.unsafe.getState()
    for (const count of [1, 2, 3]) to(at(count))
    runtime.travel.live()
    expect(ref.unsafe.getState()).toBe(before)
    expect(runtime.travel.active()).toBe(false)
    runtime.travel.live()
    expect(entriesOf(runtime).map(({ origin }) => origin.name)).toEqual([
      "add",
      "jump",
      "jump",
      "jump",
      "live"
    ])
  })

  test("T5 entries made meanwhile wait, in order, and then enter on the live state", async () => {
    const { ref, runtime, $, to } = setup()
    to(at(42))
    const first = runtime.run(ref.actions.note("1"))
    ref.unsafe.dispatch({ _tag: "note", payload: "2" })
    const settled: Array<string> = []
    const promise = ref.unsafe
      .dispatchPromise({ _tag: "note", payload: "3" })
      .then(() => settled.push("dispatchPromise"))
    const callback = $.callback("note")("4").then(() => settled.push("callback"))
    const last = runtime.run(
      ref.transact("5", (tx) => tx.update((state) => ({ ...state, log: [...state.log, "5"] })))
    )
    await idle()
    expect(settled).toEqual([])
    expect([first, last].map((fiber) => fiber.pollUnsafe())).toEqual([undefined, undefined])
    expect(ref.unsafe.getState()).toEqual(at(42))
    runtime.travel.live()
    await runtime.runPromise(Fiber.joinAll([first, last]))
    await Promise.all([promise, callback])
    expect(ref.unsafe.getState()).toEqual({ count: 0, log: ["1", "2", "3", "4", "5"] })
  })

  test("T4 one that fails then fails for its caller, and the others enter", async () => {
    const { ref, runtime, reported, to } = setup()
    to(at(42))
    const failing = runtime.runPromise(ref.actions.boom())
    const promised = ref.unsafe.dispatchPromise({ _tag: "boom" })
    const last = runtime.runPromise(ref.actions.increment())
    runtime.travel.live()
    expect(await rejection(failing)).toMatchObject({ _tag: "ReducerFailed" })
    expect(await rejection(promised)).toMatchObject({ _tag: "ReducerFailed" })
    await last
    expect(ref.unsafe.getState().count).toBe(1)
    expect(reported.errors.length).toBe(2)
  })

  test("T8 one that is interrupted while it waits never enters", async () => {
    const { ref, runtime, fired, to } = setup()
    to(at(42))
    const fiber = runtime.run(ref.actions.note("never"))
    await runtime.runPromise(Fiber.interrupt(fiber))
    runtime.travel.live()
    await idle()
    expect(ref.unsafe.getState()).toEqual(zero)
    expect(fired).toEqual([0])
  })

  test("T1 several instances: all are shown, or none if one state does not fit", () => {
    const { runtime, ref } = setup()
    const local = runtime.local(Counter.implement({ initial: at(1) }))
    local.mount()
    const both = (state: unknown) =>
      new Map<string, unknown>([
        ["Counter#1", at(10)],
        [local.ref.instanceId, state]
      ])
    expect(thrown(() => runtime.travel.to(both({ count: "20" })))).toMatchObject({
      _tag: "InvalidState",
      instanceId: local.ref.instanceId
    })
    expect([ref.unsafe.getState(), local.ref.unsafe.getState()]).toEqual([zero, at(1)])
    expect(runtime.travel.active()).toBe(false)
    runtime.travel.to(both(at(20)))
    expect([ref.unsafe.getState(), local.ref.unsafe.getState()]).toEqual([at(10), at(20)])
    runtime.travel.live()
    expect([ref.unsafe.getState(), local.ref.unsafe.getState()]).toEqual([zero, at(1)])
  })

  test("T10 live comes back to a state that does not fit the schema, since it stood there", () => {
    const { ref, runtime, to } = setup()
    ref.unsafe.dispatch({ _tag: "add", payload: Number.NaN })
    to(at(42))
    runtime.travel.live()
    expect(ref.unsafe.getState().count).toBeNaN()
    ref.unsafe.dispatch({ _tag: "note", payload: "on" })
    expect(ref.unsafe.getState().log).toEqual(["on"])
  })

  test("T5 made by a subscriber while a commit is told, it runs right after", () => {
    const { ref, to, runtime } = setup()
    const told: Array<string> = []
    ref.unsafe.subscribe(({ count }) => {
      if (count === 1 && told.length === 0) to(at(42))
      if (count === 42) runtime.travel.live()
    })
    ref.unsafe.subscribe(({ count }) => told.push(String(count)))
    ref.unsafe.dispatch({ _tag: "increment" })
    expect(told).toEqual(["1", "42", "1"])
    expect(ref.unsafe.getState().count).toBe(1)
  })

  test("T1 listeners are told when it begins, moves and ends", () => {
    const { runtime, to } = setup()
    const told: Array<boolean> = []
    const stop = runtime.travel.subscribe(() => told.push(runtime.travel.active()))
    to(at(1))
    to(at(2))
    runtime.travel.live()
    stop()
    to(at(3))
    expect(told).toEqual([true, true, false])
  })

  test("C7 whoever waits when the instance closes is told so", async () => {
    const { runtime, ref, to } = setup()
    to(at(42))
    const waiting = rejection(runtime.runPromise(ref.actions.increment()))
    const promised = rejection(ref.unsafe.dispatchPromise({ _tag: "increment" }))
    await runtime.evict("Counter#1")
    expect(await waiting).toMatchObject({ _tag: "InstanceClosed", entry: 'action "increment"' })
    expect(await promised).toMatchObject({ _tag: "InstanceClosed", entry: 'action "increment"' })
  })

  test("T1 a transaction in which state is set goes on from the live state after it", async () => {
    const { runtime, $, ref, to } = setup()
    to(at(42))
    const fiber = runtime.run($.state.update(plus(1)))
    runtime.travel.live()
    await runtime.runPromise(Fiber.join(fiber))
    expect(ref.unsafe.getState().count).toBe(1)
  })

  test("T5 there and back from one subscriber: the instance is live again, and takes entries", () => {
    const { ref, runtime, to } = setup()
    const stop = ref.unsafe.subscribe(() => {
      stop()
      to(at(42))
      runtime.travel.live()
    })
    ref.unsafe.transact("here", (tx) => tx.set(at(1)))
    expect([runtime.travel.active(), ref.unsafe.getState()]).toEqual([false, at(1)])
    ref.unsafe.transact("on", (tx) => tx.update(plus(1)))
    expect(ref.unsafe.getState()).toEqual(at(2))
  })

  test("T5 an entry that waited is let in when every instance is back, in whatever order they were made", () => {
    const make = (id: string) => {
      const def = Module.make(id, { state: Schema.Struct({ n: Schema.Number }), actions: {} })
      return { def, live: def.implement({ initial: { n: 7 } }) }
    }
    const [first, second] = [make("First"), make("Second")]
    const runtime = disposing(Runtime.make([first.live, second.live]))
    const [a, b] = [runtime.resolve(first.def.tag), runtime.resolve(second.def.tag)]
    for (const [own, other] of [
      [a, b],
      [b, a]
    ] as const) {
      runtime.travel.to(
        new Map([
          [a.instanceId, { n: 0 }],
          [b.instanceId, { n: 0 }]
        ])
      )
      own.unsafe.transact("copy", (tx) => tx.set({ n: other.unsafe.getState().n + 1 }))
      const before = other.unsafe.getState()
      expect(before).toEqual({ n: 0 })
      runtime.travel.live()
      expect(own.unsafe.getState().n).toBe(other.unsafe.getState().n + 1)
    }
  })

  test("T5 100,000 entries that waited are let in, in order", () => {
    const Last = Module.make("Last", {
      state: Schema.Number,
      actions: { next: Schema.Number },
      // One out of turn leaves a state from which no other is in turn.
      reducers: { next: (last, n) => (n === last + 1 ? n : Number.NaN) }
    })
    const runtime = disposing(Runtime.make(Last.implement({ initial: 0 }), { trace: { level: "off" } }))
    const { unsafe, instanceId } = runtime.resolve(Last.tag)
    runtime.travel.to(new Map([[instanceId, -1]]))
    for (let n = 1; n <= 100_000; n++) unsafe.dispatch({ _tag: "next", payload: n })
    expect(unsafe.getState()).toBe(-1)
    runtime.travel.live()
    expect(unsafe.getState()).toBe(100_000)
  })

  test("T1 a listener of travel that throws is reported, and the others are told", () => {
    const { runtime, reported, to } = setup()
    const told: Array<boolean> = []
    runtime.travel.subscribe(() => {
      throw new Error("travel listener")
    })
    runtime.travel.subscribe(() => told.push(runtime.travel.active()))
    to(at(1))
    runtime.travel.live()
    expect(told).toEqual([true, false])
    expect(reported.errors.map(String)).toEqual(["Error: travel listener", "Error: travel listener"])
    expect(reported.infos).toMatchObject([{ during: "listener" }, { during: "listener" }])
  })
})

describe("T1 lock, and one instance apart", () => {
  const two = () => {
    const { runtime, ref, ...rest } = setup()
    const local = runtime.local(Counter.implement({ initial: at(1) }))
    local.mount()
    const other = local.ref
    const counts = () => [ref, other].map(({ unsafe }) => unsafe.getState().count)
    const statuses = () => [ref, other].map(Devtools.statusOf)
    return { ...rest, runtime, ref, other, counts, statuses }
  }

  test("T5 while locked, entries wait in order, of callers that can wait and of those that cannot; none is dropped", async () => {
    const { ref, runtime, fired, statuses } = two()
    const told: Array<boolean> = []
    runtime.travel.subscribe(() => told.push(runtime.travel.active()))
    Devtools.lock(runtime)
    expect(statuses()).toEqual([
      { travelled: false, locked: true },
      { travelled: false, locked: true }
    ])
    const first = runtime.run(ref.actions.note("1"))
    ref.unsafe.dispatch({ _tag: "note", payload: "2" })
    const third = ref.unsafe.dispatchPromise({ _tag: "note", payload: "3" })
    await idle()
    expect([ref.unsafe.getState(), first.pollUnsafe()]).toEqual([zero, undefined])
    Devtools.unlock(runtime)
    await runtime.runPromise(Fiber.join(first))
    await third
    await idle()
    expect(ref.unsafe.getState()).toEqual({ count: 0, log: ["1", "2", "3"] })
    expect(fired).toEqual([0, "note", "note", "note"])
    expect(statuses()[0]).toEqual({ travelled: false, locked: false })
    expect(told).toEqual([true, false])
  })

  test("C5 with endTravelFirst an entry that comes while travelled ends the travel of all, and enters after what waits", async () => {
    const { counts, other, ref, runtime, statuses } = two()
    const add = (by: number) => ref.unsafe.dispatch({ _tag: "note", payload: String(by) })
    const away = () =>
      runtime.travel.to(
        new Map([
          ["Counter#1", at(7)],
          [other.instanceId, at(8)]
        ])
      )
    away()
    add(1)
    expect([counts(), Devtools.waitingAt(ref)]).toEqual([[7, 8], 1])
    const ended: Array<boolean> = []
    const stop = Devtools.endTravelFirst(runtime, () => ended.push(statuses().some((one) => one.travelled)))
    add(2)
    expect([ref.unsafe.getState(), counts(), Devtools.waitingAt(ref)]).toEqual([
      { count: 0, log: ["1", "2"] },
      [0, 1],
      0
    ])
    away()
    await runtime.runPromise(ref.actions.note("3"))
    expect(ref.unsafe.getState().log).toEqual(["1", "2", "3"])
    expect(ended).toEqual([true, true])

    // One that is told of the jump does not cut it short: it ends it.
    const seen: Array<number> = []
    const end = ref.unsafe.subscribe(({ count }) => {
      seen.push(count)
      if (count === 7) add(4)
    })
    away()
    expect(seen).toEqual([7, 0, 0])
    expect(ref.unsafe.getState().log).toEqual(["1", "2", "3", "4"])
    end()

    Devtools.lock(runtime)
    add(5)
    expect(Devtools.waitingAt(ref)).toBe(1)
    Devtools.unlock(runtime)
    stop()
    away()
    add(6)
    expect(counts()).toEqual([7, 8])
    Devtools.live(runtime)
    expect(ref.unsafe.getState().log).toEqual(["1", "2", "3", "4", "5", "6"])
  })

  test("T5 lockNow locks within the step of a commit: what its subscribers enter waits, on any instance", async () => {
    const { counts, other, ref, runtime } = two()
    const end = runtime.onCommit(() => Devtools.lockNow(runtime))
    ref.unsafe.subscribe(() => other.unsafe.dispatch({ _tag: "note", payload: "told" }))
    ref.unsafe.dispatch({ _tag: "note", payload: "1" })
    ref.unsafe.dispatch({ _tag: "note", payload: "2" })
    end()
    expect([ref.unsafe.getState().log, other.unsafe.getState().log, counts()]).toEqual([["1"], [], [0, 1]])
    Devtools.unlock(runtime)
    expect([ref.unsafe.getState().log, other.unsafe.getState().log]).toEqual([
      ["1", "2"],
      ["told", "told"]
    ])
    await idle()
  })

  test("T3 a lock is no commit, and tells no subscriber", () => {
    const { ref, runtime } = two()
    const told: Array<unknown> = []
    ref.unsafe.subscribe((state) => told.push(state))
    Devtools.lock(runtime)
    Devtools.lock(runtime)
    Devtools.unlock(runtime)
    Devtools.unlock(runtime)
    expect(told).toEqual([])
    expect(entriesOf(runtime)).toEqual([])
  })

  test("T1 one instance is locked, travels and comes back; the other goes on", () => {
    const { ref, other, runtime, counts, to, statuses } = two()
    Devtools.lock(runtime, [ref.instanceId])
    for (const { unsafe } of [ref, other]) unsafe.dispatch({ _tag: "increment" })
    expect(counts()).toEqual([0, 2])
    Devtools.unlock(runtime, [ref.instanceId])
    expect(counts()).toEqual([1, 2])
    to(at(42))
    runtime.travel.to(new Map([[other.instanceId, at(43)]]))
    for (const { unsafe } of [ref, other]) unsafe.dispatch({ _tag: "increment" })
    Devtools.live(runtime, [other.instanceId])
    expect(counts()).toEqual([42, 3])
    expect(statuses().map(({ travelled }) => travelled)).toEqual([true, false])
    Devtools.live(runtime)
    expect(counts()).toEqual([2, 3])
    expect(runtime.travel.active()).toBe(false)
  })

  test("T5 travel while locked comes back to the lock, and a lock while travelled to the moment", () => {
    const { ref, runtime, to, statuses } = two()
    Devtools.lock(runtime)
    to(at(42))
    ref.unsafe.dispatch({ _tag: "increment" })
    Devtools.live(runtime)
    expect(ref.unsafe.getState()).toBe(zero)
    Devtools.unlock(runtime)
    expect(ref.unsafe.getState().count).toBe(1)

    to(at(42))
    Devtools.lock(runtime)
    ref.unsafe.dispatch({ _tag: "increment" })
    Devtools.unlock(runtime)
    expect([ref.unsafe.getState(), statuses()[0]]).toEqual([at(42), { travelled: true, locked: false }])
    Devtools.live(runtime)
    expect(ref.unsafe.getState().count).toBe(2)

    Devtools.lock(runtime)
    runtime.travel.live()
    to(at(42))
    Devtools.live(runtime)
    expect(runtime.travel.active()).toBe(false)
  })

  test("T5 locked, gone elsewhere and back by any way, in any order: what came meanwhile enters once, in order", () => {
    const operations = { lock: Devtools.lock, unlock: Devtools.unlock, live: Devtools.live }
    const steps = fc.constantFrom("lock", "unlock", "to", "live", "travel.live", "edit", "note")
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 30 }), (names) => {
        const runtime = Runtime.make(Counter.implement({ initial: zero }))
        const ref = runtime.resolve(Counter.tag)
        let noted = 0
        let base: ReadonlyArray<string> = []
        const notes: Array<string> = []
        for (const name of names) {
          const live = { count: 0, log: [...base, ...notes] }
          if (name === "note") {
            const payload = String(noted++)
            ref.unsafe.dispatch({ _tag: "note", payload })
            notes.push(payload)
          } else if (name === "edit") {
            // An edit at home stands before what waits.
            if (Devtools.statusOf(ref).travelled || Devtools.statusOf(ref).locked) continue
            Devtools.edit(runtime, ref.instanceId, { count: 0, log: ["edited"] })
            base = ["edited"]
            notes.length = 0
          } else if (name === "to") runtime.travel.to(new Map([[ref.instanceId, at(42)]]))
          else if (name === "travel.live") runtime.travel.live()
          else operations[name](runtime)
          const { locked, travelled } = Devtools.statusOf(ref)
          if (travelled) expect(ref.unsafe.getState()).toEqual(at(42))
          else if (!locked && name !== "edit" && name !== "note") expect(ref.unsafe.getState()).toEqual(live)
          expect(runtime.travel.active()).toBe(locked || travelled)
        }
        runtime.travel.live()
        expect(ref.unsafe.getState()).toEqual({ count: 0, log: [...base, ...notes] })
      }),
      { numRuns: 200 }
    )
  })

  test("C7 whoever waits behind a lock when the instance closes is told so", async () => {
    const { runtime, ref } = two()
    Devtools.lock(runtime)
    const waiting = rejection(runtime.runPromise(ref.actions.increment()))
    await runtime.evict("Counter#1")
    expect(await waiting).toMatchObject({ _tag: "InstanceClosed" })
  })
})

const Bounded = Module.make("Bounded", {
  state: Schema.Struct({ n: Schema.Int, double: Schema.Number.check(Schema.isLessThan(100)) }),
  actions: {},
  reducers: {},
  traits: (t) => ({ double: t.computed(({ n }) => n * 2) })
})

/** Its derived field can be refused. */
const bounded = () => {
  const reported = collectErrors()
  const runtime = disposing(
    Runtime.make(Bounded.implement({ initial: { n: 0 }, validate: "commit" }), {
      onError: reported.onError
    })
  )
  return { runtime, ref: runtime.resolve(Bounded.tag), reported }
}

/** The next time that it is told. */
const once = (
  ref: { readonly unsafe: { readonly subscribe: (listener: () => void) => () => void } },
  task: () => void
): void => {
  const end = ref.unsafe.subscribe(() => {
    end()
    task()
  })
}

describe("T10 what devtools enter", () => {
  const Doubled = Module.make("Doubled", {
    state: Schema.Struct({ n: Schema.Int, double: Schema.Number }),
    actions: { on: Schema.Date, none: Schema.Void },
    reducers: { on: (state, date) => ({ ...state, n: date.getUTCFullYear() }) },
    traits: (t) => ({ double: t.computed((state) => state.n * 2) })
  })
  const doubled = () => {
    const runtime = disposing(Runtime.make(Doubled.implement({ initial: { n: 1 } }), { onError: () => {} }))
    return { runtime, ref: runtime.resolve(Doubled.tag) }
  }

  test("T10 T9 an edit is checked, stays, and its derived fields follow, there and afterwards", () => {
    const { ref, runtime } = doubled()
    Devtools.edit(runtime, ref.instanceId, { n: 5, double: 0 })
    expect(ref.unsafe.getState()).toEqual({ n: 5, double: 10 })
    expect(thrown(() => Devtools.edit(runtime, ref.instanceId, { n: 5.5, double: 0 }))).toMatchObject({
      _tag: "InvalidState"
    })
    ref.unsafe.transact("on", (tx) => tx.update((state) => ({ ...state, n: state.n + 1 })))
    expect(ref.unsafe.getState()).toEqual({ n: 6, double: 12 })
    expect(entriesOf(runtime)[0]).toMatchObject({ origin: { kind: "devtools", name: "edit" } })
  })

  test("T5 an edit behind a lock stands before what waits; at another moment it is gone with it", () => {
    const { ref, runtime } = doubled()
    Devtools.lock(runtime)
    ref.unsafe.transact("on", (tx) => tx.update((state) => ({ ...state, n: state.n + 1 })))
    Devtools.edit(runtime, ref.instanceId, { n: 5, double: 0 })
    expect([ref.unsafe.getState(), Devtools.statusOf(ref)]).toEqual([
      { n: 5, double: 10 },
      { travelled: false, locked: true }
    ])
    Devtools.unlock(runtime)
    expect(ref.unsafe.getState()).toEqual({ n: 6, double: 12 })
    runtime.travel.to(new Map([[ref.instanceId, { n: 1, double: 2 }]]))
    Devtools.edit(runtime, ref.instanceId, { n: 2, double: 4 })
    expect(ref.unsafe.getState().n).toBe(2)
    runtime.travel.live()
    expect(ref.unsafe.getState()).toEqual({ n: 6, double: 12 })
  })

  test("T10 a state that is put there stays as it is, locked or not, and what comes after goes on from it", () => {
    const { ref, runtime } = doubled()
    const whole = { n: 5, double: 7 }
    Devtools.put(runtime, ref.instanceId, whole)
    expect(ref.unsafe.getState()).toBe(whole)
    expect(Devtools.statusOf(ref)).toEqual({ travelled: false, locked: false })
    Devtools.lock(runtime)
    Devtools.put(runtime, ref.instanceId, { n: 6, double: 8 })
    expect(Devtools.statusOf(ref)).toEqual({ travelled: false, locked: true })
    Devtools.unlock(runtime)
    expect(ref.unsafe.getState()).toEqual({ n: 6, double: 8 })
    ref.unsafe.transact("on", (tx) => tx.update((state) => ({ ...state, n: state.n + 1 })))
    expect(ref.unsafe.getState()).toEqual({ n: 7, double: 14 })
    expect(thrown(() => Devtools.put(runtime, ref.instanceId, { n: 5.5, double: 0 }))).toMatchObject({
      _tag: "InvalidState"
    })
  })

  test("T5 in a transaction it is refused; in a subscriber it comes right after", () => {
    const { ref, runtime } = doubled()
    const edit = () => Devtools.edit(runtime, ref.instanceId, { n: 5, double: 10 })
    expect(thrown(() => ref.unsafe.transact("in", () => edit()))).toMatchObject({
      _tag: "EntryInTransaction"
    })
    const stop = ref.unsafe.subscribe(() => {
      stop()
      edit()
      expect(ref.unsafe.getState().n).toBe(2)
    })
    ref.unsafe.transact("set", (tx) => tx.set({ n: 2, double: 4 }))
    expect(ref.unsafe.getState()).toEqual({ n: 5, double: 10 })
  })

  test("T5 one that is refused in a subscriber is reported, and what waits behind that commit enters", () => {
    const { ref, reported, runtime } = bounded()
    once(ref, () => {
      ref.unsafe.transact("behind", (tx) => tx.update(({ n, ...state }) => ({ ...state, n: n + 1 })))
      Devtools.edit(runtime, ref.instanceId, { n: 60, double: 0 })
    })
    ref.unsafe.transact("first", (tx) => tx.update((state) => ({ ...state, n: 1 })))
    expect(ref.unsafe.getState()).toEqual({ n: 2, double: 4 })
    expect(reported.errors).toMatchObject([{ _tag: "InvalidState" }])
  })

  test("T4 one that is refused with its derived fields leaves a lock as it was", () => {
    const { ref, runtime } = bounded()
    Devtools.lock(runtime)
    ref.unsafe.transact("waits", (tx) => tx.update((state) => ({ ...state, n: state.n + 1 })))
    expect(thrown(() => Devtools.edit(runtime, ref.instanceId, { n: 60, double: 0 }))).toMatchObject({
      _tag: "InvalidState"
    })
    expect(Devtools.statusOf(ref)).toEqual({ travelled: false, locked: true })
    Devtools.unlock(runtime)
    expect(ref.unsafe.getState()).toEqual({ n: 1, double: 2 })
  })

  test("T9 what a subscriber enters when it is told of a state that was put there has its derived fields", () => {
    const { ref, runtime } = bounded()
    once(ref, () => ref.unsafe.transact("on", (tx) => tx.update((state) => ({ ...state, n: state.n + 1 }))))
    Devtools.put(runtime, ref.instanceId, { n: 5, double: 7 })
    expect(ref.unsafe.getState()).toEqual({ n: 6, double: 12 })
  })

  test("T5 who is told of it, or of coming back, may travel or lock: the own state stays, and nothing is lost", () => {
    const enter = {
      edit: (runtime: Runtime.AnyRuntime) => Devtools.edit(runtime, "Bounded#1", { n: 5, double: 10 }),
      put: (runtime: Runtime.AnyRuntime) => Devtools.put(runtime, "Bounded#1", { n: 5, double: 10 }),
      live: (runtime: Runtime.AnyRuntime) => runtime.travel.live(),
      "live of these": (runtime: Runtime.AnyRuntime) => Devtools.live(runtime, ["Bounded#1"])
    }
    for (const [name, entry] of Object.entries(enter)) {
      for (const isLocked of [false, true]) {
        for (const goes of ["travel", "lock"] as const) {
          const { ref, runtime } = bounded()
          const to = (n: number) => runtime.travel.to(new Map([[ref.instanceId, { n, double: 2 * n }]]))
          Devtools.edit(runtime, ref.instanceId, { n: 5, double: 10 })
          if (name.startsWith("live")) to(7)
          else Devtools.edit(runtime, ref.instanceId, { n: 4, double: 8 })
          if (isLocked) Devtools.lock(runtime)
          once(ref, () => (goes === "travel" ? to(9) : Devtools.lock(runtime)))
          entry(runtime)
          const where = `${name}, ${isLocked ? "locked, " : ""}${goes}`
          expect([where, ref.unsafe.getState().n]).toEqual([where, goes === "travel" ? 9 : 5])
          ref.unsafe.transact("on", (tx) => tx.update((state) => ({ ...state, n: state.n + 1 })))
          Devtools.live(runtime)
          Devtools.unlock(runtime)
          expect([where, ref.unsafe.getState()]).toEqual([where, { n: 6, double: 12 }])
          expect(Devtools.statusOf(ref)).toEqual({ travelled: false, locked: false })
        }
      }
    }
  })

  test("T10 an action's payload is decoded by its schema from JSON, or refused with its path", () => {
    const { ref, runtime } = doubled()
    const dispatch = (action: { _tag: string; payload?: unknown }) =>
      Devtools.dispatch(runtime, ref.instanceId, action)
    expect(dispatch({ _tag: "on", payload: "2024-02-03T00:00:00.000Z" })).toEqual({ waits: false })
    expect(ref.unsafe.getState().n).toBe(2024)
    expect(dispatch({ _tag: "none" })).toEqual({ waits: false })
    expect(thrown(() => dispatch({ _tag: "on", payload: { at: 1 } }))).toMatchObject({
      _tag: "InvalidPayload"
    })
    expect(thrown(() => dispatch({ _tag: "toString" }))).toMatchObject({ _tag: "UnknownAction" })
    expect(thrown(() => Devtools.dispatch(runtime, "Other#1", { _tag: "on" }))).toMatchObject({
      _tag: "InstanceClosed"
    })
    Devtools.lock(runtime)
    expect(dispatch({ _tag: "on", payload: "2025-02-03T00:00:00.000Z" })).toEqual({ waits: true })
    expect(ref.unsafe.getState().n).toBe(2024)
    Devtools.unlock(runtime)
    expect(ref.unsafe.getState().n).toBe(2025)
  })

  test("T11 T9 states become the instances' own in one moment, from anywhere; what waited enters after them", () => {
    const { ref, runtime } = doubled()
    const local = runtime.local(Doubled.implement({ initial: { n: 2 } }))
    local.mount()
    const both = [ref, local.ref]
    const ns = () => both.map(({ unsafe }) => unsafe.getState().n)
    const seen: Array<ReadonlyArray<number>> = []
    const become = (n: number) =>
      Devtools.become(runtime, new Map(both.map((face) => [face.instanceId, { n, double: 0 }])), "import")
    runtime.travel.to(new Map([[ref.instanceId, { n: 9, double: 18 }]]))
    ref.unsafe.transact("on", (tx) => tx.update((state) => ({ ...state, n: state.n + 1 })))
    const stop = local.ref.unsafe.subscribe(() => seen.push(ns()))
    become(5)
    stop()
    expect(seen).toEqual([[5, 5]])
    expect(both.map(({ unsafe }) => unsafe.getState())).toEqual([
      { n: 6, double: 12 },
      { n: 5, double: 10 }
    ])
    expect(runtime.travel.active()).toBe(false)
    Devtools.lock(runtime)
    ref.unsafe.transact("on", (tx) => tx.update((state) => ({ ...state, n: state.n + 1 })))
    runtime.travel.to(new Map([[ref.instanceId, { n: 9, double: 18 }]]))
    become(7)
    expect([ns(), Devtools.statusOf(ref)]).toEqual([[7, 7], { travelled: false, locked: true }])
    Devtools.unlock(runtime)
    expect(ns()).toEqual([8, 7])
    expect(ref.unsafe.getState().double).toBe(16)
  })

  test("T10 states of which one does not fit change nothing, and leave it where it is", () => {
    const { ref, runtime } = doubled()
    const local = runtime.local(Doubled.implement({ initial: { n: 2 } }))
    local.mount()
    runtime.travel.to(new Map([[ref.instanceId, { n: 9, double: 18 }]]))
    const become = (n: number) =>
      Devtools.become(
        runtime,
        new Map([
          [ref.instanceId, { n: 5, double: 0 }],
          [local.ref.instanceId, { n, double: 0 }]
        ]),
        "import"
      )
    expect(thrown(() => become(0.5))).toMatchObject({ _tag: "InvalidState" })
    expect([ref.unsafe.getState().n, local.ref.unsafe.getState().n]).toEqual([9, 2])
    expect(Devtools.statusOf(ref).travelled).toBe(true)
    runtime.travel.live()
    expect(thrown(() => ref.unsafe.transact("in", () => become(3)))).toMatchObject({
      _tag: "EntryInTransaction"
    })
  })
})

test("an entry that ends the travel leaves the instance in shape, whoever else wraps it meanwhile", () => {
  const { ref, runtime, to } = setup()
  const shape = () => Object.keys(instanceOf(ref) ?? {})
  const before = shape()
  let ended = 0
  const first = Devtools.endTravelFirst(runtime, () => ended++)
  const sites = CallSites.keep(runtime)
  const second = Devtools.endTravelFirst(runtime, () => ended++)
  const travels = () => {
    to({ ...zero, count: 7 })
    ref.unsafe.dispatch({ _tag: "add", payload: 1 })
    return runtime.travel.active()
  }
  expect([travels(), ended]).toEqual([false, 1])
  expect(shape()).toEqual(before)
  first()
  sites.end()
  expect([travels(), ended]).toEqual([false, 2])
  second()
  expect([travels(), ended]).toEqual([true, 2])
  expect(shape()).toEqual(before)
  runtime.travel.live()
  expect(ref.unsafe.getState().count).toBe(3)
})
