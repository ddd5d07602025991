/** Into a page through a window, in a browser. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Module, Runtime } from "@sluice/core"
import { expect, onTestFinished, test } from "vitest"
import { knock, listen, type Turned } from "../../src/adapters/index.ts"
import { connect, serve } from "../../src/protocol/index.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Int }),
  actions: { add: Schema.Int },
  reducers: { add: (state, by) => ({ count: state.count + by }) }
})

const setup = () => {
  const runtime = Runtime.make(Counter.implement({ initial: { count: 0 } }))
  const served = serve(runtime)
  onTestFinished(async () => {
    served.close()
    await runtime.dispose()
  })
  const { unsafe } = runtime.resolve(Counter.tag)
  return {
    served,
    count: () => unsafe.getState().count,
    add: () => unsafe.dispatch({ _tag: "add", payload: 1 })
  }
}

test("a panel of the page's own origin comes in by its invitation, and travels", async () => {
  const { add, count, served } = setup()
  onTestFinished(listen(served, window))
  for (let i = 0; i < 3; i++) add()
  const port = knock(window, { origin: window.origin, nonce: served.invite() })
  const travelling = Effect.gen(function* () {
    const remote = yield* connect(port)
    return yield* remote.request("Travel", { runtime: "r1", moment: 1 })
  })
  // The scope's end closes the panel, and leads back.
  const shown: Array<number> = []
  await Effect.runPromise(Effect.scoped(Effect.tap(travelling, () => Effect.sync(() => shown.push(count())))))
  expect(shown).toEqual([1])
  await expect.poll(count).toBe(3)
})

test("a frame of another origin is turned away, with an invitation or not", async () => {
  const { served } = setup()
  const turned = new Promise<Turned>((resolve) => {
    onTestFinished(listen(served, window, { onTurned: resolve }))
  })
  const knocking = `parent.postMessage({ sluice: "@sluice/devtools knock", nonce: "${served.invite()}" }, "*", [new MessageChannel().port1])`
  const frame = document.createElement("iframe")
  // Without allow-same-origin its origin is opaque.
  frame.sandbox.add("allow-scripts")
  frame.srcdoc = `<script>${knocking}</script>`
  document.body.append(frame)
  onTestFinished(() => frame.remove())
  expect(await turned).toEqual({ origin: "null", reason: "origin" })
  expect(served.panels()).toBe(0)
})
