/**
 * Who keeps what was done to the rows. The rows are the same persistent Collection in all of them, so that what is
 * compared is what each keeps beside it: of an array of ten thousand, a thousand copies take 80 MB.
 */
import { instrument } from "@redux-devtools/instrument"
import { Collection, Module, Runtime } from "@sluice/core"
import { serve } from "@sluice/devtools/protocol"
import * as Schema from "effect/Schema"
import { legacy_createStore, type Store } from "redux"
import { openAsking, uncarried } from "./asking.ts"
import { idAt, raised, Row } from "./rows.ts"

export interface Keeper {
  /** Raises the value of a row. */
  readonly raise: (at: number) => void
  readonly valueAt: (at: number) => number | undefined
  /** How many commits can be returned to; of who keeps none, nothing. */
  readonly kept: () => number | undefined
  /** Whether nothing is left to do after so many. */
  readonly isSettled?: (commits: number) => boolean
  readonly end: () => void
}

type Rows = Collection.Collection<Row>

const collected = (rows: ReadonlyArray<Row>): Rows => Collection.make(({ id }: Row) => id, rows)

// ---------------------------------------------------------------------------------------------------------
// Sluice

const Table = Module.make("Table", {
  state: Schema.Struct({
    rows: Collection.schema(Row, "id")
  }),
  actions: { raise: Schema.String },
  reducers: { raise: (state, id) => ({ ...state, rows: state.rows.update(id, raised) }) }
})

export const startTable = (rows: ReadonlyArray<Row>) => {
  const runtime = Runtime.make(Table.implement({ initial: { rows: collected(rows) } }), {
    label: "bench",
    trace: { level: "light" }
  })
  return { runtime, table: runtime.resolve(Table.tag) }
}

const sluice =
  (
    record: (runtime: ReturnType<typeof startTable>["runtime"]) => Pick<Keeper, "kept" | "end" | "isSettled">
  ) =>
  (rows: ReadonlyArray<Row>): Keeper => {
    const { runtime, table } = startTable(rows)
    const recorded = record(runtime)
    return {
      raise: (at) => table.unsafe.dispatch({ _tag: "raise", payload: idAt(at) }),
      valueAt: (at) => table.unsafe.getState().rows.get(idAt(at))?.value,
      ...recorded,
      end: () => {
        recorded.end()
        void runtime.dispose()
      }
    }
  }

/** The last `count` commits, and where asked for a panel that is told whenever there are more. */
const recording = (count: number, { isRead }: { readonly isRead: boolean }) =>
  sluice((runtime) => {
    const served = serve(runtime, { history: count })
    const panel = isRead ? openAsking(served, uncarried) : undefined
    panel?.ask("Subscribe", { runtime: "r1", rows: false })
    return {
      kept: () => openAsking(served, uncarried).ask("Counts", { runtime: "r1" }).history.length,
      end: () => served.close(),
      ...(panel && { isSettled: (commits) => panel.told()?.history.length === commits })
    }
  })

// ---------------------------------------------------------------------------------------------------------
// Redux

interface Raise {
  readonly type: "raise"
  readonly id: string
}

interface TableState {
  readonly rows: Rows
}

const reducerFrom =
  (initial: TableState) =>
  (state = initial, action: Raise | { readonly type: "" }): TableState =>
    action.type === "raise" ? { ...state, rows: state.rows.update(action.id, raised) } : state

const reduxKeeper = (
  store: Pick<Store<TableState, Raise>, "dispatch" | "getState">,
  kept: Keeper["kept"]
): Keeper => ({
  raise: (at) => void store.dispatch({ type: "raise", id: idAt(at) }),
  valueAt: (at) => store.getState().rows.get(idAt(at))?.value,
  kept,
  end: () => {}
})

const redux = (rows: ReadonlyArray<Row>): Keeper =>
  reduxKeeper(legacy_createStore(reducerFrom({ rows: collected(rows) })), () => undefined)

/** Without a `maxAge` it keeps all. */
const instrumented = (rows: ReadonlyArray<Row>): Keeper => {
  const store = legacy_createStore(reducerFrom({ rows: collected(rows) }), instrument())
  // The first state is the one before them.
  return reduxKeeper(store, () => store.liftedStore.getState().computedStates.length - 1)
}

// ---------------------------------------------------------------------------------------------------------

/** By the name of the contender: each keeps `count` commits, or none. */
export const keepersFor = (
  count: number
): Readonly<Record<string, (rows: ReadonlyArray<Row>) => Keeper>> => ({
  redux,
  "redux, @redux-devtools/instrument": instrumented,
  Sluice: sluice(() => ({ kept: () => undefined, end: () => {} })),
  "Sluice, recorded": recording(count, { isRead: false }),
  "Sluice, recorded, a panel connected": recording(count, { isRead: true })
})
