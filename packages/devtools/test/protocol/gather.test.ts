/** Several pages as one connection. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { expect, onTestFinished, test } from "vitest"
import { pair } from "../../src/adapters/index.ts"
import {
  type Arrival,
  gather,
  makePort,
  type Notice,
  type RemoteAdapter,
  version
} from "../../src/protocol/index.ts"
import { makeApp, serving } from "./remote.ts"

/** A panel to which pages come. */
const setup = async () => {
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const arrivals = await Effect.runPromise(Queue.unbounded<Arrival>())
  const connections: Array<RemoteAdapter> = []
  const collecting = Stream.runForEach(gather(Stream.fromQueue(arrivals)), (remote) =>
    Effect.sync(() => void connections.push(remote))
  )
  const fiber = Effect.runSync(Effect.forkIn(collecting, scope))
  return {
    connections,
    ended: Fiber.await(fiber),
    arrive: (arrival: Arrival) => void Queue.offerUnsafe(arrivals, arrival)
  }
}

const makePage = (label: string) => {
  const app = makeApp({ label })
  const served = serving(app.runtime)
  return {
    app,
    served,
    port: () => {
      const [page, panel] = pair()
      return { leave: served.accept(page), panel }
    }
  }
}

const ask = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)

test("the runtimes of all pages are one list, and each is asked of its page", async () => {
  const { arrive, connections } = await setup()
  const [desk, frame] = [makePage("desk"), makePage("chart")]
  arrive({ key: "a", port: desk.port().panel })
  arrive({ key: "b", port: frame.port().panel, place: "chart.example/x" })
  await expect
    .poll(() => connections[0]?.runtimes().map(({ id, label }) => [id, label]))
    .toEqual([
      ["a r1", "desk"],
      ["b r1", "chart (chart.example/x)"]
    ])
  const [remote] = connections
  if (remote === undefined) throw new Error("no connection")
  desk.app.add(1)
  desk.app.add(1)
  frame.app.add(5)
  const rowsOf = async (runtime: string) =>
    (await ask(remote.request("Page", { runtime, limit: 9 }))).rows.length
  expect([await rowsOf("a r1"), await rowsOf("b r1")]).toEqual([2, 1])
  const [first] = await ask(Stream.runCollect(Stream.take(remote.rows("b r1", { seq: 0, n: 0 }), 1)))
  expect(first?.rows).toHaveLength(1)
  await ask(remote.request("Travel", { runtime: "b r1", moment: 0 }))
  expect([desk.app.count(), frame.app.count()]).toEqual([2, 0])
  // It names no runtime, and goes to the page that was asked last.
  const { upload } = await ask(remote.request("Upload", { part: "x" }))
  expect(upload).toBe(1)
  expect(connections).toHaveLength(1)
})

test("it lasts until the last page has left; the next page begins another", async () => {
  const { arrive, connections } = await setup()
  const [desk, frame] = [makePage("desk"), makePage("chart")]
  const [deskPort, framePort] = [desk.port(), frame.port()]
  arrive({ key: "a", port: deskPort.panel })
  arrive({ key: "b", port: framePort.panel })
  await expect.poll(() => connections[0]?.runtimes()).toHaveLength(2)
  const [remote] = connections
  if (remote === undefined) throw new Error("no connection")
  const notices: Array<Notice> = []
  remote.onNotice((notice) => notices.push(notice))
  deskPort.leave()
  await expect.poll(() => remote.runtimes().map(({ id }) => id)).toEqual(["b r1"])
  expect(notices).toMatchObject([{ _tag: "Runtimes", runtimes: [{ id: "b r1" }] }])
  expect(await ask(Effect.flip(remote.request("Counts", { runtime: "a r1" })))).toMatchObject({
    _tag: "PortClosed"
  })
  framePort.leave()
  await ask(remote.closed)
  expect(notices.at(-1)).toEqual({ _tag: "Closed" })
  // The same page comes back, as from the back/forward cache.
  arrive({ key: "a", port: desk.port().panel })
  await expect.poll(() => connections).toHaveLength(2)
  expect(connections[1]?.page).toBe(remote.page)
  expect(connections[1]?.runtimes().map(({ id }) => id)).toEqual(["a r1"])
})

test("a panel is told by each page how much there is to read, and how far it is with an answer", async () => {
  const { arrive, connections } = await setup()
  const desk = makePage("desk")
  const { panel } = desk.port()
  // It is half done with every request before it answers.
  const slow = makePort({
    send: (message) => {
      if (isRequest(message)) slow.received({ _tag: "Progress", id: message.id, done: 1, of: 2 })
      panel.send(message)
    },
    close: panel.close
  })
  panel.onMessage(slow.received)
  arrive({ key: "a", port: slow.port })
  await expect.poll(() => connections).toHaveLength(1)
  const [remote] = connections
  if (remote === undefined) throw new Error("no connection")
  desk.app.add(1)
  const told: Array<number> = []
  const onProgress = ({ done, of }: { readonly done: number; readonly of: number }) => told.push(done / of)
  await ask(remote.request("Export", { runtime: "a r1" }, { onProgress }))
  expect(told).toEqual([0.5])
  const [counts] = await ask(Stream.runCollect(Stream.take(remote.progress("a r1"), 1)))
  expect(counts?.history.appended).toBe(1)
})

const isRequest = (message: unknown): message is { readonly id: number } =>
  typeof message === "object" && message !== null && "id" in message

/** A page that answers the hello as it likes. */
const speaking = (answer: unknown) => {
  const { port, received } = makePort({ send: () => received(answer), close: () => {} })
  return port
}

test("a page that says what it likes is passed over", async () => {
  const { arrive, connections } = await setup()
  arrive({ key: "x", port: speaking({ _tag: "Unwelcome", version, reason: "nonce", message: "no" }) })
  arrive({ key: "y", port: speaking({ _tag: "Welcome", version, page: 7, runtimes: "all" }) })
  arrive({ key: "z", port: makePage("desk").port().panel })
  await expect.poll(() => connections[0]?.runtimes().map(({ id }) => id)).toEqual(["z r1"])
})

test("a page of another version fails it, where no other is there", async () => {
  const { arrive, ended } = await setup()
  arrive({ key: "x", port: speaking({ _tag: "Unwelcome", version: 99, reason: "version", message: "" }) })
  expect(JSON.stringify(await ask(ended))).toContain("VersionMismatch")
})
