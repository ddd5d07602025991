/** T10 with schemas of the real `@effect/schema` 0.75: what is checked, decoded, encoded, inferred and said. */
import * as ParseResult from "@effect/schema/ParseResult"
import * as Legacy from "@effect/schema/Schema"
import { Module, Runtime } from "@sluice/core"
import { fromLegacy } from "@sluice/legacy-schema"
import * as Effect3 from "effect/Effect"
import { describe, expect, expectTypeOf, onTestFinished, test } from "vitest"

const valueOf = <T>(result: { readonly value: T } | { readonly issues: unknown }): T => {
  if ("value" in result) return result.value
  throw new Error(`It was refused: ${JSON.stringify(result.issues)}`)
}

describe("kinds of schemas", () => {
  const roundTrip = <A, I>(schema: Legacy.Schema<A, I>, value: A, encoded: I) => {
    const codec = fromLegacy(schema)
    // Its own output is accepted.
    expect(codec["~standard"].validate(value)).toEqual({ value })
    expect(codec["~sluice/codec"].encode(value)).toEqual({ value: encoded })
    expect(codec["~sluice/codec"].decode(JSON.parse(JSON.stringify(encoded)))).toEqual({ value })
  }

  test("T10 a transformation, at any depth", () => {
    roundTrip(
      Legacy.Struct({ at: Legacy.Date, sums: Legacy.Array(Legacy.NumberFromString) }),
      { at: new Date(0), sums: [1, 2] },
      { at: "1970-01-01T00:00:00.000Z", sums: ["1", "2"] }
    )
  })

  test("T10 a transformation that may refuse", () => {
    const Even = Legacy.transformOrFail(Legacy.String, Legacy.Number, {
      strict: true,
      decode: (text, _, ast) =>
        Number(text) % 2 === 0
          ? ParseResult.succeed(Number(text))
          : ParseResult.fail(new ParseResult.Type(ast, text, "not even")),
      encode: (n) => ParseResult.succeed(String(n))
    })
    roundTrip(Legacy.Struct({ even: Even }), { even: 4 }, { even: "4" })
    expect(fromLegacy(Legacy.Struct({ even: Even }))["~sluice/codec"].decode({ even: "3" })).toEqual({
      issues: [{ message: "not even", path: ["even"] }]
    })
  })

  test("T10 a brand, and a filter", () => {
    const UserId = Legacy.String.pipe(Legacy.minLength(2), Legacy.brand("UserId"))
    roundTrip(UserId, UserId.make("ab"), "ab")
    expect(fromLegacy(UserId)["~standard"].validate("a").issues).toHaveLength(1)
    const codec = fromLegacy(UserId)
    expectTypeOf<Module.TypeOf<typeof codec>>().toEqualTypeOf<typeof UserId.Type>()
  })

  test("T10 optional fields, with a default too", () => {
    const Options = Legacy.Struct({
      name: Legacy.optional(Legacy.String),
      size: Legacy.optionalWith(Legacy.Number, { default: () => 3 }),
      note: Legacy.optionalWith(Legacy.String, { exact: true })
    })
    roundTrip(Options, { size: 1, name: "a", note: "b" }, { size: 1, name: "a", note: "b" })
    expect(fromLegacy(Options)["~sluice/codec"].decode({})).toEqual({ value: { size: 3 } })
  })

  test("T10 a class: its instances, decoded and checked", () => {
    class Person extends Legacy.Class<Person>("Person")({ name: Legacy.String, born: Legacy.Date }) {
      get initials() {
        return this.name.slice(0, 1)
      }
    }
    const codec = fromLegacy(Person)
    const ada = new Person({ name: "Ada", born: new Date(0) })
    expect(codec["~standard"].validate(ada)).toEqual({ value: ada })
    expect(codec["~standard"].validate({ name: "Ada", born: new Date(0) }).issues).toHaveLength(1)
    const encoded = valueOf(codec["~sluice/codec"].encode(ada))
    expect(encoded).toEqual({ name: "Ada", born: "1970-01-01T00:00:00.000Z" })
    const decoded = valueOf(codec["~sluice/codec"].decode(encoded))
    expect(decoded).toBeInstanceOf(Person)
    expect(decoded.initials).toBe("A")
  })

  test("T10 a recursive schema, and its path", () => {
    interface Tree {
      readonly name: string
      readonly children: ReadonlyArray<Tree>
    }
    const Tree: Legacy.Schema<Tree> = Legacy.Struct({
      name: Legacy.String,
      children: Legacy.Array(Legacy.suspend((): Legacy.Schema<Tree> => Tree))
    })
    const leaf = { name: "leaf", children: [] }
    roundTrip(Tree, { name: "root", children: [leaf, leaf] }, { name: "root", children: [leaf, leaf] })
    const broken = { name: "root", children: [leaf, { name: 1, children: [] }] }
    expect(fromLegacy(Tree)["~standard"].validate(broken)).toEqual({
      issues: [{ message: "Expected string, actual 1", path: ["children", 1, "name"] }]
    })
  })

  test("T10 a union of tagged structs", () => {
    const Shape = Legacy.Union(
      Legacy.TaggedStruct("Circle", { r: Legacy.NumberFromString }),
      Legacy.TaggedStruct("Square", { side: Legacy.Number })
    )
    roundTrip(Shape, { _tag: "Circle", r: 2 }, { _tag: "Circle", r: "2" })
    roundTrip(Shape, { _tag: "Square", side: 2 }, { _tag: "Square", side: 2 })
  })

  test("T10 one that answers later is refused, with an issue", () => {
    const Later = Legacy.transformOrFail(Legacy.String, Legacy.String, {
      strict: true,
      decode: (text) => Effect3.delay(Effect3.succeed(text), 1),
      encode: (text) => ParseResult.succeed(text)
    })
    expect(fromLegacy(Later)["~sluice/codec"].decode("a").issues?.[0]?.message).toContain(
      "cannot be be resolved synchronously"
    )
  })

  test("one that needs a service does not compile", () => {
    const needing = Legacy.String as unknown as Legacy.Schema<string, string, { readonly service: true }>
    // @ts-expect-error -- its services are not there when a module checks
    expect(fromLegacy(needing)).toBeDefined()
  })
})

describe("in a module", () => {
  class Address extends Legacy.Class<Address>("Address")({ street: Legacy.String }) {}
  const Account = Module.make("Account", {
    state: fromLegacy(
      Legacy.Struct({
        owner: Legacy.Struct({ name: Legacy.NonEmptyString }),
        opened: Legacy.Date,
        amount: Legacy.NumberFromString,
        address: Legacy.optional(Address)
      })
    ),
    actions: {
      deposit: fromLegacy(Legacy.Struct({ amount: Legacy.Number })),
      rename: fromLegacy(Legacy.String),
      reopen: fromLegacy(Legacy.Void)
    },
    reducers: {
      deposit: (state, { amount }) => ({ ...state, amount: state.amount + amount }),
      rename: (state, name) => ({ ...state, owner: { name } }),
      reopen: (state) => ({ ...state, opened: new Date(0) })
    }
  })
  const initial = { owner: { name: "Ada" }, opened: new Date(5), amount: 5 }
  const start = (value: unknown = initial) => {
    const runtime = Runtime.make(
      Account.implement({ initial: value as typeof initial, validate: "commit" }),
      {
        onError: () => {}
      }
    )
    onTestFinished(() => runtime.dispose())
    return runtime
  }

  test("types are those of the schemas", () => {
    const { unsafe, actions } = start().resolve(Account.tag)
    expectTypeOf(unsafe.getState()).toEqualTypeOf<{
      readonly owner: { readonly name: string }
      readonly opened: Date
      readonly amount: number
      readonly address?: Address | undefined
    }>()
    expectTypeOf(actions.deposit).parameter(0).toEqualTypeOf<{ readonly amount: number }>()
    expectTypeOf(actions.reopen).parameters.toEqualTypeOf<[]>()
  })

  test("T10 initial is checked against the Type side, with its path", () => {
    expect(start().resolve(Account.tag).unsafe.getState()).toBe(initial)
    expect(start({ ...initial, amount: "5" }).status).toBe("failed")
    expect(() => start({ ...initial, owner: { name: "" } }).resolve(Account.tag)).toThrow(
      /Expected NonEmptyString, actual "" at owner\.name/
    )
  })

  test("T10 a snapshot holds the encoded side, and is decoded with its path", () => {
    const one = start()
    one
      .resolve(Account.tag)
      .unsafe.transact("move", (tx) =>
        tx.update((state) => ({ ...state, address: new Address({ street: "Elm" }) }))
      )
    const sent: unknown = JSON.parse(JSON.stringify(one.dehydrate()))
    const state = {
      owner: { name: "Ada" },
      opened: "1970-01-01T00:00:00.005Z",
      amount: "5",
      address: { street: "Elm" }
    }
    expect(sent).toMatchObject({ instances: [{ module: "Account", state }] })
    const two = start({ ...initial, amount: 0 })
    two.hydrate(sent)
    const { unsafe } = two.resolve(Account.tag)
    expect(unsafe.getState()).toEqual(one.resolve(Account.tag).unsafe.getState())
    expect(unsafe.getState().address).toBeInstanceOf(Address)
    const broken = { format: 1, instances: [{ module: "Account", state: { ...state, opened: 5 } }] }
    expect(() => two.hydrate(broken)).toThrow(/Expected string, actual 5 at opened/)
    expect(unsafe.getState().amount).toBe(5)
  })

  test("T10 a commit is checked", () => {
    const { unsafe } = start().resolve(Account.tag)
    unsafe.dispatch({ _tag: "deposit", payload: { amount: 2 } })
    unsafe.dispatch({ _tag: "reopen" })
    expect(unsafe.getState()).toEqual({ owner: { name: "Ada" }, opened: new Date(0), amount: 7 })
    expect(() => unsafe.dispatch({ _tag: "rename", payload: "" })).toThrow(/owner\.name/)
    expect(unsafe.getState().owner.name).toBe("Ada")
  })
})
