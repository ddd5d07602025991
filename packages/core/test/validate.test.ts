/** T10: what is checked against a schema, by which side, and what is said of what does not fit. */
import { Errors, Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import { describe, expect, test } from "vitest"
import { collectErrors, disposing, entriesOf, idle, rejection, thrown } from "./support.ts"

// On its Type side `amount` is a number; encoded it is a string.
const Account = Module.make("Account", {
  state: Schema.Struct({
    owner: Schema.Struct({ name: Schema.String }),
    amount: Schema.FiniteFromString
  }),
  actions: {
    deposit: Schema.Struct({ amount: Schema.FiniteFromString, note: Schema.String }),
    rename: Schema.String,
    touch: Schema.Void
  },
  reducers: {
    deposit: (state, { amount }) => ({ ...state, amount: state.amount + amount }),
    rename: (state, name) => ({ ...state, owner: { name } })
  }
})
const initial = { owner: { name: "Ada" }, amount: 5 }
type AccountContext = Module.LogicContext<
  { readonly owner: { readonly name: string }; readonly amount: number },
  {
    readonly deposit: { readonly amount: number; readonly note: string }
    readonly rename: string
    readonly touch: void
  }
>

const setup = (options: { readonly validate?: "commit" } = {}) => {
  const reported = collectErrors()
  const delivered: Array<unknown> = []
  const grabbed: Array<AccountContext> = []
  const logic = Account.logic("grab", ($) =>
    Effect.suspend(() => {
      grabbed.push($)
      return $.onAction().run((_, action) => Effect.sync(() => void delivered.push(action)))
    })
  )
  const runtime = disposing(
    Runtime.make(Account.implement({ initial, logics: [logic], ...options }), { onError: reported.onError })
  )
  const [$] = grabbed
  if ($ === undefined) throw new Error("The setup has not run")
  return { runtime, reported, delivered, $, ref: runtime.resolve(Account.tag) }
}

/** For values that only a caller without types could give. */
const untyped = (value: unknown) => value as never

describe("T10 initial", () => {
  test("T10 initial is checked against the Type side", () => {
    const runtime = disposing(Runtime.make(Account.implement({ initial })))
    expect(runtime.resolve(Account.tag).unsafe.getState()).toBe(initial)
  })

  test.each([
    ["of the encoded side", { ...initial, amount: "5" }, '["amount"]'],
    ["with a wrong nested field", { ...initial, owner: { name: 7 } }, '["owner"]["name"]'],
    ["with a missing field", { owner: { name: "Ada" } }, '["amount"]']
  ])("T10 an initial state %s fails the build, with its path", (_, wrong, path) => {
    const reported = collectErrors()
    const runtime = disposing(
      Runtime.make(Account.implement({ initial: untyped(wrong) }), { onError: reported.onError })
    )
    expect(runtime.status).toBe("failed")
    const error = thrown(() => runtime.resolve(Account.tag))
    expect(error).toBeInstanceOf(Errors.InvalidState)
    expect(error).toMatchObject({ instanceId: "Account#1", entry: 'init "initial"' })
    expect(String(error)).toContain(path)
    expect(reported.errors).toEqual([error])
  })

  test("T10 an initial state made from an input is checked, too", () => {
    const runtime = disposing(Runtime.make([]))
    const Live = Account.implement({ initial: (amount: number) => ({ ...initial, amount }) })
    expect(runtime.local(Live, { input: 9 }).ref.unsafe.getState().amount).toBe(9)
    const error = thrown(() => runtime.local(Live, { input: Number.NaN }))
    expect(error).toMatchObject({ _tag: "InvalidState" })
    expect(String(error)).toContain('["amount"]')
  })
})

describe("T10 devtools", () => {
  test.each([
    ["of the encoded side", { ...initial, amount: "5" }, '["amount"]'],
    ["of another shape", { owner: { name: null }, amount: 1 }, '["owner"]["name"]']
  ])("T10 a state %s is refused with its path, and nothing changes", (_, wrong, path) => {
    const { runtime, ref } = setup()
    const error = thrown(() => runtime.travel.to(new Map<string, unknown>([["Account#1", wrong]])))
    expect(error).toMatchObject({ _tag: "InvalidState", instanceId: "Account#1" })
    expect(String(error)).toContain(path)
    expect(ref.unsafe.getState()).toBe(initial)
    expect(runtime.travel.active()).toBe(false)
    expect(entriesOf(runtime)).toEqual([])
    ref.unsafe.dispatch({ _tag: "rename", payload: "Bob" })
    expect(ref.unsafe.getState().owner.name).toBe("Bob")
  })
})

describe('T10 validate: "commit"', () => {
  const enter = [
    ["an action", (app: ReturnType<typeof setup>) => app.ref.actions.rename(untyped(7))],
    [
      "a batch",
      (app: ReturnType<typeof setup>) => app.ref.dispatchBatch([{ _tag: "rename", payload: untyped(7) }])
    ],
    [
      "a transaction",
      (app: ReturnType<typeof setup>) =>
        app.ref.transact("rename", (tx) => tx.set({ ...initial, owner: { name: untyped(7) } }))
    ],
    [
      "$.state.update",
      (app: ReturnType<typeof setup>) =>
        app.$.state.update((state) => ({ ...state, owner: { name: untyped(7) } }))
    ],
    [
      "$.state.mutate",
      (app: ReturnType<typeof setup>) =>
        app.$.state.mutate((draft) => {
          draft.owner.name = untyped(7)
        })
    ]
  ] as const

  test.each(enter)(
    "T10 checks the commit of %s, and refuses what does not fit with its path",
    async (_, entry) => {
      const app = setup({ validate: "commit" })
      const error = await rejection(app.runtime.runPromise(entry(app)))
      expect(error).toMatchObject({ _tag: "InvalidState", instanceId: "Account#1" })
      expect(String(error)).toContain('["owner"]["name"]')
      expect(app.ref.unsafe.getState()).toBe(initial)
      await idle()
      expect(app.delivered).toEqual([])
    }
  )

  test.each(enter)("T10 without it, the commit of %s is not checked", async (_, entry) => {
    const app = setup()
    await app.runtime.runPromise(entry(app))
    expect(app.ref.unsafe.getState().owner.name).toBe(7)
  })

  test("T10 a state that fits commits", async () => {
    const { runtime, ref } = setup({ validate: "commit" })
    await runtime.runPromise(ref.actions.rename("Bob"))
    expect(ref.unsafe.getState().owner.name).toBe("Bob")
  })

  test("T10 an entry that changes nothing is not checked", async () => {
    const { runtime, ref } = setup({ validate: "commit" })
    await runtime.runPromise(ref.actions.touch())
    expect(ref.unsafe.getVersion()).toBe(0)
  })
})

describe("T10 payloads", () => {
  test.each([
    ["of the encoded side", { amount: "1", note: "" }, '["amount"]'],
    ["with a wrong field", { amount: 1, note: 2 }, '["note"]'],
    ["that is none", undefined, ""]
  ])(
    "T10 a service's payload %s is refused with its path; nothing is dispatched",
    async (_, payload, path) => {
      const { $, ref, runtime, reported, delivered } = setup()
      const error = await rejection($.callback("deposit")(untyped(payload)))
      expect(error).toBeInstanceOf(Errors.InvalidPayload)
      expect(error).toMatchObject({
        instanceId: "Account#1",
        entry: 'service-callback "deposit"',
        tag: "deposit"
      })
      expect(String(error)).toContain(path)
      expect(ref.unsafe.getState()).toBe(initial)
      expect(reported.errors).toEqual([error])
      expect(entriesOf(runtime)).toEqual([])
      await idle()
      expect(delivered).toEqual([])
      await $.callback("deposit")({ amount: 1, note: "" })
      expect(ref.unsafe.getState().amount).toBe(6)
    }
  )

  test("T10 a service that is refused and does not look makes no unhandled rejection", async () => {
    const rejections: Array<unknown> = []
    const onRejection = (error: unknown): void => void rejections.push(error)
    process.on("unhandledRejection", onRejection)
    const { $ } = setup()
    void $.callback("rename")(untyped(7))
    await idle()
    process.off("unhandledRejection", onRejection)
    expect(rejections).toEqual([])
  })

  test("T10 typed code's payloads are not checked again", async () => {
    const { runtime, ref } = setup()
    await runtime.runPromise(ref.actions.rename(untyped(7)))
    expect(ref.unsafe.getState().owner.name).toBe(7)
  })
})

describe("T10 Standard Schema v1", () => {
  interface Position {
    readonly x: number
    readonly y: { readonly z: number }
  }
  const fail = (message: string, ...path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>) => ({
    issues: [{ message, ...(path.length === 0 ? {} : { path }) }]
  })
  const position: StandardSchemaV1<unknown, Position> = {
    "~standard": {
      version: 1,
      vendor: "by hand",
      validate: (value) => {
        const { x, y } = value as { readonly x?: unknown; readonly y?: { readonly z?: unknown } }
        if (typeof x !== "number") return fail("not a number", "x")
        if (typeof y?.z !== "number") return fail("not a number", "y", { key: "z" })
        return { value: { x, y: { z: y.z } } }
      }
    }
  }
  const step: StandardSchemaV1<unknown, number> = {
    "~standard": {
      version: 1,
      vendor: "by hand",
      validate: (value) => (typeof value === "number" ? { value } : fail("not a number"))
    }
  }
  const Plane = Module.make("Plane", {
    state: position,
    actions: { right: step, wrong: Schema.Void },
    reducers: {
      right: (state, by) => ({ ...state, x: state.x + by }),
      wrong: (state) => ({ ...state, y: { z: untyped("no") } })
    }
  })
  const start: Position = { x: 1, y: { z: 2 } }

  test("T10 a state and a payload of a Standard Schema", async () => {
    const callbacks: Array<(by: number) => Promise<void>> = []
    const logic = Plane.logic("service", ($) => Effect.sync(() => void callbacks.push($.callback("right"))))
    const runtime = disposing(
      Runtime.make(Plane.implement({ initial: start, validate: "commit", logics: [logic] }), {
        onError: () => {}
      })
    )
    const ref = runtime.resolve(Plane.tag)
    // Their own output is accepted as it is, and not copied.
    expect(ref.unsafe.getState()).toBe(start)
    await runtime.runPromise(ref.actions.right(4))
    expect(ref.unsafe.getState()).toEqual({ x: 5, y: { z: 2 } })
    expect(thrown(() => ref.unsafe.dispatch({ _tag: "wrong" }))).toMatchObject({
      _tag: "InvalidState",
      issue: "not a number at y.z"
    })
    const [right] = callbacks
    expect(await rejection(Promise.resolve(right?.(untyped("far"))))).toMatchObject({
      _tag: "InvalidPayload",
      issue: "not a number"
    })
  })

  test("T10 a schema that answers asynchronously is refused", () => {
    const later: StandardSchemaV1<unknown, number> = {
      "~standard": {
        version: 1,
        vendor: "by hand",
        validate: (value) => Promise.resolve({ value: value as number })
      }
    }
    const runtime = disposing(
      Runtime.make(Module.make("Later", { state: later, actions: {} }).implement({ initial: 1 }), {
        onError: () => {}
      })
    )
    expect(runtime.status).toBe("failed")
    expect(String(thrown(() => runtime.resolve(Plane.tag)))).toContain("asynchronously")
  })
})
