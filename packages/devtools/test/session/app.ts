/** A small app of two modules, in which one thing leads to another, and random use of it. */
import { Collection, Module, type Runtime } from "@sluice/core"
import * as RuntimeRoom from "@sluice/core/Runtime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { History, record, type Recording } from "../../src/session/index.ts"

const Item = Schema.Struct({ id: Schema.String, qty: Schema.Number, tags: Schema.Array(Schema.String) })

export const Stock = Module.make("Stock", {
  source: import.meta.url,
  state: Schema.Struct({
    items: Collection.schema(Item, "id"),
    total: Schema.Number,
    note: Schema.String,
    since: Schema.Date,
    size: Schema.Struct({ width: Schema.Number, height: Schema.Number })
  }),
  actions: {
    put: Schema.Struct({ id: Schema.String, qty: Schema.Number }),
    take: Schema.String,
    clear: Schema.Void
  },
  reducers: {
    put: (state, { id, qty }) => ({
      ...state,
      items: state.items.set({ id, qty: (state.items.get(id)?.qty ?? 0) + qty, tags: [`put ${qty}`] })
    }),
    take: (state, id) => {
      if (!state.items.has(id)) throw new Error(`there is no ${id}`)
      return { ...state, items: state.items.remove(id) }
    },
    clear: (state) => ({ ...state, items: state.items.clear() })
  },
  traits: (t) => ({
    total: t.computed((state) => state.items.toArray().reduce((sum, { qty }) => sum + qty, 0))
  })
})

export const Ledger = Module.make("Ledger", {
  state: Schema.Struct({ lines: Schema.Array(Schema.String), count: Schema.Number }),
  actions: { write: Schema.String, echo: Schema.String },
  reducers: {
    write: (state, line) => ({ lines: [...state.lines, line], count: state.count + 1 }),
    echo: (state, line) => ({ ...state, lines: [...state.lines, line.toUpperCase()] })
  }
})

/** Each `put` is written into the ledger, and each line there is echoed. */
const book = Stock.logic("book", ($) =>
  Effect.gen(function* () {
    const ledger = yield* $.use(Ledger)
    yield* $.onAction("put").run(({ id, qty }) => ledger.actions.write(`${id} ${qty}`))
  })
)
const echo = Ledger.logic("echo", ($) => $.onAction("write").run((line) => $.actions.echo(line)))

export const LedgerLive = Ledger.implement({ initial: { lines: [], count: 0 }, logics: [echo] })
export const StockLive = Stock.implement({
  initial: {
    items: Collection.make("id", [{ id: "a", qty: 1, tags: [] }]),
    note: "",
    since: new Date(0),
    size: { width: 1, height: 1 }
  },
  logics: [book],
  imports: [LedgerLive]
})

export type Step =
  | { readonly _tag: "put"; readonly id: string; readonly qty: number }
  | { readonly _tag: "take"; readonly id: string }
  | { readonly _tag: "clear" }
  | { readonly _tag: "batch"; readonly ids: ReadonlyArray<string> }
  | { readonly _tag: "note"; readonly note: string }
  | { readonly _tag: "widen"; readonly by: number }
  | { readonly _tag: "relabel"; readonly id: string; readonly qty: number }
  | { readonly _tag: "both"; readonly note: string }
  | { readonly _tag: "date"; readonly at: number }

const id = fc.constantFrom("a", "b", "c")
const qty = fc.integer({ min: -3, max: 3 })
const word = fc.constantFrom("", "x", "y")

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ _tag: fc.constant("put" as const), id, qty }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("take" as const), id }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("clear" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constant("batch" as const), ids: fc.array(id, { maxLength: 3 }) })
  },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("note" as const), note: word }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("widen" as const), by: qty }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("relabel" as const), id, qty }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("both" as const), note: word }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("date" as const), at: fc.nat({ max: 2 }) }) }
)

export const steps = (maxLength = 15): fc.Arbitrary<ReadonlyArray<Step>> => fc.array(step, { maxLength })

/** The app, and what an observer of its own has seen of it: the states after each commit, by its seq. */
export const makeApp = (capacity?: number) => {
  const runtime = RuntimeRoom.make(StockLive, { onError: () => {}, label: "shop" })
  const [stock, ledger] = [runtime.resolve(Stock.tag), runtime.resolve(Ledger.tag)]
  const states = () =>
    new Map<string, unknown>([stock, ledger].map((ref) => [ref.instanceId, ref.unsafe.getState()]))
  const history = new History(capacity)
  record(runtime, history)
  const seen = [states()]
  runtime.onCommit((commit) => {
    const before = seen.at(-1) ?? states()
    seen.push(new Map(before).set(commit.instanceId, commit.next))
  })
  const commits = () => history.appended

  const run = (step: Step): void => {
    const { unsafe } = stock
    switch (step._tag) {
      case "put":
        return unsafe.dispatch({ _tag: "put", payload: { id: step.id, qty: step.qty } })
      case "take":
        return attempt(() => unsafe.dispatch({ _tag: "take", payload: step.id }))
      case "clear":
        return unsafe.dispatch({ _tag: "clear" })
      case "batch":
        return unsafe.dispatchBatch(step.ids.map((id) => ({ _tag: "put", payload: { id, qty: 1 } })))
      case "note":
        return unsafe.transact("note", (tx) => tx.update((state) => ({ ...state, note: step.note })))
      case "widen":
        return unsafe.transact("widen", (tx) =>
          tx.update((state) => ({ ...state, size: { ...state.size, width: state.size.width + step.by } }))
        )
      case "relabel":
        return unsafe.transact("relabel", (tx) =>
          tx.update((state) => ({
            ...state,
            items: state.items.update(step.id, (row) => ({ ...row, qty: step.qty }))
          }))
        )
      case "date":
        return unsafe.transact("date", (tx) => tx.update((state) => ({ ...state, since: new Date(step.at) })))
      case "both":
        return runtime.unsafe.transact([stock, ledger], "both", (stock, ledger) => {
          stock.update((state) => ({ ...state, note: `${step.note}!` }))
          ledger.update((state) => ({ ...state, lines: [...state.lines, step.note] }))
        })
    }
  }

  return { runtime, stock, ledger, history, states, seen, commits, run }
}

const attempt = (body: () => void): void => {
  try {
    body()
  } catch {
    // It was rolled back.
  }
}

/** Resolves when nothing is left to be handled. */
export const settled = async (runtime: Runtime.AnyRuntime): Promise<void> => {
  const isBusy = () =>
    runtime.instances().some((instance) => {
      const { consumers, ingress } = instance.unsafe.backlog()
      return ingress > 0 || consumers.some(({ depth, inFlight }) => depth + inFlight > 0)
    })
  do {
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
  } while (isBusy())
}

/** Uses the app, lets what that causes come to its end, and gives what was recorded. */
export const recorded = async (
  given: ReadonlyArray<Step>
): Promise<ReturnType<typeof makeApp> & { readonly recording: Recording }> => {
  const app = makeApp()
  for (const [at, step] of given.entries()) {
    app.run(step)
    // So that what handlers cause is found between other entries, and not only after all.
    if (at % 3 === 2) await settled(app.runtime)
  }
  await settled(app.runtime)
  return { ...app, recording: app.history.recording({ label: "shop" }) }
}

export const plain = (states: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> =>
  new Map(
    Array.from(states, ([id, state]) => [
      id,
      JSON.parse(JSON.stringify(state, (_, value: unknown) => value)) as unknown
    ])
  )
