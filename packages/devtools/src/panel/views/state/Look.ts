/** What the state view looks at: which instance, when, how, what of it is open, marked and pinned. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Step, Value } from "../../../protocol/messages.ts"
import { Connection, type ConnectionState } from "../../modules/Connection.ts"
import { pathKey, type Steps } from "../../ui/path.ts"
import { Pin, readPins, writePins } from "./pinStorage.ts"

const Path = Schema.Array(Step)
const Place = Schema.Struct({ path: Path, label: Schema.String, value: Value })

const State = Schema.Struct({
  /** Nothing was chosen: the first there is. */
  instanceId: Schema.NullOr(Schema.String),
  /** `selected`: right after the transaction that is selected in the timeline. */
  moment: Schema.Literals(["live", "selected"]),
  mode: Schema.Literals(["tree", "raw", "chart"]),
  /** By instance. */
  opened: Schema.Record(Schema.String, Schema.Array(Schema.String)),
  place: Schema.NullOr(Place),
  /** Of the marked place. */
  asks: Schema.Literals(["nothing", "who", "edit"]),
  pins: Schema.Array(Pin)
})

export const samePin = (a: Pin, b: Pin): boolean =>
  a.instanceId === b.instanceId && pathKey(a.path) === pathKey(b.path)

const maxPins = 50

const Look = Module.make("devtools/Look", {
  state: State,
  actions: {
    chooseInstance: Schema.String,
    setMoment: State.fields.moment,
    setMode: State.fields.mode,
    setOpened: Schema.Struct({ instanceId: Schema.String, opened: Schema.Array(Schema.String) }),
    mark: Place,
    ask: State.fields.asks,
    pin: Pin,
    unpin: Pin,
    goTo: Pin,
    /** As they were kept, of another runtime. */
    recalled: Schema.Array(Pin)
  },
  reducers: {
    chooseInstance: (state, instanceId) =>
      instanceId === state.instanceId ? state : { ...state, instanceId, place: null, asks: "nothing" },
    setMoment: (state, moment) => ({
      ...state,
      moment,
      asks: state.asks === "edit" ? "nothing" : state.asks
    }),
    setMode: (state, mode) => ({ ...state, mode }),
    setOpened: (state, { instanceId, opened }) => ({
      ...state,
      opened: { ...state.opened, [instanceId]: opened }
    }),
    mark: (state, place) => ({
      ...state,
      place,
      asks:
        state.asks === "edit" && pathKey(place.path) !== pathKey(state.place?.path ?? [])
          ? "nothing"
          : state.asks
    }),
    ask: (state, asks) => ({ ...state, asks: asks === state.asks ? "nothing" : asks }),
    pin: (state, pin) =>
      state.pins.some((other) => samePin(other, pin))
        ? state
        : { ...state, pins: [...state.pins, pin].slice(-maxPins) },
    unpin: (state, pin) => ({ ...state, pins: state.pins.filter((other) => !samePin(other, pin)) }),
    recalled: (state, pins) => ({ ...state, pins }),
    goTo: (state, { instanceId, path }) => ({
      ...state,
      instanceId,
      mode: state.mode === "raw" ? "tree" : state.mode,
      opened: { ...state.opened, [instanceId]: openTo(state.opened[instanceId] ?? rootOpen, path) },
      place: { path, label: String(path.at(-1)?.key ?? "state"), value: unknownValue }
    })
  }
})

/** Until the tree tells it. */
const unknownValue: Value = { kind: "other", text: "", size: 0 }

export const rootOpen: ReadonlyArray<string> = [pathKey([])]

/** With all that leads to the place. */
const openTo = (opened: ReadonlyArray<string>, path: Steps): ReadonlyArray<string> => [
  ...new Set([...opened, ...path.map((_, length) => pathKey(path.slice(0, length)))])
]

const labelOf = ({ runtime, runtimes }: ConnectionState): string | undefined =>
  runtimes.find(({ id }) => id === runtime)?.label

const remembering = Look.logic("remembering", ($) =>
  Effect.gen(function* () {
    const connection = yield* $.use(Connection)
    yield* $.on(connection.changesOf(labelOf)).run((label) =>
      label === undefined ? Effect.void : $.actions.recalled(readPins(label))
    )
    yield* $.onAction(["pin", "unpin"]).run(() =>
      Effect.gen(function* () {
        const label = labelOf(yield* connection.getState)
        const { pins } = yield* $.state.get
        if (label !== undefined) writePins(label, pins)
      })
    )
  })
)

export const LookLive = Look.implement({
  logics: [remembering],
  initial: {
    instanceId: null,
    moment: "live",
    mode: "tree",
    opened: {},
    place: null,
    asks: "nothing",
    pins: []
  }
})
