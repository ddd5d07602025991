/** What a commit makes of a state that is not the one it was made at. */
import { Collection, Module, Runtime } from "@sluice/core"
import * as Replay from "@sluice/core/Replay"
import * as Effect from "effect/Effect"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { disposing, thrown } from "./support.ts"

const Row = Schema.Struct({ id: Schema.String, n: Schema.Number })
const rows = (...all: ReadonlyArray<typeof Row.Type>) => Collection.make<typeof Row.Type, "id">("id", all)

let loads = 0
const Board = Module.make("Board", {
  state: Schema.Struct({
    n: Schema.Number,
    word: Schema.String,
    size: Schema.Struct({ width: Schema.Number, height: Schema.Number }),
    rows: Collection.schema(Row, "id"),
    twice: Schema.Number,
    width: Schema.Number,
    page: AsyncResult.Schema({ success: Schema.String })
  }),
  actions: {
    add: Schema.Number,
    double: Schema.Void,
    say: Schema.String,
    widen: Schema.Number,
    put: Row,
    remove: Schema.String,
    boom: Schema.Number,
    later: Schema.Void
  },
  reducers: {
    add: (state, by) => ({ ...state, n: state.n + by }),
    double: (state) => ({ ...state, n: state.n * 2 }),
    say: (state, word) => ({ ...state, word }),
    widen: (state, by) => ({ ...state, size: { ...state.size, width: state.size.width + by } }),
    put: (state, row) => ({ ...state, rows: state.rows.set(row) }),
    remove: (state, id) => ({ ...state, rows: state.rows.remove(id) }),
    boom: (state, at) => {
      if (state.n !== at) throw new Error("not here")
      return { ...state, n: 100 }
    }
  },
  traits: (t) => ({
    twice: t.computed((state) => state.n * 2),
    width: t.link((state) => state.size.width),
    page: t.source({
      key: (state) => state.word,
      load: (word) => Effect.sync(() => `${++loads} ${word}`)
    })
  })
})

const setup = () => {
  const runtime = disposing(
    Runtime.make(
      Board.implement({
        initial: {
          n: 1,
          word: "",
          size: { width: 1, height: 1 },
          rows: rows({ id: "a", n: 1 }, { id: "b", n: 1 })
        }
      })
    )
  )
  const board = runtime.resolve(Board.tag)
  const { unsafe } = board
  type State = ReturnType<typeof unsafe.getState>
  /** What the entry changed, observed. */
  const changeOf = (entry: () => void): Replay.Change<State> => {
    const seen: Array<Replay.Change<State>> = []
    const stop = Replay.observe(board, (change) => void seen.push(change))
    entry()
    stop()
    if (seen[0] === undefined) throw new Error("There was no commit")
    return seen[0]
  }
  const act = (...[action]: Parameters<typeof unsafe.dispatch>) => changeOf(() => unsafe.dispatch(action))
  const onto = (change: Replay.Change<State>, state: State) => Replay.onto(board, change, state)
  return { runtime, board, unsafe, changeOf, act, onto }
}

describe("a change", () => {
  test("gives its own next state where the state is the one it was made at", () => {
    const { act, onto } = setup()
    const change = act({ _tag: "add", payload: 2 })
    expect(onto(change, change.previous)).toBe(change.next)
  })

  test("of actions runs their reducers again, in order, and what is computed follows", () => {
    const { act, changeOf, onto, unsafe } = setup()
    const base = unsafe.getState()
    act({ _tag: "add", payload: 1 })
    const doubled = act({ _tag: "double" })
    expect(doubled.next.n).toBe(4)
    expect(onto(doubled, base)).toMatchObject({ n: 2, twice: 4 })
    const both = changeOf(() => unsafe.dispatchBatch([{ _tag: "add", payload: 3 }, { _tag: "double" }]))
    expect(onto(both, base)).toMatchObject({ n: 8, twice: 16 })
  })

  test("keeps the references of what it does not touch", () => {
    const { act, onto, unsafe } = setup()
    const base = unsafe.getState()
    act({ _tag: "add", payload: 1 })
    const widened = act({ _tag: "widen", payload: 4 })
    const state = onto(widened, base)
    expect(state).toMatchObject({ n: 1, size: { width: 5, height: 1 }, width: 5 })
    expect(state.rows).toBe(base.rows)
  })

  test("of no action goes by field and by row", () => {
    const { act, changeOf, onto, unsafe } = setup()
    act({ _tag: "put", payload: { id: "c", n: 3 } })
    act({ _tag: "widen", payload: 4 })
    const change = changeOf(() =>
      unsafe.transact("edit", (tx) =>
        tx.update((state) => ({
          ...state,
          n: 7,
          size: { ...state.size, height: 9 },
          rows: state.rows.update("a", (row) => ({ ...row, n: 10 })).remove("b")
        }))
      )
    )
    expect(change.actions).toEqual([])
    const other = { ...unsafe.getState(), n: 0, word: "other", size: { width: 3, height: 3 } }
    const state = onto(change, {
      ...other,
      rows: rows({ id: "a", n: 1 }, { id: "b", n: 1 }, { id: "d", n: 4 })
    })
    expect(state).toMatchObject({ n: 7, twice: 14, word: "other", size: { width: 3, height: 9 }, width: 3 })
    expect(state.rows.toArray()).toEqual([
      { id: "a", n: 10 },
      { id: "d", n: 4 }
    ])
  })

  test("of an action whose reducer fails there goes by field", () => {
    const { act, onto, unsafe } = setup()
    const base = unsafe.getState()
    act({ _tag: "add", payload: 1 })
    const change = act({ _tag: "boom", payload: 2 })
    expect(onto(change, { ...base, word: base.word })).toMatchObject({ n: 100, twice: 200 })
  })

  test("of a source's load puts the outcome into the field, and starts no load", async () => {
    const { act, board, onto, unsafe } = setup()
    await expect.poll(() => AsyncResult.isSuccess(unsafe.getState().page)).toBe(true)
    const base = unsafe.getState()
    act({ _tag: "add", payload: 1 })
    const seen: Array<Replay.Change<typeof base>> = []
    const stop = Replay.observe(board, (change) => void seen.push(change))
    await Effect.runPromise(board.refresh("page"))
    stop()
    const before = loads
    const outcome = seen.at(-1)
    expect(outcome?.origin.kind).toBe("source-refresh")
    const state = outcome && onto(outcome, base)
    expect(state).toMatchObject({ n: 1, twice: 2 })
    expect(state?.page).toBe(unsafe.getState().page)
    await Promise.resolve()
    expect(loads).toBe(before)
  })

  test("of devtools or a hydration gives its next state, whatever the state", () => {
    const { act, changeOf, onto, runtime, board, unsafe } = setup()
    const base = unsafe.getState()
    act({ _tag: "add", payload: 1 })
    const jump = changeOf(() => runtime.travel.to(new Map([[board.instanceId, base]])))
    expect(Replay.isAbsolute(jump)).toBe(true)
    expect(onto(jump, { ...base, word: "elsewhere" })).toBe(jump.next)
  })

  test("T5: an entry that a reducer makes while it is run again is refused, and the instance is as before", () => {
    const entered: Array<unknown> = []
    let enter = () => {}
    const Sly = Module.make("Sly", {
      state: Schema.Struct({ n: Schema.Number }),
      actions: { set: Schema.Number },
      reducers: {
        set: (_, n) => {
          enter()
          return { n }
        }
      }
    })
    const sly = disposing(Runtime.make(Sly.implement({ initial: { n: 0 } }))).resolve(Sly.tag)
    const seen: Array<Replay.Change<{ readonly n: number }>> = []
    Replay.observe(sly, (change) => void seen.push(change))
    sly.unsafe.dispatch({ _tag: "set", payload: 1 })
    const [change] = seen
    if (change === undefined) throw new Error("There was no commit")
    enter = () => entered.push(thrown(() => sly.unsafe.dispatch({ _tag: "set", payload: 2 })))
    expect(Replay.onto(sly, change, { n: 5 })).toEqual({ n: 1 })
    expect(entered).toEqual([expect.objectContaining({ _tag: "EntryInTransaction" })])
    expect(sly.unsafe.getState()).toEqual({ n: 1 })
  })
})

describe("running an entry again", () => {
  test("calls its reducers also on the state that it was made at, and computed fields follow", () => {
    const { act, board, changeOf, unsafe } = setup()
    const base = unsafe.getState()
    const added = act({ _tag: "add", payload: 2 })
    const again = Replay.rerun(board, added, base)
    expect(again?.state).toEqual(added.next)
    expect(again?.state).not.toBe(added.next)
    const both = changeOf(() => unsafe.dispatchBatch([{ _tag: "add", payload: 3 }, { _tag: "double" }]))
    expect(Replay.rerun(board, both, base)?.state).toMatchObject({ n: 8, twice: 16 })
    expect(unsafe.getState()).toBe(both.next)
  })

  test("gives nothing where no reducer made it, and throws what a reducer throws", () => {
    const { act, board, changeOf, unsafe } = setup()
    const base = unsafe.getState()
    const write = changeOf(() => unsafe.transact("edit", (tx) => tx.update((state) => ({ ...state, n: 7 }))))
    expect(Replay.rerun(board, write, base)).toBeUndefined()
    const change = act({ _tag: "boom", payload: 7 })
    expect(() => Replay.rerun(board, change, base)).toThrow("not here")
  })

  test("T10: refuses what the schema refuses, where commits are checked", () => {
    const Small = Module.make("Small", {
      state: Schema.Struct({ n: Schema.Number.check(Schema.isLessThan(3)) }),
      actions: { add: Schema.Number },
      reducers: { add: (state, by) => ({ n: state.n + by }) }
    })
    const entry = { origin: { kind: "action", name: "add" }, actions: [{ _tag: "add", payload: 2 }] } as const
    const small = (validate?: "commit") =>
      disposing(
        Runtime.make(Small.implement({ initial: { n: 0 }, ...(validate === undefined ? {} : { validate }) }))
      ).resolve(Small.tag)
    expect(Replay.rerun(small(), entry, { n: 2 })).toEqual({ state: { n: 4 } })
    expect(thrown(() => Replay.rerun(small("commit"), entry, { n: 2 }))).toMatchObject({
      _tag: "InvalidState"
    })
  })

  test("completes a draft with what is computed from it", () => {
    const { board, unsafe } = setup()
    const base = unsafe.getState()
    expect(Replay.complete(board, base, { ...base, n: 5 })).toMatchObject({ n: 5, twice: 10 })
    expect(Replay.complete(board, base, base)).toBe(base)
    expect(unsafe.getState()).toBe(base)
  })
})

describe("observing", () => {
  test("tells of each commit once, in order, before subscribers, until it is ended", () => {
    const { board, unsafe } = setup()
    const order: Array<string> = []
    unsafe.subscribe(({ n }) => order.push(`subscriber ${n}`))
    const stop = Replay.observe(board, ({ next }) => void order.push(`observer ${next.n}`))
    unsafe.dispatch({ _tag: "add", payload: 1 })
    unsafe.dispatch({ _tag: "add", payload: 0 })
    unsafe.dispatch({ _tag: "later" })
    stop()
    unsafe.dispatch({ _tag: "add", payload: 1 })
    // The actions that changed nothing, too: on another state they might.
    expect(order).toEqual([
      "observer 2",
      "subscriber 2",
      "observer 2",
      "subscriber 2",
      "observer 2",
      "subscriber 3"
    ])
  })
})

test("some changes left out and put in again at their place give the truth (property)", () => {
  const action = fc.oneof(
    fc.record({ _tag: fc.constant("add" as const), payload: fc.integer({ min: -9, max: 9 }) }),
    fc.record({ _tag: fc.constant("double" as const) }),
    fc.record({ _tag: fc.constant("say" as const), payload: fc.string({ maxLength: 2 }) }),
    fc.record({
      _tag: fc.constant("put" as const),
      payload: fc.record({ id: fc.constantFrom("a", "b", "c"), n: fc.nat(9) })
    }),
    fc.record({ _tag: fc.constant("remove" as const), payload: fc.constantFrom("a", "b", "c") })
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(action, fc.boolean()), { maxLength: 12 }), (steps) => {
      const { board, onto, unsafe } = setup()
      type State = ReturnType<typeof unsafe.getState>
      const base = unsafe.getState()
      const seen: Array<Replay.Change<State>> = []
      Replay.observe(board, (change) => void seen.push(change))
      const kept: Array<Replay.Change<State>> = []
      const model = setup()
      for (const [given, keep] of steps) {
        const before = seen.length
        unsafe.dispatch(given)
        const change = seen[before]
        if (keep && change !== undefined) kept.push(change)
        if (keep) model.unsafe.dispatch(given)
      }
      const plain = ({ n, rows, twice, word }: State) => ({ n, twice, word, rows: rows.toArray() })
      const some = kept.reduce((state, change) => onto(change, state), base)
      expect(plain(some)).toEqual(plain(model.unsafe.getState()))
      const all = seen.reduce((state, change) => onto(change, state), base)
      expect(all).toBe(unsafe.getState())
    }),
    { seed: 20041, numRuns: 300 }
  )
})
