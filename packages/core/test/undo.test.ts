/** Undo and redo over commits: what is a step, what it puts back, and what it leaves alone. */
import { Collection, Module, Runtime } from "@sluice/core"
import * as Undo from "@sluice/core/Undo"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { collectWarnings } from "./lane.ts"
import {
  collectErrors,
  Counter,
  disposing,
  entriesOf,
  idle,
  latch,
  rejection,
  thrown,
  zero
} from "./support.ts"

const Row = Schema.Struct({ id: Schema.String, n: Schema.Number })
const Board = Module.make("Board", {
  state: Schema.Struct({
    title: Schema.String,
    size: Schema.Struct({ width: Schema.Int, height: Schema.Int }),
    rows: Collection.schema(Row, "id")
  }),
  actions: {
    rename: Schema.String,
    widen: Schema.Number,
    put: Row,
    remove: Schema.String,
    touch: Schema.Void
  },
  reducers: {
    rename: (state, title) => ({ ...state, title }),
    widen: (state, by) => ({ ...state, size: { ...state.size, width: state.size.width + by } }),
    put: (state, row) => ({ ...state, rows: state.rows.set(row) }),
    remove: (state, id) => ({ ...state, rows: state.rows.remove(id) })
  }
})
const blank = { title: "", size: { width: 1, height: 1 }, rows: Collection.make<typeof Row.Type, "id">("id") }

const setup = (options: Undo.UndoOptions = {}) => {
  const reported = collectErrors()
  const runtime = disposing(
    Runtime.make(
      [Board.implement({ initial: blank, validate: "commit" }), Counter.implement({ initial: zero })],
      {
        onError: reported.onError
      }
    )
  )
  const board = runtime.resolve(Board.tag)
  const counter = runtime.resolve(Counter.tag)
  const history = Undo.make(runtime, Board, options)
  const rename = (title: string) => board.unsafe.dispatch({ _tag: "rename", payload: title })
  const title = () => board.unsafe.getState().title
  return { runtime, reported, board, counter, history, rename, title }
}

describe("steps", () => {
  test("each commit is one, there and back; the very states come back", () => {
    const { board, history, rename } = setup()
    const states = [board.unsafe.getState()]
    for (const title of ["a", "b", "c"]) {
      rename(title)
      states.push(board.unsafe.getState())
    }
    for (const state of states.slice(0, 3).toReversed()) {
      expect(history.unsafe.undo()).toBe(true)
      expect(board.unsafe.getState()).toBe(state)
    }
    expect(history.unsafe.undo()).toBe(false)
    for (const state of states.slice(1)) {
      expect(history.unsafe.redo()).toBe(true)
      expect(board.unsafe.getState()).toBe(state)
    }
    expect(history.unsafe.redo()).toBe(false)
  })

  test("what commits nothing is none, and neither is what another module commits", () => {
    const { board, counter, history } = setup()
    board.unsafe.dispatch({ _tag: "touch" })
    counter.unsafe.dispatch({ _tag: "increment" })
    expect(history.unsafe.getState()).toEqual({
      canUndo: false,
      canRedo: false,
      undoes: undefined,
      redoes: undefined,
      size: 0
    })
  })

  test("T1 an undo is an entry of its own name, recorded in the trace and no step itself", () => {
    const { history, rename, runtime } = setup()
    rename("a")
    history.unsafe.undo()
    history.unsafe.redo()
    expect(entriesOf(runtime).map(({ origin, outcome }) => [origin.kind, origin.name, outcome])).toEqual([
      ["action", "rename", "commit"],
      ["state-update", "undo", "commit"],
      ["state-update", "redo", "commit"]
    ])
    expect(history.unsafe.getState()).toMatchObject({ size: 1, canRedo: false, undoes: "rename" })
  })

  test("a new step ends what could be redone", () => {
    const { history, rename, title } = setup()
    rename("a")
    rename("b")
    history.unsafe.undo()
    rename("c")
    expect(history.unsafe.getState()).toMatchObject({ canRedo: false, size: 2 })
    expect(history.unsafe.redo()).toBe(false)
    history.unsafe.undo()
    expect(title()).toBe("a")
  })

  test("beyond the capacity the oldest is forgotten", () => {
    const { history, rename, title } = setup({ capacity: 2 })
    for (const title of ["a", "b", "c"]) rename(title)
    while (history.unsafe.undo());
    expect(title()).toBe("a")
  })

  test("a capacity that counts nothing is refused", () => {
    expect(thrown(() => setup({ capacity: 0 }))).toMatchObject({
      _tag: "InvalidOption",
      option: "Undo.capacity"
    })
  })

  test("clear forgets both ways and leaves the state; after dispose nothing is recorded", () => {
    const { history, rename, title } = setup()
    rename("a")
    rename("b")
    history.unsafe.undo()
    history.unsafe.clear()
    expect([history.unsafe.undo(), history.unsafe.redo(), title()]).toEqual([false, false, "a"])
    rename("c")
    expect(history.unsafe.getState().size).toBe(1)
    history.dispose()
    rename("d")
    expect(history.unsafe.getState().size).toBe(0)
    expect(history.unsafe.undo()).toBe(false)
  })
})

describe("merging", () => {
  test("steps that `merge` joins are undone as one", () => {
    const { history, rename, title } = setup({
      merge: (last, next) => last.origin.name === next.origin.name
    })
    for (const title of ["h", "he", "hey"]) rename(title)
    expect(history.unsafe.getState().size).toBe(1)
    history.unsafe.undo()
    expect(title()).toBe("")
    history.unsafe.redo()
    expect(title()).toBe("hey")
  })

  test("after an undo or a redo the next commit is a step of its own", () => {
    const { history, rename, title } = setup({ merge: () => true })
    rename("a")
    history.unsafe.undo()
    history.unsafe.redo()
    rename("b")
    expect(history.unsafe.getState().size).toBe(2)
    history.unsafe.undo()
    expect(title()).toBe("a")
  })

  test("merged steps that lead back to where they began are none", () => {
    const { board, history } = setup({ merge: () => true })
    const before = board.unsafe.getState()
    board.unsafe.transact("there", (tx) => tx.set({ ...before, title: "x" }))
    expect(history.unsafe.getState().size).toBe(1)
    board.unsafe.transact("back", (tx) => tx.set(before))
    expect(history.unsafe.getState().size).toBe(0)
  })

  test("sameOriginWithin merges by name and by the runtime's clock", async () => {
    const runtime = disposing(Runtime.make(Board.implement({ initial: blank }), { layer: TestClock.layer() }))
    const board = runtime.resolve(Board.tag)
    const history = Undo.make(runtime, board, { merge: Undo.sameOriginWithin("1 second") })
    const pass = (time: string) => runtime.runPromise(TestClock.adjust(time as "1 second"))
    const rename = (title: string) => board.unsafe.dispatch({ _tag: "rename", payload: title })
    rename("a")
    await pass("900 millis")
    rename("ab")
    await pass("900 millis")
    rename("abc")
    await pass("1100 millis")
    rename("abc d")
    board.unsafe.dispatch({ _tag: "widen", payload: 1 })
    expect(history.unsafe.getState().size).toBe(3)
    const titles = []
    while (history.unsafe.undo()) titles.push(board.unsafe.getState().title)
    expect(titles).toEqual(["abc d", "abc", ""])
  })
})

describe("commits that the history passes over", () => {
  test("`records` chooses; what the others changed stays, in other fields and rows", () => {
    const { board, history } = setup({ records: ({ origin }) => origin.kind === "action" })
    board.unsafe.dispatch({ _tag: "put", payload: { id: "mine", n: 1 } })
    board.unsafe.dispatch({ _tag: "widen", payload: 4 })
    board.unsafe.transact("sync", (tx) =>
      tx.mutate((draft) => {
        draft.title = "theirs"
        draft.size.height = 9
        draft.rows.set({ id: "theirs", n: 2 })
      })
    )
    expect(history.unsafe.getState()).toMatchObject({ size: 2, undoes: "widen" })
    history.unsafe.undo()
    expect(board.unsafe.getState()).toMatchObject({ title: "theirs", size: { width: 1, height: 9 } })
    history.unsafe.undo()
    expect(board.unsafe.getState().rows.toArray()).toEqual([{ id: "theirs", n: 2 }])
    expect(board.unsafe.getState().title).toBe("theirs")
    history.unsafe.redo()
    history.unsafe.redo()
    expect(board.unsafe.getState()).toMatchObject({ title: "theirs", size: { width: 5, height: 9 } })
    expect(board.unsafe.getState().rows.get("mine")).toEqual({ id: "mine", n: 1 })
  })

  test("they leave what can be redone", () => {
    const { board, history, rename } = setup({ records: ({ origin }) => origin.kind === "action" })
    rename("mine")
    history.unsafe.undo()
    board.unsafe.transact("sync", (tx) => tx.update((state) => ({ ...state, size: { width: 7, height: 7 } })))
    expect(history.unsafe.redo()).toBe(true)
    expect(board.unsafe.getState()).toMatchObject({ title: "mine", size: { width: 7, height: 7 } })
  })

  test("a step that others have undone already changes nothing, and is passed", () => {
    const { board, history, rename } = setup({ records: ({ origin }) => origin.kind === "action" })
    rename("mine")
    board.unsafe.transact("sync", (tx) => tx.update((state) => ({ ...state, title: "" })))
    const version = board.unsafe.getVersion()
    expect(history.unsafe.undo()).toBe(true)
    expect(board.unsafe.getVersion()).toBe(version)
    expect(history.unsafe.getState()).toMatchObject({ canUndo: false, canRedo: true })
  })

  test("T5 so it is where the undo had to wait for its turn", () => {
    const { board, history, rename } = setup({ records: ({ origin }) => origin.name === "rename" })
    rename("a")
    const stop = board.unsafe.subscribe(() => {
      stop()
      history.unsafe.undo()
    })
    board.unsafe.transact("back", (tx) => tx.update((state) => ({ ...state, title: "" })))
    expect(history.unsafe.getState()).toMatchObject({ canUndo: false, canRedo: true })
  })

  test("devtools' are no steps; while they travel nothing is undone", () => {
    const { board, history, rename, runtime, title } = setup()
    rename("a")
    runtime.travel.to(new Map([[board.instanceId, { ...blank, title: "past" }]]))
    expect(history.unsafe.undo()).toBe(false)
    expect(runtime.runSync(history.undo)).toBe(false)
    expect(title()).toBe("past")
    runtime.travel.live()
    expect(history.unsafe.getState().size).toBe(1)
    expect(history.unsafe.undo()).toBe(true)
    expect(title()).toBe("")
  })
})

describe("entries", () => {
  test("the Effects do the same, and say whether there was a step", async () => {
    const { history, rename, runtime, title } = setup()
    rename("a")
    expect(await runtime.runPromise(history.undo)).toBe(true)
    expect(title()).toBe("")
    expect(await runtime.runPromise(history.undo)).toBe(false)
    expect(await runtime.runPromise(history.redo)).toBe(true)
    expect(title()).toBe("a")
    await runtime.runPromise(history.clear)
    expect(runtime.runSync(history.getState).canUndo).toBe(false)
  })

  test("T4 a state that is refused: the caller gets the error, and the step stays", async () => {
    const Budget = Module.make("Budget", {
      state: Schema.Struct({ food: Schema.Number, rent: Schema.Number }).check(
        Schema.makeFilter(({ food, rent }) => food + rent <= 10)
      ),
      actions: { eat: Schema.Number },
      reducers: { eat: (state, food) => ({ ...state, food }) }
    })
    const { onError } = collectErrors()
    const runtime = disposing(
      Runtime.make(Budget.implement({ initial: { food: 5, rent: 0 }, validate: "commit" }), { onError })
    )
    const budget = runtime.resolve(Budget.tag)
    const history = Undo.make(runtime, budget, { records: ({ origin }) => origin.kind === "action" })
    budget.unsafe.dispatch({ _tag: "eat", payload: 2 })
    budget.unsafe.transact("pay", (tx) => tx.update((state) => ({ ...state, rent: 8 })))
    expect(thrown(() => history.unsafe.undo())).toMatchObject({ _tag: "InvalidState" })
    expect(await rejection(runtime.runPromise(history.undo))).toMatchObject({ _tag: "InvalidState" })
    expect(budget.unsafe.getState()).toEqual({ food: 2, rent: 8 })
    expect(history.unsafe.getState()).toMatchObject({ size: 1, canRedo: false })
    budget.unsafe.transact("move", (tx) => tx.update((state) => ({ ...state, rent: 3 })))
    history.unsafe.undo()
    expect(budget.unsafe.getState()).toEqual({ food: 5, rent: 3 })
  })

  test("T5 two made by one subscriber run right after, and each takes a step", () => {
    const { board, history, rename, title } = setup()
    rename("a")
    rename("b")
    const stop = board.unsafe.subscribe(() => {
      stop()
      history.unsafe.undo()
      history.unsafe.undo()
    })
    rename("c")
    expect(title()).toBe("a")
    expect(history.unsafe.getState()).toMatchObject({ size: 1, canRedo: true })
  })

  test("T5 one made in a transaction is refused, and the step stays", () => {
    const { board, history, rename } = setup()
    rename("a")
    board.unsafe.transact("try", () => {
      expect(thrown(() => history.unsafe.undo())).toMatchObject({ _tag: "EntryInTransaction" })
    })
    expect(history.unsafe.getState()).toMatchObject({ size: 1, canRedo: false })
  })

  test("what an ended instance was is forgotten", async () => {
    const { board, history, rename, runtime } = setup()
    rename("a")
    await runtime.evict(board.instanceId)
    expect(history.unsafe.getState()).toMatchObject({ canUndo: false, size: 0 })
    expect(history.unsafe.undo()).toBe(false)
  })
})

describe("several modules", () => {
  const both = (options: Undo.UndoOptions = {}) => {
    const app = setup()
    app.history.dispose()
    return { ...app, history: Undo.make(app.runtime, [Board, app.counter], options) }
  }

  test("T11 a group is one step, and undone in one moment", () => {
    const { board, counter, history, runtime } = both()
    const before = [board.unsafe.getState(), counter.unsafe.getState()]
    runtime.unsafe.transact([Board, Counter], "both", (onBoard, onCounter) => {
      onBoard.update((state) => ({ ...state, title: "both" }))
      onCounter.update((state) => ({ ...state, count: 3 }))
    })
    const after = [board.unsafe.getState(), counter.unsafe.getState()]
    expect(history.unsafe.getState()).toMatchObject({ size: 1, undoes: "both" })
    const seen: Array<unknown> = []
    const stop = [board, counter].map(({ unsafe }) =>
      unsafe.subscribe(() => seen.push([board.unsafe.getState(), counter.unsafe.getState()]))
    )
    history.unsafe.undo()
    expect(seen).toEqual([before, before])
    for (const end of stop) end()
    history.unsafe.redo()
    expect([board.unsafe.getState(), counter.unsafe.getState()]).toEqual(after)
    const groups = entriesOf(runtime).map(({ groupId }) => groupId)
    expect(groups).toEqual([groups[0], groups[0], groups[2], groups[2], groups[4], groups[4]])
    expect(groups).not.toContain(undefined)
  })

  test("steps of either are undone in the order in which they were made", async () => {
    const { board, counter, history, rename, runtime } = both()
    rename("a")
    counter.unsafe.dispatch({ _tag: "increment" })
    rename("b")
    const now = () => [board.unsafe.getState().title, counter.unsafe.getState().count]
    const seen = []
    while (await runtime.runPromise(history.undo)) seen.push(now())
    expect(seen).toEqual([
      ["a", 1],
      ["a", 0],
      ["", 0]
    ])
    while (await runtime.runPromise(history.redo));
    expect(now()).toEqual(["b", 1])
  })

  test("where one instance has ended, the other's part of a step is undone", async () => {
    const { board, counter, history, runtime } = both()
    runtime.unsafe.transact([Board, Counter], "both", (onBoard, onCounter) => {
      onBoard.update((state) => ({ ...state, title: "both" }))
      onCounter.update((state) => ({ ...state, count: 3 }))
    })
    await runtime.evict(counter.instanceId)
    expect(history.unsafe.undo()).toBe(true)
    expect(board.unsafe.getState().title).toBe("")
  })
})

describe("reading", () => {
  test("subscribers are told when what they read changed", () => {
    const { history, rename } = setup()
    const told: Array<boolean> = []
    const names: Array<string | undefined> = []
    const stop = history.unsafe.subscribeTo(
      ({ canUndo }) => canUndo,
      (canUndo) => told.push(canUndo)
    )
    history.unsafe.subscribe(({ undoes }) => names.push(undoes))
    rename("a")
    rename("b")
    history.unsafe.undo()
    history.unsafe.undo()
    stop()
    history.unsafe.redo()
    expect(told).toEqual([true, false])
    expect(names).toEqual(["rename", "rename", "rename", undefined, "rename"])
  })

  test("`changes` gives the state now, then the newest", async () => {
    const { history, rename, runtime } = setup()
    const sizes: Array<number> = []
    const fiber = runtime.run(
      Stream.runForEach(history.changes, ({ size }) => Effect.sync(() => void sizes.push(size)))
    )
    await idle()
    rename("a")
    await idle()
    rename("b")
    rename("c")
    await idle()
    await runtime.runPromise(Fiber.interrupt(fiber))
    expect(sizes).toEqual([0, 1, 3])
  })

  test("a listener that throws is reported, and the others are told", () => {
    const { history, rename, reported } = setup()
    const told: Array<number> = []
    history.unsafe.subscribe(() => {
      throw new Error("listener")
    })
    history.unsafe.subscribe(({ size }) => told.push(size))
    rename("a")
    expect(told).toEqual([1])
    expect(reported.errors.map(String)).toEqual(["Error: listener"])
    expect(reported.infos).toMatchObject([{ during: "listener", entry: "Undo.subscribe" }])
  })
})

test("property: any run of renames, undos and redos is that of two stacks of titles", () => {
  const command = fc.oneof(
    fc.record({ kind: fc.constant("rename" as const), title: fc.stringMatching(/^[a-c]$/) }),
    fc.constant({ kind: "undo" as const }),
    fc.constant({ kind: "redo" as const })
  )
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (commands, capacity) => {
        const runtime = Runtime.make(Board.implement({ initial: blank }))
        const board = runtime.resolve(Board.tag)
        const history = Undo.make(runtime, board, { capacity })
        let title = ""
        const past: Array<string> = []
        const future: Array<string> = []
        for (const one of commands) {
          if (one.kind === "rename") {
            board.unsafe.dispatch({ _tag: "rename", payload: one.title })
            past.push(title)
            if (past.length > capacity) past.shift()
            future.length = 0
            title = one.title
          } else {
            const [from, to] = one.kind === "undo" ? [past, future] : [future, past]
            const next = from.pop()
            expect(history.unsafe[one.kind]()).toBe(next !== undefined)
            if (next !== undefined) {
              to.push(title)
              title = next
            }
          }
          expect(board.unsafe.getState().title).toBe(title)
          expect(history.unsafe.getState()).toMatchObject({
            size: past.length,
            canUndo: past.length > 0,
            canRedo: future.length > 0
          })
        }
        void runtime.dispose()
      }
    ),
    { numRuns: 200 }
  )
})

describe("where instances come and go", () => {
  const make = (factor: number, id = "Sum") => {
    const Def = Module.make(id, {
      state: Schema.Struct({ a: Schema.Finite, b: Schema.Finite, sum: Schema.Finite }),
      actions: { a: Schema.Finite, b: Schema.Finite },
      reducers: { a: (state, a) => ({ ...state, a }), b: (state, b) => ({ ...state, b }) },
      traits: (t) => ({ sum: t.computed(({ a, b }) => (a + b) * factor) })
    })
    return { Def, Live: Def.implement({ initial: { a: 0, b: 0 } }) }
  }

  test("T9 derived fields follow from what is put back, without a word", async () => {
    const { Def, Live } = make(1)
    const { warnings, layer } = collectWarnings()
    const runtime = disposing(Runtime.make(Live, { layer }))
    const sum = runtime.resolve(Def.tag)
    const history = Undo.make(runtime, sum, { records: ({ origin }) => origin.name === "a" })
    sum.unsafe.dispatch({ _tag: "a", payload: 1 })
    sum.unsafe.dispatch({ _tag: "b", payload: 10 })
    expect(history.unsafe.undo()).toBe(true)
    expect(sum.unsafe.getState()).toEqual({ a: 0, b: 10, sum: 10 })
    await idle()
    expect(warnings).toEqual([])
  })

  test("1 a module that is replaced makes no step, and its steps are undone", async () => {
    const [one, two] = [make(1), make(10)]
    const { warnings, layer } = collectWarnings()
    const runtime = disposing(Runtime.make(one.Live, { layer }))
    const sum = runtime.resolve(one.Def.tag)
    const history = Undo.make(runtime, one.Def)
    sum.unsafe.dispatch({ _tag: "a", payload: 1 })
    sum.unsafe.dispatch({ _tag: "b", payload: 1 })
    history.unsafe.undo()
    await runtime.replace(two.Live)
    expect(history.unsafe.getState()).toMatchObject({ undoes: "a", redoes: "b" })
    history.unsafe.redo()
    expect(sum.unsafe.getState()).toEqual({ a: 1, b: 1, sum: 20 })
    await idle()
    expect(warnings).toEqual([])
  })

  test("C7 while one is on its way out, the other's steps are undone", async () => {
    const gate = latch()
    const [one, two] = [make(1, "One"), make(1, "Two")]
    const slow = one.Def.logic("slow", () => Effect.addFinalizer(() => Effect.promise(() => gate.promise)))
    const runtime = disposing(Runtime.make([one.Live.withLogic(slow), two.Live]))
    const history = Undo.make(runtime, [one.Def, two.Def])
    const kept = runtime.resolve(two.Def.tag)
    kept.unsafe.dispatch({ _tag: "a", payload: 1 })
    const evicted = runtime.evict(runtime.resolve(one.Def.tag).instanceId)
    expect(history.unsafe.undo()).toBe(true)
    expect(kept.unsafe.getState().a).toBe(0)
    gate.resolve()
    await evicted
  })

  test("1 an instance of another runtime is refused", () => {
    const { Def, Live } = make(1)
    const [runtime, other] = [disposing(Runtime.make(Live)), disposing(Runtime.make(Live))]
    expect(thrown(() => Undo.make(runtime, other.resolve(Def.tag)))).toMatchObject({
      _tag: "InvalidGroup",
      reason: "foreign"
    })
  })

  test("C7 a history of a scope ends with it, also of what goes on outside", async () => {
    const [one, two] = [make(1, "One"), make(1, "Two")]
    const runtime = disposing(Runtime.make(one.Live))
    const scope = runtime.scope(two.Live)
    const history = Undo.make(scope, [one.Def, two.Def])
    const outside = runtime.resolve(one.Def.tag)
    outside.unsafe.dispatch({ _tag: "a", payload: 1 })
    expect(history.unsafe.getState().size).toBe(1)
    await scope.dispose()
    outside.unsafe.dispatch({ _tag: "a", payload: 2 })
    expect([history.unsafe.undo(), history.unsafe.getState().size]).toEqual([false, 0])
    expect(outside.unsafe.getState().a).toBe(2)
  })

  test("C7 where the only one is on its way out, there is nothing to undo", async () => {
    const gate = latch()
    const { Def, Live } = make(1)
    const slow = Def.logic("slow", () => Effect.addFinalizer(() => Effect.promise(() => gate.promise)))
    const runtime = disposing(Runtime.make(Live.withLogic(slow)))
    const history = Undo.make(runtime, Def)
    const { instanceId, unsafe } = runtime.resolve(Def.tag)
    unsafe.dispatch({ _tag: "a", payload: 1 })
    const evicted = runtime.evict(instanceId)
    expect(history.unsafe.undo()).toBe(false)
    expect(await Effect.runPromise(history.undo)).toBe(false)
    gate.resolve()
    await evicted
  })
})
