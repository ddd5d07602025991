/** A page and a content script of the extension: two worlds of one window, here both played by the test. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test } from "vitest"
import { acceptExtension } from "../../src/adapters/index.ts"
import { findPages, joinPorts, visit } from "../../src/extension.ts"
import { connect, makePort, type Port, serve, type Served } from "../../src/protocol/index.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Int }),
  actions: { add: Schema.Int },
  reducers: { add: (state, by) => ({ count: state.count + by }) }
})

const mark = "@sluice/devtools extension"

const setup = () => {
  const runtime = Runtime.make(Counter.implement({ initial: { count: 0 } }))
  const served = serve(runtime)
  onTestFinished(async () => {
    served.close()
    await runtime.dispose()
  })
  return { served, count: () => runtime.resolve(Counter.tag).unsafe.getState().count }
}

/** The pages that say they are here. */
const listenForPages = () => {
  const found: Array<string> = []
  const pages = findPages(window, (page) => found.push(page))
  onTestFinished(pages.end)
  return { ask: pages.ask, found }
}

/** Adds one to the page's counter. */
const drive = (port: Port, timeoutMs = 20_000) =>
  Effect.gen(function* () {
    const remote = yield* connect(port, { timeoutMs })
    const action = { _tag: "add", payload: 1 }
    yield* remote.request("Dispatch", { runtime: "r1", instanceId: "Counter#1", action })
  }).pipe(Effect.scoped, Effect.runPromise)

/** Everything that this window says to itself, once what is on its way has come. */
const overhear = () => {
  const heard: Array<{ readonly say: string; readonly nonce?: string }> = []
  const onMessage = ({ data, source }: MessageEvent<{ sluice?: string; say: string }>) => {
    if (source === window && data.sluice === mark) heard.push(data)
  }
  window.addEventListener("message", onMessage)
  onTestFinished(() => window.removeEventListener("message", onMessage))
  return heard
}

/** What was posted before has been heard when this resolves. */
const settled = () =>
  new Promise<void>((resolve) => {
    const onMessage = ({ data }: MessageEvent<unknown>) => {
      if (data !== "settled") return
      window.removeEventListener("message", onMessage)
      resolve()
    }
    window.addEventListener("message", onMessage)
    window.postMessage("settled", { targetOrigin: "*" })
  })

/** A frame of no origin, which runs this. Resolves when the frame has run. */
const hostileFrame = async (script: string): Promise<void> => {
  const frame = document.createElement("iframe")
  frame.sandbox.add("allow-scripts")
  frame.srcdoc = `<script>const mark = "${mark}"; ${script}; parent.postMessage("ran", "*")</script>`
  const ran = new Promise<void>((resolve) => {
    const onMessage = ({ data }: MessageEvent<unknown>) => {
      if (data !== "ran") return
      window.removeEventListener("message", onMessage)
      resolve()
    }
    window.addEventListener("message", onMessage)
  })
  document.body.append(frame)
  onTestFinished(() => frame.remove())
  await ran
  await settled()
}

test("says that it is here, is found when asked, lets the content script in, and is driven", async () => {
  const { count, served } = setup()
  const { ask, found } = listenForPages()
  onTestFinished(acceptExtension(served))
  await expect.poll(() => found).toEqual([served.page])
  ask()
  await expect.poll(() => found).toEqual([served.page, served.page])
  // As the content script does it: the panel's port is joined to the page's.
  const panel = makePort({ send: (message) => relay.received(message), close: () => relay.closed() })
  const relay = makePort({ send: (message) => panel.received(message), close: () => panel.closed() })
  joinPorts(relay.port, visit(window, served.page))
  await drive(panel.port)
  expect(count()).toBe(1)
  await expect.poll(served.panels).toBe(0)
})

test("two pages of one window are let in to apart", async () => {
  const [one, other] = [setup(), setup()]
  onTestFinished(acceptExtension(one.served))
  onTestFinished(acceptExtension(other.served))
  await drive(visit(window, other.served.page))
  expect([one.count(), other.count()]).toEqual([0, 1])
})

test("comes back from the back/forward cache: its panels are gone, and it says that it is here", async () => {
  const { served } = setup()
  onTestFinished(acceptExtension(served))
  const port = visit(window, served.page)
  const scoped = Effect.gen(function* () {
    const remote = yield* connect(port)
    const { found } = listenForPages()
    window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }))
    yield* remote.closed
    yield* Effect.promise(settled)
    expect([served.panels(), found]).toEqual([0, []])
    window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))
    yield* Effect.promise(() => expect.poll(() => found).toEqual([served.page]))
  })
  await Effect.runPromise(Effect.scoped(scoped))
})

test("a panel that is torn off is let go at once", async () => {
  const { served } = setup()
  onTestFinished(acceptExtension(served))
  const port = visit(window, served.page)
  await Effect.runPromise(Effect.scoped(connect(port).pipe(Effect.tap(() => Effect.sync(port.close)))))
  await expect.poll(served.panels).toBe(0)
})

test("without acceptExtension, or after its end, a page neither answers nor lets in", async () => {
  const { count, served } = setup()
  const end = acceptExtension(served)
  end()
  await settled()
  const heard = overhear()
  const { ask, found } = listenForPages()
  ask()
  await expect(drive(visit(window, served.page), 100)).rejects.toThrow("Nothing answered")
  expect([found, count()]).toEqual([[], 0])
  expect(heard.map(({ say }) => say)).toEqual(["who", "call"])
})

const turnedAway = async (served: Served, count: () => number) => {
  await settled()
  expect([served.panels(), count()]).toEqual([0, 0])
}

test("a frame of another origin is told nothing, and its knocks are not heard", async () => {
  const { count, served } = setup()
  onTestFinished(acceptExtension(served))
  await settled()
  const heard = overhear()
  const nonce = served.invite()
  await hostileFrame(`
    const { port1, port2 } = new MessageChannel()
    const page = ${JSON.stringify(served.page)}
    const tell = (message, ports = []) => parent.postMessage({ sluice: mark, page, ...message }, "*", ports)
    port1.postMessage({ _tag: "Hello", version: 1 })
    tell({ say: "who" })
    tell({ say: "call", call: "1" })
    tell({ say: "knock", nonce: "${nonce}" }, [port2])`)
  await turnedAway(served, count)
  // Neither an invitation nor a sign that a page is here; and the one that it had is good yet.
  expect(heard).toEqual([])
  expect(served.admit(nonce)).toBe(true)
})

test("no invitation, a guessed one, one that was used, none of another page's: turned away", async () => {
  const { count, served } = setup()
  const other = setup()
  onTestFinished(acceptExtension(served))
  onTestFinished(acceptExtension(other.served))
  const heard = overhear()
  await drive(visit(window, other.served.page))
  const used = heard.find(({ say }) => say === "invitation")?.nonce
  expect(used).toMatch(/^[\da-f]{32}$/)
  const spare = other.served.invite()
  const port = new MessageChannel().port1
  const knock = (message: object, transfer: Array<Transferable> = [new MessageChannel().port2]) =>
    window.postMessage(
      { sluice: mark, say: "knock", page: served.page, ...message },
      { targetOrigin: window.origin, transfer }
    )
  knock({})
  knock({ nonce: 7 })
  knock({ nonce: "guessed" })
  knock({ nonce: used })
  knock({ nonce: spare })
  // A right one without a port; then the same with one, which has been used by then.
  const nonce = served.invite()
  knock({ nonce, page: other.served.page }, [port])
  knock({ nonce, say: "constructor" })
  await turnedAway(served, count)
  expect(served.admit(nonce)).toBe(true)
  expect(other.count()).toBe(1)
})

test("a port that was let in is believed nothing before its hello", async () => {
  const { count, served } = setup()
  onTestFinished(acceptExtension(served))
  const port = visit(window, served.page)
  const answers: Array<unknown> = []
  port.onMessage((message) => answers.push(message))
  const action = { _tag: "add", payload: 1 }
  port.send({
    _tag: "Request",
    id: 1,
    call: { _tag: "Dispatch", runtime: "r1", instanceId: "Counter#1", action }
  })
  await expect.poll(() => answers).toMatchObject([{ _tag: "Unwelcome", reason: "order" }])
  await turnedAway(served, count)
})
