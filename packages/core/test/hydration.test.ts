/** T10 and section 1: `dehydrate` and `hydrate`, from one runtime into another. */
import { Collection, Errors, Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import { collectErrors, disposing, entriesOf, idle, latch, rejection, thrown } from "./support.ts"

const Row = Schema.Struct({ id: Schema.String, at: Schema.Date })
const Trip = Module.make("Trip", {
  state: Schema.Struct({
    title: Schema.String,
    // Encoded as a string, and as one that is no number in JSON.
    cost: Schema.FiniteFromString,
    weight: Schema.Number,
    rows: Collection.schema(Row, "id")
  }),
  actions: { rename: Schema.String, put: Row },
  reducers: {
    rename: (state, title) => ({ ...state, title }),
    put: (state, row) => ({ ...state, rows: state.rows.set(row) })
  }
})
const Tally = Module.make("Tally", {
  state: Schema.Struct({ n: Schema.Int }),
  actions: { add: Schema.Int },
  reducers: { add: ({ n }, by) => ({ n: n + by }) }
})
const blank = { title: "", cost: 0, weight: 0, rows: Collection.make<typeof Row.Type, "id">("id") }

const start = (options: Runtime.RuntimeOptions = {}) => {
  const reported = collectErrors()
  const setups: Array<number> = []
  const counts = Tally.logic("counts", ($) => Effect.map($.state.get, ({ n }) => void setups.push(n)))
  const runtime = disposing(
    Runtime.make(
      [Trip.implement({ initial: blank }), Tally.implement({ initial: { n: 0 }, logics: [counts] })],
      {
        onError: reported.onError,
        ...options
      }
    )
  )
  return { runtime, reported, setups, trip: runtime.resolve(Trip.tag), tally: runtime.resolve(Tally.tag) }
}
type App = ReturnType<typeof start>

/** As it goes over a wire. */
const sent = (snapshot: Runtime.Snapshot): unknown => JSON.parse(JSON.stringify(snapshot))

const travelled = (app: App) => {
  app.trip.unsafe.dispatch({ _tag: "rename", payload: "Oslo" })
  app.trip.unsafe.dispatch({ _tag: "put", payload: { id: "a", at: new Date(5) } })
  app.trip.unsafe.transact("weigh", (tx) =>
    tx.update((state) => ({ ...state, weight: Number.NaN, cost: 12.5 }))
  )
  app.tally.unsafe.dispatch({ _tag: "add", payload: 7 })
  return app
}

/** Two modules by hand, as a server could send them. */
const by = (states: Readonly<Record<string, unknown>>) => ({
  format: 1,
  instances: Object.entries(states).map(([module, state]) => ({ module, state }))
})

describe("dehydrate", () => {
  test("T10 gives the encoded side of every instance, as JSON", () => {
    const { runtime } = travelled(start())
    const snapshot = runtime.dehydrate()
    expect(sent(snapshot)).toEqual({
      format: 1,
      runtime: snapshot.runtime,
      instances: [
        {
          module: "Trip",
          instance: "Trip#1",
          version: 3,
          state: {
            title: "Oslo",
            cost: "12.5",
            weight: "NaN",
            rows: [{ id: "a", at: "1970-01-01T00:00:00.005Z" }]
          }
        },
        { module: "Tally", instance: "Tally#1", version: 1, state: { n: 7 } }
      ]
    })
  })

  test("`since` leaves out what has not changed, also when it has been sent", () => {
    const { runtime, tally } = travelled(start())
    const first = runtime.dehydrate()
    tally.unsafe.dispatch({ _tag: "add", payload: 1 })
    const states = (since: unknown) =>
      runtime
        .dehydrate({ since: since as Runtime.Snapshot })
        .instances.map(({ state, version }) => [state, version])
    expect(states(sent(first))).toEqual([
      [undefined, 3],
      [{ n: 8 }, 2]
    ])
    // It is of every instance what a further one can go on from.
    expect(states(runtime.dehydrate({ since: first }))).toEqual([
      [undefined, 3],
      [undefined, 2]
    ])
  })

  test("`since` of another runtime leaves nothing out", () => {
    const other = travelled(start()).runtime.dehydrate()
    const { runtime } = travelled(start())
    expect(runtime.dehydrate({ since: other }).instances.every((entry) => "state" in entry)).toBe(true)
  })

  test("`modules` chooses", () => {
    const { runtime } = start()
    expect(runtime.dehydrate({ modules: [Tally] }).instances.map(({ module }) => module)).toEqual(["Tally"])
  })

  test("T10 a state that does not fit cannot be encoded", () => {
    const { runtime, tally } = start()
    tally.unsafe.dispatch({ _tag: "add", payload: 0.5 })
    const error = thrown(() => runtime.dehydrate())
    expect(error).toMatchObject({ _tag: "InvalidState", instanceId: "Tally#1", entry: "dehydrate" })
    expect(String(error)).toContain('["n"]')
  })

  test("while devtools travel, it is of the state that they came from", () => {
    const { runtime, tally } = travelled(start())
    runtime.travel.to(new Map([[tally.instanceId, { n: -1 }]]))
    expect(runtime.dehydrate({ modules: [Tally] }).instances).toMatchObject([{ state: { n: 7 } }])
  })
})

describe("hydrate", () => {
  test("T10 another runtime has the same states", () => {
    const one = travelled(start())
    const { runtime, tally, trip } = start()
    runtime.hydrate(sent(one.runtime.dehydrate()))
    expect(trip.unsafe.getState()).toMatchObject({ title: "Oslo", cost: 12.5, weight: Number.NaN })
    expect(trip.unsafe.getState().rows.get("a")?.at).toEqual(new Date(5))
    expect(tally.unsafe.getState()).toEqual({ n: 7 })
  })

  test("T1 each is one entry of origin hydrate; subscribers are told, and setups do not run again", () => {
    const { runtime, setups, tally } = start()
    const told: Array<number> = []
    tally.unsafe.subscribe(({ n }) => told.push(n))
    runtime.hydrate(by({ Tally: { n: 3 } }))
    expect(told).toEqual([3])
    expect(setups).toEqual([0])
    expect(entriesOf(runtime)).toMatchObject([
      { origin: { kind: "hydrate", name: "snapshot" }, outcome: "commit" }
    ])
    runtime.hydrate(by({ Tally: { n: 4 } }), { name: "store" })
    expect(entriesOf(runtime)[1]).toMatchObject({ origin: { kind: "hydrate", name: "store" } })
  })

  test("T11 subscribers see all states of it or none", () => {
    const { runtime, tally, trip } = start()
    const seen: Array<unknown> = []
    const look = () => seen.push([trip.unsafe.getState().title, tally.unsafe.getState().n])
    trip.unsafe.subscribe(look)
    tally.unsafe.subscribe(look)
    runtime.hydrate(sent(travelled(start()).runtime.dehydrate()))
    expect(seen).toEqual([
      ["Oslo", 7],
      ["Oslo", 7]
    ])
  })

  test("several snapshots: each changes what it has", () => {
    const one = travelled(start())
    const first = one.runtime.dehydrate()
    one.tally.unsafe.dispatch({ _tag: "add", payload: 1 })
    const { runtime, tally, trip } = start()
    runtime.hydrate(sent(first))
    trip.unsafe.dispatch({ _tag: "rename", payload: "mine" })
    runtime.hydrate(sent(one.runtime.dehydrate({ since: first })))
    expect(tally.unsafe.getState()).toEqual({ n: 8 })
    expect(trip.unsafe.getState().title).toBe("mine")
  })

  test("a partial state leaves the other fields as they are", () => {
    const { runtime, trip } = travelled(start())
    const rows = trip.unsafe.getState().rows
    runtime.hydrate({ format: 1, instances: [{ module: "Trip", state: { title: "Rome" }, partial: true }] })
    expect(trip.unsafe.getState()).toMatchObject({ title: "Rome", cost: 12.5 })
    expect(trip.unsafe.getState().rows.toArray()).toEqual(rows.toArray())
  })

  test.each([
    ["of the Type side", { Trip: { title: "", cost: 3, weight: 0, rows: [] } }, '["cost"]'],
    [
      "with a broken row",
      { Trip: { title: "", cost: "3", weight: 0, rows: [{ id: "a", at: 1 }] } },
      '["rows"][0]["at"]'
    ],
    ["with a missing field", { Trip: { title: "", weight: 0, rows: [] } }, '["cost"]'],
    ["that is none", { Trip: null }, ""]
  ])("T10 a state %s is refused with its path, and nothing changes", (_, states, path) => {
    const { runtime, setups, tally, trip } = start()
    const error = thrown(() => runtime.hydrate(by({ Tally: { n: 3 }, ...states })))
    expect(error).toBeInstanceOf(Errors.InvalidState)
    expect(error).toMatchObject({ instanceId: "Trip#1", entry: 'hydrate "snapshot"' })
    expect(String(error)).toContain(path)
    expect([tally.unsafe.getState(), trip.unsafe.getState()]).toEqual([{ n: 0 }, blank])
    expect(entriesOf(runtime)).toEqual([])
    expect(setups).toEqual([0])
  })

  test.each([
    ["nothing", null, "no format"],
    ["another thing", { states: {} }, "no format"],
    ["a later format", { format: 2, instances: [] }, "format is 2"],
    ["no list", { format: 1, instances: {} }, "no list"],
    ["a list of another thing", { format: 1, instances: [{ module: "Tally" }, { id: "x" }] }, "instances[1]"]
  ])("T10 %s is no snapshot", (_, snapshot, issue) => {
    const { runtime } = start()
    const error = thrown(() => runtime.hydrate(snapshot))
    expect(error).toBeInstanceOf(Errors.InvalidSnapshot)
    expect(String(error)).toContain(issue)
  })

  test("T5 in a transaction it is refused", () => {
    const { runtime, tally } = start()
    tally.unsafe.transact("try", () => {
      expect(thrown(() => runtime.hydrate(by({ Tally: { n: 1 } })))).toMatchObject({
        _tag: "EntryInTransaction"
      })
    })
    expect(tally.unsafe.getState()).toEqual({ n: 0 })
  })

  test("what is of no module here is no error", () => {
    const { runtime, tally } = start()
    runtime.hydrate(by({ Later: { any: "thing" }, Tally: { n: 2 } }))
    expect(tally.unsafe.getState()).toEqual({ n: 2 })
  })

  test("T5 while devtools travel it waits, as any entry", () => {
    const { runtime, tally } = start()
    runtime.travel.to(new Map([[tally.instanceId, { n: -1 }]]))
    runtime.hydrate(by({ Tally: { n: 2 } }))
    expect(tally.unsafe.getState()).toEqual({ n: -1 })
    runtime.travel.live()
    expect(tally.unsafe.getState()).toEqual({ n: 2 })
  })

  test("reset goes back to the initial state, not to the hydrated one", async () => {
    const { runtime, tally } = start({ hydrate: by({ Tally: { n: 2 } }) })
    await runtime.runPromise(tally.reset())
    expect(tally.unsafe.getState()).toEqual({ n: 0 })
  })
})

describe("hydrate as an option of Runtime.make", () => {
  test("setups see the hydrated state, and there is no entry", () => {
    const { runtime, setups, tally, trip } = start({
      hydrate: sent(travelled(start()).runtime.dehydrate())
    })
    expect(setups).toEqual([7])
    expect(tally.unsafe.getVersion()).toBe(0)
    expect(trip.unsafe.getState().title).toBe("Oslo")
    expect(entriesOf(runtime)).toEqual([])
  })

  test("T10 one state that does not fit: it is reported with its path, none is used, and the app starts", () => {
    const { reported, runtime, tally } = start({ hydrate: by({ Tally: { n: 3 }, Trip: { title: 1 } }) })
    expect(runtime.status).toBe("ready")
    expect(tally.unsafe.getState()).toEqual({ n: 0 })
    expect(reported.errors).toMatchObject([{ _tag: "InvalidState", instanceId: "Trip#1" }])
    expect(reported.infos).toMatchObject([{ during: "hydrate", entry: 'hydrate "snapshot"' }])
  })

  test("T10 what is no snapshot is reported, and the app starts", () => {
    const { reported, runtime } = start({ hydrate: "<html>" })
    expect(runtime.status).toBe("ready")
    expect(reported.errors).toMatchObject([{ _tag: "InvalidSnapshot" }])
  })

  test("before the layers are built, `hydrate` enters what is made", async () => {
    const built = latch()
    const runtime = disposing(
      Runtime.make(Tally.implement({ initial: { n: 0 } }), {
        layer: Layer.effectDiscard(Effect.promise(() => built.promise))
      })
    )
    runtime.hydrate(by({ Tally: { n: 5 } }))
    built.resolve()
    await runtime.ready
    expect(runtime.resolve(Tally.tag).unsafe.getState()).toEqual({ n: 5 })
  })
})

describe("local instances", () => {
  const Live = Tally.implement({ initial: (n: number) => ({ n }) })
  const row = (n: unknown, key = "a") => ({
    format: 1,
    instances: [{ module: "Tally", scope: [`Tally/${key}`], state: { n } }]
  })

  test("those with a key are found again; private ones have no address", () => {
    const one = start()
    const local = (key?: string) => {
      const made = one.runtime.local(Live, { input: 1, ...(key === undefined ? {} : { key }) })
      made.mount()
      made.ref.unsafe.dispatch({ _tag: "add", payload: 10 })
      return made.ref
    }
    const [a] = [local("a"), local("b"), local()]
    const { instances } = one.runtime.dehydrate({ modules: [Tally] })
    expect(instances.map(({ scope, state }) => [scope, state])).toEqual([
      [undefined, { n: 0 }],
      [["Tally/a"], { n: 11 }],
      [["Tally/b"], { n: 11 }]
    ])
    expect(one.runtime.addressOf(a?.instanceId ?? "")).toEqual({ module: "Tally", scope: ["Tally/a"] })
    const { runtime } = start()
    runtime.hydrate(sent(one.runtime.dehydrate()))
    expect(runtime.local(Live, { input: 1, key: "b" }).ref.unsafe.getState()).toEqual({ n: 11 })
    expect(runtime.local(Live, { input: 1, key: "c" }).ref.unsafe.getState()).toEqual({ n: 1 })
    expect(runtime.local(Live, { input: 1 }).ref.unsafe.getState()).toEqual({ n: 1 })
  })

  test("what is kept is there until an instance starts, then no more", async () => {
    const { runtime } = start({ hydrate: row(5) })
    const made = () => runtime.local(Live, { input: 1, key: "a" })
    // One that no component mounts does not use it up.
    expect(made().ref.unsafe.getState()).toEqual({ n: 5 })
    runtime.local(Live, { input: 1, key: "b" })
    const release = made().mount()
    const { instanceId } = made().ref
    release()
    await runtime.evict(instanceId)
    expect(made().ref.unsafe.getState()).toEqual({ n: 1 })
  })

  test("what comes between its render and its start enters when it starts", () => {
    const { runtime } = start({ hydrate: row(5) })
    const made = runtime.local(Live, { input: 1, key: "a" })
    runtime.hydrate(row(6))
    expect(made.ref.unsafe.getState()).toEqual({ n: 5 })
    made.mount()
    expect(made.ref.unsafe.getState()).toEqual({ n: 6 })
  })

  test("T10 what is kept and does not fit is reported when its instance is made; it begins with the initial one", () => {
    const { reported, runtime } = start({ hydrate: row("five") })
    expect(reported.errors).toEqual([])
    expect(runtime.local(Live, { input: 1, key: "a" }).ref.unsafe.getState()).toEqual({ n: 1 })
    expect(reported.errors).toMatchObject([{ _tag: "InvalidState" }])
    expect(String(reported.errors[0])).toContain('["n"]')
  })

  test("what they import is found within them", () => {
    const Parent = Module.make("Parent", { state: Schema.Struct({ name: Schema.String }), actions: {} })
    const ParentLive = Parent.implement({
      initial: { name: "p" },
      imports: [Tally.implement({ initial: { n: 0 } })]
    })
    const { runtime } = start()
    runtime.local(ParentLive, { key: "x" }).mount()
    expect(runtime.dehydrate().instances.map(({ module, scope }) => [module, scope])).toContainEqual([
      "Tally",
      ["Parent/x"]
    ])
  })
})

describe("unsafe.getServerState", () => {
  test("is the hydrated state while the app goes on, and the initial one without", async () => {
    const { tally, trip } = start({ hydrate: by({ Tally: { n: 5 } }) })
    tally.unsafe.dispatch({ _tag: "add", payload: 1 })
    await idle()
    expect(tally.unsafe.getServerState()).toEqual({ n: 5 })
    expect(trip.unsafe.getServerState()).toBe(blank)
  })

  test("a later snapshot changes it, and a store's does not", () => {
    const { runtime, tally } = start()
    runtime.hydrate(by({ Tally: { n: 1 } }))
    runtime.hydrate(by({ Tally: { n: 2 } }), { name: "store" })
    expect([tally.unsafe.getServerState(), tally.unsafe.getState()]).toEqual([{ n: 1 }, { n: 2 }])
  })
})

test("T10 Standard Schema: passed as it is, and checked on the way in", () => {
  const Plain = Module.make("Plain", {
    state: z.object({ tags: z.array(z.string()).readonly() }),
    actions: { tag: z.string() },
    reducers: { tag: ({ tags }, tag) => ({ tags: [...tags, tag] }) }
  })
  const app = () => disposing(Runtime.make(Plain.implement({ initial: { tags: [] } })))
  const one = app()
  one.resolve(Plain.tag).unsafe.dispatch({ _tag: "tag", payload: "x" })
  const two = app()
  two.hydrate(sent(one.dehydrate()))
  expect(two.resolve(Plain.tag).unsafe.getState()).toEqual({ tags: ["x"] })
  expect(String(thrown(() => two.hydrate(by({ Plain: { tags: [1] } }))))).toContain("tags.0")
})

test("an app that fails to build has nothing to hydrate, and says so as before", async () => {
  const { onError } = collectErrors()
  const runtime = Runtime.make(Tally.implement({ initial: { n: 0.5 } }), {
    onError,
    hydrate: by({ Tally: { n: 1 } })
  })
  expect(await rejection(runtime.ready)).toMatchObject({ _tag: "InvalidState" })
})

test("property: any states come back equal from JSON", () => {
  const tree = Module.make("Any", {
    state: Schema.Struct({
      numbers: Schema.Array(Schema.Number),
      text: Schema.UndefinedOr(Schema.String),
      big: Schema.BigInt,
      at: Schema.Date,
      rows: Collection.schema(
        Schema.Struct({ id: Schema.Int, name: Schema.optionalKey(Schema.String) }),
        "id"
      ),
      map: Schema.ReadonlyMap(Schema.String, Schema.Finite)
    }),
    actions: {}
  })
  type State = ReturnType<typeof stateOf>
  const stateOf = (given: {
    numbers: ReadonlyArray<number>
    text: string | undefined
    big: bigint
    at: Date
    ids: ReadonlyArray<number>
    map: ReadonlyArray<[string, number]>
  }) => ({
    numbers: given.numbers,
    text: given.text,
    big: given.big,
    at: given.at,
    rows: Collection.make<{ readonly id: number; readonly name?: string }, "id">(
      "id",
      given.ids.map((id) => (id % 2 === 0 ? { id } : { id, name: String(id) }))
    ),
    map: new Map(given.map) as ReadonlyMap<string, number>
  })
  const plain = ({ rows, ...rest }: State) => ({ ...rest, rows: rows.toArray() })
  fc.assert(
    fc.property(
      fc.record({
        numbers: fc.array(fc.double()),
        text: fc.option(fc.string(), { nil: undefined }),
        big: fc.bigInt(),
        at: fc.date({ noInvalidDate: true }),
        ids: fc.uniqueArray(fc.integer()),
        map: fc.array(fc.tuple(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })))
      }),
      (given) => {
        const app = (initial: State) => Runtime.make(tree.implement({ initial }))
        const one = app(stateOf(given))
        const two = app(stateOf({ numbers: [], text: "", big: 0n, at: new Date(0), ids: [], map: [] }))
        two.hydrate(sent(one.dehydrate()))
        // -0 is 0 in JSON.
        const zeros = (state: State) => ({
          ...plain(state),
          numbers: state.numbers.map((n) => n + 0),
          map: new Map(Array.from(state.map, ([key, n]) => [key, n + 0]))
        })
        expect(zeros(two.resolve(tree.tag).unsafe.getState())).toEqual(zeros(stateOf(given)))
        void one.dispose()
        void two.dispose()
      }
    ),
    { numRuns: 100 }
  )
})

describe("derived fields", () => {
  const Bill = Module.make("Bill", {
    state: Schema.Struct({ net: Schema.Finite, rate: Schema.FiniteFromString, gross: Schema.Finite }),
    actions: { set: Schema.Finite },
    reducers: { set: (state, net) => ({ ...state, net }) },
    traits: (t) => ({ gross: t.computed(({ net, rate }) => net * (1 + rate)) })
  })
  const bill = (options: Runtime.RuntimeOptions = {}) => {
    const runtime = disposing(Runtime.make(Bill.implement({ initial: { net: 1, rate: 0.5 } }), options))
    return { runtime, unsafe: runtime.resolve(Bill.tag).unsafe }
  }

  test("T9 are left out, and follow from what is hydrated", () => {
    const one = bill()
    one.unsafe.dispatch({ _tag: "set", payload: 10 })
    const snapshot = sent(one.runtime.dehydrate())
    expect(snapshot).toMatchObject({ instances: [{ state: { net: 10, rate: "0.5" } }] })
    expect(JSON.stringify(snapshot)).not.toContain("gross")
    const two = bill()
    two.runtime.hydrate(snapshot)
    const whole = { net: 10, rate: 0.5, gross: 15 }
    expect([two.unsafe.getState(), two.unsafe.getServerState()]).toEqual([whole, whole])
    const three = bill({ hydrate: snapshot })
    expect([three.unsafe.getState(), three.unsafe.getServerState()]).toEqual([whole, whole])
    three.unsafe.dispatch({ _tag: "set", payload: 2 })
    expect(three.unsafe.getState().gross).toBe(3)
  })

  test("T9 a source's field is left out, whatever it holds, and loads for the hydrated key", async () => {
    const loads: Array<number> = []
    const Page = Module.make("Page", {
      state: Schema.Struct({
        id: Schema.Int,
        rows: AsyncResult.Schema({ success: Schema.Date, error: Schema.String })
      }),
      actions: { show: Schema.Int },
      reducers: { show: (state, id) => ({ ...state, id }) },
      traits: (t) => ({
        rows: t.source({
          key: ({ id }) => id,
          load: (id) =>
            Effect.suspend(() => {
              loads.push(id)
              return id === 13 ? Effect.die(new Error("unlucky")) : Effect.succeed(new Date(id))
            })
        })
      })
    })
    const page = (options: Runtime.RuntimeOptions = {}) =>
      disposing(Runtime.make(Page.implement({ initial: { id: 1 } }), { onError: () => {}, ...options }))
    const one = page()
    const { unsafe } = one.resolve(Page.tag)
    await expect.poll(() => unsafe.getState().rows._tag).toBe("Success")
    expect(one.dehydrate().instances).toMatchObject([{ state: { id: 1 } }])
    unsafe.dispatch({ _tag: "show", payload: 13 })
    await expect.poll(() => unsafe.getState().rows._tag).toBe("Failure")
    const snapshot = one.dehydrate()
    expect(JSON.stringify(snapshot)).not.toContain("rows")
    unsafe.dispatch({ _tag: "show", payload: 5 })
    await expect.poll(() => loads).toEqual([1, 13, 5])
    const two = page({ hydrate: { ...snapshot, instances: [{ module: "Page", state: { id: 7 } }] } })
    await expect
      .poll(() => AsyncResult.getOrElse(two.resolve(Page.tag).unsafe.getState().rows, () => undefined))
      .toEqual(new Date(7))
    two.hydrate({ format: 1, instances: [{ module: "Page", state: { id: 8 } }] })
    await expect
      .poll(() => AsyncResult.getOrElse(two.resolve(Page.tag).unsafe.getState().rows, () => undefined))
      .toEqual(new Date(8))
    expect(loads).toEqual([1, 13, 5, 7, 8])
  })

  test("T10 a base that does not fit is refused with its path", () => {
    const { runtime, unsafe } = bill()
    expect(String(thrown(() => runtime.hydrate(by({ Bill: { net: "x", rate: "1" } }))))).toContain('["net"]')
    expect(String(thrown(() => runtime.hydrate(by({ Bill: { net: 2 } }))))).toContain('["rate"]')
    expect(String(thrown(() => runtime.hydrate(by({ Bill: null }))))).toContain('["net"]')
    expect(unsafe.getState()).toEqual({ net: 1, rate: 0.5, gross: 1.5 })
  })
})

test("a nested scope with a label of its own is found again, one without is not", () => {
  const Sub = Module.make("Sub", { state: Schema.Struct({ n: Schema.Int }), actions: {} })
  const app = () => {
    const { runtime } = start()
    const open = (label?: string) =>
      runtime.scope(Sub.implement({ initial: { n: 0 } }), label === undefined ? {} : { label })
    return { runtime, open }
  }
  const one = app()
  one
    .open("left")
    .resolve(Sub.tag)
    .unsafe.transact("set", (tx) => tx.set({ n: 4 }))
  one.open()
  expect(one.runtime.dehydrate({ modules: [Sub] }).instances).toMatchObject([
    { scope: ["left"], state: { n: 4 } }
  ])
  const two = app()
  two.runtime.hydrate(sent(one.runtime.dehydrate()))
  expect(two.open("left").resolve(Sub.tag).unsafe.getState()).toEqual({ n: 4 })
  expect(two.open("right").resolve(Sub.tag).unsafe.getState()).toEqual({ n: 0 })
})

test("a module that is added later begins with what was kept for it", async () => {
  const Later = Module.make("Later", { state: Schema.Struct({ at: Schema.Date }), actions: {} })
  const { runtime } = start({ hydrate: by({ Later: { at: "1970-01-01T00:00:00.007Z" } }) })
  const more = await runtime.add(Later.implement({ initial: { at: new Date(0) } }))
  expect(more.resolve(Later.tag).unsafe.getState()).toEqual({ at: new Date(7) })
})

describe("partial states", () => {
  const Pair = Module.make("Pair", {
    state: Schema.Struct({ a: Schema.Finite, b: Schema.Finite }),
    actions: { a: Schema.Finite },
    reducers: { a: (state, a) => ({ ...state, a }) }
  })
  const PairLive = Pair.implement({ initial: { a: 0, b: 0 } })
  const b9 = { state: { b: 9 }, partial: true }

  test("one that is kept beside a whole one changes what it has", () => {
    const runtime = disposing(Runtime.make([]))
    const at = { module: "Pair", scope: ["Pair/k"] }
    runtime.hydrate({ format: 1, instances: [{ ...at, state: { a: 1, b: 2 } }] })
    runtime.hydrate({ format: 1, instances: [{ ...at, ...b9 }] })
    expect(runtime.local(PairLive, { key: "k" }).ref.unsafe.getState()).toEqual({ a: 1, b: 9 })
  })

  test("T5 one that comes while a commit is told leaves the fields that were written before its turn", () => {
    const runtime = disposing(Runtime.make(PairLive))
    const { unsafe } = runtime.resolve(Pair.tag)
    const stop = unsafe.subscribe(() => {
      stop()
      unsafe.dispatch({ _tag: "a", payload: 7 })
      runtime.hydrate({ format: 1, instances: [{ module: "Pair", ...b9 }] })
    })
    unsafe.dispatch({ _tag: "a", payload: 1 })
    expect(unsafe.getState()).toEqual({ a: 7, b: 9 })
    expect(unsafe.getServerState()).toEqual({ a: 7, b: 9 })
  })
})

test("C7 a runtime that was disposed of takes no states", async () => {
  const { runtime } = start()
  await runtime.dispose()
  expect(thrown(() => runtime.hydrate(by({ Tally: { n: 7 } })))).toMatchObject({ _tag: "RuntimeDisposed" })
})
