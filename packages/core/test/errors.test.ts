/** Section 7 of the contract: tagged errors that name the instance, the entry and the next move. */
import { Errors, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import { describe, expect, expectTypeOf, test } from "vitest"
import {
  collectErrors,
  Counter,
  type CounterRuntime,
  disposing,
  entriesOf,
  rejection,
  thrown,
  zero
} from "./support.ts"

const at = { instanceId: "Counter#1", entry: 'action "add"' }

const all: ReadonlyArray<readonly [Errors.SluiceError, ReadonlyArray<string>, string]> = [
  [new Errors.TransactionSuspended({ ...at, by: "effect" }), [at.instanceId, at.entry], "Split it"],
  [new Errors.TransactionSuspended({ ...at, by: "promise" }), [at.instanceId, at.entry], "Split it"],
  [new Errors.TransactionSuspended({ ...at, by: "late write" }), [at.instanceId, at.entry], "Split it"],
  [
    new Errors.EntryInTransaction({ ...at, openInstanceId: "User#2", openEntry: 'state-update "x"' }),
    [at.instanceId, at.entry, "User#2", 'state-update "x"'],
    "afterCommit"
  ],
  [
    new Errors.ReducerFailed({ ...at, tag: "add", cause: new Error("boom") }),
    [at.instanceId, "add", "boom"],
    "mend the reducer"
  ],
  [
    new Errors.HandlerFailed({ ...at, tag: "add", cause: new Error("boom") }),
    [at.instanceId, "add", "boom"],
    "Mend the handler"
  ],
  [
    new Errors.HandlerConflict({ ...at, tag: "add", attempts: 3 }),
    [at.instanceId, "add", "3 times"],
    "dispatch again"
  ],
  [
    new Errors.ChildrenNotProvided({ instanceId: "Desk#1" }),
    ["Desk#1", "Supervision.layer", "@sluice/wasm"],
    "Provide it"
  ],
  [new Errors.HandlerInBatch({ ...at, tag: "add" }), [at.instanceId, "add"], "dispatch it by itself"],
  [
    new Errors.InvalidState({ ...at, issue: 'at ["count"]' }),
    [at.instanceId, at.entry, '["count"]'],
    "correct that value"
  ],
  [
    new Errors.InvalidSnapshot({ issue: "it has no format" }),
    ["it has no format"],
    "hydrate what runtime.dehydrate"
  ],
  [
    new Errors.InvalidPayload({ ...at, tag: "add", issue: 'at ["by"]' }),
    [at.instanceId, "add", '["by"]'],
    "correct the value"
  ],
  [
    new Errors.UnknownAction({ instanceId: "Counter#1", tag: "nope", known: ["add", "note"] }),
    ["Counter#1", "nope", "add, note"],
    "Declare it"
  ],
  [new Errors.KeyRequired({ instanceId: "Page#1", field: "rows" }), ["Page#1", '"rows"'], "Give it a key"],
  [
    new Errors.ModuleNotProvided({ moduleId: "User", provided: ["Counter", "Cart"] }),
    ["User", "Counter, Cart"],
    "List its implementation"
  ],
  [new Errors.DuplicateModule({ moduleId: "User" }), ["User"], "Share one"],
  [
    new Errors.InvalidExtension({ moduleId: "User", taken: ["getState", "id"] }),
    ["User", "getState, id"],
    "Give it another name"
  ],
  [new Errors.InvalidExtension({ moduleId: "User", taken: [] }), ["User"], "Return one"],
  [
    new Errors.InvalidOption({ option: "channel.capacity", value: 0 }),
    ["channel.capacity", "0"],
    "Correct it"
  ],
  [
    new Errors.TraitCycle({ moduleId: "Price", fields: ["net", "gross"] }),
    ["Price", "net -> gross -> net"],
    "Let one read"
  ],
  [
    new Errors.TraitWriters({ moduleId: "Note", field: "length" }),
    ["Note", '"length"'],
    "Leave one of them out"
  ],
  [
    new Errors.TraitFailed({ instanceId: "Counter#1", field: "double", cause: new Error("boom") }),
    ["Counter#1", '"double"', "boom"],
    "Mend its function"
  ],
  [
    new Errors.UnknownSource({ instanceId: "Counter#1", field: "user", known: ["list", "page"] }),
    ["Counter#1", '"user"', "list, page"],
    "Declare it"
  ],
  [
    new Errors.InvalidGroup({ entry: at.entry, reason: "foreign", instanceId: at.instanceId }),
    [at.instanceId, at.entry],
    "Make one group for each"
  ],
  [
    new Errors.InvalidGroup({ entry: at.entry, reason: "empty", instanceId: "" }),
    [at.entry],
    "Name at least one"
  ],
  [new Errors.InstanceClosed(at), [at.instanceId, at.entry], "resolve a live instance"],
  [new Errors.RuntimeDisposed({ label: "app" }), ["app"], "Make a new one"],
  [new Errors.RuntimeNotReady({ label: "app" }), ["app"], "Await runtime.ready"]
]

describe("7 errors", () => {
  test.each(all)("7 %s: named by its tag, says where and what to do next", (error, where, next) => {
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe(error._tag)
    for (const part of where) expect(error.message).toContain(part)
    expect(error.message).toContain(next)
  })

  test("7 every tag is a name under which the error is exported", () => {
    for (const [error] of all) expect(Errors).toHaveProperty(error._tag)
    const tags = new Set(all.map(([error]) => error._tag))
    const exported = Object.entries(Errors).filter(([, value]) => typeof value === "function")
    for (const [name] of exported) expect(tags).toContain(name)
  })

  test("7 they can be caught by tag, as defects or as errors", async () => {
    const caught = Effect.fail(new Errors.RuntimeDisposed({ label: "app" })).pipe(
      Effect.catchTag("RuntimeDisposed", ({ label }) => Effect.succeed(label))
    )
    expect(await Effect.runPromise(caught)).toBe("app")
  })

  test("7 dispatch and actions.x have no error in their type: these are defects", () => {
    type ErrorOf<F> = F extends Effect.Effect<infer _A, infer E> ? E : never
    expectTypeOf<ErrorOf<ReturnType<CounterRuntime["dispatch"]>>>().toBeNever()
    expectTypeOf<ErrorOf<ReturnType<CounterRuntime["actions"]["add"]>>>().toBeNever()
    expectTypeOf<ErrorOf<ReturnType<CounterRuntime["dispatchBatch"]>>>().toBeNever()
    expectTypeOf<ErrorOf<ReturnType<CounterRuntime["reset"]>>>().toBeNever()
  })

  test("7 transact adds its body's own", () => {
    const { ref } = setup()
    const failing = ref.transact("x", () => Effect.fail("mine" as const))
    expectTypeOf(failing).toEqualTypeOf<Effect.Effect<never, "mine">>()
    expectTypeOf(ref.transact("x", Effect.succeed(1))).toEqualTypeOf<Effect.Effect<number>>()
    expectTypeOf(ref.transact("x", (tx) => tx.get().count)).toEqualTypeOf<Effect.Effect<number>>()
  })
})

const setup = () => {
  const reported = collectErrors()
  const runtime = disposing(Runtime.make(Counter.implement({ initial: zero }), { onError: reported.onError }))
  return { runtime, reported, ref: runtime.resolve(Counter.tag) }
}

describe("7 UnknownAction", () => {
  // The casts stand for callers without types.
  const unknownAction = { _tag: "nope", payload: 1 } as never
  const entries: ReadonlyArray<
    readonly [string, (ref: CounterRuntime, run: (effect: Effect.Effect<void>) => unknown) => unknown]
  > = [
    ["dispatch", (ref, run) => run(ref.dispatch(unknownAction))],
    ["dispatchBatch", (ref, run) => run(ref.dispatchBatch([{ _tag: "increment" }, unknownAction]))],
    ["unsafe.dispatch", (ref) => ref.unsafe.dispatch(unknownAction)],
    ["unsafe.dispatchBatch", (ref) => ref.unsafe.dispatchBatch([{ _tag: "increment" }, unknownAction])],
    ["unsafe.dispatchPromise", (ref) => ref.unsafe.dispatchPromise(unknownAction)]
  ]
  test.each(entries)(
    "7 %s of an action that is not declared fails, and nothing is entered",
    async (_, enter) => {
      const { ref, runtime } = setup()
      const error = await rejection(
        new Promise((resolve) => {
          resolve(enter(ref, (effect) => runtime.runPromise(effect)))
        })
      )
      expect(error).toBeInstanceOf(Errors.UnknownAction)
      expect(error).toMatchObject({
        instanceId: "Counter#1",
        tag: "nope",
        known: ["increment", "add", "note", "ping", "boom"]
      })
      expect(ref.unsafe.getVersion()).toBe(0)
      expect(entriesOf(runtime)).toEqual([])
    }
  )

  test.each(["toString", "constructor", "__proto__"])(
    "7 %s is no action, although every object has it",
    (tag) => {
      const { ref } = setup()
      expect(thrown(() => ref.unsafe.dispatch({ _tag: tag } as never))).toBeInstanceOf(Errors.UnknownAction)
    }
  )

  test.each(entries.slice(0, 2))(
    "7 %s of one, made by a subscriber while a commit is told, fails for its caller alone",
    async (_, enter) => {
      const { ref, runtime } = setup()
      let given: Promise<unknown> | undefined
      ref.unsafe.subscribe(() => {
        given ??= rejection(
          new Promise((resolve) => {
            resolve(enter(ref, (effect) => runtime.runPromise(effect)))
          })
        )
      })
      ref.unsafe.dispatch({ _tag: "increment" })
      expect(await given).toBeInstanceOf(Errors.UnknownAction)
      ref.unsafe.dispatch({ _tag: "increment" })
      expect(ref.unsafe.getState().count).toBe(2)
    }
  )

  test("7 an actionStream of one fails", async () => {
    const { ref, runtime } = setup()
    const { Stream } = await import("effect")
    const run = runtime.runPromise(Stream.runDrain(ref.actionStream("nope" as never)))
    expect(await rejection(run)).toBeInstanceOf(Errors.UnknownAction)
  })
})

describe("7 where an error is told", () => {
  test("7 onError gets instance, module, entry and transaction", () => {
    const { ref, reported } = setup()
    const error = thrown(() => ref.unsafe.dispatch({ _tag: "boom" }))
    expect(reported.errors).toEqual([error])
    expect(reported.infos).toEqual([
      {
        instanceId: "Counter#1",
        moduleId: "Counter",
        during: "entry",
        entry: 'action "boom"',
        txnId: "Counter#1::t1"
      }
    ])
  })

  test("7 a reducer's own error is the cause of ReducerFailed", () => {
    const { ref } = setup()
    expect(thrown(() => ref.unsafe.dispatch({ _tag: "boom" }))).toMatchObject({
      instanceId: "Counter#1",
      entry: 'action "boom"',
      tag: "boom",
      cause: { message: "boom" }
    })
  })
})
