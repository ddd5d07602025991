/** Ways into a page: who is let in, and who is not. */
import { createServer } from "node:http"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import { WebSocketServer } from "ws"
import {
  acceptSocket,
  knock,
  listen,
  messagePort,
  openSocket,
  pair,
  socketPort,
  type Turned
} from "../../src/adapters/index.ts"
import { extensionPort, type ExtensionPort } from "../../src/extension.ts"
import { connect, connections, makePort, type Port, type Served, version } from "../../src/protocol/index.ts"
import { makeApp, open, openPanel, serving, takeRows } from "./remote.ts"

const r = "r1"
const home = "https://desk.example"
const evil = "https://evil.example"

const isClosed = (port: Port): Promise<void> => new Promise((resolve) => port.onClose(resolve))

/** A page that invites one panel by this. */
const serveWith = (nonce: string): Served => {
  const served = serving(makeApp().runtime)
  served.invite(nonce)
  return served
}

const failure = (port: Port, nonce?: string) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flip(connect(port, { timeoutMs: 20_000, ...(nonce === undefined ? {} : { nonce }) }))
    )
  )

/** Where it is not even told that it was turned away. */
const silence = (port: Port) =>
  Effect.runPromise(Effect.scoped(Effect.flip(connect(port, { timeoutMs: 50 }))))

test("a page of no origin lets nobody in by default: all others of none would be of its own", () => {
  const served = serving(makeApp().runtime)
  const turned: Array<Turned> = []
  const window = Object.assign(new EventTarget(), { origin: "null" })
  onTestFinished(listen(served, window, { onTurned: (one) => turned.push(one) }))
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => port1.close())
  const data = { sluice: "@sluice/devtools knock", nonce: served.invite("a") }
  window.dispatchEvent(new MessageEvent("message", { data, origin: "null", ports: [port2] }))
  expect(turned).toEqual([{ origin: "null", reason: "origin" }])
  expect(served.admit("a")).toBe(true)
})

/** A window as far as it is used, and another of that origin that knocks at it. */
const makeWindow = (served: Served, origins?: ReadonlyArray<string>) => {
  const window = new EventTarget()
  const turned: Array<Turned> = []
  const end = listen(served, window, {
    ...(origins === undefined ? {} : { origins }),
    onTurned: (one) => turned.push(one)
  })
  onTestFinished(end)
  const post = (origin: string, data: unknown, ports: ReadonlyArray<unknown> = []) =>
    window.dispatchEvent(new MessageEvent("message", { data, origin, ports: ports as Array<MessagePort> }))
  const from = (origin: string) => ({
    postMessage: (
      data: unknown,
      options: { readonly targetOrigin: string; readonly transfer: ReadonlyArray<unknown> }
    ) => {
      if (options.targetOrigin === home) post(origin, data, options.transfer)
    }
  })
  return { end, from, post, turned }
}

describe("a window", () => {
  test("lets in who is of its origin and invited, once for each invitation", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const window = makeWindow(served, [home])
    const nonce = served.invite()
    const panel = await open(knock(window.from(home), { origin: home, nonce }))
    app.add(1)
    expect((await panel.ask("Page", { runtime: r, limit: 9 })).rows).toHaveLength(1)
    expect(await silence(knock(window.from(home), { origin: home, nonce }))).toMatchObject({
      _tag: "NoAnswer"
    })
    expect(window.turned).toEqual([{ origin: home, reason: "nonce" }])
    expect(served.panels()).toBe(1)
    const again = await open(knock(window.from(home), { origin: home, nonce: panel.remote.next }))
    expect(again.remote.page).toBe(panel.remote.page)
  })

  test("another origin is turned away with the right invitation, which it does not use up", async () => {
    const served = serving(makeApp().runtime)
    const window = makeWindow(served, [home])
    const nonce = served.invite()
    expect(await silence(knock(window.from(evil), { origin: home, nonce }))).toMatchObject({
      _tag: "NoAnswer"
    })
    expect(window.turned).toEqual([{ origin: evil, reason: "origin" }])
    expect(served.panels()).toBe(0)
    await open(knock(window.from(home), { origin: home, nonce }))
    expect(served.panels()).toBe(1)
  })

  test("a wrong invitation, none, or no port: turned away; other messages are left alone", async () => {
    const served = serving(makeApp().runtime)
    const window = makeWindow(served, [home])
    served.invite()
    await silence(knock(window.from(home), { origin: home, nonce: "guessed" }))
    const sluice = "@sluice/devtools knock"
    window.post(home, { sluice, nonce: served.invite() })
    expect(window.turned.map(({ reason }) => reason)).toEqual(["nonce", "port"])
    for (const data of [null, 1, "knock", { sluice }, { sluice, nonce: 1 }, { _tag: "Hello", version }])
      window.post(home, data)
    expect(window.turned).toHaveLength(2)
    expect([served.panels(), served.refused()]).toMatchObject([0, { messages: 0, panels: 0 }])
  })

  test("without origins named, only its own; after its end, nobody", async () => {
    const served = serving(makeApp().runtime)
    const window = makeWindow(served)
    expect(await silence(knock(window.from(home), { origin: home, nonce: served.invite() }))).toBeDefined()
    expect(window.turned).toEqual([{ origin: home, reason: "origin" }])
    window.end()
    await silence(knock(window.from(home), { origin: home, nonce: served.invite() }))
    expect(window.turned).toHaveLength(1)
  })

  test("a port that was let in does nothing before the hello, and none that comes after another message helps", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const { port1, port2 } = new MessageChannel()
    served.accept(messagePort(port1))
    const port = messagePort(port2)
    const answers: Array<unknown> = []
    port.onMessage((message) => answers.push(message))
    const action = { _tag: "add", payload: 5 }
    port.send({
      _tag: "Request",
      id: 1,
      call: { _tag: "Dispatch", runtime: r, instanceId: "Desk#1", action }
    })
    port.send({ _tag: "Hello", version })
    port.send({
      _tag: "Request",
      id: 2,
      call: { _tag: "Dispatch", runtime: r, instanceId: "Desk#1", action }
    })
    await isClosed(port)
    expect(answers).toMatchObject([{ _tag: "Unwelcome", reason: "order" }])
    expect([app.count(), served.panels(), served.refused()]).toMatchObject([0, 0, { messages: 1, panels: 1 }])
  })
})

/** A real server with a real socket for each panel, which it serves to these origins. */
const makeServer = async (served: Served, origins: ReadonlyArray<string> = []) => {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http })
  sockets.on("connection", (socket, request) =>
    acceptSocket(served, socket, { origin: request.headers.origin }, { origins })
  )
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  onTestFinished(async () => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    await new Promise((resolve) => http.close(resolve))
  })
  const address = http.address()
  if (address === null || typeof address === "string") throw new Error("The server has no port.")
  return {
    url: `ws://127.0.0.1:${address.port}`,
    /** As when a network fails. */
    drop: () => {
      for (const socket of sockets.clients) socket.terminate()
    }
  }
}

const socketTo = (url: string) => Effect.runPromise(openSocket(url))

describe("a WebSocket", () => {
  test("carries the timeline, travel and edits of a Node process", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const { url } = await makeServer(served)
    const panel = await open(await socketTo(url), { nonce: served.invite() })
    const following = takeRows(panel, r, undefined, 200)
    await panel.ask("Counts", { runtime: r })
    for (let i = 0; i < 200; i++) app.add(1)
    expect((await following).rows.map(({ at }) => at.seq)).toEqual(
      Array.from({ length: 200 }, (_, i) => i + 1)
    )
    await panel.ask("Travel", { runtime: r, moment: 50 })
    expect(app.count()).toBe(50)
    await panel.ask("Live", { runtime: r })
    await panel.ask("Edit", {
      runtime: r,
      instanceId: "Desk#1",
      path: [{ kind: "property", key: "count" }],
      value: 7
    })
    expect(app.count()).toBe(7)
  })

  test("lets nobody in without an invitation, with a wrong one, or with one that was used", async () => {
    const served = serving(makeApp().runtime)
    const { url } = await makeServer(served)
    const nonce = served.invite()
    const panel = await open(await socketTo(url), { nonce })
    for (const given of [undefined, "guessed", nonce])
      expect(await failure(await socketTo(url), given)).toMatchObject({ _tag: "NotInvited" })
    expect(served.panels()).toBe(1)
    await panel.ask("Counts", { runtime: r })
  })

  test("closes on a page of another origin before it is read", async () => {
    const served = serving(makeApp().runtime)
    const { url } = await makeServer(served, [home])
    const connectFrom = async (origin: string): Promise<Port> => {
      const { WebSocket } = await import("ws")
      const socket = new WebSocket(url, { origin })
      const port = socketPort(socket)
      await new Promise((resolve) => socket.on("open", resolve))
      return port
    }
    const nonce = served.invite()
    expect(await failure(await connectFrom(evil), nonce)).toMatchObject({ _tag: "PortClosed" })
    expect(served.panels()).toBe(0)
    await open(await connectFrom(home), { nonce })
    expect(served.panels()).toBe(1)
  })

  test("after a lost connection the panel comes back with the invitation it was given, and misses nothing", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const { drop, url } = await makeServer(served)
    const first = await open(await socketTo(url), { nonce: served.invite() })
    app.add(1)
    const { rows } = await first.ask("Page", { runtime: r, limit: 10 })
    const lost = new Promise<void>((resolve) => {
      first.remote.onNotice(({ _tag }) => {
        if (_tag === "Closed") resolve()
      })
    })
    drop()
    await lost
    expect(await first.refused("Counts", { runtime: r })).toMatchObject({ _tag: "PortClosed" })
    for (let i = 0; i < 5; i++) app.add(1)
    const second = await open(await socketTo(url), { nonce: first.remote.next })
    expect(second.remote.page).toBe(first.remote.page)
    const { missed, rows: since } = await takeRows(second, r, rows.at(-1)?.at, 5)
    expect([missed, since.map(({ at }) => at.seq)]).toEqual([0, [2, 3, 4, 5, 6]])
  })

  test("by itself, as often as the connection is lost, and until the stream ends", async () => {
    const app = makeApp()
    const served = serving(app.runtime)
    const { drop, url } = await makeServer(served)
    const seen: Array<number> = []
    let after = { seq: 0, n: 0 }
    const options = { nonce: served.invite(), retry: Schedule.spaced(1) }
    const following = Stream.runForEachWhile(connections(openSocket(url), options), (remote) =>
      Effect.gen(function* () {
        expect(remote.page).toBe(served.page)
        app.add(1)
        app.add(1)
        const { rows } = yield* remote.request("Page", { runtime: r, limit: 500 })
        seen.push(...rows.filter(({ at }) => at.seq > after.seq).map(({ at }) => at.seq))
        after = rows.at(-1)?.at ?? after
        if (seen.length === 6) return false
        drop()
        return true
      }).pipe(Effect.orDie)
    )
    await Effect.runPromise(following)
    expect(seen).toEqual([1, 2, 3, 4, 5, 6])
    await expect.poll(served.panels).toBe(0)
    const uninvited = Effect.flip(Stream.runDrain(connections(openSocket(url), { nonce: "guessed" })))
    expect(await Effect.runPromise(uninvited)).toMatchObject({ _tag: "NotInvited" })
  })

  test("a panel comes back to a process that was started anew, by the invitation that it is given each time", async () => {
    const nonce = "of the environment"
    let server = await makeServer(serveWith(nonce))
    const open = Effect.suspend(() => openSocket(server.url))
    const pages: Array<string> = []
    const following = connections(open, { nonce, retry: Schedule.spaced("10 millis") })
    await Effect.runPromise(
      Stream.runForEachWhile(following, (remote) =>
        Effect.promise(async () => {
          pages.push(remote.page)
          if (pages.length === 3) return false
          server.drop()
          server = await makeServer(serveWith(nonce))
          return true
        })
      )
    )
    expect(new Set(pages).size).toBe(3)
    const last = Effect.flip(Stream.runDrain(connections(open, { nonce })))
    expect(await Effect.runPromise(last)).toMatchObject({ _tag: "NotInvited" })
  })

  test("what is no JSON, or too long, is refused and counted; the connection stands", async () => {
    const served = serving(makeApp().runtime)
    const { url } = await makeServer(served)
    const socket = new WebSocket(url)
    const panel = await open(
      await new Promise<Port>((resolve) => {
        const port = socketPort(socket)
        socket.addEventListener("open", () => resolve(port))
      }),
      { nonce: served.invite() }
    )
    socket.send("{")
    socket.send(new Uint8Array([1, 2, 3]))
    socket.send(`"${"x".repeat(4_000_001)}"`)
    expect((await panel.ask("Counts", { runtime: r })).malformed).toBe(3)
  })

  test("where nothing listens, it says so", async () => {
    const exit = await Effect.runPromiseExit(openSocket("ws://127.0.0.1:1"))
    expect(Exit.isFailure(exit) && exit.cause.reasons[0]).toMatchObject({ error: { _tag: "SocketFailed" } })
  })
})

/** Two ends of an extension's port, each with a copy of what JSON keeps of a message. */
const makeExtensionPorts = (): readonly [ExtensionPort, ExtensionPort] => {
  const make = () => ({
    messages: new Set<(message: unknown) => void>(),
    ends: new Set<() => void>()
  })
  const [left, right] = [make(), make()]
  const end = (own: typeof left, other: typeof left): ExtensionPort => ({
    postMessage: (message) => {
      const text = JSON.stringify(message)
      queueMicrotask(() => {
        for (const listener of other.messages) listener(JSON.parse(text))
      })
    },
    disconnect: () =>
      queueMicrotask(() => {
        for (const listener of other.ends) listener()
      }),
    onMessage: { addListener: (listener) => own.messages.add(listener) },
    onDisconnect: { addListener: (listener) => own.ends.add(listener) }
  })
  return [end(left, right), end(right, left)]
}

test("an extension's port carries every kind of message as JSON", async () => {
  const app = makeApp()
  const served = serving(app.runtime)
  const [page, panel] = makeExtensionPorts()
  const own = extensionPort(page)
  const { ask, end, refused } = await openPanel(served, [own, extensionPort(panel)])
  app.add(1)
  app.fail("told")
  const { rows } = await ask("Page", { runtime: r, limit: 9 })
  expect(rows.map(({ outcome }) => outcome)).toEqual(["commit", "rollback"])
  expect(await ask("Instances", { runtime: r })).toMatchObject({ instances: [{ instanceId: "Desk#1" }, {}] })
  expect(await refused("Travel", { runtime: r, moment: 5 })).toMatchObject({ _tag: "OutOfReach" })
  await end()
  await isClosed(own)
  expect(served.panels()).toBe(0)
})

describe("a port", () => {
  test("gives its listener everything that came, in order and once, whenever it begins to listen", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (messages, begin) => {
        const { port, received } = makePort({ send: () => {}, close: () => {} })
        const heard: Array<unknown> = []
        messages.forEach((message, index) => {
          if (index === begin) port.onMessage((given) => heard.push(given))
          received(message)
        })
        if (begin >= messages.length) port.onMessage((given) => heard.push(given))
        expect(heard).toEqual(messages)
      })
    )
  })

  test("closes when it cannot send, or when too much comes that nobody hears; and tells that once", () => {
    let closes = 0
    const wire = { send: () => {}, close: () => void closes++ }
    const failing = makePort({
      ...wire,
      send: () => {
        throw new Error("gone")
      }
    })
    failing.port.onClose(() => closes++)
    failing.port.send(1)
    failing.port.send(2)
    failing.port.close()
    expect(closes).toBe(2)
    const deaf = makePort(wire)
    for (let i = 0; i < 2000; i++) deaf.received(i)
    expect(closes).toBe(3)
    deaf.port.onMessage(() => closes++)
    expect(closes).toBe(3)
  })

  test("in the page, a message arrives after what runs now, and none after the close", async () => {
    const [one, other] = pair()
    const heard: Array<unknown> = []
    other.onMessage((message) => heard.push(message))
    one.send("first")
    expect(heard).toEqual([])
    await Promise.resolve()
    one.close()
    one.send("late")
    await isClosed(other)
    expect(heard).toEqual(["first"])
  })
})
