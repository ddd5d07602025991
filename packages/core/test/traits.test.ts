/** Section 5 of the contract and T9: derived fields, what they read, and what becomes of them when they fail. */
import { Collection, Errors, Module, Runtime, type Trait } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import { describe, expect, test } from "vitest"
import { collectErrors, disposing, entriesOf, rejection, thrown } from "./support.ts"

/** Counts the runs of functions by name. */
const counting = () => {
  const runs: Record<string, number> = {}
  const count = (name: string) => void (runs[name] = (runs[name] ?? 0) + 1)
  /** The runs since the last time. */
  const take = () => {
    const taken = { ...runs }
    for (const name of Object.keys(runs)) delete runs[name]
    return taken
  }
  return { count, take }
}

const twoNumbers = Schema.Struct({ a: Schema.Number, b: Schema.Number })

const makeCounter = (count: (name: string) => void = () => {}) =>
  Module.make("Counter", {
    state: Schema.Struct({
      count: Schema.Number,
      step: Schema.Number,
      double: Schema.Number,
      label: Schema.String,
      even: Schema.Boolean
    }),
    actions: { add: Schema.Number, step: Schema.Number, own: Schema.Number, touch: Schema.Void },
    reducers: {
      add: (state, by) => ({ ...state, count: state.count + by }),
      step: (state, step) => ({ ...state, step }),
      own: (state, double) => ({ ...state, double }),
      touch: (state) => ({ ...state })
    },
    // Declared before what it reads: the order of the declaration does not matter.
    traits: (t) => ({
      label: t.computed((state) => {
        count("label")
        return `${state.double}, ${state.even ? "even" : "odd"}`
      }),
      double: t.computed((state) => {
        count("double")
        return state.count * 2
      }),
      even: t.computed((state) => {
        count("even")
        return state.count % 2 === 0
      })
    })
  })
const Counter = makeCounter()
const initial = { count: 1, step: 1 }

describe("T9 convergence", () => {
  test("T9: derived fields are there from the start, and converge before anyone is told", () => {
    const { unsafe } = disposing(Runtime.make(Counter.implement({ initial }))).resolve(Counter.tag)
    expect(unsafe.getState()).toEqual({ count: 1, step: 1, double: 2, label: "2, odd", even: false })
    const told: Array<unknown> = []
    unsafe.subscribe((state) => told.push(state))
    unsafe.dispatch({ _tag: "add", payload: 2 })
    expect(told).toEqual([{ count: 3, step: 1, double: 6, label: "6, odd", even: false }])
    expect(unsafe.getVersion()).toBe(1)
  })

  test("T9: they follow every kind of entry: bodies, batches, drafts, reset", async () => {
    const runtime = disposing(Runtime.make(Counter.implement({ initial })))
    const counter = runtime.resolve(Counter.tag)
    const { unsafe } = counter
    unsafe.transact("body", (tx) => {
      tx.update((state) => ({ ...state, count: 5 }))
      // They converge at the end of the window.
      expect(tx.get().double).toBe(2)
      tx.mutate((draft) => void draft.count++)
    })
    expect(unsafe.getState()).toMatchObject({ count: 6, double: 12, label: "12, even" })
    unsafe.dispatchBatch([
      { _tag: "add", payload: 1 },
      { _tag: "add", payload: 1 }
    ])
    expect(unsafe.getState()).toMatchObject({ count: 8, double: 16 })
    await runtime.runPromise(counter.reset())
    expect(unsafe.getState()).toEqual({ count: 1, step: 1, double: 2, label: "2, odd", even: false })
    const version = unsafe.getVersion()
    await runtime.runPromise(counter.reset())
    expect(unsafe.getVersion()).toBe(version)
  })

  test("T9: only what read something that changed runs again, and an equal value stops there", () => {
    const { count, take } = counting()
    const Counted = makeCounter(count)
    take()
    const { unsafe } = disposing(Runtime.make(Counted.implement({ initial }))).resolve(Counted.tag)
    expect(take()).toEqual({ double: 1, even: 1, label: 1 })
    unsafe.dispatch({ _tag: "step", payload: 3 })
    unsafe.dispatch({ _tag: "touch" })
    expect(take()).toEqual({})
    unsafe.dispatch({ _tag: "add", payload: 2 })
    expect(take()).toEqual({ double: 1, even: 1, label: 1 })
    unsafe.dispatch({ _tag: "add", payload: 0 })
    expect(take()).toEqual({})
  })

  test("T9: equals keeps the value before, and with it what reads it", () => {
    const { count, take } = counting()
    const Sorted = Module.make("Sorted", {
      state: Schema.Struct({
        rows: Schema.Array(Schema.Number),
        sorted: Schema.Array(Schema.Number),
        first: Schema.Number
      }),
      actions: { set: Schema.Array(Schema.Number) },
      reducers: { set: (state, rows) => ({ ...state, rows }) },
      traits: (t) => ({
        sorted: t.computed(({ rows }) => rows.toSorted((a, b) => a - b), {
          equals: (a, b) => a.join() === b.join()
        }),
        first: t.computed(({ sorted }) => {
          count("first")
          return sorted[0] ?? 0
        })
      })
    })
    const { unsafe } = disposing(Runtime.make(Sorted.implement({ initial: { rows: [2, 1] } }))).resolve(
      Sorted.tag
    )
    const before = unsafe.getState().sorted
    take()
    unsafe.dispatch({ _tag: "set", payload: [1, 2] })
    expect(unsafe.getState().sorted).toBe(before)
    expect(take()).toEqual({})
    unsafe.dispatch({ _tag: "set", payload: [0, 2] })
    expect(unsafe.getState()).toEqual({ rows: [0, 2], sorted: [0, 2], first: 0 })
    expect(take()).toEqual({ first: 1 })
  })

  test("T9: a row read by its key counts alone; the same collection read whole counts whole", () => {
    const { count, take } = counting()
    const Row = Schema.Struct({ id: Schema.Number, name: Schema.String })
    const People = Collection.schema(Row, "id")
    const Team = Module.make("Team", {
      state: Schema.Struct({
        people: People,
        lead: Schema.Number,
        leadName: Schema.String,
        size: Schema.Number,
        longest: People,
        first: Schema.String
      }),
      actions: { set: Row, lead: Schema.Number },
      reducers: {
        set: (state, row) => ({ ...state, people: state.people.set(row) }),
        lead: (state, lead) => ({ ...state, lead })
      },
      traits: (t) => ({
        leadName: t.computed(({ lead, people }) => {
          count("leadName")
          return people.get(lead)?.name ?? ""
        }),
        size: t.computed(({ people }) => {
          count("size")
          return people.size
        }),
        longest: t.computed(({ people }) => {
          count("longest")
          return people.filter(({ name }) => name.length > 3)
        }),
        first: t.computed(({ longest }) => {
          count("first")
          return longest.get(1)?.name ?? ""
        })
      })
    })
    const people = Collection.make("id", [
      { id: 1, name: "Ada" },
      { id: 2, name: "Grace" }
    ])
    const { unsafe } = disposing(Runtime.make(Team.implement({ initial: { people, lead: 1 } }))).resolve(
      Team.tag
    )
    expect(unsafe.getState()).toMatchObject({ leadName: "Ada", size: 2, first: "" })
    take()
    unsafe.dispatch({ _tag: "set", payload: { id: 2, name: "Edsger" } })
    expect(take()).toEqual({ size: 1, longest: 1 })
    unsafe.dispatch({ _tag: "set", payload: { id: 1, name: "Barbara" } })
    expect(take()).toEqual({ leadName: 1, size: 1, longest: 1, first: 1 })
    expect(unsafe.getState()).toMatchObject({ leadName: "Barbara", size: 2, first: "Barbara" })
    unsafe.dispatch({ _tag: "lead", payload: 2 })
    expect(take()).toEqual({ leadName: 1 })
    unsafe.dispatch({ _tag: "set", payload: { id: 1, name: "Bo" } })
    expect(take()).toEqual({ size: 1, longest: 1, first: 1 })
    expect(unsafe.getState()).toMatchObject({ leadName: "Edsger", first: "" })
  })

  test("T9: a selector that remembers its result for its argument is right all the same", () => {
    const remembered = new WeakMap<object, number>()
    const double = (state: { readonly count: number }) => {
      const known = remembered.get(state)
      if (known !== undefined) return known
      const made = state.count * 2
      remembered.set(state, made)
      return made
    }
    const Memo = Module.make("Memo", {
      state: Schema.Struct({ count: Schema.Number, a: Schema.Number, b: Schema.Number }),
      actions: { add: Schema.Number },
      reducers: { add: (state, by) => ({ ...state, count: state.count + by }) },
      traits: (t) => ({ a: t.computed(double), b: t.computed(double) })
    })
    const { unsafe } = disposing(Runtime.make(Memo.implement({ initial: { count: 1 } }))).resolve(Memo.tag)
    unsafe.dispatch({ _tag: "add", payload: 1 })
    unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(unsafe.getState()).toEqual({ count: 3, a: 6, b: 6 })
  })

  test("T9: a state of more than 30 fields, in any order of its keys", () => {
    const names = Array.from({ length: 80 }, (_, i) => `f${i}`)
    const Wide = Module.make("Wide", {
      state: Schema.Struct({
        ...Object.fromEntries(names.map((name) => [name, Schema.Number])),
        sum: Schema.Number,
        last: Schema.Number
      }),
      actions: { set: Schema.Struct({ name: Schema.String, to: Schema.Number }), turn: Schema.Void },
      reducers: {
        set: (state, { name, to }) => ({ ...state, [name]: to }),
        turn: (state) => ({ ...state, ...Object.fromEntries(Object.entries(state).toReversed()) })
      },
      traits: (t) => {
        const value = (state: object, name: string): number => (state as Record<string, number>)[name]!
        return {
          sum: t.computed((state) => names.reduce((sum, name) => sum + value(state, name), 0)),
          last: t.computed((state) => value(state, "f79") + state.sum)
        }
      }
    })
    const zeros = Object.fromEntries(names.map((name) => [name, 0]))
    const { unsafe } = disposing(Runtime.make(Wide.implement({ initial: zeros }))).resolve(Wide.tag)
    for (const [i, name] of ["f0", "f29", "f30", "f31", "f59", "f60", "f79"].entries()) {
      unsafe.dispatch({ _tag: "set", payload: { name, to: i + 1 } })
      if (i === 3) unsafe.dispatch({ _tag: "turn" })
    }
    expect(unsafe.getState()).toMatchObject({ sum: 28, last: 35 })
  })

  test("T9: an entry made by a computed function fails, in the window and at init", () => {
    const Other = Module.make("Other", {
      state: Schema.Struct({ n: Schema.Number }),
      actions: { bump: Schema.Void },
      reducers: { bump: ({ n }) => ({ n: n + 1 }) }
    })
    let stray: () => void = () => {}
    const Straying = Module.make("Straying", {
      state: Schema.Struct({ count: Schema.Number, tries: Schema.Number }),
      actions: { add: Schema.Void },
      reducers: { add: (state) => ({ ...state, count: state.count + 1 }) },
      traits: (t) => ({
        tries: t.computed(({ count }) => {
          stray()
          return count
        })
      })
    })
    const { errors, onError } = collectErrors()
    const runtime = disposing(
      Runtime.make([Other.implement({ initial: { n: 0 } }), Straying.implement({ initial: { count: 0 } })], {
        onError
      })
    )
    const other = runtime.resolve(Other.tag).unsafe
    stray = () => other.dispatch({ _tag: "bump" })
    const { unsafe } = runtime.resolve(Straying.tag)
    unsafe.dispatch({ _tag: "add" })
    expect(unsafe.getState()).toEqual({ count: 1, tries: 0 })
    expect(errors).toMatchObject([{ _tag: "TraitFailed", cause: { _tag: "EntryInTransaction" } }])
    const local = thrown(() => runtime.local(Straying.implement({ initial: { count: 0 } })))
    expect(local).toMatchObject({
      _tag: "TraitFailed",
      field: "tries",
      cause: { _tag: "EntryInTransaction" }
    })
    expect(other.getState()).toEqual({ n: 0 })
  })

  test("T9: after a rollback behind the convergence the next is right", () => {
    const Choice = Module.make("Choice", {
      state: Schema.Struct({
        left: Schema.Boolean,
        a: Schema.Int,
        b: Schema.Int,
        chosen: Schema.Number,
        list: Schema.Array(Schema.Number)
      }),
      actions: { set: Schema.Struct({ left: Schema.Boolean, a: Schema.Number, b: Schema.Number }) },
      reducers: { set: (state, next) => ({ ...state, ...next }) },
      traits: (t) => ({
        chosen: t.computed((state) => (state.left ? state.a : state.b)),
        list: t.computed((state) => [state.a])
      })
    })
    const { onError } = collectErrors()
    const live = Choice.implement({ initial: { left: false, a: 1, b: 2 }, validate: "commit" })
    const { unsafe } = disposing(Runtime.make(live, { onError })).resolve(Choice.tag)
    const refused = thrown(() => unsafe.dispatch({ _tag: "set", payload: { left: true, a: 0.5, b: 2 } }))
    expect(refused).toMatchObject({ _tag: "InvalidState" })
    expect(unsafe.getState().chosen).toBe(2)
    const { list } = unsafe.getState()
    unsafe.dispatch({ _tag: "set", payload: { left: false, a: 1, b: 3 } })
    expect(unsafe.getState().chosen).toBe(3)
    // Nothing that it reads has changed since the last commit.
    expect(unsafe.getState().list).toBe(list)
  })

  test("T9 T11: a group converges each of its instances, and a refused member leaves all as they were", () => {
    const other = Module.make("Other", { state: Schema.Struct({ n: Schema.Int }), actions: {} })
    const runtime = disposing(
      Runtime.make(
        [Counter.implement({ initial }), other.implement({ initial: { n: 0 }, validate: "commit" })],
        {
          onError: () => {}
        }
      )
    )
    const counter = runtime.resolve(Counter.tag).unsafe
    const both = (n: number, count: number) =>
      runtime.unsafe.transact([Counter, other], "both", (a, b) => {
        a.update((state) => ({ ...state, count }))
        b.set({ n })
      })
    both(1, 4)
    expect(counter.getState()).toMatchObject({ count: 4, double: 8, even: true })
    expect(thrown(() => both(0.5, 5))).toMatchObject({ _tag: "InvalidState" })
    expect(counter.getState()).toMatchObject({ count: 4, double: 8, even: true })
    both(2, 7)
    expect(counter.getState()).toMatchObject({ count: 7, double: 14, label: "14, odd" })
  })

  test("T9: devtools' states are shown as they are, and what follows is computed", () => {
    const runtime = disposing(Runtime.make(Counter.implement({ initial })))
    const { unsafe } = runtime.resolve(Counter.tag)
    unsafe.dispatch({ _tag: "add", payload: 1 })
    const shown = { count: 9, step: 1, double: -1, label: "as it was", even: true }
    runtime.travel.to(new Map([["Counter#1", shown]]))
    expect(unsafe.getState()).toBe(shown)
    unsafe.dispatch({ _tag: "add", payload: 1 })
    runtime.travel.live()
    expect(unsafe.getState()).toMatchObject({ count: 3, double: 6, label: "6, odd" })
  })
})

describe("T9 replaced", () => {
  test("T9: a replaced module's functions make the derived fields of the kept base", async () => {
    const make = (factor: number) =>
      Module.make("Hot", {
        state: Schema.Struct({ n: Schema.Number, times: Schema.Number }),
        actions: { set: Schema.Number },
        reducers: { set: (state, n) => ({ ...state, n }) },
        traits: (t) => ({ times: t.computed(({ n }) => n * factor) })
      })
    const Hot = make(2)
    const warnings: Array<string> = []
    const logger = Logger.make(({ message }) => void warnings.push(String(message)))
    const live = Hot.implement({ initial: { n: 1 } })
    const runtime = disposing(Runtime.make(live, { layer: Logger.layer([logger]) }))
    const { unsafe } = runtime.resolve(Hot.tag)
    unsafe.dispatch({ _tag: "set", payload: 5 })
    await runtime.replace(make(3).implement({ initial: { n: 1 } }))
    expect(unsafe.getState()).toEqual({ n: 5, times: 15 })
    unsafe.dispatch({ _tag: "set", payload: 6 })
    expect(unsafe.getState()).toEqual({ n: 6, times: 18 })
    await runtime.runPromise(runtime.resolve(Hot.tag).reset())
    expect(unsafe.getState()).toEqual({ n: 1, times: 3 })
    expect(warnings).toEqual([])
  })
})

describe("T9 failures", () => {
  const Ratio = Module.make("Ratio", {
    state: Schema.Struct({
      over: Schema.Number,
      under: Schema.Number,
      ratio: Schema.Number,
      percent: Schema.Number
    }),
    actions: { over: Schema.Number, under: Schema.Number },
    reducers: {
      over: (state, over) => ({ ...state, over }),
      under: (state, under) => ({ ...state, under })
    },
    traits: (t) => ({
      ratio: t.computed(({ over, under }) => {
        if (under === 0) throw new Error("nothing to divide by")
        return over / under
      }),
      percent: t.computed(({ ratio }) => ratio * 100)
    })
  })

  test("T9: the base write commits, the field keeps its old value, one diagnostic until it succeeds", () => {
    const { errors, infos, onError } = collectErrors()
    const runtime = disposing(Runtime.make(Ratio.implement({ initial: { over: 1, under: 2 } }), { onError }))
    const { unsafe } = runtime.resolve(Ratio.tag)
    unsafe.dispatch({ _tag: "under", payload: 0 })
    expect(unsafe.getState()).toEqual({ over: 1, under: 0, ratio: 0.5, percent: 50 })
    unsafe.dispatch({ _tag: "over", payload: 3 })
    expect(unsafe.getState()).toEqual({ over: 3, under: 0, ratio: 0.5, percent: 50 })
    expect(infos).toEqual([
      { instanceId: "Ratio#1", moduleId: "Ratio", during: "trait", entry: "ratio", txnId: "Ratio#1::t1" }
    ])
    expect(errors).toEqual([expect.any(Errors.TraitFailed)])
    expect(errors).toMatchObject([{ instanceId: "Ratio#1", field: "ratio" }])
    expect(entriesOf(runtime).map(({ outcome }) => outcome)).toEqual(["commit", "commit"])

    unsafe.dispatch({ _tag: "under", payload: 4 })
    expect(unsafe.getState()).toEqual({ over: 3, under: 4, ratio: 0.75, percent: 75 })
    unsafe.dispatch({ _tag: "under", payload: 0 })
    expect(errors).toHaveLength(2)
  })

  test("T9: the diagnostic comes after the window: onError may make entries", () => {
    let react: () => void = () => {}
    const live = Ratio.implement({ initial: { over: 1, under: 2 } })
    const runtime = disposing(Runtime.make(live, { onError: () => react() }))
    const { unsafe } = runtime.resolve(Ratio.tag)
    react = () => unsafe.dispatch({ _tag: "under", payload: 1 })
    unsafe.dispatch({ _tag: "under", payload: 0 })
    expect(unsafe.getState()).toEqual({ over: 1, under: 1, ratio: 1, percent: 100 })
  })

  test("T9: at init it fails the build with the field's path", async () => {
    const { onError } = collectErrors()
    const runtime = Runtime.make(Ratio.implement({ initial: { over: 1, under: 0 } }), { onError })
    expect(await rejection(runtime.ready)).toMatchObject({
      _tag: "TraitFailed",
      instanceId: "Ratio#1",
      field: "ratio",
      cause: new Error("nothing to divide by")
    })
  })

  test("T9: a reducer's own value is overwritten, with one diagnostic", async () => {
    const warnings: Array<string> = []
    const logger = Logger.make(({ message }) => void warnings.push(String(message)))
    const runtime = disposing(Runtime.make(Counter.implement({ initial }), { layer: Logger.layer([logger]) }))
    const { unsafe } = runtime.resolve(Counter.tag)
    unsafe.dispatch({ _tag: "own", payload: 7 })
    expect(unsafe.getState()).toMatchObject({ count: 1, double: 2 })
    unsafe.dispatch({ _tag: "own", payload: 8 })
    unsafe.dispatch({ _tag: "own", payload: 2 })
    await expect.poll(() => warnings).toEqual([expect.stringMatching(/action "own" on Counter#1.*"double"/)])
  })
})

describe("5 cycles and writers", () => {
  const cycleOf = (make: () => unknown) => thrown(make) as Errors.TraitCycle

  test("5 a cycle is refused when the module is made", () => {
    const cycle = cycleOf(() =>
      Module.make("Loop", {
        state: Schema.Struct({ a: Schema.Number, b: Schema.Number, c: Schema.Number, d: Schema.Number }),
        actions: {},
        traits: (t) => ({
          a: t.computed((state) => state.b + state.d),
          b: t.computed((state) => state.c),
          c: t.computed((state) => state.a)
        })
      })
    )
    expect(cycle).toBeInstanceOf(Errors.TraitCycle)
    expect(cycle).toMatchObject({ moduleId: "Loop", fields: ["a", "b", "c"] })
  })

  test("5 so is one of a link or a source's key, one with itself, and one that the function swallows", () => {
    const state = twoNumbers
    expect(
      cycleOf(() =>
        Module.make("Link", {
          state,
          actions: {},
          traits: (t) => ({ a: t.link((s) => s.b), b: t.link((s) => s.a) })
        })
      ).fields
    ).toEqual(["a", "b"])
    expect(
      cycleOf(() =>
        Module.make("Swallowed", {
          state,
          actions: {},
          traits: (t) => ({
            a: t.computed((s) => {
              try {
                return s.a
              } catch {
                return 1
              }
            })
          })
        })
      ).fields
    ).toEqual(["a"])
    expect(
      cycleOf(() =>
        Module.make("Key", {
          state: Schema.Struct({ a: Schema.Any }),
          actions: {},
          traits: (t) => ({
            a: t.source({ key: (s) => (s.a === undefined ? 1 : 2), load: (key) => Effect.succeed(key) })
          })
        })
      ).fields
    ).toEqual(["a"])
  })

  test("5 to enumerate the state is to read the field itself", () => {
    const enumerate: ReadonlyArray<(state: object) => unknown> = [
      (state) => ({ ...state }),
      (state) => Object.keys(state),
      (state) => JSON.stringify(state)
    ]
    for (const read of enumerate) {
      const cycle = cycleOf(() =>
        Module.make("All", {
          state: twoNumbers,
          actions: {},
          traits: (t) => ({ a: t.computed((state) => (read(state), 1)) })
        })
      )
      expect(cycle.fields).toEqual(["a"])
    }
  })

  test("5 what the samples do not reach does not hinder the module", () => {
    const Picky = Module.make("Picky", {
      state: Schema.Struct({
        id: Schema.NonEmptyString,
        at: Schema.Date,
        rows: Schema.Array(Schema.Number),
        shown: Schema.String
      }),
      actions: {},
      traits: (t) => ({
        shown: t.computed(({ at, id, rows }) => {
          if (rows.length === 0) throw new Error("no rows")
          return `${id} ${at.getTime()} ${rows[0]!.toFixed(1)}`
        })
      })
    })
    const live = Picky.implement({ initial: { id: "x", at: new Date(5), rows: [1] } })
    expect(disposing(Runtime.make(live)).resolve(Picky.tag).unsafe.getState().shown).toBe("x 5 1.0")
  })

  test("5 one that only shows with other values keeps the old values of its fields, and no others", async () => {
    const Dynamic = Module.make("Dynamic", {
      state: Schema.Struct({ mode: Schema.Number, a: Schema.Number, b: Schema.Number, c: Schema.Number }),
      actions: { mode: Schema.Number },
      reducers: { mode: (state, mode) => ({ ...state, mode }) },
      traits: (t) => ({
        a: t.computed((state) => (state.mode === 1 ? state.b + 1 : state.mode)),
        b: t.computed((state) => (state.mode === 2 ? 10 : state.a + 1)),
        c: t.computed((state) => state.mode * 2)
      })
    })
    const { errors, onError } = collectErrors()
    const runtime = disposing(Runtime.make(Dynamic.implement({ initial: { mode: 0 } }), { onError }))
    const { unsafe } = runtime.resolve(Dynamic.tag)
    expect(unsafe.getState()).toEqual({ mode: 0, a: 0, b: 1, c: 0 })
    unsafe.dispatch({ _tag: "mode", payload: 1 })
    expect(unsafe.getState()).toEqual({ mode: 1, a: 0, b: 1, c: 2 })
    expect(errors).toMatchObject([
      { _tag: "TraitCycle", moduleId: "Dynamic#1" },
      { _tag: "TraitCycle", moduleId: "Dynamic#1" }
    ])
    unsafe.dispatch({ _tag: "mode", payload: 2 })
    expect(unsafe.getState()).toEqual({ mode: 2, a: 2, b: 10, c: 4 })
    unsafe.dispatch({ _tag: "mode", payload: 3 })
    expect(unsafe.getState()).toEqual({ mode: 3, a: 3, b: 4, c: 6 })
    expect(errors).toHaveLength(2)
    const failed = Runtime.make(Dynamic.implement({ initial: { mode: 1 } }), { onError })
    expect(await rejection(failed.ready)).toMatchObject({ _tag: "TraitCycle", fields: ["a", "b"] })
  })

  test("5 a circle may be opened at either of its fields", () => {
    const Pair = Module.make("Pair", {
      state: Schema.Struct({
        base: Schema.Number,
        followA: Schema.Boolean,
        followB: Schema.Boolean,
        a: Schema.Number,
        b: Schema.Number
      }),
      actions: { a: Schema.Boolean, b: Schema.Boolean, base: Schema.Number },
      reducers: {
        a: (state, followA) => ({ ...state, followA }),
        b: (state, followB) => ({ ...state, followB }),
        base: (state, base) => ({ ...state, base })
      },
      traits: (t) => ({
        a: t.computed((state) => (state.followA ? state.b + 1 : state.base)),
        b: t.computed((state) => (state.followB ? state.a + 1 : 20))
      })
    })
    const { errors, onError } = collectErrors()
    const live = Pair.implement({ initial: { base: 10, followA: false, followB: true } })
    const { unsafe } = disposing(Runtime.make(live, { onError })).resolve(Pair.tag)
    const values = () => [unsafe.getState().a, unsafe.getState().b]
    expect(values()).toEqual([10, 11])
    unsafe.dispatch({ _tag: "a", payload: true })
    expect(values()).toEqual([10, 11])
    expect(errors).toMatchObject([{ _tag: "TraitCycle" }, { _tag: "TraitCycle" }])
    unsafe.dispatch({ _tag: "base", payload: 30 })
    unsafe.dispatch({ _tag: "a", payload: false })
    expect(values()).toEqual([30, 31])
    unsafe.dispatch({ _tag: "a", payload: true })
    expect(errors).toHaveLength(4)
    unsafe.dispatch({ _tag: "b", payload: false })
    expect(values()).toEqual([21, 20])
    unsafe.dispatch({ _tag: "b", payload: true })
    expect(values()).toEqual([21, 20])
    unsafe.dispatch({ _tag: "a", payload: false })
    expect(values()).toEqual([30, 31])
    expect(errors).toHaveLength(6)
  })

  test("5 a dependency that turns round is no cycle", () => {
    const Turned = Module.make("Turned", {
      state: Schema.Struct({ mode: Schema.Number, a: Schema.Number, b: Schema.Number }),
      actions: { mode: Schema.Number },
      reducers: { mode: (state, mode) => ({ ...state, mode }) },
      traits: (t) => ({
        a: t.computed((state) => (state.mode === 0 ? 1 : state.b + 1)),
        b: t.computed((state) => (state.mode === 0 ? state.a + 1 : 1))
      })
    })
    const { unsafe } = disposing(Runtime.make(Turned.implement({ initial: { mode: 0 } }))).resolve(Turned.tag)
    expect(unsafe.getState()).toEqual({ mode: 0, a: 1, b: 2 })
    unsafe.dispatch({ _tag: "mode", payload: 1 })
    expect(unsafe.getState()).toEqual({ mode: 1, a: 2, b: 1 })
    unsafe.dispatch({ _tag: "mode", payload: 0 })
    expect(unsafe.getState()).toEqual({ mode: 0, a: 1, b: 2 })
  })

  test("5 two writers of one field are refused when the module is made", () => {
    const shared = (t: Trait.TraitBuilder<{ readonly a: number }>): object => ({ b: t.link((s) => s.a) })
    const make = () =>
      Module.make("Two", {
        state: Schema.Struct({ a: Schema.Number, b: Schema.Number }),
        actions: {},
        traits: (t) => t.merge({ b: t.computed((s) => s.a) }, shared(t))
      })
    expect(thrown(make)).toMatchObject({ _tag: "TraitWriters", moduleId: "Two", field: "b" })
  })

  test("5 sets of traits merge", () => {
    const Merged = Module.make("Merged", {
      state: Schema.Struct({ a: Schema.Number, b: Schema.Number, c: Schema.Number }),
      actions: {},
      traits: (t) => t.merge({ b: t.computed((s) => s.a + 1) }, { c: t.link((s) => s.b) })
    })
    const { unsafe } = disposing(Runtime.make(Merged.implement({ initial: { a: 1 } }))).resolve(Merged.tag)
    expect(unsafe.getState()).toEqual({ a: 1, b: 2, c: 2 })
  })
})

describe("5 other states", () => {
  test("5 a link follows its path, one way", () => {
    const Nested = Module.make("Nested", {
      state: Schema.Struct({
        user: Schema.Struct({ name: Schema.Struct({ first: Schema.String }) }),
        first: Schema.String
      }),
      actions: { rename: Schema.String },
      reducers: { rename: (state, first) => ({ ...state, user: { name: { first } } }) },
      traits: (t) => ({ first: t.link((state) => state.user.name.first) })
    })
    const live = Nested.implement({ initial: { user: { name: { first: "Ada" } } } })
    const { unsafe } = disposing(Runtime.make(live)).resolve(Nested.tag)
    unsafe.transact("draft", (tx) => tx.mutate((draft) => void (draft.user.name.first = "Grace")))
    expect(unsafe.getState().first).toBe("Grace")
  })

  test("5 a Standard Schema, whose fields are not known", () => {
    interface State {
      readonly a: number
      readonly b: number
      readonly sum: number
      readonly extra?: number
    }
    const state: StandardSchemaV1<unknown, State> = {
      "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as State }) }
    }
    const { count, take } = counting()
    const Standard = Module.make("Standard", {
      state,
      actions: { set: Schema.Struct({ a: Schema.Number }), extra: Schema.Number, other: Schema.Number },
      reducers: {
        set: (s, { a }) => ({ ...s, a }),
        extra: (s, extra) => ({ ...s, extra }),
        other: (s, b) => ({ ...s, b })
      },
      traits: (t) => ({
        sum: t.computed((s) => {
          count("sum")
          return "extra" in s ? s.a + s.extra : s.a
        })
      })
    })
    const runtime = disposing(Runtime.make(Standard.implement({ initial: { a: 1, b: 0 } })))
    const { unsafe } = runtime.resolve(Standard.tag)
    const second = runtime.local(Standard.implement({ initial: { a: 5, b: 0 } })).ref.unsafe
    take()
    unsafe.dispatch({ _tag: "other", payload: 1 })
    expect(take()).toEqual({})
    unsafe.dispatch({ _tag: "extra", payload: 10 })
    unsafe.dispatch({ _tag: "set", payload: { a: 2 } })
    expect(unsafe.getState()).toEqual({ a: 2, b: 1, extra: 10, sum: 12 })
    second.dispatch({ _tag: "extra", payload: 1 })
    expect(second.getState()).toEqual({ a: 5, b: 0, extra: 1, sum: 6 })
  })

  test("5 a state of a class keeps its class", () => {
    class Person extends Schema.Class<Person>("Person")({
      first: Schema.String,
      last: Schema.String,
      full: Schema.String
    }) {
      get initials() {
        return `${this.first[0]}${this.last[0]}`
      }
    }
    const People = Module.make("People", {
      state: Person,
      actions: { rename: Schema.String },
      reducers: { rename: (state, first) => new Person({ first, last: state.last, full: state.full }) },
      traits: (t) => ({ full: t.computed((state) => `${state.first} ${state.last} (${state.initials})`) })
    })
    const live = People.implement({ initial: new Person({ first: "Ada", last: "Lovelace", full: "" }) })
    const { unsafe } = disposing(Runtime.make(live)).resolve(People.tag)
    expect(unsafe.getState().full).toBe("Ada Lovelace (AL)")
    unsafe.dispatch({ _tag: "rename", payload: "Eve" })
    expect(unsafe.getState()).toBeInstanceOf(Person)
    expect(unsafe.getState().full).toBe("Eve Lovelace (EL)")
  })

  test("5 fields of the state that may be absent stay absent", () => {
    const Optional = Module.make("Optional", {
      state: Schema.Struct({
        a: Schema.Number,
        note: Schema.optionalKey(Schema.String),
        shown: Schema.String
      }),
      actions: { note: Schema.String, clear: Schema.Void },
      reducers: {
        note: (state, note) => ({ ...state, note }),
        clear: ({ a, shown }) => ({ a, shown })
      },
      traits: (t) => ({ shown: t.computed((state) => state.note ?? "none") })
    })
    const runtime = disposing(Runtime.make(Optional.implement({ initial: { a: 1 } })))
    const { unsafe } = runtime.resolve(Optional.tag)
    expect(unsafe.getState()).toEqual({ a: 1, shown: "none" })
    expect("note" in unsafe.getState()).toBe(false)
    unsafe.dispatch({ _tag: "note", payload: "x" })
    expect(unsafe.getState()).toEqual({ a: 1, note: "x", shown: "x" })
    unsafe.dispatch({ _tag: "clear" })
    expect("note" in unsafe.getState()).toBe(false)
    expect(unsafe.getState().shown).toBe("none")
    unsafe.dispatch({ _tag: "note", payload: "y" })
    runtime.runSync(runtime.resolve(Optional.tag).reset())
    expect(unsafe.getState()).toEqual({ a: 1, shown: "none" })
    expect("note" in unsafe.getState()).toBe(false)
  })

  test("5 whether a field that may be absent is there can be asked, and is a read of it", () => {
    const Named = Module.make("Named", {
      state: Schema.Struct({
        a: Schema.Number,
        nick: Schema.optionalKey(Schema.String),
        label: Schema.String
      }),
      actions: { a: Schema.Number, nick: Schema.String, drop: Schema.Void },
      reducers: {
        a: (state, a) => ({ ...state, a }),
        nick: (state, nick) => ({ ...state, nick }),
        drop: ({ a, label }) => ({ a, label })
      },
      traits: (t) => ({ label: t.computed((s) => ("nick" in s ? `somebody ${s.a}` : `nobody ${s.a}`)) })
    })
    const { unsafe } = disposing(Runtime.make(Named.implement({ initial: { a: 1 } }))).resolve(Named.tag)
    const labels = [
      unsafe.getState().label,
      ...([["a", 2], ["nick", "Ada"], ["nick", "Grace"], ["drop"]] as const).map(([_tag, payload]) => {
        unsafe.dispatch({ _tag, payload } as Parameters<typeof unsafe.dispatch>[0])
        return unsafe.getState().label
      })
    ]
    expect(labels).toEqual(["nobody 1", "nobody 2", "somebody 2", "somebody 2", "nobody 2"])
  })

  test("5 a frozen state, and one that a reducer gives again, are not written to", () => {
    const zero = Object.freeze({ count: 0, step: 0, double: 0, label: "0, even", even: true })
    const live = Counter.implement({ initial })
    const { unsafe } = disposing(Runtime.make(live)).resolve(Counter.tag)
    unsafe.transact("set", (tx) => tx.set(zero))
    unsafe.transact("set", (tx) => tx.set({ ...zero, count: 4 }))
    unsafe.transact("set", (tx) => tx.set(zero))
    expect(zero).toEqual({ count: 0, step: 0, double: 0, label: "0, even", even: true })
    expect(unsafe.getState()).toEqual(zero)
  })
})
