/** Section 1: scopes nested in a runtime, imports, the root's instances, and runtimes that never mix. */
import { Local, Module, Root, Runtime } from "@sluice/core"
import type { Commit } from "@sluice/core"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "vitest"
import {
  collectErrors,
  Counter,
  disposing,
  entriesOf,
  grab,
  idle,
  rejection,
  statesOf,
  thrown,
  zero
} from "./support.ts"

class Name extends Context.Service<Name, string>()("test/scope/Name") {}
class Length extends Context.Service<Length, number>()("test/scope/Length") {}
const LengthFromName = Layer.effect(
  Length,
  Effect.map(Name, (name) => name.length)
)

const CounterLive = Counter.implement({ initial: zero })
const countingFrom = (count: number) => Counter.implement({ initial: { count, log: [] } })
const countOf = Effect.flatMap(Counter.tag, (counter) => Effect.map(counter.getState, ({ count }) => count))

const Other = Module.make("Other", {
  state: Schema.String,
  actions: { set: Schema.String },
  reducers: { set: (_, to) => to }
})
const OtherLive = Other.implement({ initial: "other" })

/** A module whose logic notes its start and its end. */
const noting = (events: Array<string>, id: string, imports: ReadonlyArray<Module.AnyModule> = []) => {
  const def = Module.make(id, { state: Schema.Number, actions: {} })
  const logic = def.logic("notes", () =>
    Effect.gen(function* () {
      const { instanceId } = yield* def.tag
      events.push(`${instanceId} starts`)
      yield* Effect.addFinalizer(() => Effect.sync(() => void events.push(`${instanceId} ends`)))
    })
  )
  return def.implement({ initial: 0, logics: [logic], imports })
}

describe("1 a nested scope", () => {
  test("1 has instances and services of its own, and its parent's", async () => {
    const runtime = disposing(Runtime.make([CounterLive, OtherLive], { layer: Layer.succeed(Name, "root") }))
    const scope = runtime.scope(countingFrom(10), { layer: Layer.succeed(Name, "inner"), label: "page" })
    expect([scope.status, scope.label]).toEqual(["ready", "page"])
    expect(scope.resolve(Counter.tag).unsafe.getState().count).toBe(10)
    expect(scope.resolve(Other.tag)).toBe(runtime.resolve(Other.tag))
    expect(runtime.resolve(Counter.tag).unsafe.getState().count).toBe(0)
    expect(await scope.runPromise(Effect.all([countOf, Name]))).toEqual([10, "inner"])
    expect(await runtime.runPromise(Effect.all([countOf, Name]))).toEqual([0, "root"])
  })

  test("1 $.use, yield* and resolve give the nearest, Root.resolve the root's", async () => {
    const runtime = disposing(Runtime.make([CounterLive, OtherLive]))
    const seen: Array<string> = []
    const Looker = Module.make("Looker", { state: Schema.Number, actions: {} })
    const looks = Looker.logic("looks", ($) =>
      Effect.gen(function* () {
        seen.push((yield* $.use(Counter)).instanceId, (yield* $.use(Counter.tag)).instanceId)
        seen.push((yield* $.use(CounterLive)).instanceId, (yield* Counter.tag).instanceId)
        seen.push((yield* Root.resolve(Counter.tag)).instanceId, (yield* $.use(Other)).instanceId)
      })
    )
    const LookerLive = Looker.implement({ initial: 0, logics: [looks] })
    const outer = runtime.scope([countingFrom(1)])
    outer.scope(LookerLive)
    expect(seen).toEqual(["Counter#2", "Counter#2", "Counter#2", "Counter#2", "Counter#1", "Other#1"])
  })

  test("1 it shares the trace, the sinks, the order of commits and onError", async () => {
    const reported = collectErrors()
    const runtime = disposing(Runtime.make(CounterLive, { onError: reported.onError }))
    const scope = runtime.scope(CounterLive)
    const commits: Array<Commit.Commit> = []
    runtime.attach({
      name: "all",
      capacity: 10,
      onCommit: (batch) => Effect.sync(() => void commits.push(...batch))
    })
    const [outer, inner] = [runtime.resolve(Counter.tag), scope.resolve(Counter.tag)]
    inner.unsafe.dispatch({ _tag: "increment" })
    outer.unsafe.dispatch({ _tag: "increment" })
    inner.unsafe.dispatch({ _tag: "increment" })
    thrown(() => inner.unsafe.dispatch({ _tag: "boom" }))
    await idle()
    expect(commits.map(({ instanceId, seq }) => [seq, instanceId])).toEqual([
      [1, "Counter#2"],
      [2, "Counter#1"],
      [3, "Counter#2"]
    ])
    expect(scope.trace).toBe(runtime.trace)
    expect(entriesOf(runtime).map(({ instanceId }) => instanceId)).toEqual([
      "Counter#2",
      "Counter#1",
      "Counter#2",
      "Counter#2"
    ])
    expect(reported.infos).toMatchObject([{ instanceId: "Counter#2", during: "entry" }])
  })

  test("1 instances() and list() of a runtime have those of the scopes inside, not the other way round", () => {
    const runtime = disposing(Runtime.make(CounterLive, { label: "app" }))
    const scope = runtime.scope(OtherLive, { label: "page" })
    const local = scope.local(CounterLive, { key: "row 1" })
    local.mount()
    const ids = (one: Runtime.AnyRuntime) => one.instances().map(({ instanceId }) => instanceId)
    expect(ids(runtime)).toEqual(["Counter#1", "Other#1", "Counter#2"])
    expect(ids(scope)).toEqual(["Other#1", "Counter#2"])
    expect(runtime.list()).toMatchObject([
      { instanceId: "Counter#1", moduleId: "Counter", label: "app", local: undefined },
      { instanceId: "Other#1", moduleId: "Other", label: "page", local: undefined },
      { instanceId: "Counter#2", moduleId: "Counter", label: "page", local: { key: "row 1", mounts: 1 } }
    ])
    expect(runtime.list().map((info) => info.runtime)).toEqual(runtime.instances())
  })

  test("1 subscribers of a runtime are told of the scopes inside, too", async () => {
    const runtime = disposing(Runtime.make([]))
    const told: Array<number> = []
    runtime.subscribe(() => told.push(runtime.instances().length))
    const scope = runtime.scope(CounterLive)
    await scope.dispose()
    expect(told.at(0)).toBe(1)
    expect(told.at(-1)).toBe(0)
  })

  test("1 a layer that both use is built once; one that needs what the scope has of its own, again", async () => {
    let built = 0
    const Shared = Layer.effectDiscard(Effect.sync(() => built++))
    const runtime = disposing(
      Runtime.make([], { layer: Layer.provideMerge(Shared, Layer.succeed(Name, "Ada")) })
    )
    runtime.scope([], { layer: Shared })
    expect(built).toBe(1)
    const lengths = ["a", "bb"].map((name) =>
      runtime
        .scope([], { layer: Layer.provideMerge(LengthFromName, Layer.succeed(Name, name)) })
        .runSync(Length)
    )
    expect(lengths).toEqual([1, 2])
  })

  test("1 made while the app is being built: it waits for it", async () => {
    const gate = Deferred.makeUnsafe<string>()
    const runtime = disposing(Runtime.make([], { layer: Layer.effect(Name, Deferred.await(gate)) }))
    const scope = runtime.scope(OtherLive, {
      layer: LengthFromName.pipe(Layer.provide(Layer.succeed(Name, "x")))
    })
    expect(scope.status).toBe("building")
    expect(thrown(() => scope.resolve(Other.tag))).toMatchObject({ _tag: "RuntimeNotReady" })
    Deferred.doneUnsafe(gate, Effect.succeed("Ada"))
    await scope.ready
    expect(await scope.runPromise(Effect.all([Name, Length]))).toEqual(["Ada", 1])
  })

  test("1 the app's build fails: so does that of the scope", async () => {
    const runtime = disposing(
      Runtime.make([], {
        layer: Layer.effect(Name, Effect.andThen(Effect.yieldNow, Effect.fail("no"))),
        onError: () => {}
      })
    )
    const scope = runtime.scope(OtherLive)
    expect(await rejection(scope.ready)).toBe("no")
    expect(scope.status).toBe("failed")
    expect(thrown(() => runtime.scope(OtherLive))).toBe("no")
  })

  test("1 a scope whose layer fails: the app goes on, and nothing of the scope is left", async () => {
    const reported = collectErrors()
    const runtime = disposing(Runtime.make(OtherLive, { onError: reported.onError }))
    const scope = runtime.scope(CounterLive, { layer: Layer.effect(Name, Effect.fail("no name")) })
    expect(await rejection(scope.ready)).toBe("no name")
    expect(reported.errors).toEqual(["no name"])
    expect(runtime.status).toBe("ready")
    expect(runtime.instances()).toEqual([runtime.resolve(Other.tag)])
  })
})

describe("C7 the end of scopes", () => {
  const nest = () => {
    const events: Array<string> = []
    const released = (name: string) =>
      Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(() => void events.push(`${name} released`))))
    const runtime = disposing(Runtime.make(noting(events, "A"), { layer: released("app") }))
    const scope = runtime.scope([noting(events, "B"), noting(events, "C")], { layer: released("scope") })
    const inner = scope.scope(noting(events, "D"), { layer: released("inner") })
    events.length = 0
    return { runtime, scope, inner, events }
  }

  test("C7 disposing a scope closes its own and those inside, last first, then releases its layers", async () => {
    const { runtime, scope, inner, events } = nest()
    await scope.dispose()
    expect(events).toEqual(["D#1 ends", "C#1 ends", "B#1 ends", "inner released", "scope released"])
    expect([runtime.status, scope.status, inner.status]).toEqual(["ready", "disposed", "disposed"])
    expect(runtime.instances().map(({ id }) => id)).toEqual(["A"])
    expect(await rejection(inner.runPromise(Effect.void))).toMatchObject({ _tag: "RuntimeDisposed" })
    await scope.dispose()
    await inner.dispose()
  })

  test("C7 disposing the app disposes of every scope, and tells those who look at them", async () => {
    const { runtime, scope, inner, events } = nest()
    let told = 0
    inner.subscribe(() => told++)
    await runtime.dispose()
    expect(events).toEqual([
      "D#1 ends",
      "C#1 ends",
      "B#1 ends",
      "A#1 ends",
      "inner released",
      "scope released",
      "app released"
    ])
    expect([scope.status, inner.status]).toEqual(["disposed", "disposed"])
    expect(told).toBeGreaterThan(0)
    expect(thrown(() => scope.scope([]))).toMatchObject({ _tag: "RuntimeDisposed" })
    expect(runtime.instances()).toEqual([])
  })

  test("C7 a local one made before a scope ends after it", async () => {
    const events: Array<string> = []
    const runtime = disposing(Runtime.make([]))
    runtime.local(noting(events, "L")).mount()
    runtime.scope(noting(events, "S"))
    await runtime.dispose()
    expect(events).toEqual(["L#1 starts", "S#1 starts", "S#1 ends", "L#1 ends"])
  })

  test("C7 disposed of while its layer waits: it is interrupted, and starts nothing", async () => {
    const events: Array<string> = []
    const runtime = disposing(Runtime.make([]))
    const waits = Layer.effectDiscard(
      Effect.onInterrupt(Effect.never, () => Effect.sync(() => void events.push("interrupted")))
    )
    const scope = runtime.scope(noting(events, "A"), { layer: waits })
    await runtime.dispose()
    expect(events).toEqual(["interrupted"])
    expect(await rejection(scope.ready)).toMatchObject({ _tag: "RuntimeDisposed" })
  })

  test("1 evicted in a scope, a module gives way to its parent's", async () => {
    const runtime = disposing(Runtime.make(CounterLive))
    const scope = runtime.scope(countingFrom(5))
    await runtime.evict("Counter#2")
    expect(scope.resolve(Counter.tag)).toBe(runtime.resolve(Counter.tag))
    expect(await scope.runPromise(countOf)).toBe(0)
  })
})

describe("1 imports", () => {
  const Field = Module.make("Field", {
    state: Schema.String,
    actions: { set: Schema.String },
    reducers: { set: (_, to) => to }
  })
  const FieldLive = Field.implement({ initial: "" })
  const Form = Module.make("Form", { state: Schema.Number, actions: { fill: Schema.String } })
  const fills = Form.logic("fills", ($) =>
    Effect.gen(function* () {
      const field = yield* $.use(Field)
      yield* $.onAction("fill").run((text) => field.actions.set(text))
    })
  )

  test("1 a local module's imports are its own, also where the app has the same one: nearest wins", async () => {
    const runtime = disposing(Runtime.make(FieldLive))
    const FormLive = Form.implement({ initial: 0, logics: [fills], imports: [FieldLive] })
    const forms = [runtime.local(FormLive), runtime.local(FormLive)]
    for (const { mount } of forms) mount()
    await runtime.runPromise(forms[0]!.ref.actions.fill("mine"))
    await idle()
    expect(statesOf(runtime).filter(([id]) => id.startsWith("Field"))).toEqual([
      ["Field#1", ""],
      ["Field#2", "mine"],
      ["Field#3", ""]
    ])
  })

  test("1 another implementation of the same module may be imported by a local one", async () => {
    const runtime = disposing(Runtime.make(FieldLive))
    const FormLive = Form.implement({
      initial: 0,
      logics: [fills],
      imports: [Field.implement({ initial: "its own" })]
    })
    runtime.local(FormLive).mount()
    expect(statesOf(runtime).map(([, state]) => state)).toEqual(["", "its own", 0])
  })

  test("1 a module that is not imported is the app's", async () => {
    const runtime = disposing(Runtime.make(FieldLive))
    const form = runtime.local(Form.implement({ initial: 0, logics: [fills] }))
    form.mount()
    await runtime.runPromise(form.ref.actions.fill("shared"))
    await idle()
    expect(runtime.resolve(Field.tag).unsafe.getState()).toBe("shared")
  })

  test("1 two implementations of one module within one scope: DuplicateModule", () => {
    const runtime = disposing(Runtime.make([]))
    const Middle = Module.make("Middle", { state: Schema.Number, actions: {} })
    const FormLive = Form.implement({
      initial: 0,
      imports: [FieldLive, Middle.implement({ initial: 0, imports: [Field.implement({ initial: "b" })] })]
    })
    expect(thrown(() => runtime.local(FormLive))).toMatchObject({
      _tag: "DuplicateModule",
      moduleId: "Field"
    })
    expect(runtime.instances()).toEqual([])
  })

  test("1 the same module imported twice within one scope is one instance", () => {
    const runtime = disposing(Runtime.make([]))
    const Middle = Module.make("Middle", { state: Schema.Number, actions: {} })
    runtime
      .local(
        Form.implement({
          initial: 0,
          imports: [FieldLive, Middle.implement({ initial: 0, imports: [FieldLive] })]
        })
      )
      .mount()
    expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Field#1", "Middle#1", "Form#1"])
  })
})

describe("1 two runtimes never mix", () => {
  const two = () => {
    const grabs = [grab(), grab()] as const
    const runtimes = grabs.map(({ logic }, i) =>
      disposing(Runtime.make(Counter.implement({ initial: { count: i, log: [] }, logics: [logic] })))
    )
    return { a: runtimes[0]!, b: runtimes[1]!, $a: grabs[0].$, $b: grabs[1].$ }
  }

  test("1 one implementation in both: each has its own instance, numbers and trace", () => {
    const [a, b] = [disposing(Runtime.make(CounterLive)), disposing(Runtime.make(CounterLive))]
    a.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
    expect(a.resolve(Counter.tag)).not.toBe(b.resolve(Counter.tag))
    expect(b.resolve(Counter.tag).unsafe.getState().count).toBe(0)
    expect([a, b].map((runtime) => runtime.resolve(Counter.tag).instanceId)).toEqual([
      "Counter#1",
      "Counter#1"
    ])
    expect(entriesOf(b)).toEqual([])
  })

  test("1 a tag and $.use give the instance of the runtime that runs them", async () => {
    const { a, b, $a } = two()
    expect(await Promise.all([a.runPromise(countOf), b.runPromise(countOf)])).toEqual([0, 1])
    const used = Effect.flatMap($a.use(Counter), ({ getState }) => getState)
    expect((await a.runPromise(used)).count).toBe(0)
    expect((await b.runPromise(used)).count).toBe(1)
    expect((await b.runPromise($a.state.get)).count).toBe(0)
  })

  test("1 run within a fiber of another runtime, an effect has its own runtime's", async () => {
    const { a, b } = two()
    const across = Effect.gen(function* () {
      const inB = yield* Effect.promise(() => b.runPromise(Effect.all([countOf, Root.resolve(Counter.tag)])))
      return [yield* countOf, inB[0], inB[1] === b.resolve(Counter.tag)]
    })
    expect(await a.runPromise(across)).toEqual([0, 1, true])
  })

  test("1 a key is of one runtime; acquiring gives one of the runtime that runs it", async () => {
    const [a, b] = [disposing(Runtime.make([])), disposing(Runtime.make([]))]
    expect(a.local(CounterLive, { key: "k" }).ref).not.toBe(b.local(CounterLive, { key: "k" }).ref)
    const ids = await b.runPromise(
      Effect.scoped(
        Effect.map(Local.acquire(CounterLive), () => b.instances().map(({ instanceId }) => instanceId))
      )
    )
    expect(ids).toEqual(["Counter#2"])
    expect(a.instances()).toEqual([])
  })

  test("1 disposing of one leaves the other", async () => {
    const { a, b } = two()
    await a.dispose()
    await b.runPromise(Effect.flatMap(Counter.tag, (counter) => counter.actions.increment()))
    expect(await b.runPromise(countOf)).toBe(2)
  })
})

test("C7 disposing of what failed to build waits until that has closed what it had made", async () => {
  const events: Array<string> = []
  const gate = Deferred.makeUnsafe<void>()
  const slow = Layer.effectDiscard(
    Effect.addFinalizer(() =>
      Effect.andThen(
        Deferred.await(gate),
        Effect.sync(() => events.push("released"))
      )
    )
  )
  const failing = OtherLive.withLayer(Layer.effectDiscard(Effect.die("no")))
  const runtime = Runtime.make(failing, { layer: slow, onError: () => {} })
  await idle()
  expect(runtime.status).toBe("failed")
  const disposed = runtime.dispose().then(() => events.push("disposed"))
  await idle()
  Deferred.doneUnsafe(gate, Effect.void)
  await disposed
  expect(events).toEqual(["released", "disposed"])
})
