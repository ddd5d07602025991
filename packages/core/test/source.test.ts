/** Section 5 of the contract: fields that an Effect loads. */
import { Module, Runtime, type Trait } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, test } from "vitest"
import { collectErrors, disposing, entriesOf, idle, rejection } from "./support.ts"

const User = AsyncResult.Schema({ success: Schema.String, error: Schema.String })

/** A source whose loads the test answers: one Deferred for each, in order. */
const makeProfile = (
  options: Partial<
    Pick<
      Trait.SourceOptions<object, number | null, string, string, never, never>,
      "concurrency" | "retry" | "staleTime"
    >
  > = {}
) => {
  const loads: Array<{ readonly id: number; readonly answer: Deferred.Deferred<string, string> }> = []
  const interrupted: Array<number> = []
  const Profile = Module.make("Profile", {
    state: Schema.Struct({
      id: Schema.NullOr(Schema.Number),
      note: Schema.String,
      user: User,
      shown: Schema.String
    }),
    actions: { show: Schema.NullOr(Schema.Number), note: Schema.String },
    reducers: {
      show: (state, id) => ({ ...state, id }),
      note: (state, note) => ({ ...state, note })
    },
    traits: (t) => ({
      user: t.source({
        key: (state) => state.id,
        load: (id) =>
          Effect.suspend(() => {
            const answer = Deferred.makeUnsafe<string, string>()
            loads.push({ id, answer })
            // It ends a moment after it is answered: other things can come first.
            const loading = Effect.tap(Deferred.await(answer), () => Effect.yieldNow)
            return Effect.onInterrupt(loading, () => Effect.sync(() => void interrupted.push(id)))
          }),
        ...options
      }),
      shown: t.computed(({ user }) => AsyncResult.getOrElse(user, () => "nobody"))
    })
  })
  const load = (i: number) => expect.poll(() => loads[i]).toBeDefined()
  const answer = async (i: number, value: string) => {
    await load(i)
    Deferred.doneUnsafe(loads[i]!.answer, Effect.succeed(value))
  }
  const fail = async (i: number, error: string) => {
    await load(i)
    Deferred.doneUnsafe(loads[i]!.answer, Effect.fail(error))
  }
  return { Profile, loads, interrupted, load, answer, fail }
}

const success = (value: string, waiting = false): unknown =>
  expect.objectContaining({ _tag: "Success", value, waiting })
const initialOf = (waiting: boolean): unknown => expect.objectContaining({ _tag: "Initial", waiting })

describe("5 source", () => {
  test("5 it loads when the instance starts, and what reads it follows", async () => {
    const { Profile, answer, load, loads } = makeProfile()
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const { unsafe } = runtime.resolve(Profile.tag)
    expect(unsafe.getState().user).toEqual(initialOf(true))
    expect(unsafe.getState().shown).toBe("nobody")
    await load(0)
    await answer(0, "Ada")
    await expect.poll(() => unsafe.getState()).toMatchObject({ user: success("Ada"), shown: "Ada" })
    expect(loads).toHaveLength(1)
    expect(unsafe.getVersion()).toBe(1)
    expect(entriesOf(runtime).map(({ origin }) => [origin.kind, origin.name])).toEqual([
      ["source-refresh", "user"]
    ])
  })

  test("5 no key, no load: undefined and null are idle", async () => {
    const { Profile, answer, loads } = makeProfile()
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: null, note: "" } })))
    const profile = runtime.resolve(Profile.tag)
    expect(profile.unsafe.getState().user).toEqual(initialOf(false))
    expect(await runtime.runPromise(profile.refresh("user"))).toEqual(initialOf(false))
    expect(loads).toHaveLength(0)
    profile.unsafe.dispatch({ _tag: "show", payload: 7 })
    await answer(0, "Ada")
    await expect.poll(() => profile.unsafe.getState().user).toEqual(success("Ada"))
    profile.unsafe.dispatch({ _tag: "show", payload: null })
    expect(profile.unsafe.getState().user).toEqual(initialOf(false))
  })

  test("5 a changed key shows no other key's answer, interrupts its load, and starts one after the commit", async () => {
    const { Profile, answer, interrupted, load, loads } = makeProfile()
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const { unsafe } = runtime.resolve(Profile.tag)
    await answer(0, "Ada")
    await expect.poll(() => unsafe.getState().shown).toBe("Ada")
    const told: Array<unknown> = []
    unsafe.subscribe(({ id, user }) => told.push([id, user._tag, user.waiting]))
    unsafe.dispatch({ _tag: "show", payload: 2 })
    expect(told).toEqual([[2, "Initial", true]])
    expect(loads).toHaveLength(1)
    await load(1)
    unsafe.dispatch({ _tag: "show", payload: 3 })
    await load(2)
    expect(interrupted).toEqual([2])
    await answer(1, "too late")
    await answer(2, "Grace")
    await expect.poll(() => unsafe.getState().user).toEqual(success("Grace"))
    expect(told).toEqual([
      [2, "Initial", true],
      [3, "Initial", true],
      [3, "Success", false]
    ])
    unsafe.dispatch({ _tag: "note", payload: "x" })
    await idle()
    expect(loads.map(({ id }) => id)).toEqual([1, 2, 3])
  })

  test("5 a key that goes and comes back at once is loaded again, or still", async () => {
    const { Profile, answer, interrupted, load, loads } = makeProfile()
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const { unsafe } = runtime.resolve(Profile.tag)
    await load(0)
    const thereAndBack = () => {
      unsafe.dispatch({ _tag: "show", payload: 2 })
      unsafe.dispatch({ _tag: "show", payload: 1 })
    }
    thereAndBack()
    await idle()
    expect([loads.length, interrupted]).toEqual([1, []])
    await answer(0, "Ada")
    await expect.poll(() => unsafe.getState().shown).toBe("Ada")
    thereAndBack()
    expect(unsafe.getState().user).toEqual(initialOf(true))
    await answer(1, "Grace")
    await expect.poll(() => unsafe.getState().user).toEqual(success("Grace"))
  })

  test("5 a key made anew of the same parts is the same key", async () => {
    let loads = 0
    const Pages = Module.make("Pages", {
      state: Schema.Struct({ page: Schema.Number, note: Schema.String, rows: User }),
      actions: { note: Schema.String },
      reducers: { note: (state, note) => ({ ...state, note }) },
      traits: (t) => ({
        rows: t.source({
          key: ({ note, page }) => ({ page, long: note.length > 3 }),
          load: ({ long, page }) => Effect.sync(() => `${++loads} ${page} ${long}`)
        })
      })
    })
    const runtime = disposing(Runtime.make(Pages.implement({ initial: { page: 1, note: "" } })))
    const { unsafe } = runtime.resolve(Pages.tag)
    await expect.poll(() => unsafe.getState().rows).toEqual(success("1 1 false"))
    unsafe.dispatch({ _tag: "note", payload: "ab" })
    expect(unsafe.getState().rows).toEqual(success("1 1 false"))
    unsafe.dispatch({ _tag: "note", payload: "abcd" })
    await expect.poll(() => unsafe.getState().rows).toEqual(success("2 1 true"))
  })

  test("5 refresh: a transaction that marks it waiting, the IO, a transaction that writes the outcome", async () => {
    const { Profile, answer, fail } = makeProfile()
    const runtime = disposing(
      Runtime.make(Profile.implement({ initial: { id: 1, note: "" } }), { trace: { level: "full" } })
    )
    const profile = runtime.resolve(Profile.tag)
    await answer(0, "Ada")
    await expect.poll(() => profile.unsafe.getState().shown).toBe("Ada")
    const told: Array<unknown> = []
    profile.unsafe.subscribe(({ user }) => told.push([user._tag, user.waiting]))

    const refreshed = runtime.runPromise(profile.refresh("user"))
    await answer(1, "Ada L.")
    expect(await refreshed).toEqual(success("Ada L."))
    const failing = runtime.runPromise(profile.refresh("user"))
    await fail(2, "offline")
    const failed = await failing
    expect(failed).toMatchObject({ _tag: "Failure", waiting: false })
    expect(AsyncResult.error(failed)).toEqual(Option.some("offline"))
    // The value before is still there.
    expect(profile.unsafe.getState().shown).toBe("Ada L.")
    expect(told).toEqual([
      ["Success", true],
      ["Success", false],
      ["Success", true],
      ["Failure", false]
    ])
    const entries = entriesOf(runtime)
    expect(entries.every(({ origin }) => origin.kind === "source-refresh" && origin.name === "user")).toBe(
      true
    )
    expect(entries.map(({ cause }) => cause)).toEqual([
      undefined,
      undefined,
      entries[1]!.txnId,
      undefined,
      entries[3]!.txnId
    ])
  })

  test("5 latest: a newer refresh interrupts the load; both end with its answer", async () => {
    const { Profile, answer, interrupted, load } = makeProfile({ concurrency: "latest" })
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const profile = runtime.resolve(Profile.tag)
    await answer(0, "Ada")
    await expect.poll(() => profile.unsafe.getState().shown).toBe("Ada")
    const first = runtime.runPromise(profile.refresh("user"))
    await load(1)
    const second = runtime.runPromise(profile.refresh("user"))
    await load(2)
    expect(interrupted).toEqual([1])
    await answer(1, "older")
    await answer(2, "newer")
    expect(await first).toEqual(success("newer"))
    expect(await second).toEqual(success("newer"))
    expect(profile.unsafe.getState().shown).toBe("newer")
  })

  test("5 latest: a refresh does not end with the answer of a load that ends as it begins", async () => {
    const { Profile, answer, load, loads } = makeProfile({ concurrency: "latest" })
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const profile = runtime.resolve(Profile.tag)
    await load(0)
    Deferred.doneUnsafe(loads[0]!.answer, Effect.succeed("older"))
    const refreshed = runtime.runPromise(profile.refresh("user"))
    await answer(1, "newer")
    expect(await refreshed).toEqual(success("newer"))
  })

  test("5 exhaust: a refresh while a load runs joins it", async () => {
    const { Profile, answer, interrupted, load, loads } = makeProfile({ concurrency: "exhaust" })
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const profile = runtime.resolve(Profile.tag)
    const atStart = runtime.runPromise(profile.refresh("user"))
    await answer(0, "Ada")
    expect(await atStart).toEqual(success("Ada"))
    const first = runtime.runPromise(profile.refresh("user"))
    const second = runtime.runPromise(profile.refresh("user"))
    await load(1)
    const third = runtime.runPromise(profile.refresh("user"))
    await answer(1, "Grace")
    for (const refreshed of [first, second, third]) expect(await refreshed).toEqual(success("Grace"))
    expect(loads).toHaveLength(2)
    expect(interrupted).toEqual([])
  })

  test("5 an interrupted refresh leaves the load to the others", async () => {
    const { Profile, answer, load } = makeProfile()
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const profile = runtime.resolve(Profile.tag)
    await answer(0, "Ada")
    await expect.poll(() => profile.unsafe.getState().shown).toBe("Ada")
    const fiber = runtime.run(profile.refresh("user"))
    await load(1)
    await runtime.runPromise(Fiber.interrupt(fiber))
    expect(profile.unsafe.getState().user.waiting).toBe(true)
    await answer(1, "Grace")
    await expect.poll(() => profile.unsafe.getState().user).toEqual(success("Grace"))
  })

  test("5 retry: by its Schedule, on the runtime's clock; the field waits meanwhile", async () => {
    let tries = 0
    const Flaky = Module.make("Flaky", {
      state: Schema.Struct({ value: User }),
      actions: {},
      traits: (t) => ({
        value: t.source({
          key: () => 1,
          load: () =>
            Effect.suspend(() => (++tries < 3 ? Effect.fail("no") : Effect.succeed(`try ${tries}`))),
          retry: Schedule.spaced("1 minute")
        })
      })
    })
    const runtime = disposing(Runtime.make(Flaky.implement({ initial: {} }), { layer: TestClock.layer() }))
    const flaky = runtime.resolve(Flaky.tag)
    await expect.poll(() => tries).toBe(1)
    await runtime.runPromise(TestClock.adjust("59 seconds"))
    expect(tries).toBe(1)
    await runtime.runPromise(TestClock.adjust("1 second"))
    await expect.poll(() => tries).toBe(2)
    expect(flaky.unsafe.getState().value).toEqual(initialOf(true))
    await runtime.runPromise(TestClock.adjust("1 minute"))
    await expect.poll(() => flaky.unsafe.getState().value).toEqual(success("try 3"))
  })

  test("5 staleTime: a key that comes back in time shows its answer and loads nothing", async () => {
    const { Profile, answer, load, loads } = makeProfile({ staleTime: "1 minute" })
    const live = Profile.implement({ initial: { id: 1, note: "" } })
    const runtime = disposing(Runtime.make(live, { layer: TestClock.layer() }))
    const profile = runtime.resolve(Profile.tag)
    const { unsafe } = profile
    await answer(0, "Ada")
    await expect.poll(() => unsafe.getState().shown).toBe("Ada")
    unsafe.dispatch({ _tag: "show", payload: 2 })
    await answer(1, "Grace")
    await expect.poll(() => unsafe.getState().shown).toBe("Grace")
    await runtime.runPromise(TestClock.adjust("59 seconds"))
    unsafe.dispatch({ _tag: "show", payload: 1 })
    expect(unsafe.getState().user).toEqual(success("Ada"))
    await idle()
    expect(loads).toHaveLength(2)
    // To refresh is to load, fresh or not.
    const refreshed = runtime.runPromise(profile.refresh("user"))
    await answer(2, "Ada L.")
    expect(await refreshed).toEqual(success("Ada L."))
    await runtime.runPromise(TestClock.adjust("1 second"))
    unsafe.dispatch({ _tag: "show", payload: 2 })
    expect(unsafe.getState().user).toEqual(initialOf(true))
    await load(3)
  })

  test("5 staleTime: what is shown for the next key is not remembered as the answer of the last", async () => {
    const { Profile, answer, load, loads } = makeProfile({ staleTime: "1 minute" })
    const live = Profile.implement({ initial: { id: 1, note: "" } })
    const runtime = disposing(Runtime.make(live, { layer: TestClock.layer() }))
    const { unsafe } = runtime.resolve(Profile.tag)
    await answer(0, "Ada")
    await expect.poll(() => unsafe.getState().shown).toBe("Ada")
    unsafe.dispatch({ _tag: "show", payload: 2 })
    await load(1)
    Deferred.doneUnsafe(loads[1]!.answer, Effect.succeed("Grace"))
    unsafe.dispatch({ _tag: "show", payload: 1 })
    expect(unsafe.getState().shown).toBe("Ada")
    await idle()
    unsafe.dispatch({ _tag: "show", payload: 2 })
    expect(unsafe.getState().user).toEqual(initialOf(true))
    await answer(2, "Grace H.")
    await expect.poll(() => unsafe.getState().shown).toBe("Grace H.")
  })

  test("5 while cold nothing is loaded; a refresh waits for the start", async () => {
    const { Profile, answer, loads } = makeProfile()
    const runtime = disposing(Runtime.make([]))
    const local = runtime.local(Profile.implement({ initial: { id: 1, note: "" } }))
    const refreshed = runtime.runPromise(local.ref.refresh("user"))
    await idle()
    expect(loads).toHaveLength(0)
    const release = local.mount()
    await answer(0, "Ada")
    expect(await refreshed).toEqual(success("Ada"))
    expect(loads).toHaveLength(1)
    release()
  })

  test("5 never while travelled: what is loaded meanwhile is written after it", async () => {
    const { Profile, answer, load, loads } = makeProfile()
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const profile = runtime.resolve(Profile.tag)
    const { unsafe } = profile
    await answer(0, "Ada")
    await expect.poll(() => unsafe.getState().shown).toBe("Ada")
    const refreshed = runtime.runPromise(profile.refresh("user"))
    await load(1)
    const shown = { id: 2, note: "", user: AsyncResult.initial<string, string>(true), shown: "then" }
    runtime.travel.to(new Map([["Profile#1", shown]]))
    await answer(1, "Grace")
    await idle()
    expect(unsafe.getState()).toBe(shown)
    expect(loads).toHaveLength(2)
    runtime.travel.live()
    expect(await refreshed).toEqual(success("Grace"))
    expect(unsafe.getState()).toMatchObject({ id: 1, shown: "Grace" })
  })

  test("5 a rolled-back change of the key loads nothing", async () => {
    const { Profile, answer, loads } = makeProfile()
    const { onError } = collectErrors()
    const live = Profile.implement({ initial: { id: 1, note: "" }, validate: "commit" })
    const runtime = disposing(Runtime.make(live, { onError }))
    const { unsafe } = runtime.resolve(Profile.tag)
    await answer(0, "Ada")
    await expect.poll(() => unsafe.getState().shown).toBe("Ada")
    expect(() => unsafe.transact("bad", (tx) => tx.set({ ...tx.get(), id: 2, note: 5 as never }))).toThrow(
      "note"
    )
    await idle()
    expect(loads).toHaveLength(1)
    expect(unsafe.getState().user).toEqual(success("Ada"))
    unsafe.dispatch({ _tag: "note", payload: "x" })
    await idle()
    expect(loads).toHaveLength(1)
  })

  test("5 a rollback behind the convergence does not lose the load that runs", async () => {
    const answered = Deferred.makeUnsafe<string>()
    let loads = 0
    const Pages = Module.make("Pages", {
      state: Schema.Struct({ page: Schema.Number, note: Schema.String, rows: User }),
      actions: { note: Schema.String },
      reducers: { note: (state, note) => ({ ...state, note }) },
      traits: (t) => ({
        rows: t.source({
          key: ({ page }) => ({ page }),
          load: () =>
            Effect.andThen(
              Effect.sync(() => ++loads),
              Deferred.await(answered)
            )
        })
      })
    })
    const { onError } = collectErrors()
    const live = Pages.implement({ initial: { page: 1, note: "" }, validate: "commit" })
    const runtime = disposing(Runtime.make(live, { onError }))
    const { unsafe } = runtime.resolve(Pages.tag)
    await expect.poll(() => loads).toBe(1)
    const refused = (page: number) =>
      unsafe.transact("bad", (tx) => tx.set({ ...tx.get(), page, note: 5 as never }))
    expect(() => refused(2)).toThrow("note")
    await idle()
    expect(() => refused(1)).toThrow("note")
    unsafe.dispatch({ _tag: "note", payload: "x" })
    await idle()
    expect(loads).toBe(1)
    Deferred.doneUnsafe(answered, Effect.succeed("rows"))
    await expect.poll(() => unsafe.getState().rows).toEqual(success("rows"))
  })

  test("5 reset keeps the answer of the same key", async () => {
    const { Profile, answer, loads } = makeProfile()
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const profile = runtime.resolve(Profile.tag)
    await answer(0, "Ada")
    await expect.poll(() => profile.unsafe.getState().shown).toBe("Ada")
    profile.unsafe.dispatch({ _tag: "note", payload: "x" })
    await runtime.runPromise(profile.reset())
    expect(profile.unsafe.getState()).toMatchObject({ note: "", shown: "Ada" })
    await idle()
    expect(loads).toHaveLength(1)
  })

  test("5 when the instance closes its load is interrupted, and who waits is told", async () => {
    const { Profile, interrupted, load } = makeProfile()
    const runtime = Runtime.make(Profile.implement({ initial: { id: 1, note: "" } }))
    const profile = runtime.resolve(Profile.tag)
    const refreshed = rejection(runtime.runPromise(profile.refresh("user")))
    await load(0)
    await runtime.dispose()
    expect(interrupted).toEqual([1])
    expect(await refreshed).toMatchObject({ _tag: "InstanceClosed", instanceId: "Profile#1" })
  })

  test("5 a load that dies is in the field, and onError gets it", async () => {
    const { errors, infos, onError } = collectErrors()
    const Dying = Module.make("Dying", {
      state: Schema.Struct({ value: User }),
      actions: {},
      traits: (t) => ({
        value: t.source({
          key: () => 1,
          load: (): Effect.Effect<string, string> => {
            throw new Error("broken")
          }
        })
      })
    })
    const { unsafe } = disposing(Runtime.make(Dying.implement({ initial: {} }), { onError })).resolve(
      Dying.tag
    )
    await expect.poll(() => unsafe.getState().value._tag).toBe("Failure")
    const { value } = unsafe.getState()
    expect(AsyncResult.isFailure(value) && Cause.squash(value.cause)).toEqual(new Error("broken"))
    expect(errors).toEqual([new Error("broken")])
    expect(infos).toMatchObject([{ during: "trait", entry: "value" }])
  })

  test("5 an answer that the schema refuses becomes a failure, not a wait for ever", async () => {
    const { onError } = collectErrors()
    const Strict = Module.make("Strict", {
      state: Schema.Struct({
        value: AsyncResult.Schema({ success: Schema.Int, error: Schema.Never })
      }),
      actions: {},
      traits: (t) => ({ value: t.source({ key: () => 1, load: () => Effect.succeed(0.5) }) })
    })
    const live = Strict.implement({ initial: {}, validate: "commit" })
    const { unsafe } = disposing(Runtime.make(live, { onError })).resolve(Strict.tag)
    await expect.poll(() => unsafe.getState().value).toMatchObject({ _tag: "Failure", waiting: false })
  })

  test("5 loads use the module's services, and a logic can refresh", async () => {
    class Api extends Context.Service<Api, { readonly user: Effect.Effect<string> }>()("source/Api") {}
    let asked = 0
    const Remote = Module.make("Remote", {
      state: Schema.Struct({ user: User }),
      actions: { pull: Schema.Void },
      traits: (t) => ({
        user: t.source({ key: () => 1, load: () => Effect.flatMap(Api, ({ user }) => user) })
      })
    })
    const pulling = Remote.logic("pulling", ($) => $.onAction("pull").run(() => $.refresh("user")))
    const ApiLive = Layer.succeed(Api, { user: Effect.sync(() => `answer ${++asked}`) })
    const runtime = disposing(
      Runtime.make(Remote.implement({ initial: {}, logics: [pulling] }), { layer: ApiLive })
    )
    const { unsafe } = runtime.resolve(Remote.tag)
    await expect.poll(() => unsafe.getState().user).toEqual(success("answer 1"))
    unsafe.dispatch({ _tag: "pull" })
    await expect.poll(() => unsafe.getState().user).toEqual(success("answer 2"))
    expect(unsafe.backlog().consumers[0]).toMatchObject({ inFlight: 0 })
  })

  test("5 a source's own value of a reducer is overwritten", async () => {
    const { Profile, answer } = makeProfile()
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: 1, note: "" } })))
    const { unsafe } = runtime.resolve(Profile.tag)
    await answer(0, "Ada")
    await expect.poll(() => unsafe.getState().shown).toBe("Ada")
    unsafe.transact("forge", (tx) => tx.update((state) => ({ ...state, user: AsyncResult.success("Eve") })))
    expect(unsafe.getState()).toMatchObject({ user: success("Ada"), shown: "Ada" })
  })

  test("5 to refresh what no source makes fails with UnknownSource", async () => {
    const { Profile } = makeProfile()
    const runtime = disposing(Runtime.make(Profile.implement({ initial: { id: null, note: "" } })))
    const refused = rejection(runtime.runPromise(runtime.resolve(Profile.tag).refresh("shown" as never)))
    expect(await refused).toMatchObject({ _tag: "UnknownSource", field: "shown", known: ["user"] })
  })
})
