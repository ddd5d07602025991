/** An app whose state has a value of each kind, with the devtools open on a view. */
import { Collection, Module, Runtime } from "@sluice/core"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import { onTestFinished } from "vitest"
import { mount, panel } from "./support.tsx"

const Flight = Schema.Struct({ id: Schema.String, gate: Schema.String, delay: Schema.Int })

class Money extends Schema.Class<Money>("Money")({ amount: Schema.Int, currency: Schema.String }) {}

const Desk = Module.make("Desk", {
  state: Schema.Struct({
    count: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
    flights: Collection.schema(Flight, "id"),
    byGate: Schema.ReadonlyMap(Schema.String, Schema.Int),
    tags: Schema.ReadonlySet(Schema.String),
    due: Schema.Date,
    fuel: Schema.BigInt,
    note: Schema.UndefinedOr(Schema.String),
    next: Schema.Option(Schema.String),
    weather: AsyncResult.Schema({ success: Schema.String }),
    cost: Money,
    open: Schema.Boolean,
    double: Schema.Int
  }),
  actions: {
    add: Schema.Int,
    delay: Schema.Struct({
      id: Schema.String.check(Schema.isMinLength(1)),
      by: Schema.Int.check(Schema.isBetween({ minimum: -60, maximum: 600 })),
      why: Schema.Literals(["weather", "crew", "other"]),
      note: Schema.optionalKey(Schema.String)
    }),
    reopen: Schema.Void,
    schedule: Schema.Struct({
      due: Schema.Date,
      next: Schema.Option(Schema.String),
      tags: Schema.Array(Schema.String)
    })
  },
  reducers: {
    add: (state, by) => ({ ...state, count: state.count + by }),
    delay: (state, { by, id }) => ({
      ...state,
      flights: state.flights.update(id, (flight) => ({ ...flight, delay: flight.delay + by }))
    }),
    reopen: (state) => ({ ...state, open: true }),
    schedule: (state, { due, next }) => ({ ...state, due, next })
  },
  traits: (t) => ({ double: t.computed((state) => state.count * 2) })
})

const Log = Module.make("Log", {
  state: Schema.Struct({ lines: Schema.Array(Schema.String) }),
  actions: { write: Schema.String },
  reducers: { write: (state, line) => ({ lines: [...state.lines, line] }) }
})

const gates = ["A1", "B7", "C3", "D12"]

export const makeDesk = (flights = 250) => {
  const rows = Array.from({ length: flights }, (_, i) => ({
    id: `SL${100 + i}`,
    gate: gates[i % gates.length] ?? "A1",
    delay: 0
  }))
  const runtime = Runtime.make(
    [
      Desk.implement({
        initial: {
          count: 0,
          flights: Collection.make("id", rows),
          byGate: new Map([
            ["A1", 62],
            ["B7", 63]
          ]),
          tags: new Set(["night", "charter"]),
          due: new Date("2026-03-01T06:00:00.000Z"),
          fuel: 90_071_992_547_409_930n,
          note: undefined,
          next: Option.some("SL101"),
          weather: AsyncResult.success("clear", { timestamp: 0 }),
          cost: new Money({ amount: 1200, currency: "EUR" }),
          open: false
        }
      }),
      Log.implement({ initial: { lines: [] } })
    ],
    { label: "test app", onError: () => {} }
  )
  onTestFinished(() => runtime.dispose())
  return { runtime, desk: runtime.resolve(Desk.tag), log: runtime.resolve(Log.tag) }
}

export const openView = async (
  runtime: ReturnType<typeof makeDesk>["runtime"],
  view: string
): Promise<() => void> => {
  localStorage.setItem("sluice-devtools", JSON.stringify({ dock: "bottom", height: 700 }))
  const unmount = mount({ runtime, initialOpen: true, initialDock: "bottom" })
  await panel.getByRole("tab", { name: view, exact: true }).click()
  return unmount
}
