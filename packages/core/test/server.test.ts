/** Section 6 of the contract: an app for one request of a server, and what it has loaded in the browser. */
import { Module, Runtime } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import { disposing, idle, thrown } from "./support.ts"

const makePage = (options: { readonly staleTime?: number } = {}) => {
  const loads: Array<{ readonly id: number; readonly end: (exit: Exit.Exit<Date, string>) => void }> = []
  const started: Array<string> = []
  const Page = Module.make("Page", {
    state: Schema.Struct({
      id: Schema.NullOr(Schema.Int),
      note: Schema.String,
      at: AsyncResult.Schema({ success: Schema.Date, error: Schema.String }),
      year: Schema.NullOr(Schema.Int)
    }),
    actions: { show: Schema.NullOr(Schema.Int), note: Schema.String },
    reducers: { show: (state, id) => ({ ...state, id }), note: (state, note) => ({ ...state, note }) },
    traits: (t) => ({
      at: t.source({
        key: ({ id }) => id,
        load: (id) =>
          Effect.suspend(() => {
            const answer = Deferred.makeUnsafe<Date, string>()
            loads.push({ id, end: (exit) => Deferred.doneUnsafe(answer, exit) })
            return Deferred.await(answer)
          }),
        ...options
      }),
      year: t.computed(({ at }) => (AsyncResult.isSuccess(at) ? at.value.getUTCFullYear() : null))
    })
  })
  const logic = Page.logic("start", () => Effect.sync(() => started.push("logic")))
  const PageLive = Page.implement({ initial: { id: 1, note: "" }, logics: [logic] })
  const app = (given: { readonly server?: boolean; readonly hydrate?: unknown } = {}) => {
    const runtime = disposing(Runtime.make(PageLive, { ...given, layer: TestClock.layer() }))
    const page = runtime.resolve(Page.tag)
    return { runtime, page, unsafe: page.unsafe }
  }
  const settle = async (exit: Exit.Exit<Date, string>) => {
    await expect.poll(() => loads.length).toBe(1)
    loads.splice(0)[0]!.end(exit)
  }
  /** A server's app that has loaded. */
  const loadedOn = async (date: Date) => {
    const server = app({ server: true })
    const ready = server.unsafe.whenLoaded("at")
    await settle(Exit.succeed(date))
    await ready
    return server
  }
  const quiet = async () => {
    await idle()
    return loads.length === 0
  }
  return { Page, PageLive, app, loads, started, settle, loadedOn, quiet }
}

const sent = (snapshot: unknown): unknown => JSON.parse(JSON.stringify(snapshot))
const day = new Date("2024-05-06T00:00:00Z")
const later = new Date("2025-05-06T00:00:00Z")
const loaded = (date: Date): unknown =>
  expect.objectContaining({ _tag: "Success", value: date, waiting: false })

describe("6 server: true", () => {
  test("6 logics do not start, and entries are not kept for them", async () => {
    const { app, started } = makePage()
    const { unsafe } = app({ server: true })
    for (let i = 0; i < 1000; i++) unsafe.dispatch({ _tag: "note", payload: String(i) })
    await idle()
    expect([unsafe.backlog(), started]).toEqual([{ consumers: [], ingress: 0 }, []])
    app()
    expect(started).toEqual(["logic"])
  })

  test("6 a source loads once a reader waits for it, and not before", async () => {
    const { app, loads, quiet, settle } = makePage()
    const { unsafe } = app({ server: true })
    expect(await quiet()).toBe(true)
    const ready = unsafe.whenLoaded("at")
    await settle(Exit.succeed(day))
    await ready
    expect([unsafe.getState().at, unsafe.getState().year]).toEqual([loaded(day), 2024])
    unsafe.dispatch({ _tag: "show", payload: 2 })
    await expect.poll(() => loads.map(({ id }) => id)).toEqual([2])
  })

  test("6 a refresh loads as well", async () => {
    const { app, settle } = makePage()
    const { page, runtime } = app({ server: true })
    const refreshed = runtime.runPromise(page.refresh("at"))
    await settle(Exit.succeed(day))
    expect(await refreshed).toEqual(loaded(day))
  })

  test("6 the server state is the current one", () => {
    const { app } = makePage()
    const { unsafe } = app({ server: true })
    unsafe.dispatch({ _tag: "note", payload: "x" })
    expect(unsafe.getServerState()).toBe(unsafe.getState())
  })

  test("6 two requests share nothing", async () => {
    const { app, settle } = makePage()
    const [one, two] = [app({ server: true }), app({ server: true })]
    const ready = one.unsafe.whenLoaded("at")
    await settle(Exit.succeed(day))
    await ready
    expect([one.unsafe.getState().year, two.unsafe.getState().year]).toEqual([2024, null])
  })

  test("6 a local instance needs a key to be waited for", async () => {
    const { PageLive, app, settle } = makePage()
    const { runtime } = app({ server: true })
    const unkeyed = runtime.local(PageLive).ref.unsafe
    expect(thrown(() => unkeyed.whenLoaded("at"))).toMatchObject({ _tag: "KeyRequired", field: "at" })
    const keyed = runtime.local(PageLive, { key: "a" }).ref.unsafe
    const ready = keyed.whenLoaded("at")
    await settle(Exit.succeed(day))
    await ready
    const snapshot = sent(runtime.dehydrate())
    const browser = app({ hydrate: snapshot })
    expect(browser.runtime.local(PageLive, { key: "a" }).ref.unsafe.getState().at).toEqual(loaded(day))
  })
})

describe("5 what was loaded elsewhere", () => {
  test("5 is not loaded again, and what reads it follows", async () => {
    const { app, loadedOn, quiet } = makePage()
    const server = await loadedOn(day)
    const snapshot = sent(server.runtime.dehydrate())
    expect(snapshot).toMatchObject({
      instances: [
        {
          state: { id: 1, note: "" },
          sources: { at: { _tag: "Success", value: day.toISOString() } }
        }
      ]
    })
    expect(JSON.stringify(snapshot)).not.toContain("year")
    const { unsafe } = app({ hydrate: snapshot })
    expect([unsafe.getState().at, unsafe.getState().year]).toEqual([loaded(day), 2024])
    expect(unsafe.getServerState()).toBe(unsafe.getState())
    expect(await quiet()).toBe(true)
    unsafe.dispatch({ _tag: "note", payload: "x" })
    expect([unsafe.getState().at, await quiet()]).toEqual([loaded(day), true])
  })

  test("5 another key is loaded, and so is the first again without a staleTime", async () => {
    const { app, loadedOn, settle } = makePage()
    const { unsafe } = app({ hydrate: sent((await loadedOn(day)).runtime.dehydrate()) })
    await idle()
    unsafe.dispatch({ _tag: "show", payload: 2 })
    await settle(Exit.succeed(later))
    await expect.poll(() => unsafe.getState().year).toBe(2025)
    unsafe.dispatch({ _tag: "show", payload: 1 })
    await settle(Exit.succeed(day))
    await expect.poll(() => unsafe.getState().year).toBe(2024)
  })

  test("5 within its staleTime its key may go and come back", async () => {
    const { app, loadedOn, quiet, settle } = makePage({ staleTime: 1000 })
    const { unsafe } = app({ hydrate: sent((await loadedOn(day)).runtime.dehydrate()) })
    await idle()
    unsafe.dispatch({ _tag: "show", payload: 2 })
    await settle(Exit.succeed(later))
    unsafe.dispatch({ _tag: "show", payload: 1 })
    expect(unsafe.getState().year).toBe(2024)
    expect(await quiet()).toBe(true)
  })

  test("5 one older than its staleTime is shown, and loaded anew", async () => {
    const { app, loadedOn, settle } = makePage({ staleTime: 1000 })
    const snapshot = sent((await loadedOn(day)).runtime.dehydrate()) as Runtime.Snapshot
    const [entry] = snapshot.instances
    const at = { ...(entry!.sources!["at"] as object), timestamp: -1000 }
    const { unsafe } = app({ hydrate: { ...snapshot, instances: [{ ...entry, sources: { at } }] } })
    expect(unsafe.getState().at).toEqual(loaded(day))
    await expect.poll(() => unsafe.getState().at.waiting).toBe(true)
    expect([unsafe.getState().year, unsafe.getServerState().at]).toEqual([2024, loaded(day)])
    await settle(Exit.succeed(later))
    await expect.poll(() => unsafe.getState().year).toBe(2025)
  })

  test("5 a failure is not sent: it is loaded anew", async () => {
    const { app, settle } = makePage()
    const server = app({ server: true })
    const ready = server.unsafe.whenLoaded("at")
    await settle(Exit.fail("offline"))
    await ready
    const snapshot = sent(server.runtime.dehydrate())
    expect(JSON.stringify(snapshot)).not.toContain("offline")
    const { unsafe } = app({ hydrate: snapshot })
    expect(unsafe.getState().at).toMatchObject({ _tag: "Initial", waiting: true })
    await settle(Exit.succeed(day))
    await expect.poll(() => unsafe.getState().year).toBe(2024)
  })

  test("T10 one that does not fit refuses the snapshot, with its path", async () => {
    const { app, loadedOn } = makePage()
    const snapshot = sent((await loadedOn(day)).runtime.dehydrate()) as Runtime.Snapshot
    const sources = { at: { _tag: "Success", value: 7, waiting: false, timestamp: 0 } }
    const { runtime, unsafe } = app()
    const broken = { ...snapshot, instances: [{ ...snapshot.instances[0], sources }] }
    expect(String(thrown(() => runtime.hydrate(broken)))).toContain('["at"]')
    expect(unsafe.getState().year).toBe(null)
  })

  test("5 a Standard Schema has no encoded side: what it loads is not sent", async () => {
    const Plain = Module.make("Plain", {
      state: z.object({ id: z.number(), at: z.custom<AsyncResult.AsyncResult<string>>() }),
      actions: {},
      traits: (t) => ({ at: t.source({ key: ({ id }) => id, load: (id) => Effect.succeed(String(id)) }) })
    })
    const runtime = disposing(Runtime.make(Plain.implement({ initial: { id: 1 } })))
    await expect.poll(() => runtime.resolve(Plain.tag).unsafe.getState().at._tag).toBe("Success")
    expect(runtime.dehydrate().instances).toMatchObject([{ state: { id: 1 } }])
    expect(runtime.dehydrate().instances[0]).not.toHaveProperty("sources")
  })
})

describe("6 answers that come while the browser goes on", () => {
  /** A server whose page was sent while its source was being loaded, and the browser that has got it. */
  const streaming = async () => {
    const made = makePage()
    const server = made.app({ server: true })
    const ready = server.unsafe.whenLoaded("at")
    await expect.poll(() => made.loads.length).toBe(1)
    const [load] = made.loads.splice(0)
    const shell = server.runtime.dehydrate({ loading: true })
    const browser = made.app({ hydrate: sent(shell) })
    const answer = async () => {
      load!.end(Exit.succeed(day))
      await ready
      const [entry] = server.runtime.dehydrate({ since: shell }).instances
      const { state: _, ...rest } = entry!
      return sent({ format: 1, instances: [rest] })
    }
    return { ...made, shell, browser, answer }
  }

  test("6 what the server is loading is left to it; its answer is taken without the rest of the state", async () => {
    const { answer, browser, quiet } = await streaming()
    expect(await quiet()).toBe(true)
    browser.unsafe.dispatch({ _tag: "note", payload: "mine" })
    const waits = browser.unsafe.whenLoaded("at")
    const told: Array<number | null> = []
    browser.unsafe.subscribe((state) => told.push(state.year))
    browser.runtime.hydrate(await answer())
    await waits
    expect(browser.unsafe.getState()).toMatchObject({ note: "mine", year: 2024 })
    // The page as the server has it, which shows no note.
    expect(browser.unsafe.getServerState()).toMatchObject({ note: "", year: 2024, at: loaded(day) })
    expect(told).toEqual([2024])
    expect(await quiet()).toBe(true)
  })

  test("6 where the browser has another key by now, it is for the page alone", async () => {
    const { answer, browser, loads, settle } = await streaming()
    browser.unsafe.dispatch({ _tag: "show", payload: 2 })
    await expect.poll(() => loads.map(({ id }) => id)).toEqual([2])
    browser.runtime.hydrate(await answer())
    expect(browser.unsafe.getState()).toMatchObject({ id: 2, year: null })
    expect(browser.unsafe.getServerState()).toMatchObject({ id: 1, year: 2024 })
    await settle(Exit.succeed(later))
    await expect.poll(() => browser.unsafe.getState().year).toBe(2025)
  })

  test("6 a load of the browser's own for the same key ends with it", async () => {
    const { answer, browser, loads, quiet } = await streaming()
    const refreshed = browser.runtime.runPromise(browser.page.refresh("at"))
    await expect.poll(() => loads.length).toBe(1)
    browser.runtime.hydrate(await answer())
    expect(await refreshed).toEqual(loaded(day))
    loads.splice(0)[0]!.end(Exit.succeed(later))
    expect([await quiet(), browser.unsafe.getState().year]).toEqual([true, 2024])
  })

  test("6 told that none will come, it loads", async () => {
    const { browser, settle, shell } = await streaming()
    await idle()
    const { instance, module } = shell.instances[0]!
    const sources = { at: { _tag: "Initial", waiting: false } }
    browser.runtime.hydrate({ format: 1, instances: [{ module, instance, sources }] })
    await settle(Exit.succeed(later))
    await expect.poll(() => browser.unsafe.getState().year).toBe(2025)
  })

  test("6 without `loading` it is not left to the server", async () => {
    const { app, loads, quiet } = makePage()
    const server = app({ server: true })
    void server.unsafe.whenLoaded("at")
    await expect.poll(() => loads.splice(0).length).toBe(1)
    app({ hydrate: sent(server.runtime.dehydrate()) })
    expect(await quiet()).toBe(false)
  })

  test("5 an older answer does not take the place of a newer one", async () => {
    const { app, loadedOn, settle } = makePage()
    const snapshot = sent((await loadedOn(day)).runtime.dehydrate())
    const browser = app()
    await browser.runtime.runPromise(TestClock.adjust(5))
    await settle(Exit.succeed(later))
    await expect.poll(() => browser.unsafe.getState().year).toBe(2025)
    browser.runtime.hydrate(snapshot)
    expect(browser.unsafe.getState().year).toBe(2025)
    expect(browser.unsafe.getServerState().year).toBe(2024)
  })

  test("5 a state that comes with another key brings its answer in one commit", async () => {
    const { app, loadedOn, quiet, settle } = makePage()
    const server = await loadedOn(day)
    server.unsafe.dispatch({ _tag: "show", payload: 7 })
    await settle(Exit.succeed(later))
    await expect.poll(() => server.unsafe.getState().year).toBe(2025)
    const browser = app()
    await settle(Exit.succeed(day))
    await expect.poll(() => browser.unsafe.getState().year).toBe(2024)
    const told: Array<number | null> = []
    browser.unsafe.subscribe((state) => told.push(state.year))
    browser.runtime.hydrate(sent(server.runtime.dehydrate()))
    expect([told, await quiet(), browser.unsafe.getState().id]).toEqual([[2025], true, 7])
  })
})
