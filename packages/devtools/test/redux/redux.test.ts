/** The Redux DevTools bridge against a stand-in whose messages are of the extension's own format. */
import { Collection, Module, Runtime } from "@sluice/core"
import * as Devtools from "@sluice/core/Devtools"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { reduxDevtools, type ReduxDevtoolsOptions } from "../../src/redux/index.ts"
import * as from from "./fixtures.ts"
import { standIn } from "./standIn.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })
})
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
const ends: Array<() => unknown> = []

const reduced: Array<string> = []
const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number, double: Schema.Number }),
  actions: { add: Schema.Number, multiply: Schema.Number, fail: Schema.Void, on: Schema.Date },
  reducers: {
    add: (state, by) => {
      reduced.push(`add ${by}`)
      return { ...state, count: state.count + by }
    },
    multiply: (state, by) => {
      reduced.push(`multiply ${by}`)
      if (state.count === 0 && by === 0) throw new Error("zero")
      return { ...state, count: state.count * by }
    },
    fail: () => {
      throw new Error("it fails")
    },
    on: (state, date) => ({ ...state, count: date.getUTCFullYear() })
  },
  traits: (t) => ({ double: t.computed(({ count }) => count * 2) })
})
const Log = Module.make("Log", {
  state: Schema.Struct({ lines: Schema.Array(Schema.String) }),
  actions: { write: Schema.String },
  reducers: { write: (state, line) => ({ lines: [...state.lines, line] }) }
})

const setup = (options?: ReduxDevtoolsOptions, onStringify?: () => void) => {
  const extension = standIn(onStringify)
  const runtime = Runtime.make(
    [Counter.implement({ initial: { count: 1 } }), Log.implement({ initial: { lines: [] } })],
    { onError: () => {}, label: "app" }
  )
  const [counter, log] = [runtime.resolve(Counter.tag), runtime.resolve(Log.tag)]
  const disconnect = reduxDevtools(runtime, options)
  ends.push(disconnect, () => runtime.dispose())
  const add = (by: number) => counter.unsafe.dispatch({ _tag: "add", payload: by })
  const multiply = (by: number) => counter.unsafe.dispatch({ _tag: "multiply", payload: by })
  const write = (line: string) => log.unsafe.dispatch({ _tag: "write", payload: line })
  const count = () => counter.unsafe.getState().count
  const counts = () =>
    extension.shown().states.map((state) => (state as { "Counter#1": { count: number } })["Counter#1"].count)
  const settle = () => vi.advanceTimersByTime(10_000)
  return { ...extension, runtime, counter, log, disconnect, add, multiply, write, count, counts, settle }
}

/** Started, with `add 2` and `multiply 10` in its list. */
const begun = (options?: ReduxDevtoolsOptions) => {
  const app = setup(options)
  app.receive(from.start)
  app.add(2)
  app.multiply(10)
  app.settle()
  reduced.length = 0
  return app
}

describe("where and when it costs something", () => {
  test("without a window, or without the extension in it, it does nothing", () => {
    const runtime = Runtime.make(Counter.implement({ initial: { count: 1 } }))
    ends.push(() => runtime.dispose())
    const onCommit = vi.spyOn(runtime, "onCommit")
    reduxDevtools(runtime)()
    vi.stubGlobal("window", {})
    reduxDevtools(runtime)()
    vi.stubGlobal("window", { __REDUX_DEVTOOLS_EXTENSION__: { connect: "no function" } })
    reduxDevtools(runtime)()
    expect(onCommit).not.toHaveBeenCalled()
  })

  test("until a monitor is there, and after it has gone, nothing is recorded or sent", () => {
    const { add, count, receive, sent, settle, shown, counts, runtime } = setup()
    const onCommit = vi.spyOn(runtime, "onCommit")
    add(1)
    settle()
    expect(sent).toEqual([{ type: "INIT_INSTANCE", instanceId: 1 }])
    expect(onCommit).not.toHaveBeenCalled()
    receive(from.start)
    expect(counts()).toEqual([2])
    add(1)
    settle()
    const before = sent.length
    receive(from.stop)
    add(1)
    settle()
    expect([sent.length, count()]).toEqual([before, 4])
    receive(from.start)
    expect([shown().ids, counts()]).toEqual([[0], [4]])
    receive(from.failed)
    add(1)
    settle()
    expect(counts()).toEqual([4])
  })

  test("the monitor that leaves while it is elsewhere leaves the app at live, with nothing held", () => {
    const { add, count, receive } = begun()
    receive(from.lock(true))
    receive(from.jumpToState(0))
    add(1)
    expect(count()).toBe(1)
    receive(from.stop)
    expect(count()).toBe(31)
  })

  test("disconnected, it is let go of, and the app is at live", () => {
    const { count, disconnect, listening, receive, add, sent, settle } = begun()
    receive(from.jumpToState(0))
    disconnect()
    expect([count(), listening()]).toEqual([30, 0])
    const before = sent.length
    add(1)
    settle()
    expect(sent).toHaveLength(before)
  })

  test("a thousand transactions a second are sent now and then, the first of them as one, and the last as they are", () => {
    const { add, sent, settle, shown, counts, receive } = setup({ maxAge: 10, latency: 100 })
    receive(from.start)
    for (let at = 0; at < 1000; at++) add(1)
    expect(sent.filter(({ type }) => type === "ACTION")).toEqual([])
    settle()
    expect(shown().types).toEqual([
      "@@INIT",
      "992 transactions",
      ...Array.from({ length: 8 }, () => "Counter#1/add")
    ])
    expect(counts()).toEqual([1, 993, 994, 995, 996, 997, 998, 999, 1000, 1001])
  })

  test("what the extension takes for a state decides how much it gets: a tenth of the time at most", () => {
    let stringified = 0
    const { add, receive, counts, settle } = setup({ latency: 100 }, () => {
      stringified++
      offset += 50
    })
    let offset = 0
    const now = performance.now.bind(performance)
    vi.spyOn(performance, "now").mockImplementation(() => now() + offset)
    receive(from.start)
    stringified = 0
    for (let at = 0; at < 10_000; at++) {
      add(1)
      vi.advanceTimersByTime(1)
    }
    settle()
    // 10 seconds, with 450 ms after each state of 50 ms.
    expect(stringified).toBeGreaterThan(20)
    expect(stringified).toBeLessThanOrEqual(24)
    expect(counts().at(-1)).toBe(10_001)
  })
})

describe("what the monitor is shown", () => {
  test("the actions that there are, for its dispatcher", () => {
    const { creators, receive } = setup()
    receive(from.start)
    expect(creators()).toEqual(
      ["Counter#1/add", "Counter#1/multiply", "Counter#1/fail", "Counter#1/on", "Log#1/write"].map(
        (name) => ({
          name,
          args: ["payload"]
        })
      )
    )
  })

  test("of large states, those around the place that is shown; the app travels to all", () => {
    let offset = 0
    const now = performance.now.bind(performance)
    vi.spyOn(performance, "now").mockImplementation(() => now() + offset)
    const { add, count, receive, settle, shown } = setup({ latency: 1 }, () => {
      offset += 100
    })
    receive(from.start)
    for (let at = 0; at < 9; at++) {
      add(1)
      settle()
    }
    const sent = () =>
      shown().states.flatMap((state, place) => (Object.hasOwn(state as object, "Counter#1") ? [place] : []))
    receive(from.update)
    expect(sent()).toEqual([7, 8, 9])
    receive(from.jumpToState(3))
    expect([count(), sent()]).toEqual([4, [1, 2, 3, 4, 5, 9]])
  })

  test("an extension that fails does so for itself: the app does not notice, and the monitor is given all the next time", () => {
    const { add, count, counts, errors, failWith, receive, settle } = setup()
    receive(from.start)
    let failing = true
    failWith(() => failing)
    add(1)
    settle()
    expect([count(), errors]).toEqual([2, ["cannot be cloned"]])
    failing = false
    add(1)
    settle()
    expect([count(), counts()]).toEqual([3, [1, 2, 3]])
  })

  test("each transaction, with what it was, and the states of all instances", () => {
    const { counter, log, receive, runtime, sent, settle, shown } = setup({ name: "my app" })
    receive(from.start)
    counter.unsafe.dispatch({ _tag: "add", payload: 2 })
    log.unsafe.transact("fill", (tx) => tx.set({ lines: ["a"] }))
    runtime.unsafe.transact([Counter, Log], "both", (counter, log) => {
      counter.update((state) => ({ ...state, count: 0 }))
      log.set({ lines: [] })
    })
    counter.unsafe.dispatchBatch([
      { _tag: "add", payload: 1 },
      { _tag: "multiply", payload: 2 }
    ])
    settle()
    expect(shown().types).toEqual([
      "@@INIT",
      "Counter#1/add",
      "Log#1/state-update fill",
      "Counter#1 + Log#1/state-update both",
      "Counter#1/add, multiply"
    ])
    expect(shown().states.at(-1)).toEqual({ "Counter#1": { count: 2, double: 4 }, "Log#1": { lines: [] } })
    expect(sent.find(({ type }) => type === "ACTION")).toMatchObject({
      action: {
        type: "PERFORM_ACTION",
        action: {
          type: "Counter#1/add",
          payload: 2,
          transactions: [
            {
              txnId: "Counter#1::t1",
              origin: { kind: "action", name: "add" },
              actions: [{ _tag: "add", payload: 2 }]
            }
          ]
        }
      }
    })
  })

  test("only so many entries: the oldest become the beginning, here and there", () => {
    const { add, count, counts, receive, settle, shown } = setup({ maxAge: 3 })
    receive(from.start)
    for (let at = 0; at < 5; at++) {
      add(1)
      settle()
    }
    expect([shown().ids, counts()]).toEqual([
      [0, 4, 5],
      [4, 5, 6]
    ])
    receive(from.jumpToAction(4))
    expect(count()).toBe(5)
    receive(from.jumpToState(0))
    expect(count()).toBe(4)
    receive(from.jumpToAction(1))
    expect(count()).toBe(4)
  })

  test("a monitor that is opened again is given the whole list, and so is one that asks", () => {
    const { counts, receive, sent, shown } = begun()
    sent.length = 0
    receive(from.start)
    expect(sent.map(({ type }) => type)).toEqual(["INIT", "STATE"])
    receive(from.update)
    expect(sent.at(-1)).toEqual({ type: "STATE", states: 3 })
    expect([counts(), shown().current]).toEqual([[1, 3, 30], 2])
  })

  test("who orders something is a monitor, also where its start was not heard", () => {
    const { receive, shown, add, settle, counts, errors } = setup()
    receive(from.update)
    add(1)
    settle()
    expect([shown().ids, counts(), errors]).toEqual([[0, 1], [1, 2], []])
  })

  test("the extension's options are none of its business, and what it does not know it says", () => {
    const { errors, receive } = begun()
    receive(from.options)
    expect(errors).toEqual([])
    receive(from.unknown)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain("The monitor's message was refused")
    receive({ message: { type: "DISPATCH", payload: { type: "JUMP_TO_STATE", index: "first" } } })
    receive({ message: { type: "DISPATCH", payload: { type: "JUMP_TO_STATE", index: 17 } } })
    expect(errors).toHaveLength(3)
  })
})

test("what stands in for the extension may have `connect` alone", () => {
  const { extension, receive, counts, ...app } = setup()
  Reflect.deleteProperty(extension, "send")
  receive(from.start)
  app.add(2)
  app.multiply(10)
  app.settle()
  receive(from.toggle(1))
  expect([counts(), app.count()]).toEqual([[1, 1, 10], 10])
})

describe("travel", () => {
  test("JUMP_TO_STATE and JUMP_TO_ACTION show a moment; entries wait; the last place is live, with nothing lost", () => {
    const { add, count, counts, receive, settle } = begun()
    receive(from.jumpToState(1, JSON.stringify({ "Counter#1": { count: 1_000 } })))
    expect(count()).toBe(3)
    add(5)
    receive(from.jumpToAction(0))
    expect(count()).toBe(1)
    receive(from.jumpToAction(2))
    expect(count()).toBe(35)
    settle()
    expect(counts()).toEqual([1, 3, 30, 35])
  })

  test("at any time, in any order: back at the last place the state is what it would have been", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ _tag: fc.constant("add" as const), by: fc.nat({ max: 5 }) }),
        fc.record({ _tag: fc.constant("jump" as const), place: fc.nat({ max: 12 }) }),
        fc.record({ _tag: fc.constant("toggle" as const), id: fc.nat({ max: 12 }) }),
        fc.record({ _tag: fc.constant("settle" as const) })
      ),
      { maxLength: 30 }
    )
    fc.assert(
      fc.property(steps, (steps) => {
        const app = setup()
        app.receive(from.start)
        let sum = 1
        const toggled = new Set<number>()
        for (const step of steps) {
          if (step._tag === "settle") app.settle()
          else if (step._tag === "jump") app.receive(from.jumpToState(step.place))
          else if (step._tag === "toggle") {
            const isThere = step.id > 0 && app.shown().ids.includes(step.id)
            app.receive(from.toggle(step.id))
            if (isThere) toggled[toggled.has(step.id) ? "delete" : "add"](step.id)
          } else {
            app.add(step.by)
            sum += step.by
          }
        }
        for (const id of toggled) app.receive(from.toggle(id))
        app.settle()
        app.receive(from.update)
        app.receive(from.jumpToState(app.shown().ids.length - 1))
        app.settle()
        expect(app.count()).toBe(sum)
        app.receive(from.update)
        expect(app.counts().at(-1)).toBe(sum)
        app.disconnect()
      }),
      { numRuns: 60 }
    )
  })

  test("COMMIT while elsewhere makes what is shown the app's own; what waited enters after it", () => {
    const { add, count, counts, counter, receive, settle, shown } = begun()
    receive(from.jumpToState(1))
    add(5)
    receive(from.commit)
    expect(count()).toBe(8)
    expect(counter.unsafe.getState().double).toBe(16)
    settle()
    expect([shown().ids, counts()]).toEqual([
      [0, 1],
      [3, 8]
    ])
  })

  test("someone else brings the app back to live: the monitor is told", () => {
    const { receive, runtime, shown, count } = begun()
    receive(from.toggle(1))
    expect(count()).toBe(10)
    runtime.travel.live()
    expect([shown().skipped, shown().current, count()]).toEqual([[], 2, 30])
  })
})

describe("what if", () => {
  test("TOGGLE_ACTION leaves an action out: the later ones are run again, by their reducers; toggled again, it is live", () => {
    const { count, counter, counts, receive, shown, add } = begun()
    receive(from.toggle(1))
    expect(reduced).toEqual(["multiply 10"])
    expect([count(), counter.unsafe.getState().double]).toEqual([10, 20])
    expect([shown().skipped, counts()]).toEqual([[1], [1, 1, 10]])
    add(1)
    expect(count()).toBe(10)
    receive(from.toggle(1))
    expect([count(), shown().skipped]).toEqual([31, []])
  })

  test("SET_ACTIONS_ACTIVE leaves a range out, and takes it in again", () => {
    const { count, receive, counts } = begun()
    receive(from.setActive(1, 3, false))
    expect([count(), counts()]).toEqual([1, [1, 1, 1]])
    receive(from.setActive(1, 2, true))
    expect(counts()).toEqual([1, 3, 3])
    receive(from.setActive(0, 1_000_000_000, true))
    expect([count(), counts()]).toEqual([30, [1, 3, 30]])
  })

  test("REORDER_ACTION puts one before another, or at an end", () => {
    const { count, receive, shown, counts } = begun()
    receive(from.reorder(2, 1))
    expect([shown().ids, counts(), count()]).toEqual([[0, 2, 1], [1, 10, 12], 12])
    receive(from.reorder(2, 99))
    expect([shown().ids, counts(), count()]).toEqual([[0, 1, 2], [1, 3, 30], 30])
    receive(from.reorder(2, 0))
    expect([shown().ids, count()]).toEqual([[0, 2, 1], 12])
  })

  test("an action that fails there, and a write that does not fit, are shown with why", () => {
    const { counter, receive, settle, shown, count } = begun()
    counter.unsafe.transact("odd", (tx) => tx.update((state) => ({ ...state, count: state.count + 1 })))
    settle()
    receive(from.toggle(1))
    expect(shown().errors[3]).toContain("what it wrote at count is left out")
    expect(count()).toBe(10)
  })

  test("a reducer that throws on the other states is shown as an error, and does nothing", () => {
    const { add, multiply, receive, settle, shown, counts } = setup()
    receive(from.start)
    add(-1)
    add(4)
    multiply(0)
    settle()
    receive(from.toggle(2))
    expect(counts()).toEqual([1, 0, 0, 0])
    expect(shown().errors[3]).toContain("zero")
  })

  test("whatever is skipped and reordered: the states are those of the actions that are left, in that order", () => {
    const action = fc.record({
      _tag: fc.constantFrom("add" as const, "multiply" as const),
      by: fc.integer({ min: 1, max: 5 })
    })
    const order = fc.oneof(
      fc.record({ _tag: fc.constant("toggle" as const), pick: fc.nat() }),
      fc.record({ _tag: fc.constant("reorder" as const), pick: fc.nat(), before: fc.nat() }),
      fc.record({ _tag: fc.constant("jump" as const), pick: fc.nat() })
    )
    fc.assert(
      fc.property(
        fc.array(action, { minLength: 1, maxLength: 8 }),
        fc.array(order, { maxLength: 12 }),
        fc.boolean(),
        (actions, orders, sweeps) => {
          const app = setup()
          app.receive(from.start)
          for (const { _tag, by } of actions) app[_tag](by)
          app.settle()
          let ids = actions.map((_, index) => index + 1)
          const skipped = new Set<number>()
          const expected = () => {
            let count = 1
            return ids.map((id) => {
              const { _tag, by } = actions[id - 1] ?? { _tag: "add", by: 0 }
              if (!skipped.has(id)) count = _tag === "add" ? count + by : count * by
              return count
            })
          }
          let place = ids.length
          for (const order of orders) {
            const id = ids[order.pick % ids.length] ?? 0
            if (order._tag === "toggle") {
              app.receive(from.toggle(id))
              skipped[skipped.has(id) ? "delete" : "add"](id)
            } else if (order._tag === "jump") {
              place = order.pick % (ids.length + 1)
              app.receive(from.jumpToState(place))
            } else {
              const before = ids[order.before % ids.length] ?? 0
              app.receive(from.reorder(id, before))
              if (id !== before) {
                const others = ids.filter((other) => other !== id)
                ids = others.toSpliced(others.indexOf(before), 0, id)
              }
            }
            app.receive(from.update)
            expect(app.shown().ids).toEqual([0, ...ids])
            expect(app.counts()).toEqual([1, ...expected()])
            expect(app.count()).toBe([1, ...expected()][place])
          }
          const last = expected().at(-1)
          if (sweeps && skipped.size > 0) {
            app.receive(from.sweep)
            app.receive(from.update)
            expect(app.counts()).toEqual([
              1,
              ...expected().filter((_, index) => !skipped.has(ids[index] ?? 0))
            ])
            expect(app.count()).toBe(last)
            app.add(1)
            expect(app.count()).toBe((last ?? 0) + 1)
          }
          app.disconnect()
        }
      ),
      { numRuns: 80 }
    )
  })

  test("a state that its schema refuses is not shown: the list is as it was", () => {
    const Even = Module.make("Even", {
      state: Schema.Struct({ n: Schema.Number.check(Schema.isMultipleOf(2)) }),
      actions: { add: Schema.Number },
      reducers: { add: (state, by) => ({ n: state.n + by }) }
    })
    const extension = standIn()
    const runtime = Runtime.make(Even.implement({ initial: { n: 0 } }))
    ends.push(reduxDevtools(runtime), () => runtime.dispose())
    const even = runtime.resolve(Even.tag)
    extension.receive(from.start)
    even.unsafe.dispatchBatch([
      { _tag: "add", payload: 1 },
      { _tag: "add", payload: 1 }
    ])
    even.unsafe.dispatch({ _tag: "add", payload: 1 })
    even.unsafe.dispatch({ _tag: "add", payload: 1 })
    vi.advanceTimersByTime(1_000)
    extension.receive(from.toggle(2))
    expect(extension.errors[0]).toContain("does not fit its schema")
    expect([even.unsafe.getState(), extension.shown().skipped, runtime.travel.active()]).toEqual([
      { n: 4 },
      [],
      false
    ])
  })

  test("SWEEP forgets what is left out: the rest is what was, and the app goes on from there", () => {
    const { add, count, counts, receive, settle, shown } = begun()
    receive(from.reorder(2, 1))
    receive(from.toggle(1))
    add(5)
    receive(from.sweep)
    expect([count(), shown().skipped]).toEqual([15, []])
    settle()
    expect(counts()).toEqual([1, 10, 15])
    receive(from.jumpToState(0))
    receive(from.jumpToState(2))
    expect(count()).toBe(15)
  })

  test("an entry that stands for many is left out as a whole", () => {
    const { add, counts, receive, settle, count, multiply } = setup({ maxAge: 4 })
    receive(from.start)
    for (let at = 0; at < 10; at++) add(1)
    multiply(2)
    settle()
    expect(counts()).toEqual([1, 10, 11, 22])
    receive(from.toggle(1))
    expect([counts(), count()]).toEqual([[1, 1, 2, 4], 4])
  })
})

test("whatever the monitor orders, in any order: what is shown is known, and no entry is lost", () => {
  const order = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ _tag: fc.constant("add" as const), by: fc.integer({ min: 1, max: 9 }) })
    },
    { weight: 3, arbitrary: fc.record({ _tag: fc.constant("jump" as const), pick: fc.nat() }) },
    fc.record({
      _tag: fc.constantFrom(
        "lock" as const,
        "unlock",
        "pause",
        "resume",
        "commit",
        "rollback",
        "reset",
        "reopen",
        "settle"
      )
    })
  )
  fc.assert(
    fc.property(fc.array(order, { maxLength: 30 }), (orders) => {
      const app = setup()
      app.receive(from.start)
      // Of the instance itself, whatever it shows.
      let live = 1
      let waiting = 0
      let elsewhere: number | undefined
      let isLocked = false
      let isPaused = false
      for (const order of orders) {
        app.receive(from.update)
        const counts = app.counts()
        switch (order._tag) {
          case "add":
            app.add(order.by)
            waiting += order.by
            break
          case "jump": {
            // Paused, the monitor's list is not up to date.
            if (isPaused) break
            const place = order.pick % counts.length
            app.receive(from.jumpToState(place))
            elsewhere = place === counts.length - 1 ? undefined : counts[place]
            break
          }
          case "lock":
          case "unlock":
            isLocked = order._tag === "lock"
            app.receive(from.lock(isLocked))
            break
          case "pause":
          case "resume":
            isPaused = order._tag === "pause"
            app.receive(from.pause(isPaused))
            break
          case "commit":
            app.receive(from.commit)
            live = elsewhere ?? live
            elsewhere = undefined
            break
          case "rollback":
            app.receive(from.rollback)
            live = counts[0] ?? 0
            elsewhere = undefined
            break
          case "reset":
            app.receive(from.reset)
            live = 1
            elsewhere = undefined
            break
          case "reopen":
            app.receive(from.stop)
            app.receive(from.start)
            elsewhere = undefined
            isLocked = false
            break
          case "settle":
            app.settle()
        }
        if (!isLocked && elsewhere === undefined) {
          live += waiting
          waiting = 0
        }
        expect(app.count()).toBe(elsewhere ?? live)
        if (!isPaused) expect(app.shown().isLocked).toBe(isLocked)
      }
      app.receive(from.stop)
      expect(app.count()).toBe(live + waiting)
      app.disconnect()
    }),
    { numRuns: 100 }
  )
})

describe("commit, rollback, reset", () => {
  test("COMMIT: the list begins with the state of now", () => {
    const { count, counts, receive, shown } = begun()
    receive(from.commit)
    expect([count(), shown().ids, counts()]).toEqual([30, [0], [30]])
  })

  test("ROLLBACK: the app is as it was at the list's beginning", () => {
    const { count, counts, counter, receive, add } = begun()
    receive(from.commit)
    add(1)
    receive(from.rollback)
    expect([count(), counts(), counter.unsafe.getState().double]).toEqual([30, [30], 60])
  })

  test("RESET: the app is as it was made, also while it is locked", () => {
    const { count, counts, receive, write, log, add, shown } = begun()
    write("a")
    receive(from.lock(true))
    receive(from.reset)
    expect([count(), log.unsafe.getState().lines, counts()]).toEqual([1, [], [1]])
    add(1)
    expect([count(), shown().isLocked]).toEqual([1, true])
    receive(from.lock(false))
    expect(count()).toBe(2)
  })
})

describe("lock and pause", () => {
  test("a lock that someone else has ended is none here either", () => {
    const { add, count, receive, runtime, settle, shown } = begun()
    receive(from.lock(true))
    add(1)
    runtime.travel.live()
    expect([count(), shown().isLocked]).toEqual([31, false])
    runtime.local(Counter.implement({ initial: { count: 7 } })).mount()
    add(1)
    settle()
    expect([count(), shown().isLocked]).toEqual([32, false])
  })

  test("LOCK_CHANGES: actions wait, in order, and none is lost", async () => {
    const { add, count, counts, receive, runtime, settle, shown, counter } = begun()
    receive(from.lock(true))
    expect(shown().isLocked).toBe(true)
    add(1)
    const waiting = runtime.runPromise(counter.actions.multiply(2))
    await Promise.resolve()
    const local = runtime.local(Counter.implement({ initial: { count: 7 } }))
    local.mount()
    local.ref.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect([count(), local.ref.unsafe.getState().count]).toEqual([30, 7])
    receive(from.lock(false))
    await waiting
    settle()
    expect([count(), local.ref.unsafe.getState().count, shown().isLocked]).toEqual([62, 8, false])
    expect(counts().at(-1)).toBe(62)
  })

  test("PAUSE_RECORDING: nothing is sent; then the list goes on with what there is", () => {
    const { add, counts, receive, sent, settle, shown, count } = begun()
    receive(from.pause(true))
    const before = sent.length
    for (let at = 0; at < 10_000; at++) add(1)
    settle()
    receive(from.toggle(1))
    receive(from.toggle(1))
    expect(sent).toHaveLength(before)
    receive(from.pause(false))
    expect([counts().at(-1), count(), shown().isPaused]).toEqual([10_030, 10_030, false])
    add(1)
    settle()
    expect(counts().at(-1)).toBe(10_031)
    receive(from.jumpToState(2))
    expect(count()).toBe(30)
    receive(from.jumpToState(shown().ids.length - 1))
    expect(count()).toBe(10_031)
  })
})

describe("dispatch", () => {
  test("an action written as JSON is entered, its payload decoded by the schema", () => {
    const { count, errors, log, receive } = begun()
    receive(from.typed('{ "type": "Counter#1/add", "payload": 3 }'))
    receive(from.typed('{ "_tag": "add", "payload": 3 }'))
    receive(from.typed('{ "instance": "Counter#1", "type": "add", "payload": 3 }'))
    expect(count()).toBe(39)
    receive(from.called("Counter#1/add", "3"))
    expect(count()).toBe(42)
    receive(from.called("write", '"a"'))
    expect(log.unsafe.getState().lines).toEqual(["a"])
    receive(from.typed('{ "type": "on", "payload": "2024-05-06T00:00:00.000Z" }'))
    expect([count(), errors]).toEqual([2024, []])
  })

  test("code is not run, and what is no action is refused with why", () => {
    const { count, errors, receive } = begun()
    const ran = vi.fn()
    vi.stubGlobal("ran", ran)
    for (const code of [
      "ran()",
      "this.ran()",
      "{ type: ran() }",
      "(() => ran())()",
      '{"type": "Counter#1/add", "payload": ran()}',
      "{\n  type: ''\n}"
    ]) {
      receive(from.typed(code))
      expect(errors.pop()).toContain("it is not JSON")
    }
    receive(from.called("Counter#1/add", "ran()"))
    expect(errors.pop()).toContain("code is never run")
    for (const [text, why] of [
      ["3", "type that is a string"],
      ['{"type": 3}', "type that is a string"],
      ['{"type": "jump"}', "no instance has an action"],
      ['{"type": "toString"}', "no instance has an action"],
      ['{"type": "Counter#1/jump"}', "has no action"],
      ['{"instance": "Nobody", "type": "add"}', "no instance"],
      ['{"type": "add", "payload": "three"}', "does not fit its schema"],
      ['{"type": "fail"}', "it fails"]
    ] as const) {
      receive(from.typed(text))
      expect(errors.pop()).toContain(why)
    }
    expect(ran).not.toHaveBeenCalled()
    expect(count()).toBe(30)
  })

  test("at another moment it waits, and says so", () => {
    const { count, errors, receive } = begun()
    receive(from.jumpToState(0))
    receive(from.typed('{"type": "add", "payload": 1}'))
    expect([count(), errors[0]]).toEqual([1, expect.stringContaining("waits")])
    receive(from.jumpToState(2))
    expect(count()).toBe(31)
  })
})

describe("export and import", () => {
  const fileOf = ({ posted }: { readonly posted: ReadonlyArray<Readonly<Record<string, unknown>>> }) => {
    const [message] = posted
    return from.exportedFile.text(String(message?.["payload"]), String(message?.["committedState"]))
  }

  test("EXPORT is answered in the extension's form; the file, imported elsewhere, is the same history", () => {
    const first = begun()
    first.write("a")
    first.counter.unsafe.transact("set", (tx) => tx.update((state) => ({ ...state, count: 5 })))
    first.receive(from.exporting)
    expect(first.posted).toMatchObject([{ type: "EXPORT", source: "@devtools-page", instanceId: 1 }])
    expect(Object.keys(first.posted[0] ?? {})).toEqual(from.answerFields)
    const file = fileOf(first)
    const second = setup()
    second.receive(from.start)
    second.add(100)
    second.receive(from.importing(file))
    expect(second.errors).toEqual([])
    expect([second.count(), second.log.unsafe.getState().lines, second.counts()]).toEqual([
      5,
      ["a"],
      [1, 3, 30, 30, 5]
    ])
    second.receive(from.toggle(1))
    expect(second.counts()).toEqual([1, 1, 10, 10, 10])
    second.receive(from.toggle(1))
    second.receive(from.jumpToState(1))
    expect(second.count()).toBe(3)
    second.receive(from.exporting)
    expect(fileOf(second)).toBe(file)
  })

  test("what is redacted is in nothing that is sent, shown or exported, and travel shows the app what it has", () => {
    const app = begun({
      redact: [
        { module: "Log", state: ["lines.*"], payload: { write: [""] } },
        { module: "Counter", state: ["double"] }
      ]
    })
    app.write("a secret")
    app.settle()
    app.receive(from.toggle(1))
    app.receive(from.exporting)
    expect(app.errors).toEqual([])
    expect(JSON.stringify([app.sent, app.shown(), app.posted])).not.toContain("secret")
    expect(app.shown().states.at(-1)).toEqual({
      "Counter#1": { count: 10, double: { "~redacted": true } },
      "Log#1": { lines: [{ "~redacted": true }] }
    })
    app.receive(from.toggle(1))
    app.receive(from.jumpToState(2))
    expect(app.log.unsafe.getState().lines).toEqual([])
    app.receive(from.jumpToState(3))
    expect(app.log.unsafe.getState().lines).toEqual(["a secret"])
    app.receive(from.importing(fileOf(app)))
    expect(app.errors.pop()).toContain("does not fit its schema")
    expect([app.count(), app.log.unsafe.getState().lines]).toEqual([30, ["a secret"]])
  })

  test("a list that the monitor has written itself, and actions alone, through the reducers", () => {
    const { count, counts, errors, receive, log } = setup()
    receive(from.start)
    const state = (count: number) => ({ "Counter#1": { count, double: 2 * count } })
    receive(
      from.importing(
        JSON.stringify({
          actionsById: {
            0: { type: "PERFORM_ACTION", action: { type: "@@INIT" }, timestamp: 1 },
            3: { type: "PERFORM_ACTION", action: { type: "Counter#1/add", payload: 3 }, timestamp: 2 }
          },
          computedStates: [{ state: state(4) }, { state: state(7) }],
          stagedActionIds: [0, 3],
          skippedActionIds: [],
          currentStateIndex: 0,
          nextActionId: 4,
          committedState: state(4)
        })
      )
    )
    expect([errors, count(), counts()]).toEqual([[], 4, [4, 7]])
    receive(from.jumpToState(1))
    expect(count()).toBe(7)
    reduced.length = 0
    const actions = [
      { type: "Counter#1/add", payload: 1 },
      { type: "write", payload: "b" },
      { type: "Counter#1/multiply", payload: 3 }
    ]
    receive(from.importing(from.exportedFile.text(JSON.stringify(actions), JSON.stringify(state(2)))))
    expect([errors, reduced, count(), counts()]).toEqual([[], ["add 1", "multiply 3"], 9, [2, 3, 3, 9]])
    expect(log.unsafe.getState().lines).toEqual(["b"])
  })

  test("what does not fit is refused with its place, and nothing changes", () => {
    const app = begun()
    app.receive(from.exporting)
    const file = JSON.parse(fileOf(app)) as { payload: string; preloadedState: string }
    const history = JSON.parse(file.payload) as {
      computedStates: Array<{ state: { "Counter#1": { count: unknown } } }>
    }
    const before = app.shown()
    const refused = (change: (copy: typeof history & Record<string, unknown>) => void) => {
      const copy = structuredClone(history) as typeof history & Record<string, unknown>
      change(copy)
      app.receive(from.importing(JSON.stringify(copy)))
      expect([app.count(), app.shown()]).toEqual([30, before])
      return app.errors.pop() ?? ""
    }
    const put = (place: number, count: unknown) =>
      refused(({ computedStates }) => {
        const moment = computedStates[place]
        if (moment !== undefined) moment.state["Counter#1"].count = count
      })
    expect(put(1, "three")).toContain('computedStates[1].state["Counter#1"]')
    expect(put(2, { $Map: 3 })).toContain("expected an array, at computedStates[2]")
    expect(put(2, { $Nonsense: 3 })).toContain("no value is written like that")
    expect(put(0, { $value: "x", encoded: { root: [7], nodes: [] } })).toContain("encoded")
    expect(refused((copy) => void copy.computedStates.pop())).toContain("computedStates")
    expect(refused((copy) => void (copy["stagedActionIds"] = [0, 1, 1]))).toContain("stagedActionIds")
    expect(refused((copy) => void (copy["currentStateIndex"] = 3))).toContain("currentStateIndex")
    expect(refused((copy) => void (copy["actionsById"] = {}))).toContain("actionsById")
    expect(refused((copy) => void Object.assign(copy, { computedStates: "none" }))).toContain(
      "computedStates"
    )
    for (const payload of [
      '[{"type": "Counter#1/fail"}]',
      '[{"type": "Counter#1/add", "payload": "x"}]',
      '[{"type": "Nobody/add"}]'
    ]) {
      app.receive(from.importing(JSON.stringify({ payload })))
      expect(app.errors.pop()).toContain("payload[0]")
    }
    const tooMany = JSON.stringify(Array.from({ length: 10_001 }, () => ({ type: "add", payload: 1 })))
    app.receive(from.importing(JSON.stringify({ payload: tooMany })))
    expect(app.errors.pop()).toContain("at most 10000")
    app.receive(from.importing(JSON.stringify({ payload: "[]", preloadedState: '{"Other#1": {}}' })))
    expect(app.errors.pop()).toContain("none of its instances lives here")
    expect([app.count(), app.shown()]).toEqual([30, before])
  })

  test("a file whose states the app refuses loses nothing of the list, and does not hide that the app is elsewhere", () => {
    const { add, count, counts, counter, errors, receive, runtime, settle } = begun()
    const state = (count: number) => ({ "Counter#1": { count, double: 2 * count } })
    const importing = from.importing(from.exportedFile.text("[]", JSON.stringify(state(2))))
    add(1)
    // Within a transaction no entry can be made.
    counter.unsafe.transact("open", () => receive(importing))
    expect(errors.pop()).toContain("open transaction")
    settle()
    expect([count(), counts()]).toEqual([31, [1, 3, 30, 31]])

    receive(from.jumpToState(1))
    runtime.unsafe.transact([runtime.resolve(Log.tag)], "open", () => receive(importing))
    errors.pop()
    receive(from.jumpToState(3))
    expect([count(), Devtools.statusOf(counter).travelled]).toEqual([31, false])
  })

  test("whatever is changed in a file, it is refused, or what comes of it fits the schemas", () => {
    const app = begun()
    app.receive(from.exporting)
    const text = (JSON.parse(fileOf(app)) as { payload: string }).payload
    fc.assert(
      fc.property(
        fc.nat({ max: text.length - 1 }),
        fc.constantFrom("0", '"', "}", "$", "x", ","),
        (at, other) => {
          const changed = text.slice(0, at) + other + text.slice(at + 1)
          try {
            JSON.parse(changed)
          } catch {
            return
          }
          const before = app.count()
          app.receive(from.importing(changed))
          const isRefused = app.errors.pop() !== undefined
          if (isRefused) expect(app.count()).toBe(before)
          expect(typeof app.count()).toBe("number")
        }
      ),
      { numRuns: 300 }
    )
  })
})

test("rows, dates, bigints and the like can be read, and come back through a file as they were", () => {
  const Item = Schema.Struct({ id: Schema.String, size: Schema.BigInt })
  const byHand = ({ id }: typeof Item.Type): string => `${id}!`
  const Rich = Module.make("Rich", {
    state: Schema.Struct({
      items: Collection.schema(Item, "id"),
      byHand: Collection.schema(Item, byHand),
      since: Schema.Date,
      chosen: Schema.Option(Schema.String),
      names: Schema.ReadonlyMap(Schema.Number, Schema.String),
      tags: Schema.ReadonlySet(Schema.String),
      maybe: Schema.UndefinedOr(Schema.Number)
    }),
    actions: { put: Item },
    reducers: {
      put: (state, item) => ({ ...state, items: state.items.set(item), byHand: state.byHand.set(item) })
    }
  })
  const initial = {
    items: Collection.make("id", [{ id: "a", size: 1n }]),
    byHand: Collection.make(byHand, [{ id: "a", size: 1n }]),
    since: new Date(0),
    chosen: Option.some("x"),
    names: new Map([[1, "one"]]),
    tags: new Set(["t"]),
    maybe: undefined
  }
  const extension = standIn()
  const runtime = Runtime.make(Rich.implement({ initial }))
  ends.push(reduxDevtools(runtime), () => runtime.dispose())
  const rich = runtime.resolve(Rich.tag)
  extension.receive(from.start)
  expect(extension.shown().states).toEqual([
    {
      "Rich#1": {
        items: { $Collection: [{ id: "a", size: { $bigint: "1" } }], key: "id" },
        byHand: { $Collection: [{ id: "a", size: { $bigint: "1" } }] },
        since: { $Date: "1970-01-01T00:00:00.000Z" },
        chosen: { $Some: "x" },
        names: { $Map: [[1, "one"]] },
        tags: { $Set: ["t"] },
        maybe: { $undefined: true }
      }
    }
  ])
  rich.unsafe.dispatch({ _tag: "put", payload: { id: "b", size: 2n } })
  const before = rich.unsafe.getState()
  extension.receive(from.exporting)
  const [message] = extension.posted
  rich.unsafe.dispatch({ _tag: "put", payload: { id: "c", size: 3n } })
  extension.receive(
    from.importing(from.exportedFile.text(String(message?.["payload"]), String(message?.["committedState"])))
  )
  expect(extension.errors).toEqual([])
  const after = rich.unsafe.getState()
  expect(after.items.toArray()).toEqual(before.items.toArray())
  expect(after.byHand.get("b!")).toEqual({ id: "b", size: 2n })
  expect({ ...after, items: 0, byHand: 0 }).toEqual({ ...before, items: 0, byHand: 0 })
  extension.receive(from.toggle(1))
  expect(rich.unsafe.getState().items.size).toBe(1)
  extension.receive(from.typed('{"type": "put", "payload": {"id": "d", "size": "4"}}'))
  extension.receive(from.toggle(1))
  expect(rich.unsafe.getState().items.get("d")).toEqual({ id: "d", size: 4n })
})
