import { Collection, Module, Runtime } from "@sluice/core"
import * as Devtools from "@sluice/core/Devtools"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test, vi } from "vitest"
import {
  causedBy,
  causeTree,
  type CauseNode,
  History,
  record,
  recompute,
  reducersOf,
  replay,
  show,
  UnknownTransaction
} from "../../src/session/index.ts"
import { recorded } from "./app.ts"

const Row = Schema.Struct({ id: Schema.String, n: Schema.Number })
const makeBoard = (now: () => number = () => 0) =>
  Module.make("Board", {
    state: Schema.Struct({
      count: Schema.Number,
      name: Schema.String,
      stamp: Schema.Number,
      rows: Collection.schema(Row, "id"),
      double: Schema.Number
    }),
    actions: { add: Schema.Number, stamp: Schema.Void, exactly: Schema.Number, put: Row },
    reducers: {
      add: (state, by) => ({ ...state, count: state.count + by }),
      stamp: (state) => ({ ...state, stamp: now() }),
      exactly: (state, count) => {
        if (state.count !== count) throw new Error(`it is ${state.count}`)
        return { ...state, name: `exactly ${count}` }
      },
      put: (state, row) => ({ ...state, rows: state.rows.set(row) })
    },
    traits: (t) => ({ double: t.computed((state) => state.count * 2) })
  })
const Other = Module.make("Other", {
  state: Schema.Struct({ n: Schema.Number }),
  actions: { add: Schema.Number },
  reducers: { add: (state, by) => ({ n: state.n + by }) }
})

const setup = (now?: () => number) => {
  const Board = makeBoard(now)
  const initial = {
    count: 0,
    name: "",
    stamp: 0,
    rows: Collection.make<typeof Row.Type, "id">("id", [{ id: "a", n: 0 }])
  }
  const runtime = Runtime.make([Board.implement({ initial }), Other.implement({ initial: { n: 0 } })])
  onTestFinished(() => runtime.dispose())
  const [board, other] = [runtime.resolve(Board.tag), runtime.resolve(Other.tag)]
  const history = new History()
  record(runtime, history)
  const { unsafe } = board
  type State = ReturnType<typeof unsafe.getState>
  const write = (name: string, f: (state: State) => State) => {
    unsafe.transact(name, (tx) => tx.update(f))
    return history.latest?.txnId ?? ""
  }
  const act = (...[action]: Parameters<typeof unsafe.dispatch>) => {
    unsafe.dispatch(action)
    return history.latest?.txnId ?? ""
  }
  const what = (changes: Parameters<typeof recompute>[1]) =>
    recompute(history.recording(), changes, reducersOf(runtime))
  const tags = (changes: Parameters<typeof recompute>[1]) =>
    what(changes).entries.map(({ outcome }) => outcome._tag)
  const final = (changes: Parameters<typeof recompute>[1]) => what(changes).states.get(board.instanceId)
  return { runtime, board, other, history, unsafe, write, act, what, tags, final }
}

test("the reducers of what comes after run again, and computed fields follow", () => {
  const { act, final, tags, unsafe } = setup()
  const first = act({ _tag: "add", payload: 1 })
  act({ _tag: "add", payload: 2 })
  act({ _tag: "put", payload: { id: "b", n: 1 } })
  expect(tags({ skip: [first] })).toEqual(["skipped", "recomputed", "recomputed"])
  expect(final({ skip: [first] })).toMatchObject({ count: 2, double: 4 })
  expect(unsafe.getState().count).toBe(3)
})

test("an entry without a reducer is a patch by field and row; what it does not touch may differ", () => {
  const { act, final, tags, write } = setup()
  const first = act({ _tag: "add", payload: 1 })
  write("rename", (state) => ({ ...state, name: "x" }))
  write("rows", (state) => ({
    ...state,
    rows: state.rows.update("a", (row) => ({ ...row, n: 5 })).set({ id: "c", n: 3 })
  }))
  expect(tags({ skip: [first] })).toEqual(["skipped", "recomputed", "recomputed"])
  const state = final({ skip: [first] }) as { readonly rows: { readonly toArray: () => unknown } }
  expect(state).toMatchObject({ count: 0, double: 0, name: "x" })
  expect(state.rows.toArray()).toEqual([
    { id: "a", n: 5 },
    { id: "c", n: 3 }
  ])
})

test("a conflict is shown with its places, and nothing is written there", () => {
  const { final, what, write } = setup()
  const first = write("first", (state) => ({
    ...state,
    name: "x",
    rows: state.rows.update("a", (row) => ({ ...row, n: 1 })).set({ id: "b", n: 2 })
  }))
  write("second", (state) => ({
    ...state,
    name: "xy",
    stamp: 7,
    rows: state.rows.update("a", (row) => ({ ...row, n: 2 })).remove("b")
  }))
  const [, second] = what({ skip: [first] }).entries
  expect(second?.outcome).toEqual({
    _tag: "conflict",
    conflicts: [
      { path: ["name"], reason: "changed", recorded: "x", wrote: "xy", found: "" },
      { path: ["rows", "a", "n"], reason: "changed", recorded: 1, wrote: 2, found: 0 },
      {
        path: ["rows", "b"],
        reason: "absent",
        recorded: { id: "b", n: 2 },
        wrote: undefined,
        found: undefined
      }
    ]
  })
  expect(final({ skip: [first] })).toMatchObject({ name: "", stamp: 7 })
})

test("an entry whose reducer throws there has failed, and does nothing", () => {
  const { act, final, what } = setup()
  const first = act({ _tag: "add", payload: 1 })
  act({ _tag: "exactly", payload: 1 })
  act({ _tag: "add", payload: 5 })
  const { counts, entries } = what({ skip: [first] })
  expect(entries[1]?.outcome).toMatchObject({ _tag: "failed", error: new Error("it is 0") })
  expect(counts).toEqual({ unchanged: 0, recomputed: 1, conflict: 0, failed: 1, skipped: 1 })
  expect(final({ skip: [first] })).toMatchObject({ count: 5, name: "" })
})

test("one is put at another place", () => {
  const { act, final, write } = setup()
  const first = act({ _tag: "add", payload: 1 })
  const second = act({ _tag: "exactly", payload: 1 })
  write("note", (state) => ({ ...state, stamp: 1 }))
  expect(final({ move: { txnId: first, before: undefined } })).toMatchObject({ count: 1, name: "", stamp: 1 })
  expect(final({ move: { txnId: second, before: first } })).toMatchObject({ count: 1, name: "", stamp: 1 })
  expect(final({ move: { txnId: second, before: second } })).toMatchObject({
    count: 1,
    name: "exactly 1",
    stamp: 1
  })
})

test("all are put in another order, and what is not named stands behind", () => {
  const { act, final } = setup()
  const first = act({ _tag: "add", payload: 1 })
  const second = act({ _tag: "exactly", payload: 1 })
  expect(final({ order: [second, first] })).toMatchObject({ count: 1, name: "" })
  expect(final({ order: [second] })).toMatchObject({ count: 1, name: "" })
  expect(final({ order: [first, second] })).toMatchObject({ count: 1, name: "exactly 1" })
})

test("a group is left out as a whole, and no moment is within it (T11)", () => {
  const { act, board, history, other, runtime, what } = setup()
  const first = act({ _tag: "add", payload: 1 })
  runtime.unsafe.transact([board, other], "both", (board, other) => {
    board.update((state) => ({ ...state, count: state.count + 1 }))
    other.update((state) => ({ n: state.n + 1 }))
  })
  const group = history.after(1)
  expect(group.map(({ groupId }) => groupId)).toEqual([group[0]?.groupId, group[0]?.groupId])
  const without = what({ skip: [group[0]?.txnId ?? ""] })
  expect(without.counts).toMatchObject({ skipped: 2, unchanged: 1 })
  expect(without.states.get(other.instanceId)).toEqual({ n: 0 })
  const moments = [0, 1, 2, 3].map((count) => what({}).statesAfter(count).get(other.instanceId))
  expect(moments).toEqual([{ n: 0 }, { n: 0 }, { n: 1 }, { n: 1 }])
  expect(what({ skip: [first] }).counts).toMatchObject({ conflict: 1, unchanged: 1 })
})

test("where one of a group fails, nothing of the group is done (T11)", () => {
  const { act, board, history, other, runtime } = setup()
  const first = act({ _tag: "add", payload: 1 })
  act({ _tag: "exactly", payload: 1 })
  other.unsafe.dispatch({ _tag: "add", payload: 5 })
  act({ _tag: "add", payload: 2 })
  const recording = history.recording()
  const commits = recording.commits.map((commit) =>
    commit.seq === 2 || commit.seq === 3 ? { ...commit, groupId: "g" } : commit
  )
  const without = recompute({ ...recording, commits }, { skip: [first] }, reducersOf(runtime))
  expect(without.entries.map(({ outcome }) => outcome._tag)).toEqual([
    "skipped",
    "failed",
    "failed",
    "recomputed"
  ])
  expect(without.states.get(other.instanceId)).toEqual({ n: 0 })
  expect(without.states.get(board.instanceId)).toMatchObject({ count: 2, name: "" })
})

test("what is shown meanwhile changes nothing for what comes after", () => {
  const { act, board, final, runtime, unsafe } = setup()
  const base = board.unsafe.getState()
  const first = act({ _tag: "add", payload: 1 })
  act({ _tag: "add", payload: 2 })
  runtime.travel.to(new Map([[board.instanceId, base]]))
  Devtools.edit(runtime, board.instanceId, { ...unsafe.getState(), count: 100 })
  expect(unsafe.getState().count).toBe(100)
  runtime.travel.live()
  act({ _tag: "add", payload: 4 })
  expect(final({})).toMatchObject({ count: 7 })
  expect(final({ skip: [first] })).toMatchObject({ count: 6, double: 12 })
})

test("an edit stands for itself, whatever was before it", () => {
  const { act, board, final, runtime, unsafe } = setup()
  const first = act({ _tag: "add", payload: 1 })
  Devtools.edit(runtime, board.instanceId, { ...unsafe.getState(), count: 100 })
  act({ _tag: "add", payload: 4 })
  expect(final({ skip: [first] })).toMatchObject({ count: 104, double: 208 })
})

test("the recomputed states are shown until live, and until then nothing is done", () => {
  const { act, runtime, unsafe, what } = setup()
  const first = act({ _tag: "add", payload: 1 })
  act({ _tag: "add", payload: 2 })
  const without = what({ skip: [first] })
  expect(unsafe.getState().count).toBe(3)
  show(runtime, without)
  expect(unsafe.getState()).toMatchObject({ count: 2, double: 4 })
  show(runtime, without, 1)
  expect(unsafe.getState().count).toBe(0)
  runtime.travel.live()
  expect(unsafe.getState().count).toBe(3)
})

test("a transaction that is not in the recording is refused by its name", () => {
  const { act, what } = setup()
  act({ _tag: "add", payload: 1 })
  const error = new UnknownTransaction({ txnId: "Board#9::t1", oldest: "Board#1::t1" })
  expect(() => what({ skip: ["Board#9::t1"] })).toThrow(error)
  expect(() => what({ move: { txnId: "Board#9::t1", before: undefined } })).toThrow(error)
})

test("with all that it caused", async () => {
  const { ledger, recording, runtime, stock } = await recorded([
    { _tag: "put", id: "a", qty: 1 },
    { _tag: "put", id: "b", qty: 2 }
  ])
  onTestFinished(() => runtime.dispose())
  const [first] = recording.commits
  const names = (nodes: ReadonlyArray<CauseNode>): ReadonlyArray<unknown> =>
    nodes.map(({ children, commit }) => [commit.origin.name, names(children)])
  expect(names(causeTree(recording.commits))).toEqual([
    ["put", [["write", [["echo", []]]]]],
    ["put", [["write", [["echo", []]]]]]
  ])
  expect(causedBy(recording.commits, first?.txnId ?? "").map(({ origin }) => origin.name)).toEqual([
    "write",
    "echo"
  ])

  const skip = [first?.txnId ?? ""]
  const alone = recompute(recording, { skip }, reducersOf(runtime))
  expect(alone.counts).toMatchObject({ skipped: 1 })
  expect(alone.states.get(ledger.instanceId)).toEqual(ledger.unsafe.getState())
  const whole = recompute(recording, { skip, withCaused: true }, reducersOf(runtime))
  expect(whole.counts).toMatchObject({ skipped: 3 })
  expect(whole.states.get(ledger.instanceId)).toEqual({ lines: ["b 2", "B 2"], count: 1 })
  expect(whole.states.get(stock.instanceId)).toMatchObject({ total: 3 })
})

test("a replay calls the reducers, and names the first divergence of one that reads a clock", () => {
  const now = vi.fn<() => number>(() => 1)
  const { act, board, history, runtime, write } = setup(now)
  act({ _tag: "add", payload: 1 })
  const stamped = act({ _tag: "stamp" })
  write("rename", (state) => ({ ...state, name: "x" }))
  const again = () => replay(history.recording(), reducersOf(runtime))
  expect(again()).toEqual({ divergence: undefined, compared: 2, given: 1, partial: 0, missing: [] })
  expect(now).toHaveBeenCalledTimes(2)
  now.mockReturnValue(2)
  expect(again()).toMatchObject({
    compared: 1,
    divergence: {
      seq: 2,
      txnId: stamped,
      instanceId: board.instanceId,
      path: ["stamp"],
      recorded: 1,
      replayed: 2
    }
  })
  expect(board.unsafe.getState().stamp).toBe(1)
})

test("a replay finds Date.now and Math.random", () => {
  for (const read of [() => performance.timeOrigin + performance.now(), Math.random]) {
    const { act, history, runtime } = setup(read)
    act({ _tag: "stamp" })
    expect(replay(history.recording(), reducersOf(runtime)).divergence?.path).toEqual(["stamp"])
  }
  const { act, history, runtime } = setup(() => Date.now())
  vi.useFakeTimers({ now: 1_000, toFake: ["Date"] })
  onTestFinished(() => void vi.useRealTimers())
  act({ _tag: "stamp" })
  vi.setSystemTime(2_000)
  expect(replay(history.recording(), reducersOf(runtime)).divergence).toMatchObject({
    path: ["stamp"],
    recorded: 1_000,
    replayed: 2_000
  })
})

test("a replay names a reducer that throws now, and a module that is not there", () => {
  const { act, history, other, runtime } = setup()
  act({ _tag: "add", payload: 1 })
  act({ _tag: "exactly", payload: 1 })
  other.unsafe.dispatch({ _tag: "add", payload: 1 })
  const recording = history.recording()
  const reducers = reducersOf(runtime)
  const changed = recording.commits.map((commit) =>
    commit.origin.name === "exactly" ? { ...commit, actions: [{ _tag: "exactly", payload: 2 }] } : commit
  )
  const failed = replay({ ...recording, commits: changed }, reducers)
  expect(failed.divergence).toMatchObject({ seq: 2, path: [], error: new Error("it is 1") })

  const alone = { instances: () => runtime.instances().filter(({ id }) => id === "Board") }
  expect(replay(recording, reducersOf(alone))).toMatchObject({
    divergence: undefined,
    compared: 2,
    given: 1,
    missing: ["Other"]
  })
})
