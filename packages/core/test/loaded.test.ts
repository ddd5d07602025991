/** Section 6 of the contract: what a binding waits for before it has anything to show. */
import { Module, Runtime } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { expect, test } from "vitest"
import { disposing, idle } from "./support.ts"

const makePage = () => {
  const loads: Array<(exit: Exit.Exit<string, string>) => void> = []
  const Page = Module.make("Page", {
    state: Schema.Struct({
      id: Schema.NullOr(Schema.Int),
      rows: AsyncResult.Schema({ success: Schema.String, error: Schema.String })
    }),
    actions: { show: Schema.NullOr(Schema.Int) },
    reducers: { show: (state, id) => ({ ...state, id }) },
    traits: (t) => ({
      rows: t.source({
        key: ({ id }) => id,
        load: () =>
          Effect.suspend(() => {
            const answer = Deferred.makeUnsafe<string, string>()
            loads.push((exit) => Deferred.doneUnsafe(answer, exit))
            return Deferred.await(answer)
          })
      })
    })
  })
  const settle = async (exit: Exit.Exit<string, string>) => {
    await expect.poll(() => loads.length).toBe(1)
    loads.splice(0)[0]!(exit)
  }
  return { Page, loads, settle }
}

const settled = async (promise: Promise<void>): Promise<boolean> => {
  await idle()
  return Promise.race([promise.then(() => true), Promise.resolve(false)])
}

test("6 one Promise for all who wait; it settles with a value, and one asked for later has settled", async () => {
  const { Page, settle } = makePage()
  const { unsafe } = disposing(Runtime.make(Page.implement({ initial: { id: 1 } }))).resolve(Page.tag)
  const promise = unsafe.whenLoaded("rows")
  expect(unsafe.whenLoaded("rows")).toBe(promise)
  expect(await settled(promise)).toBe(false)
  await settle(Exit.succeed("one"))
  await promise
  expect(unsafe.getState().rows._tag).toBe("Success")
  const later = unsafe.whenLoaded("rows")
  expect(later).not.toBe(promise)
  await later
})

test("6 it settles with a failure, but not with one that is tried again", async () => {
  const { Page, settle } = makePage()
  const runtime = disposing(Runtime.make(Page.implement({ initial: { id: 1 } })))
  const page = runtime.resolve(Page.tag)
  const promise = page.unsafe.whenLoaded("rows")
  await settle(Exit.fail("offline"))
  await promise
  const refreshed = runtime.runPromise(page.refresh("rows"))
  await expect.poll(() => page.unsafe.getState().rows.waiting).toBe(true)
  const again = page.unsafe.whenLoaded("rows")
  expect(await settled(again)).toBe(false)
  await settle(Exit.succeed("one"))
  await Promise.all([again, refreshed])
})

test("6 of a key with nothing to load it settles once another has been loaded", async () => {
  const { Page, settle } = makePage()
  const { unsafe } = disposing(Runtime.make(Page.implement({ initial: { id: null } }))).resolve(Page.tag)
  const promise = unsafe.whenLoaded("rows")
  unsafe.dispatch({ _tag: "show", payload: null })
  expect(await settled(promise)).toBe(false)
  unsafe.dispatch({ _tag: "show", payload: 1 })
  await settle(Exit.succeed("one"))
  await promise
})

test("6 it settles when the instance closes, and does not for one that has closed", async () => {
  const { Page } = makePage()
  const runtime = disposing(Runtime.make(Page.implement({ initial: { id: 1 } })))
  const { instanceId, unsafe } = runtime.resolve(Page.tag)
  const promise = unsafe.whenLoaded("rows")
  await runtime.evict(instanceId)
  await promise
  expect(await settled(unsafe.whenLoaded("rows"))).toBe(false)
})

const cold = (key: string | undefined) => {
  const { Page, loads, settle } = makePage()
  const PageLive = Page.implement({ initial: (id: number) => ({ id }) })
  const runtime = disposing(Runtime.make([], { layer: TestClock.layer() }))
  const local = runtime.local(PageLive, { input: 1, ...(key === undefined ? {} : { key }) })
  const promise = local.ref.unsafe.whenLoaded("rows")
  const pass = async (ms: number) => {
    await runtime.runPromise(TestClock.adjust(ms))
    await idle()
  }
  return { runtime, local, loads, settle, promise, pass }
}

test("6 it starts a keyed local instance, which nobody else can: for a while, if nobody comes to mount it", async () => {
  const { local, pass, promise, runtime, settle } = cold("a")
  expect(runtime.instances()).toEqual([])
  await expect.poll(() => runtime.instances().length).toBe(1)
  await pass(60_000)
  // For as long as it takes to load.
  expect(local.closed()).toBe(false)
  await settle(Exit.succeed("one"))
  await promise
  await pass(4_999)
  expect(local.closed()).toBe(false)
  await pass(1)
  await expect.poll(() => local.closed()).toBe(true)
  expect(runtime.instances()).toEqual([])
})

test("6 once it is mounted it lives as long as its mounts", async () => {
  const { local, pass, promise, settle } = cold("a")
  await settle(Exit.succeed("one"))
  await promise
  const release = local.mount()
  await pass(60_000)
  expect(local.closed()).toBe(false)
  release()
  await pass(0)
  await expect.poll(() => local.closed()).toBe(true)
})

test("6 it does not start a private one, whose component has to commit first", async () => {
  const { loads, local, promise, runtime, settle } = cold(undefined)
  expect(await settled(promise)).toBe(false)
  expect([runtime.instances(), loads]).toEqual([[], []])
  local.mount()
  await settle(Exit.succeed("one"))
  await promise
})
