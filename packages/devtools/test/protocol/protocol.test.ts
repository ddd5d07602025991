/** The protocol between a page and its panels, over real ports. */
import { Runtime, type Trace } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import * as Stream from "effect/Stream"
import { encode } from "../../src/codec/index.ts"
import {
  connect,
  download,
  upload,
  type Port,
  type RequestError,
  type Root,
  type Rows,
  type Step,
  version
} from "../../src/protocol/index.ts"
import { allPages, Log, makeApp, open, openPanel, portsThrough, serving, takeRows } from "./remote.ts"

const r = "r1"

const containing = (text: string): unknown => expect.stringContaining(text)

/** What comes through the port until something is found. */
const heard = <A>(port: Port, find: (message: unknown) => A | undefined): Promise<A> =>
  new Promise((resolve) => {
    port.onMessage((message) => {
      const found = find(message)
      if (found !== undefined) resolve(found)
    })
  })

const tagOf = (message: unknown): unknown =>
  typeof message === "object" && message !== null && "_tag" in message ? message._tag : undefined

const withTag = (tag: string) => (message: unknown) => (tagOf(message) === tag ? message : undefined)

/** As long as `take` says so; the next batch comes when it has ended. */
const runRows = (rows: Stream.Stream<Rows, RequestError>, take: (batch: Rows) => Promise<boolean>) =>
  Stream.runForEachWhile(rows, (batch) => Effect.promise(() => take(batch)))

const isClosed = (port: Port): Promise<void> => new Promise((resolve) => port.onClose(resolve))

describe.each(Object.entries(portsThrough))("through %s", (_, makePorts) => {
  test("a page welcomes a panel, and says what it serves", async () => {
    const { runtime } = makeApp({ trace: { level: "light", capacity: 64 } })
    const served = serving(runtime, { history: 100 })
    const { remote } = await openPanel(served, makePorts())
    expect(remote.page).toBe(served.page)
    expect(remote.runtimes()).toEqual([
      {
        id: r,
        label: "desk",
        status: "ready",
        trace: { level: "light", capacity: 64 },
        historyCapacity: 100
      }
    ])
    expect(served.panels()).toBe(1)
  })

  test("a panel that closes is gone from the page, and its requests fail", async () => {
    const served = serving(makeApp().runtime)
    const ports = makePorts()
    const panel = await openPanel(served, ports)
    await panel.end()
    await isClosed(ports[0])
    expect(served.panels()).toBe(0)
    expect(await panel.refused("Counts", { runtime: r })).toMatchObject({ _tag: "PortClosed" })
  })

  test("a page that closes ends the requests and the rows of its panels", async () => {
    const served = serving(makeApp().runtime)
    const panel = await openPanel(served, makePorts())
    const notices: Array<string> = []
    panel.remote.onNotice(({ _tag }) => notices.push(_tag))
    const rows = takeRows(panel, r, undefined, 1)
    await panel.ask("Counts", { runtime: r })
    served.close()
    await expect(rows).rejects.toMatchObject({ _tag: "PortClosed" })
    expect(notices).toContain("Closed")
    expect(served.panels()).toBe(0)
    await expect(openPanel(served, makePorts())).rejects.toMatchObject({ _tag: "NotInvited" })
  })

  test("a timeline of 1,000 commits pages backwards, every entry once and in order", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const seen: Array<string> = []
    for (let i = 1; i <= 1000; i++) {
      app.add(1)
      seen.push(`commit ${i}`)
      if (i % 10 === 0) {
        app.fail(`no ${i}`)
        seen.push("rollback")
      }
      if (i % 25 === 0) {
        app.desk.unsafe.dispatch({ _tag: "touch" })
        seen.push("unchanged")
      }
    }
    const panel = await openPanel(served, makePorts())
    const { pages, rows } = await allPages(panel, r, 300)
    expect(pages).toBe(4)
    expect(rows.map(({ at, outcome }) => (outcome === "commit" ? `commit ${at.seq}` : outcome))).toEqual(seen)
    expect(rows[0]).toMatchObject({
      at: { seq: 1, n: 0 },
      instanceId: "Desk#1",
      moduleId: "Desk",
      origin: { kind: "action", name: "add" },
      tags: ["add"],
      actions: 1,
      changed: ["count"]
    })
    expect(rows[0]?.durationMs).toBeGreaterThanOrEqual(0)
    expect(rows.find(({ outcome }) => outcome === "rollback")).toMatchObject({
      at: { seq: 10 },
      moduleId: "Desk",
      error: containing("no 10")
    })
  })

  test("rows follow what was paged, in batches, with their durations", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    for (let i = 0; i < 5; i++) app.add(1)
    const panel = await openPanel(served, makePorts())
    const { rows } = await panel.ask("Page", { runtime: r, limit: 500 })
    const following = takeRows(panel, r, rows.at(-1)?.at, 31)
    for (let i = 0; i < 30; i++) app.add(1)
    app.fail("at the end")
    const { missed, rows: more } = await following
    expect(missed).toBe(0)
    expect(more.map(({ at }) => at.seq)).toEqual([...Array.from({ length: 30 }, (_, i) => i + 6), 35])
    expect(more.every(({ durationMs }) => durationMs !== undefined)).toBe(true)
    expect(more.at(-1)?.outcome).toBe("rollback")
  })

  test("travel, step and live cross the port; what comes meanwhile waits and is not lost", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    for (let i = 0; i < 4; i++) app.add(10)
    const panel = await openPanel(served, makePorts())
    expect(await panel.ask("Travel", { runtime: r, moment: 2 })).toEqual({
      moment: 2,
      shown: ["Desk#1", "Log#1"],
      passedOver: [],
      time: expect.any(Number) as number,
      next: { moment: 3, time: expect.any(Number) as number }
    })
    expect(app.count()).toBe(20)
    app.add(1)
    expect((await panel.ask("Step", { runtime: r, by: -1 })).moment).toBe(1)
    expect(app.count()).toBe(10)
    expect((await panel.ask("Step", { runtime: r, by: 1 })).moment).toBe(2)
    expect(app.count()).toBe(20)
    expect(await panel.ask("Live", { runtime: r })).toMatchObject({
      travelling: false,
      travelled: [],
      locked: [],
      waiting: []
    })
    expect(app.count()).toBe(41)
  })

  test("one instance travels while the other lives; a lock holds entries, and drops none", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    app.add(10)
    app.add(10)
    const panel = await openPanel(served, makePorts())
    await panel.ask("Travel", { runtime: r, moment: 1, instances: ["Desk#1"] })
    app.log.unsafe.dispatch({ _tag: "write", payload: "lives" })
    expect([app.count(), app.log.unsafe.getState().lines]).toEqual([10, ["lives"]])
    await panel.ask("Live", { runtime: r, instances: ["Desk#1"] })
    expect(await panel.ask("Lock", { runtime: r, instances: ["Desk#1"] })).toMatchObject({
      travelling: false,
      travelled: [],
      locked: ["Desk#1"]
    })
    for (let i = 0; i < 10; i++) app.add(1)
    expect(app.count()).toBe(20)
    expect((await panel.ask("Unlock", { runtime: r })).locked).toEqual([])
    expect(app.count()).toBe(30)
  })

  test("a step passes over travel, and goes by whole groups and by edits that stayed", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const { ask } = await openPanel(served, makePorts())
    app.add(1)
    app.runtime.unsafe.transact([app.desk, app.log], "both", (desk, log) => {
      desk.update((state) => ({ ...state, count: 2 }))
      log.set({ lines: ["both"] })
    })
    const path = [{ kind: "property", key: "count" }] as const
    await ask("Edit", { runtime: r, instanceId: "Desk#1", path, value: 3 })
    app.add(1)
    await ask("Travel", { runtime: r, moment: 4 })
    await ask("Edit", { runtime: r, instanceId: "Desk#1", path, value: 33 })
    await ask("Live", { runtime: r })
    const shown = async (by: 1 | -1) => {
      const { moment } = await ask("Step", { runtime: r, by })
      return [moment, app.count(), app.log.unsafe.getState().lines.length]
    }
    expect([await shown(-1), await shown(-1), await shown(-1), await shown(-1)]).toEqual([
      [4, 3, 1],
      [3, 2, 1],
      [1, 1, 0],
      [0, 0, 0]
    ])
    expect([await shown(1), await shown(1), await shown(1), await shown(1)]).toEqual([
      [1, 1, 0],
      [3, 2, 1],
      [4, 3, 1],
      [5, 4, 1]
    ])
    expect((await ask("Live", { runtime: r })).travelling).toBe(false)
    expect(app.count()).toBe(4)
    // A moment within the group is its end.
    expect((await ask("Travel", { runtime: r, moment: 2 })).moment).toBe(3)
  })

  test("where all is locked, so is an instance that is made meanwhile", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const panel = await openPanel(served, makePorts())
    await panel.ask("Lock", { runtime: r })
    const local = app.runtime.local(Log.implement({ initial: { lines: [] } }))
    local.mount()
    expect((await panel.ask("Live", { runtime: r })).locked).toEqual(["Desk#1", "Log#1", "Log#2"])
    local.ref.unsafe.dispatch({ _tag: "write", payload: "waits" })
    expect(local.ref.unsafe.getState().lines).toEqual([])
    await panel.ask("Unlock", { runtime: r })
    expect(local.ref.unsafe.getState().lines).toEqual(["waits"])
  })

  test("a lock of all that found no instance ends with the last panel, too", async () => {
    const runtime = Runtime.make([], { label: "none yet" })
    onTestFinished(() => runtime.dispose())
    const ports = makePorts()
    const panel = await openPanel(serving(runtime), ports)
    await panel.ask("Lock", { runtime: r })
    const local = runtime.local(Log.implement({ initial: { lines: [] } }))
    local.mount()
    await panel.ask("Instances", { runtime: r })
    local.ref.unsafe.dispatch({ _tag: "write", payload: "waits" })
    expect(local.ref.unsafe.getState().lines).toEqual([])
    await panel.end()
    await isClosed(ports[0])
    await expect.poll(() => local.ref.unsafe.getState().lines).toEqual(["waits"])
  })

  test("a lock of all that the page has ended is not for what it makes later", async () => {
    const app = makeApp()
    const panel = await openPanel(serving(app.runtime), makePorts())
    await panel.ask("Lock", { runtime: r })
    app.runtime.travel.live()
    app.runtime.local(Log.implement({ initial: { lines: [] } })).mount()
    expect((await panel.ask("Live", { runtime: r })).locked).toEqual([])
    app.add(1)
    expect(app.count()).toBe(1)
  })

  test("the panel is told when travel begins and ends, at this panel or elsewhere", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    app.add(1)
    const panel = await openPanel(served, makePorts())
    const changes: Array<boolean> = []
    const told = (count: number) =>
      new Promise<void>((resolve) => {
        const end = panel.remote.onNotice((notice) => {
          if (notice._tag === "Changed" && changes.push(notice.travel.travelling) === count) {
            end()
            resolve()
          }
        })
      })
    const began = told(1)
    app.runtime.travel.to(new Map([["Log#1", { lines: ["then"] }]]))
    await began
    const ended = told(2)
    app.runtime.travel.live()
    await ended
    expect(changes).toEqual([true, false])
  })

  test("without a panel nothing would lead back: the last one to close ends its travel and its lock", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    app.add(1)
    const ports = makePorts()
    const [one, other] = [await openPanel(served, ports), await openPanel(served)]
    await one.ask("Travel", { runtime: r, moment: 0 })
    await one.ask("Lock", { runtime: r })
    await one.end()
    await isClosed(ports[0])
    expect(app.count()).toBe(0)
    const gone = new Promise<void>((resolve) => {
      const end = app.runtime.travel.subscribe(() => {
        end()
        resolve()
      })
    })
    await other.end()
    await gone
    expect([app.count(), app.runtime.travel.active()]).toEqual([1, false])
  })
})

describe("versions", () => {
  test("a panel of another version is turned away, and told which side is older", async () => {
    const served = serving(makeApp().runtime)
    for (const [other, older] of [
      [version + 1, "page"],
      [version - 1, "panel"]
    ] as const) {
      const [page, panel] = portsThrough["a MessageChannel"]()
      served.accept(page)
      panel.send({ _tag: "Hello", version: other, what: { another: "version may say" } })
      expect(await heard(panel, withTag("Unwelcome"))).toMatchObject({
        version,
        reason: "version",
        message: containing(`the ${older} is the older`)
      })
      await isClosed(panel)
    }
    expect(served.refused()).toMatchObject({ messages: 0, panels: 2 })
    expect(served.panels()).toBe(0)
  })

  test.each([
    [version + 1, "panel"],
    [version - 1, "page"]
  ] as const)("a panel says that a page of version %i makes the %s the older one", async (other, older) => {
    const [page, panel] = portsThrough["the page"]()
    page.onMessage(() =>
      page.send({ _tag: "Unwelcome", version: other, reason: "version", message: "another version" })
    )
    const error = await Effect.runPromise(Effect.scoped(Effect.flip(connect(panel))))
    expect(error).toMatchObject({ _tag: "VersionMismatch", page: other, panel: version, older })
    expect(error.message).toContain(`The ${older} is the older: update @sluice/devtools there`)
  })

  test("where nobody answers, the panel says so", async () => {
    const [, panel] = portsThrough["the page"]()
    expect(
      await Effect.runPromise(Effect.scoped(Effect.flip(connect(panel, { timeoutMs: 1 }))))
    ).toMatchObject({
      _tag: "NoAnswer"
    })
  })
})

describe("what a panel may look at", () => {
  test("of a 5 MB state, a page of parts is sent and no more", async () => {
    const { runtime } = makeApp({ flights: 10_000, note: 500 })
    const served = serving(runtime)
    const [page, panel] = portsThrough["a MessageChannel"]()
    const sizes: Array<number> = []
    const counting: Port = {
      ...page,
      send: (message) => {
        sizes.push(JSON.stringify(message).length)
        page.send(message)
      }
    }
    const { ask } = await openPanel(served, [counting, panel])
    const root = { _tag: "State", instanceId: "Desk#1", moment: "live" } as const
    const path = [{ kind: "property", key: "flights" }] as const
    const whole = await ask("Inspect", { runtime: r, root, path: [], from: 0, to: 100 })
    expect(whole.parts.map(({ label }) => label)).toEqual(["flights", "count", "due", "marks"])
    const found = await ask("Inspect", { runtime: r, root, path, from: 5000, to: 5100 })
    expect(found.value).toEqual({ kind: "object", text: "Collection(10000)", size: 10_000 })
    expect(found.parts).toHaveLength(100)
    expect(found.parts[0]?.step).toEqual({ kind: "row", key: "F5000" })
    const most = await ask("Inspect", { runtime: r, root, path, from: 0, to: 10_000 })
    expect(most.parts).toHaveLength(500)
    const deep = [...path, { kind: "row", key: "F9999" }, { kind: "property", key: "note" }] as const
    const note = await ask("Inspect", { runtime: r, root, path: deep, from: 0, to: 0 })
    expect(note.value).toMatchObject({ kind: "string", size: 0 })
    const [, , hundred = 0, fiveHundred = 0, one = 0] = sizes
    expect(hundred).toBeLessThan(40_000)
    expect(fiveHundred).toBeLessThan(200_000)
    expect(one).toBeLessThan(600)
  })

  test("a moment's state, an entry's payload and error, and what differs between two moments", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    app.add(5)
    app.desk.unsafe.dispatch({ _tag: "delay", payload: { id: "F1", by: 7 } })
    app.fail("on purpose")
    const { ask, refused } = await openPanel(served)
    const desk = { _tag: "State", instanceId: "Desk#1" } as const
    const at = async (moment: number) => {
      const root = { ...desk, moment }
      const path = [{ kind: "property", key: "count" }] as const
      return (await ask("Inspect", { runtime: r, root, path, from: 0, to: 0 })).value.text
    }
    expect([await at(0), await at(1), await at(2)]).toEqual(["0", "5", "5"])

    const { rows } = await ask("Page", { runtime: r, limit: 10 })
    expect(await ask("Entry", { runtime: r, at: { seq: 2, n: 0 } })).toMatchObject({
      row: { tags: ["delay"], changed: ["flights"] },
      payloads: [{ kind: "object", size: 2 }]
    })
    const payload = { _tag: "Payload", at: { seq: 2, n: 0 }, index: 0 } as const
    const path = [{ kind: "property", key: "by" }] as const
    expect((await ask("Inspect", { runtime: r, root: payload, path, from: 0, to: 0 })).value.text).toBe("7")
    const last = rows.at(-1)
    if (last === undefined) throw new Error("There is a rollback.")
    expect((await ask("Entry", { runtime: r, at: last.at })).error?.text).toContain("on purpose")
    const error = { _tag: "Error", at: last.at } as const
    expect((await ask("Inspect", { runtime: r, root: error, path: [], from: 0, to: 9 })).parts).not.toEqual(
      []
    )

    expect(
      await ask("Diff", { runtime: r, before: { ...desk, moment: 0 }, after: { ...desk, moment: "live" } })
    ).toEqual({
      complete: true,
      changes: [
        {
          kind: "changed",
          path: 'flights["F1"].delay',
          steps: [
            { kind: "property", key: "flights" },
            { kind: "row", key: "F1" },
            { kind: "property", key: "delay" }
          ],
          before: { kind: "number", text: "0", size: 0 },
          after: { kind: "number", text: "7", size: 0 }
        },
        {
          kind: "changed",
          path: "count",
          steps: [{ kind: "property", key: "count" }],
          before: { kind: "number", text: "0", size: 0 },
          after: { kind: "number", text: "5", size: 0 }
        }
      ]
    })
    expect(await refused("Entry", { runtime: r, at: { seq: 99, n: 0 } })).toMatchObject({
      _tag: "OutOfReach"
    })
    expect(
      await refused("Inspect", {
        runtime: r,
        root: payload,
        path: [{ kind: "property", key: "missing" }],
        from: 0,
        to: 1
      })
    ).toMatchObject({ _tag: "NoSuchPart", path: "state.missing" })
  })

  test("instances, also those that have closed; backlogs; counts", async () => {
    const app = makeApp()
    const served = serving(app.runtime, { history: 3 })
    app.log.unsafe.dispatch({ _tag: "write", payload: "last words" })
    app.add(1)
    await app.runtime.evict("Log#1")
    const { ask, refused } = await openPanel(served)
    const { instances } = await ask("Instances", { runtime: r })
    expect(instances).toEqual([
      {
        instanceId: "Desk#1",
        moduleId: "Desk",
        label: "desk",
        closed: false,
        travelled: false,
        locked: false
      },
      { instanceId: "Log#1", moduleId: "Log", closed: true, travelled: false, locked: false }
    ])
    const root = { _tag: "State", instanceId: "Log#1", moment: 1 } as const
    const { parts } = await ask("Inspect", { runtime: r, root, path: [], from: 0, to: 1 })
    expect(parts[0]?.value.text).toBe('["last words"] (1)')
    expect((await ask("Travel", { runtime: r, moment: 1 })).passedOver).toEqual(["Log#1"])
    await ask("Live", { runtime: r })
    expect((await ask("Backlogs", { runtime: r })).backlogs).toEqual([
      { instanceId: "Desk#1", ingress: 0, consumers: [] }
    ])
    for (let i = 0; i < 5; i++) app.add(1)
    const { history } = await ask("Counts", { runtime: r })
    expect(history).toMatchObject({ length: 3, dropped: history.appended - 3, oldest: history.latest - 3 })
    expect(await refused("Travel", { runtime: r, moment: 1 })).toMatchObject({
      _tag: "OutOfReach",
      oldest: history.oldest
    })
    expect(await refused("Counts", { runtime: "r9" })).toMatchObject({ _tag: "UnknownRuntime", known: [r] })
  })
})

describe("what a panel may do", () => {
  test("dispatch an action from JSON, decoded by its schema, or refused with its path", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const { ask, refused } = await openPanel(served)
    const dispatch = { runtime: r, instanceId: "Desk#1" }
    const action = { _tag: "delay", payload: { id: "F2", by: 3 } }
    expect(await ask("Dispatch", { ...dispatch, action })).toEqual({ waits: false })
    expect(app.desk.unsafe.getState().flights.get("F2")?.delay).toBe(3)
    const wrong = { _tag: "delay", payload: { id: "F2", by: "3" } }
    expect(await refused("Dispatch", { ...dispatch, action: wrong })).toMatchObject({
      _tag: "Refused",
      error: "InvalidPayload",
      message: containing('["by"]')
    })
    expect(await refused("Dispatch", { ...dispatch, action: { _tag: "none" } })).toMatchObject({
      error: "UnknownAction"
    })
    expect(
      await refused("Dispatch", { ...dispatch, action: { _tag: "fail", payload: "told" } })
    ).toMatchObject({ error: "ReducerFailed", message: containing("told") })
  })

  test("edit a state at a path, checked by its schema", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const { ask, refused } = await openPanel(served)
    const edit = { runtime: r, instanceId: "Desk#1" }
    const count = [{ kind: "property", key: "count" }] as const
    const row = [
      { kind: "property", key: "flights" },
      { kind: "row", key: "F1" }
    ] as const
    await ask("Edit", { ...edit, path: count, value: 42 })
    await ask("Edit", { ...edit, path: [...row, { kind: "property", key: "note" }], value: "late" })
    await ask("Edit", {
      ...edit,
      path: [
        { kind: "property", key: "marks" },
        { kind: "index", key: 0 }
      ],
      value: "new"
    })
    const due = [{ kind: "property", key: "due" }] as const
    await ask("Edit", { ...edit, path: due, value: encode(new Date(5)), encoded: true })
    const { due: date, flights, marks } = app.desk.unsafe.getState()
    expect([app.count(), flights.get("F1")?.note, marks, date]).toEqual([42, "late", ["new"], new Date(5)])
    expect(await refused("Edit", { ...edit, path: due, value: { root: [9] }, encoded: true })).toMatchObject({
      error: "InvalidEncoded"
    })
    expect(await refused("Edit", { ...edit, path: count, value: 4.5 })).toMatchObject({
      error: "InvalidState",
      message: containing('["count"]')
    })
    expect(
      await refused("Edit", { ...edit, path: [...row, { kind: "property", key: "id" }], value: "F9" })
    ).toMatchObject({ _tag: "NoSuchPart", issue: containing("another key") })
    expect(
      await refused("Edit", {
        ...edit,
        path: [{ kind: "property", key: "__proto__" }],
        value: { polluted: 1 }
      })
    ).toMatchObject({ _tag: "NoSuchPart" })
    expect(Reflect.get({}, "polluted")).toBeUndefined()
    expect(app.count()).toBe(42)
  })
})

describe("what would have been", () => {
  const session = async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    app.add(1)
    app.desk.unsafe.dispatch({ _tag: "delay", payload: { id: "F1", by: 5 } })
    app.add(10)
    app.desk.unsafe.transact("count anew", (tx) => tx.update((state) => ({ ...state, count: 100 })))
    app.add(1000)
    return { app, ...(await openPanel(served)) }
  }

  test("without an entry: what is otherwise, what conflicts, and its states, shown until live", async () => {
    const { app, ask, refused } = await session()
    const made = await ask("Recompute", { runtime: r, skip: ["Desk#1::t3"] })
    expect(made).toEqual({
      recomputed: 1,
      entries: 5,
      unchanged: 2,
      changed: 1,
      conflicts: 1,
      failed: 0,
      skipped: 1
    })
    const { entries } = await ask("Outcomes", { recomputed: 1, from: 2, to: 9 })
    expect(entries).toMatchObject([
      { at: { seq: 3 }, outcome: "skipped" },
      { at: { seq: 4 }, outcome: "conflict", conflicts: [{ path: "count", reason: "changed" }] },
      { at: { seq: 5 }, outcome: "recomputed" }
    ])
    const recorded = { _tag: "State", instanceId: "Desk#1", moment: 5 } as const
    const after = { _tag: "Recomputed", recomputed: 1, index: 4, side: "after" } as const
    expect(await ask("Diff", { runtime: r, before: recorded, after })).toMatchObject({
      changes: [{ path: "count", before: { text: "1100" }, after: { text: "1001" } }]
    })
    expect(app.count()).toBe(1100)
    expect(await ask("Show", { runtime: r, recomputed: 1 })).toMatchObject({ travelling: true })
    expect(app.count()).toBe(1001)
    await ask("Show", { runtime: r, recomputed: 1, count: 3 })
    expect(app.count()).toBe(1)
    await ask("Live", { runtime: r })
    expect(app.count()).toBe(1100)
    expect(await refused("Outcomes", { recomputed: 2, from: 0, to: 1 })).toMatchObject({
      _tag: "NotKept",
      what: "recomputed"
    })
    expect(await refused("Recompute", { runtime: r, skip: ["Desk#1::t99"] })).toMatchObject({
      _tag: "Refused",
      error: "UnknownTransaction"
    })
  })

  test("with an entry at another place", async () => {
    const { ask } = await session()
    const move = { txnId: "Desk#1::t1", before: "Desk#1::t4" }
    const { recomputed } = await ask("Recompute", { runtime: r, move })
    const { entries } = await ask("Outcomes", { recomputed, from: 0, to: 9 })
    expect(entries.map(({ at }) => at.seq)).toEqual([2, 3, 1, 4, 5])
    const { recomputed: last } = await ask("Recompute", { runtime: r, move: { txnId: "Desk#1::t1" } })
    const { entries: atEnd } = await ask("Outcomes", { recomputed: last, from: 0, to: 9 })
    expect(atEnd.map(({ at }) => at.seq)).toEqual([2, 3, 4, 5, 1])
  })

  test("again: reducers make what was recorded, and one that reads a clock is named", async () => {
    const { app, ask } = await session()
    expect(await ask("Replay", { runtime: r })).toEqual({ compared: 4, given: 1, partial: 0, missing: [] })
    app.desk.unsafe.dispatch({ _tag: "stamp" })
    const { divergence } = await ask("Replay", { runtime: r })
    expect(divergence).toMatchObject({ at: { seq: 6 }, txnId: "Desk#1::t6", path: "marks[0]" })
  })

  test("as a file, in parts: exported, imported and replayed by another page, of the same module", async () => {
    const { app, remote } = await session()
    // Its file is longer than one message may be.
    for (let i = 0; i < 500; i++) app.add(1)
    const exporting = Effect.gen(function* () {
      const { length, text } = yield* remote.request("Export", { runtime: r })
      const whole = yield* download(remote, text)
      expect([whole.length, whole.length > 200_000]).toEqual([length, true])
      return whole
    })
    const file = await Effect.runPromise(exporting)
    const other = await openPanel(serving(makeApp().runtime))
    const importing = Effect.gen(function* () {
      const id = yield* upload(other.remote, file)
      const { session, ...found } = yield* other.remote.request("Import", { upload: id })
      expect(found).toEqual({ label: "desk", entries: 505, partial: false })
      return session
    })
    const imported = await Effect.runPromise(importing)
    expect(await other.ask("Replay", { runtime: r, session: imported })).toMatchObject({
      compared: 504,
      given: 1
    })
    const { recomputed } = await other.ask("Recompute", {
      runtime: r,
      session: imported,
      skip: ["Desk#1::t1"]
    })
    const root = { _tag: "Recomputed", recomputed, index: 3, side: "before" } as const
    const path = [{ kind: "property", key: "count" }] as const
    const { value } = await other.ask("Inspect", { runtime: r, root, path, from: 0, to: 0 })
    expect(value.text).toBe("10")
  })

  test("a file that is none is refused with its place, and changes nothing", async () => {
    const { ask, refused } = await session()
    const { upload: id } = await ask("Upload", { part: '{"format":1,"label":' })
    expect(await ask("Upload", { upload: id, part: "}" })).toMatchObject({ upload: id, length: 21 })
    expect(await refused("Import", { upload: id })).toMatchObject({
      _tag: "Refused",
      error: "InvalidSession"
    })
    expect(await refused("Import", { upload: id })).toMatchObject({ _tag: "NotKept", what: "upload" })
    expect(await refused("Replay", { runtime: r, session: 1 })).toMatchObject({ what: "session" })
  })

  test("as a test of the chosen entries, of which the page says where the module is missing", async () => {
    const { ask, refused, remote } = await session()
    const test = { runtime: r, file: "/src/desk.test.ts", txnIds: ["Desk#1::t1"] }
    const modules = { Desk: "/src/desk.ts" }
    const { text } = await ask("MakeTest", { ...test, modules })
    const whole = await Effect.runPromise(download(remote, text))
    expect(whole).toContain('from "./desk.ts"')
    expect(whole).not.toContain("delay(")
    expect(await refused("MakeTest", test)).toMatchObject({ error: "ModuleFileUnknown" })
  })

  test("who changed a path", async () => {
    const { ask, refused } = await session()
    const who = { runtime: r, instanceId: "Desk#1", limit: 2 }
    const count = [{ kind: "property", key: "count" }] as const
    const { more, rows } = await ask("WhoChanged", { ...who, path: count })
    expect([more, rows.map(({ at }) => at.seq)]).toEqual([true, [5, 4]])
    const delay = [
      { kind: "property", key: "flights" },
      { kind: "row", key: "F1" },
      { kind: "property", key: "delay" }
    ] as const
    expect((await ask("WhoChanged", { ...who, path: delay })).rows).toMatchObject([{ tags: ["delay"] }])
    expect(await refused("WhoChanged", { ...who, path: [{ kind: "part", key: 0 }] })).toMatchObject({
      _tag: "NoSuchPart"
    })
  })
})

describe("what a page keeps to itself", () => {
  test("redacted places of states, payloads and replays are not sent; travel is to the real states", async () => {
    const app = makeApp({ note: 3 })
    const rule = {
      module: "Desk",
      state: ["flights.*.note", "count"],
      payload: { add: [""] },
      details: ["who"]
    }
    const served = serving(app.runtime, { redact: [rule] })
    app.add(5)
    app.add(7)
    app.desk.unsafe.dispatch({ _tag: "stamp" })
    const [page, panel] = portsThrough["a MessageChannel"]()
    const sent: Array<string> = []
    const listening: Port = {
      ...page,
      send: (message) => {
        sent.push(JSON.stringify(message))
        page.send(message)
      }
    }
    const { ask, refused } = await openPanel(served, [listening, panel])
    const text = async (root: Root, ...path: ReadonlyArray<Step>) =>
      (await ask("Inspect", { runtime: r, root, path, from: 0, to: 9 })).value.text
    const desk = { _tag: "State", instanceId: "Desk#1" } as const
    const hidden = "{~redacted: true}"
    const count = { kind: "property", key: "count" } as const
    for (const moment of [1, "live"] as const) {
      expect(await text({ ...desk, moment }, count)).toBe(hidden)
      const note = [
        { kind: "property", key: "flights" },
        { kind: "row", key: "F1" },
        { kind: "property", key: "note" }
      ] as const
      expect(await text({ ...desk, moment }, ...note)).toBe(hidden)
    }
    expect(await text({ _tag: "Payload", at: { seq: 1, n: 0 }, index: 0 })).toBe(hidden)
    expect((await ask("Entry", { runtime: r, at: { seq: 2, n: 0 } })).payloads[0]?.text).toBe(hidden)
    app.desk.unsafe.transact(
      { kind: "state-update", name: "by", details: { who: "xxx", why: "told" } },
      (tx) => tx.update((state) => ({ ...state, marks: ["by"] }))
    )
    const details = { _tag: "Details", at: { seq: 4, n: 0 } } as const
    expect(await text(details)).toBe('{who: {…}, why: "told"}')
    expect(await text(details, { kind: "property", key: "who" })).toBe(hidden)
    const before = { ...desk, moment: 0 } as const
    expect((await ask("Diff", { runtime: r, before, after: { ...desk, moment: 2 } })).changes).toEqual([])
    const { recomputed } = await ask("Recompute", { runtime: r, skip: ["Desk#1::t1"] })
    const after = { _tag: "Recomputed", recomputed, index: 1, side: "after" } as const
    expect(await text(after, count)).toBe(hidden)
    expect(await ask("Replay", { runtime: r })).toMatchObject({ partial: 3, compared: 0 })
    const { text: exported } = await ask("Export", { runtime: r })
    expect((await ask("Text", { text: exported, from: 0 })).part).toContain("~redacted")
    for (const key of ["note", "length"]) {
      const path = [
        { kind: "property", key: "flights" },
        { kind: "row", key: "F1" },
        { kind: "property", key },
        { kind: "index", key: 0 }
      ] as const
      const edit = { runtime: r, instanceId: "Desk#1", path, value: 1 }
      expect(await refused("Edit", edit)).toMatchObject({ _tag: "NoSuchPart" })
    }
    expect(sent.filter((message) => message.includes("xxx"))).toEqual([])
    await ask("Travel", { runtime: r, moment: 1 })
    expect(app.count()).toBe(5)
  })

  test("without a panel the trace is not read, and the history is kept", async () => {
    const app = makeApp()
    let readers = 0
    const watched = {
      ...app.runtime,
      get status() {
        return app.runtime.status
      },
      trace: {
        ...app.runtime.trace,
        level: app.runtime.trace.level,
        capacity: app.runtime.trace.capacity,
        snapshot: () => {
          readers++
          return app.runtime.trace.snapshot()
        },
        attach: (sink: Trace.TraceSink) => {
          readers++
          const end = app.runtime.trace.attach(sink)
          return () => {
            readers--
            end()
          }
        }
      }
    }
    const served = serving(watched)
    for (let i = 0; i < 10; i++) app.add(1)
    expect(readers).toBe(0)
    const ports = portsThrough["the page"]()
    const { ask, end } = await openPanel(served, ports)
    expect((await ask("Page", { runtime: r, limit: 99 })).rows).toHaveLength(10)
    readers = 1
    await end()
    await isClosed(ports[0])
    expect(readers).toBe(0)
  })
})

describe("several", () => {
  test("runtimes of one page, added and removed; panels of one page, each with its own rows", async () => {
    const [one, two] = [makeApp({ label: "one" }), makeApp({ label: "two" })]
    const served = serving(one.runtime)
    const [left, right] = [await openPanel(served), await openPanel(served)]
    const knows = (count: number) =>
      Promise.all(
        [left, right].map(
          ({ remote }) =>
            new Promise<void>((resolve) => {
              const end = remote.onNotice((notice) => {
                if (notice._tag !== "Runtimes" || notice.runtimes.length !== count) return
                end()
                resolve()
              })
            })
        )
      )
    const knowTwo = knows(2)
    const remove = served.add(two.runtime)
    await knowTwo
    expect(left.remote.runtimes().map(({ label }) => label)).toEqual(["one", "two"])
    const begin = { seq: 0, n: 0 }
    const taken = Promise.all([
      takeRows(left, "r1", begin, 2),
      takeRows(left, "r2", begin, 3),
      takeRows(right, "r1", begin, 2)
    ])
    one.add(1)
    for (let i = 0; i < 3; i++) two.add(1)
    one.add(1)
    expect((await taken).map(({ rows }) => rows.length)).toEqual([2, 3, 2])
    const knowOne = knows(1)
    remove()
    await knowOne
    expect(await left.refused("Counts", { runtime: "r2" })).toMatchObject({ _tag: "UnknownRuntime" })
  })
})

describe("a slow panel", () => {
  test("is given no more than it takes, then what the history still has, and told what it has not", async () => {
    const app = makeApp()
    const served = serving(app.runtime, { history: 200 })
    const [page, panel] = portsThrough["a MessageChannel"]()
    let sent = 0
    const counting: Port = {
      ...page,
      send: (message) => {
        if (tagOf(message) === "Rows") sent++
        page.send(message)
      }
    }
    const slow = await openPanel(served, [counting, panel])
    const fast = await openPanel(served)
    let release = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const seen: Array<number> = []
    let missed = 0
    const done = Effect.runPromise(
      runRows(slow.remote.rows(r, { seq: 0, n: 0 }), async ({ gap, rows }) => {
        await gate
        seen.push(...rows.map(({ at }) => at.seq))
        missed += gap.commits
        return seen.length + missed < 1600
      })
    )
    // The other panel says when the page has sent: it takes all that comes.
    for (let round = 0; round < 8; round++) {
      const { rows } = await fast.ask("Page", { runtime: r, limit: 1 })
      const following = takeRows(fast, r, rows.at(-1)?.at ?? { seq: 0, n: 0 }, 200)
      for (let i = 0; i < 200; i++) app.add(1)
      expect((await following).missed).toBe(0)
    }
    expect(app.count()).toBe(1600)
    // One that it has taken and works on, and two that wait for it.
    expect(sent).toBeLessThanOrEqual(3)
    release()
    await done
    expect(seen.length + missed).toBe(1600)
    expect(missed).toBeGreaterThan(0)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBe(1600)
  })
})

describe("what is no message", () => {
  test("a refused request says where, and the next is answered", async () => {
    const served = serving(makeApp().runtime)
    const [page, panel] = portsThrough["the page"]()
    served.accept(page)
    const messages: Array<unknown> = []
    const answered = heard(panel, (message) => {
      messages.push(message)
      return messages.length === 4 ? true : undefined
    })
    panel.send({ _tag: "Hello", version })
    panel.send({ _tag: "Request", id: 1, call: { _tag: "Page", runtime: r, limit: -1 } })
    panel.send({ _tag: "Request", id: 2, call: { _tag: "Drop" } })
    panel.send({ _tag: "Request", id: 3, call: { _tag: "Counts", runtime: r } })
    await answered
    expect(messages).toMatchObject([
      { _tag: "Welcome" },
      {
        _tag: "Failure",
        id: 1,
        error: { _tag: "InvalidRequest", issue: containing('["limit"]') }
      },
      {
        _tag: "Failure",
        id: 2,
        error: { _tag: "InvalidRequest", issue: containing('["call"]') }
      },
      { _tag: "Reply", id: 3, value: { malformed: 2 } }
    ])
    expect(served.refused()).toMatchObject({ messages: 2 })
  })

  test("whatever a panel sends, nothing is thrown into the app, and all that is refused is counted", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const { ask } = await openPanel(served)
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true })
    const almost = fc.record(
      {
        _tag: fc.constantFrom("Request", "Ack", "Hello", "Rows"),
        id: fc.oneof(fc.nat(), anything),
        call: fc.record(
          {
            _tag: fc.constantFrom("Inspect", "Travel", "Edit", "Dispatch", "Subscribe", "Page"),
            runtime: fc.constantFrom(r, "other", 1),
            instanceId: fc.constantFrom("Desk#1", "__proto__"),
            moment: fc.oneof(fc.integer(), anything),
            path: fc.array(
              fc.record({
                kind: fc.constantFrom("property", "index"),
                key: fc.constantFrom("__proto__", "constructor", 0)
              })
            ),
            root: fc.record({
              _tag: fc.constant("State"),
              instanceId: fc.constant("Desk#1"),
              moment: fc.constant("live")
            }),
            from: fc.nat(),
            to: fc.nat(),
            limit: fc.nat(),
            value: anything,
            action: anything
          },
          { requiredKeys: ["_tag"] }
        )
      },
      { requiredKeys: ["_tag"] }
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, almost), async (message) => {
        const [page, panel] = portsThrough["the page"]()
        served.accept(page)
        const welcomed = heard(panel, withTag("Welcome"))
        panel.send({ _tag: "Hello", version })
        await welcomed
        panel.send(message)
        panel.send({ _tag: "Request", id: 4_000_000, call: { _tag: "Counts", runtime: r } })
        await heard(panel, (answer) =>
          typeof answer === "object" && answer !== null && "id" in answer && answer.id === 4_000_000
            ? answer
            : undefined
        )
        panel.close()
      }),
      { numRuns: 300 }
    )
    await ask("Live", { runtime: r })
    await ask("Unlock", { runtime: r })
    app.add(1)
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(served.refused().messages).toBeGreaterThan(0)
  })
})

describe("a page that says what is no message", () => {
  const welcome = { _tag: "Welcome", version, page: "p", next: "n", runtimes: [] }

  test("nothing is thrown into the panel, what is refused is counted, and the next answer comes", async () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true })
    const almost = fc.record(
      {
        _tag: fc.constantFrom("Reply", "Failure", "Rows", "Changed", "Runtimes", "Welcome", "Unwelcome"),
        // Not that of the request, whose answer it would be.
        id: fc.integer({ min: 2, max: 4 }),
        value: anything,
        error: anything,
        subscription: fc.nat({ max: 3 }),
        rows: anything,
        runtimes: anything
      },
      { requiredKeys: ["_tag"] }
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(anything, almost), { maxLength: 10 }), async (messages) => {
        const [page, panel] = portsThrough["the page"]()
        page.onMessage((message) => {
          if (tagOf(message) === "Hello") page.send(welcome)
          if (typeof message !== "object" || message === null || !("id" in message)) return
          page.send({ _tag: "Reply", id: message.id, value: { subscription: 7 } })
        })
        const { ask, end, remote } = await open(panel)
        for (const message of messages) page.send(message)
        expect(await ask("Subscribe", { runtime: r })).toEqual({ subscription: 7 })
        expect(remote.refused().messages).toBeLessThanOrEqual(messages.length)
        await end()
      }),
      { numRuns: 200 }
    )
  })

  test("an answer that is none is the request's error, with its place", async () => {
    const [page, panel] = portsThrough["the page"]()
    page.onMessage((message) => {
      if (tagOf(message) === "Hello") page.send(welcome)
      else page.send({ _tag: "Reply", id: 1, value: { rows: [{}], more: false } })
    })
    const { refused } = await open(panel)
    expect(await refused("Page", { runtime: r, limit: 1 })).toMatchObject({
      _tag: "InvalidReply",
      request: "Page",
      issue: containing('["rows"][0]["at"]')
    })
  })
})

describe("levels of the trace", () => {
  test.each([{ level: "off" }, { level: "light" }, { level: { sample: 3 } }] as const)(
    "at $level every commit is a row, once and in order",
    async (trace) => {
      const app = makeApp({ trace })
      const served = serving(app.runtime)
      for (let i = 0; i < 50; i++) app.add(1)
      const panel = await openPanel(served)
      const following = takeRows(panel, r, { seq: 0, n: 0 }, 120)
      for (let i = 0; i < 70; i++) {
        app.add(1)
        if (i % 10 === 0) await panel.ask("Counts", { runtime: r })
      }
      const { missed, rows } = await following
      expect(missed).toBe(0)
      expect(rows.map(({ at }) => at.seq)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1))
      const { rows: paged } = await allPages(panel, r, 50)
      expect(paged.map(({ at }) => at)).toEqual(rows.map(({ at }) => at))
    }
  )
})

describe("reconnecting", () => {
  test("a new panel, or the same one again, goes on with the history of the page", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    app.add(1)
    const first = await openPanel(served)
    const { rows } = await first.ask("Page", { runtime: r, limit: 10 })
    await first.end()
    for (let i = 0; i < 10; i++) app.add(1)
    const [page, panel] = portsThrough["a MessageChannel"]()
    served.accept(page, { invited: true })
    const second = await open(panel, { nonce: first.remote.next })
    expect(second.remote.page).toBe(first.remote.page)
    const { missed, rows: since } = await takeRows(second, r, rows.at(-1)?.at, 10)
    expect([missed, since.map(({ at }) => at.seq)]).toEqual([0, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]])
    await second.ask("Travel", { runtime: r, moment: 1 })
    expect(app.count()).toBe(1)
  })
})
