/** What a page tells of its handlers, and how a dead letter is retried from a panel. */
import * as fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import { version } from "../../src/protocol/index.ts"
import type { ServeOptions } from "../../src/protocol/index.ts"
import { makeHandled } from "../handling.ts"
import { open, openPanel, portsThrough, serving } from "./remote.ts"

const r = { runtime: "r1" }

const setup = async (options?: ServeOptions) => {
  const app = makeHandled()
  onTestFinished(() => app.runtime.dispose())
  const served = serving(app.runtime, options)
  return { ...app, served, ...(await openPanel(served)) }
}

test("calls, console lines, snapshots and restarts are told as they were, by their number", async () => {
  const { activity, ask, assess } = await setup()
  expect(await ask("Handlers", { ...r, after: 0 })).toMatchObject({
    events: [],
    recorded: 0,
    handled: [{ moduleId: "Desk", action: "assess" }]
  })
  await assess(250)
  const told = { at: 5, handler: "Risk", instanceId: undefined }
  activity.tell({ _tag: "Console", ...told, level: "warn", text: "x".repeat(5000) })
  activity.tell({
    _tag: "Snapshot",
    ...told,
    slot: 50,
    full: false,
    bytes: 65_536,
    memoryBytes: 131_072,
    sha256: "ab12",
    path: "Desk#1/50"
  })
  const restart = { policy: "lastGood", attempt: 2, of: 3, reason: "trap", tookMs: 1.5, escalated: true }
  activity.tell({ _tag: "Restart", ...told, ...restart })
  const { events, handled, ...rest } = await ask("Handlers", { ...r, after: 0 })
  expect(events.map(({ _tag, n }) => [_tag, n])).toEqual([
    ["Call", 1],
    ["Console", 2],
    ["Snapshot", 3],
    ["Restart", 4]
  ])
  expect(events[0]).toMatchObject({ action: "assess", outcome: "ok", pagesChanged: 1, fuel: 5000 })
  expect(events[1]).toEqual({
    _tag: "Console",
    n: 2,
    at: 5,
    handler: "Risk",
    level: "warn",
    text: `${"x".repeat(2000)}…`
  })
  expect(events[2]).toMatchObject({ slot: 50, full: false, bytes: 65_536, sha256: "ab12" })
  expect(events[3]).toMatchObject(restart)
  expect(handled).toEqual([])
  expect(rest).toMatchObject({ missed: 0, more: false, recorded: 4, dropped: 0, letters: [] })
  expect((await ask("Handlers", { ...r, after: 3 })).events.map(({ n }) => n)).toEqual([4])
})

test("they come in parts, and what was overwritten meanwhile is counted", async () => {
  const { activity, ask, call } = await setup()
  const tell = (count: number) => {
    for (let n = 0; n < count; n++) activity.tell(call)
  }
  tell(700)
  const first = await ask("Handlers", { ...r, after: 0 })
  expect([first.events.length, first.more]).toEqual([500, true])
  tell(3000)
  const second = await ask("Handlers", { ...r, after: 500 })
  expect(second).toMatchObject({ recorded: 3700, dropped: 3700 - HandlerActivity.capacity, more: true })
  expect(second.missed).toBe(second.dropped - 500)
  expect(second.events[0]?.n).toBe(second.dropped + 1)
  const third = await ask("Handlers", { ...r, after: second.events.at(-1)?.n ?? 0 })
  expect(third).toMatchObject({ missed: 0, more: false })
  expect(third.events.at(-1)?.n).toBe(3700)
})

test("a call leads to the commit that it was made for, if it made one", async () => {
  const { ask, assess, is } = await setup()
  await assess(1)
  is.trapping = true
  await assess(2)
  is.trapping = false
  await assess(3)
  const { rows } = await ask("Page", { ...r, limit: 10 })
  const commits = rows.filter(({ outcome, tags }) => outcome === "commit" && tags.includes("assess"))
  const entries = await Promise.all([1, 2, 3, 4].map((n) => ask("HandlerEntry", { ...r, n })))
  expect(commits.length).toBe(2)
  expect(entries).toEqual([{ txnId: commits[0]?.txnId }, {}, { txnId: commits[1]?.txnId }, {}])
})

describe("a dead letter", () => {
  const buried = async (options?: ServeOptions) => {
    const app = await setup(options)
    app.is.trapping = true
    await app.assess(120)
    return { ...app, letters: async () => (await app.ask("Handlers", { ...r, after: 0 })).letters }
  }

  test("is told with its action, error and attempts, and leaves when its retry commits", async () => {
    const { ask, desk, is, letters } = await buried()
    expect(await letters()).toMatchObject([
      { id: "letter 1", handler: "Risk", instanceId: "Desk#1", tag: "assess", attempts: 1 }
    ])
    expect(await ask("RetryLetter", { ...r, letter: "letter 1" })).toEqual({
      outcome: "failed",
      error: expect.stringContaining("Risk trapped: unreachable") as string
    })
    expect(await letters()).toMatchObject([{ attempts: 2 }])
    is.trapping = false
    expect(await ask("RetryLetter", { ...r, letter: "letter 1" })).toEqual({ outcome: "committed" })
    expect(await letters()).toEqual([])
    expect(desk.unsafe.getState()).toEqual({ risk: 1.2 })
  })

  test("has a payload to look into, without what the page keeps to itself", async () => {
    const { ask, letters, refused } = await buried({
      redact: [{ module: "Desk", payload: { assess: ["token"] } }]
    })
    const root = { _tag: "Letter", letter: "letter 1" } as const
    const { parts } = await ask("Inspect", { ...r, root, path: [], from: 0, to: 9 })
    expect(parts.map(({ label, value }) => [label, value.text])).toEqual([
      ["amount", "120"],
      ["token", "{~redacted: true}"]
    ])
    expect(JSON.stringify(await letters())).not.toContain("secret")
    const other = { _tag: "Letter", letter: "none" } as const
    expect(await refused("Inspect", { ...r, root: other, path: [], from: 0, to: 9 })).toMatchObject({
      error: "UnknownLetter"
    })
  })

  test("is retried once at a time, and to its end whoever waits for it", async () => {
    const { ask, desk, end, is, letters, refused, served } = await buried()
    expect(await refused("RetryLetter", { ...r, letter: "none" })).toMatchObject({ error: "UnknownLetter" })
    const gate = Promise.withResolvers<void>()
    is.gate = gate.promise
    is.trapping = false
    const retried = ask("RetryLetter", { ...r, letter: "letter 1" }).catch((error: unknown) => error)
    await letters()
    const other = await openPanel(served)
    expect(await other.refused("RetryLetter", { ...r, letter: "letter 1" })).toMatchObject({
      error: "AlreadyRetried"
    })
    await end()
    await retried
    gate.resolve()
    await expect.poll(() => desk.unsafe.getState()).toEqual({ risk: 1.2 })
    await expect.poll(async () => (await other.ask("Handlers", { ...r, after: 0 })).letters).toEqual([])
  })
})

test("nobody listens to the handlers, panel or not", async () => {
  const { activity, ask } = await setup()
  const listeners: Array<unknown> = []
  const subscribe = activity.subscribe
  Object.assign(activity, { subscribe: (f: () => void) => (listeners.push(f), subscribe(f)) })
  await ask("Handlers", { ...r, after: 0 })
  expect(listeners).toEqual([])
})

describe("a hostile page", () => {
  const answering = async (value: unknown) => {
    const [page, panel] = portsThrough["the page"]()
    page.onMessage((message) => {
      const { _tag, id } = message as { readonly _tag: string; readonly id?: number }
      if (_tag === "Hello") page.send({ _tag: "Welcome", version, page: "p", next: "n", runtimes: [] })
      // Whatever the test gives is sent: it is what a page may do.
      else if (_tag === "Request") page.send({ _tag: "Reply", id, value })
    })
    return open(panel)
  }
  const told = { n: 1, at: 0, handler: "Risk" }
  const answer = {
    events: [{ _tag: "Console", ...told, level: "log", text: "hello" }],
    missed: 0,
    more: false,
    recorded: 1,
    dropped: 0,
    letters: [{ id: "l", at: 0, handler: "Risk", tag: "assess", error: "e", attempts: 1 }],
    lettersLeftOut: 0,
    lettersDropped: 0,
    handled: []
  }

  test("is read as long as it says what a page would", async () => {
    const { ask } = await answering(answer)
    expect(await ask("Handlers", { ...r, after: 0 })).toEqual(answer)
  })

  test.each<readonly [string, object]>([
    ["a line without end", { events: [{ ...answer.events[0], text: "x".repeat(100_000) }] }],
    ["more events than fit", { events: Array.from({ length: 501 }, () => answer.events[0]) }],
    ["an event of another kind", { events: [{ _tag: "Script", ...told, src: "//evil" }] }],
    ["a level that there is not", { events: [{ ...answer.events[0], level: "script" }] }],
    ["counts that are none", { recorded: -1 }],
    ["a time that is none", { events: [{ ...answer.events[0], at: "now" }] }],
    ["more letters than fit", { letters: Array.from({ length: 201 }, () => answer.letters[0]) }],
    ["a letter of HTML where a count is due", { letters: [{ ...answer.letters[0], attempts: "<b>1</b>" }] }]
  ])("is refused with %s", async (_, change) => {
    const { refused } = await answering({ ...answer, ...change })
    expect(await refused("Handlers", { ...r, after: 0 })).toMatchObject({ _tag: "InvalidReply" })
  })

  test("gets nothing past the decoder, whatever it sends", async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (value) => {
        const { end, refused } = await answering(value)
        expect(await refused("RetryLetter", { ...r, letter: "l" })).toMatchObject({ _tag: "InvalidReply" })
        await end()
      }),
      { numRuns: 50 }
    )
  })
})
