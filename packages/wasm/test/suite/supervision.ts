/** Code that faults begins again by its policy, and is given up in the end. The same in Node and in Chromium. */
import { Module, Root, Runtime } from "@sluice/core"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as Handled from "@sluice/core/Handled"
import * as HandlerPort from "@sluice/core/HandlerPort"
import { Handler, Recovery, Supervision } from "@sluice/wasm"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { describe, expect, it, onTestFinished } from "vitest"
import { sha256 } from "../fixture.ts"
import { script, wasmUrl } from "../luaFixture.ts"
import { type Count, Desk, desk, makeCases, scoped, type What } from "./cases.ts"
import { storeOf } from "./ledger.ts"

const soon = Schedule.recurs(100)

const failureOf = <A, E>(exit: Exit.Exit<A, E>): unknown => {
  if (Exit.isSuccess(exit)) return undefined
  const error: unknown = Cause.squash(exit.cause)
  return typeof error === "object" && error !== null && "cause" in error ? error.cause : error
}

const restarts = (activity: HandlerActivity.Activity) =>
  activity
    .snapshot()
    .events.flatMap((event) =>
      event._tag === "Restart"
        ? [`${event.policy} ${event.attempt}/${event.of}${event.escalated ? " up" : ""}`]
        : []
    )

const Overseer = Module.make("Overseer", {
  state: Schema.Struct({ Failed: Schema.Record(Schema.String, Schema.String) }),
  actions: { childFailed: Supervision.ChildError }
})

/** A parent whose answer to a child's end is computed by its own handler. */
const overseer = async () => {
  const text = await script("supervisor.lua")
  const handler = await scoped(
    Handler.make({
      name: "Overseer",
      abi: "lua",
      source: { abi: "lua", script: text, name: "supervisor.lua", wasm: wasmUrl.href },
      sha256: await sha256(new TextEncoder().encode(text)),
      state: Schema.Struct({ Failed: Schema.Record(Schema.String, Schema.String) }),
      params: Schema.Struct({})
    })
  )
  return Overseer.implement({ initial: { Failed: {} }, handlers: { childFailed: handler.childError } })
}

export const supervision = (): void => {
  describe("supervision of a handler", () => {
    it("poison exhausts its restarts, becomes a dead letter, and the next action works as if it had never been", async () => {
      const cases = await makeCases("worker", { restart: { attempts: 2, backoff: soon } })
      const { activity, desk: instance, errors, runtime, seen } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({}))
      const exit = await runtime.runPromise(Effect.exit(instance.actions.assess({ do: "trap" })))
      expect(failureOf(exit)).toMatchObject({ _tag: "HandlerFault", kind: "trap" })
      expect(restarts(activity)).toEqual(["preserved 1/2", "preserved 2/2", "preserved 3/2 up"])
      const [letter] = activity.snapshot().deadLetters
      expect(letter).toMatchObject({ action: { _tag: "assess", payload: { do: "trap" } }, attempts: 3 })
      // The trap came after its memory was written.
      await runtime.runPromise(instance.actions.assess({}))
      expect(instance.unsafe.getState()).toEqual({ count: 3, calls: 3 })
      await expect.poll(() => seen).toEqual(["assess", "assess"])
      expect(errors).toHaveLength(1)
    })

    it("a letter that is retried stays one letter when it fails again, and leaves the list when it commits", async () => {
      const cases = await makeCases("worker", { restart: { attempts: 0 } })
      const { activity, desk: instance, runtime } = desk({ assess: cases })
      const letters = () => activity.snapshot().deadLetters
      await runtime.runPromise(Effect.exit(instance.actions.assess({ do: "trap" })))
      const again = await runtime.runPromise(Effect.exit(letters()[0]!.retry))
      expect(failureOf(again)).toMatchObject({ kind: "trap" })
      expect(letters()).toHaveLength(1)
      // Its code is mended.
      const well = HandlerPort.outside<typeof Count.Type, typeof What.Type>({
        enter: (entry) => Effect.asVoid(entry.commit(entry.state(), { count: 100 }))
      })
      await runtime.replace(Desk.implement({ initial: { count: 0 }, handlers: { assess: well } }))
      await runtime.runPromise(letters()[0]!.retry)
      expect(instance.unsafe.getState()).toEqual({ count: 100 })
      expect(letters()).toEqual([])
    })

    it("a letter whose retry was asked for twice is dispatched until it commits, and not again", async () => {
      const cases = await makeCases("worker", { restart: { attempts: 0 } })
      const { activity, desk: instance, runtime } = desk({ assess: cases })
      await runtime.runPromise(Effect.exit(instance.actions.assess({ do: "trap" })))
      const letter = activity.snapshot().deadLetters[0]!
      const well = HandlerPort.outside<typeof Count.Type, typeof What.Type>({
        enter: (entry) => Effect.asVoid(entry.commit(entry.state(), { count: entry.state().count + 100 }))
      })
      await runtime.replace(Desk.implement({ initial: { count: 0 }, handlers: { assess: well } }))
      const before = instance.unsafe.getState().count
      await runtime.runPromise(Effect.all([letter.retry, letter.retry], { concurrency: 2 }))
      await runtime.runPromise(letter.retry)
      expect(instance.unsafe.getState()).toEqual({ count: before + 100 })
      expect(activity.snapshot().deadLetters).toEqual([])
    })

    it("a timeout restarts it too, and a domain error nothing", async () => {
      const cases = await makeCases("worker", {
        limits: { callMs: 600 },
        restart: { attempts: 1, backoff: soon }
      })
      const { activity, desk: instance, runtime } = desk({ assess: cases })
      const refused = await runtime.runPromise(
        Effect.exit(instance.actions.assess({ do: "error", reason: "not today" }))
      )
      expect(failureOf(refused)).toMatchObject({ _tag: "HandlerError", error: "not today" })
      expect(restarts(activity)).toEqual([])
      expect(activity.snapshot().deadLetters).toEqual([])
      const looped = await runtime.runPromise(Effect.exit(instance.actions.assess({ do: "loop" })))
      expect(failureOf(looped)).toMatchObject({ kind: "timeout" })
      expect(restarts(activity)).toEqual(["preserved 1/1", "preserved 2/1 up"])
    })

    it("by `initial` the action is computed from the first state and its memory, in one commit", async () => {
      const cases = await makeCases("worker", { restart: { policy: "initial", backoff: soon } })
      const { desk: instance, runtime, seen } = desk({ assess: cases })
      const states: Array<unknown> = []
      for (const _ of [1, 2]) await runtime.runPromise(instance.actions.assess({}))
      expect(instance.unsafe.getState()).toEqual({ count: 3, calls: 3 })
      instance.unsafe.subscribe((state) => states.push(state))
      // Its calls have been 1 in the first state, by its init; in this one it divides by zero.
      await runtime.runPromise(instance.actions.assess({ do: "only", by: 2 }))
      expect(states).toEqual([{ count: 2, calls: 2 }])
      await expect.poll(() => seen).toEqual(["assess", "assess", "assess"])
    })

    it("by `lastGood` and a slot it is computed from what recovery has stored, and what comes of it is read again", async () => {
      for (const [policy, calls] of [
        // The only snapshot is that of the beginning.
        ["lastGood", 1],
        [{ slot: 1 }, 2]
      ] as const) {
        const cases = await makeCases("worker", { restart: { policy, backoff: soon } })
        const store = storeOf()
        const recording = Recovery.logic(Desk, cases, { snapshotEvery: 100 })
        const runtime = Runtime.make(
          Desk.implement({ initial: { count: 0 }, handlers: { assess: cases }, logics: [recording] }),
          { layer: Layer.succeed(KeyValueStore.KeyValueStore, store), onError: () => {} }
        )
        onTestFinished(() => runtime.dispose())
        const instance = runtime.resolve(Desk.tag)
        await expect.poll(() => Recovery.of(instance)).toBeDefined()
        for (const _ of [1, 2, 3]) await runtime.runPromise(instance.actions.assess({}))
        expect(instance.unsafe.getState()).toEqual({ count: 4, calls: 4 })
        // Its memory is that of the slot, too: it traps at any other number of calls.
        await runtime.runPromise(instance.actions.assess({ do: "only", by: calls + 1 }))
        expect(instance.unsafe.getState()).toEqual({ count: calls + 1, calls: calls + 1 })
        await runtime.runPromise(instance.actions.assess({}))
        const { read, slot } = Recovery.of(instance)!
        const newest = await runtime.runPromise(slot)
        const states: Array<unknown> = []
        for (const at of [newest - 2, newest - 1, newest])
          states.push(JSON.parse((await runtime.runPromise(read.call(Recovery.of(instance), at))).state))
        expect(states).toEqual([4, calls + 1, calls + 2].map((count) => ({ count, calls: count })))
      }
    })

    it("restarts are counted within their window, for all entries together", async () => {
      const cases = await makeCases("worker", { restart: { attempts: 1, within: "1 hour", backoff: soon } })
      const { activity, desk: instance, runtime } = desk({ assess: cases })
      for (const _ of [1, 2]) await runtime.runPromise(Effect.exit(instance.actions.assess({ do: "trap" })))
      expect(restarts(activity)).toEqual(["preserved 1/1", "preserved 2/1 up", "preserved 2/1 up"])
      expect(activity.snapshot().deadLetters.map(({ attempts }) => attempts)).toEqual([2, 1])
    })

    it("a parent's own handler is told by handle-child-error, as an entry of the parent's", async () => {
      const cases = await makeCases("worker", {
        restart: { attempts: 1, backoff: soon },
        parent: (error) =>
          Effect.flatMap(Root.resolve(Overseer.tag), (parent) => parent.actions.childFailed(error))
      })
      const runtime = Runtime.make(
        [await overseer(), Desk.implement({ initial: { count: 0 }, handlers: { assess: cases } })],
        { onError: () => {} }
      )
      onTestFinished(() => runtime.dispose())
      const child = runtime.resolve(Desk.tag)
      await runtime.runPromise(Effect.exit(child.actions.assess({ do: "trap" })))
      await expect
        .poll(() => runtime.resolve(Overseer.tag).unsafe.getState().Failed)
        .toEqual({ "Desk#1": "trap of assess after 1" })
    })

    it("a spawned child is supervised as its parent says, and its handler's memory restarts from a slot", async () => {
      const cases = await makeCases("worker", { restart: { attempts: 9 } })
      const runtime = Runtime.make(await overseer(), { onError: () => {} })
      onTestFinished(() => runtime.dispose())
      const parent = runtime.resolve(Overseer.tag)
      const children = Supervision.children(parent)
      const child = await runtime.runPromise(
        children.spawn(Desk.implement({ initial: { count: 0 }, handlers: { assess: cases } }), {
          key: "desk",
          policy: { slot: 1 },
          attempts: 1,
          backoff: soon,
          onChildError: (error) => parent.actions.childFailed(error)
        })
      )
      for (const _ of [1, 2]) await runtime.runPromise(child.runtime.actions.assess({}))
      await runtime.runPromise(children.restart("desk", { slot: 2 }))
      await runtime.runPromise(child.runtime.actions.assess({}))
      expect(child.runtime.unsafe.getState()).toEqual({ count: 3, calls: 3 })
      await runtime.runPromise(Effect.exit(child.runtime.actions.assess({ do: "trap" })))
      await expect.poll(() => parent.unsafe.getState().Failed).toEqual({ "Desk#1": "trap of assess after 1" })
      const history = await runtime.runPromise(child.history)
      expect(history.slice(-4).map(({ _tag }) => _tag)).toEqual([
        "Faulted",
        "Restarted",
        "Faulted",
        "Escalated"
      ])
      expect(HandlerActivity.of(Handled.instanceOf(child.runtime).host).snapshot().deadLetters).toHaveLength(
        1
      )
    })

    it("a child goes to another runtime with the memory of its handler", async () => {
      const make = async () => {
        const cases = await makeCases("worker")
        const runtime = Runtime.make(await overseer(), { onError: () => {} })
        onTestFinished(() => runtime.dispose())
        const children = Supervision.children(runtime.resolve(Overseer.tag))
        return {
          children,
          runtime,
          live: Desk.implement({ initial: { count: 0 }, handlers: { assess: cases } })
        }
      }
      const [here, there] = [await make(), await make()]
      const child = await here.runtime.runPromise(here.children.spawn(here.live, { key: "desk" }))
      for (const _ of [1, 2]) await here.runtime.runPromise(child.runtime.actions.assess({}))
      const sent = JSON.stringify(await here.runtime.runPromise(child.export))
      const from = Schema.decodeUnknownSync(Supervision.Exported)(JSON.parse(sent))
      const moved = await there.runtime.runPromise(there.children.spawn(there.live, { key: "desk", from }))
      // It traps at any other number of calls than those of here and this one.
      await there.runtime.runPromise(moved.runtime.actions.assess({ do: "only", by: 4 }))
      expect(moved.runtime.unsafe.getState()).toEqual({ count: 4, calls: 4 })
      const flipped = { ...from, memories: { Cases: from.memories!["Cases"]!.replace(/.{4}$/, "AAAA") } }
      const refused = await there.runtime.runPromise(
        Effect.flip(there.children.spawn(there.live, { key: "other", from: flipped }))
      )
      expect(refused.reason).toContain("the memory of Cases is broken")
    })
  })
}
