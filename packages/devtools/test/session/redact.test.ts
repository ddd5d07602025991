import { Collection } from "@sluice/core"
import * as Chunk from "effect/Chunk"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import { expect, test } from "vitest"
import { isRedacted, makeRedaction, redacted, redactRecording } from "../../src/session/index.ts"

const state = {
  password: "secret",
  users: Collection.make("id", [
    { id: "a", email: "a@x", age: 1 },
    { id: "b", email: "b@x", age: 2 }
  ]),
  sessions: new Map([["k", { token: "t", at: 1 }]]),
  list: [{ token: "u" }, { token: "v" }],
  untouched: { deep: {} }
}

const redaction = makeRedaction([
  {
    module: "Login",
    state: ["password", "users.*.email", "sessions.*.token", ["list", 1]],
    payload: { signIn: ["password"], reveal: [""] },
    details: ["by"]
  }
])

test("what stands at the paths is replaced, and nothing else is copied", () => {
  const made = redaction.state("Login", state) as typeof state
  expect(made.password).toBe(redacted)
  expect(made.users.toArray()).toEqual([
    { id: "a", email: redacted, age: 1 },
    { id: "b", email: redacted, age: 2 }
  ])
  expect(made.sessions).toEqual(new Map([["k", { token: redacted, at: 1 }]]))
  expect(made.list).toEqual([{ token: "u" }, redacted])
  expect(made.untouched).toBe(state.untouched)
  expect(JSON.stringify(state)).toContain("secret")
  expect(redaction.state("Other", state)).toBe(state)
})

test("states that share what is redacted share it still", () => {
  const next = { ...state, untouched: { deep: { n: 1 } } }
  const [before, after] = [state, next].map((each) => redaction.state("Login", each) as typeof state)
  expect(after?.users).toBe(before?.users)
  expect(redaction.state("Login", state)).toBe(before)
})

test("a place leads through Effect's collections as through the language's", () => {
  const one = makeRedaction([
    { module: "M", state: ["users.a.email", "members.*.email", "list.1.email", "all.*.email"] }
  ])
  const person = (email: string) => ({ email, age: 1 })
  const given = {
    users: HashMap.make(["a", person("a@x")], ["b", person("b@x")]),
    members: HashSet.make(person("a@x")),
    list: Chunk.make(person("a@x"), person("b@x")),
    all: HashMap.make(["a", { age: 1 }])
  }
  const made = one.state("M", given) as typeof given
  expect(HashMap.getUnsafe(made.users, "a")).toEqual({ email: redacted, age: 1 })
  expect(HashMap.getUnsafe(made.users, "b").email).toBe("b@x")
  expect([...made.members]).toEqual([{ email: redacted, age: 1 }])
  expect(Chunk.toReadonlyArray(made.list).map(({ email }) => email)).toEqual(["a@x", redacted])
  expect(made.all).toBe(given.all)
})

test("what cannot be copied without it is left out as a whole", () => {
  class Person {
    readonly email: string
    readonly name: string
    constructor(email: string, name: string) {
      this.email = email
      this.name = name
    }
  }
  const one = makeRedaction([{ module: "M", state: ["rows.*.id", "who.email", "lazy"] }])
  const made = one.state("M", {
    rows: Collection.make("id", [{ id: "a" }]),
    who: new Person("a@x", "a"),
    other: new Person("b@x", "b"),
    get lazy(): string {
      throw new Error("it was run")
    }
  })
  expect(made).toBe(redacted)
  const two = makeRedaction([{ module: "M", state: ["rows.*.id", "who.email"] }]).state("M", {
    rows: Collection.make("id", [{ id: "a" }]),
    who: new Person("a@x", "a"),
    other: new Person("b@x", "b")
  })
  expect(two).toMatchObject({ rows: redacted, who: redacted, other: { email: "b@x" } })
})

test("it ends where a value leads back to itself", () => {
  const cycle: Record<string, unknown> = { token: "t" }
  cycle["self"] = cycle
  const made = makeRedaction([{ module: "M", state: ["self.self.token"] }]).state("M", { self: cycle })
  expect(made).toMatchObject({ self: { self: { token: redacted } } })
})

test("actions and commits are marked by what was left out of them", () => {
  const action = { _tag: "signIn", payload: { name: "a", password: "secret" } }
  expect(redaction.action("Login", action)).toEqual({
    _tag: "signIn",
    payload: { name: "a", password: redacted }
  })
  expect(redaction.action("Login", { _tag: "reveal", payload: "secret" })).toEqual({
    _tag: "reveal",
    payload: redacted
  })
  expect(redaction.action("Login", { _tag: "signOut" })).toEqual({ _tag: "signOut" })
  const commit = {
    txnId: "Login#1::t1",
    seq: 1,
    instanceId: "Login#1",
    moduleId: "Login",
    origin: { kind: "action" as const, name: "signIn" },
    cause: undefined,
    actions: [action],
    previous: { password: "" },
    next: { password: "secret" },
    startedAt: 0
  }
  const base = { instanceId: "Login#1", moduleId: "Login", state: commit.previous }
  const made = redactRecording(
    { label: "", base: [base], commits: [commit, { ...commit, seq: 2, actions: [] }] },
    redaction
  )
  expect(made.base).toEqual([{ ...base, state: { password: redacted }, partial: true }])
  expect(made.commits.map(({ partial }) => partial)).toEqual(["actions", "states"])
  expect(JSON.stringify(made)).not.toContain("secret")
  expect(isRedacted(JSON.parse(JSON.stringify(redacted)))).toBe(true)
  const detailed = {
    ...commit,
    previous: {},
    next: {},
    actions: [],
    origin: { ...commit.origin, details: { by: "secret" } }
  }
  expect(redaction.commit(detailed)).toEqual({
    ...detailed,
    origin: { ...commit.origin, details: { by: redacted } },
    partial: "states"
  })
  const plain = { ...commit, moduleId: "Other" }
  expect(redaction.commit(plain)).toBe(plain)
})
