/** What the browser told the page of when a commit was made. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test } from "vitest"
import { History, record } from "../../src/session/index.ts"
import { triggerOf } from "../../src/session/trigger.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number }),
  actions: { add: Schema.Number, added: Schema.Number },
  reducers: {
    add: ({ count }, by) => ({ count: count + by }),
    added: ({ count }) => ({ count: count + 100 })
  }
})

const setup = () => {
  const echo = Counter.logic("echo", ($) => $.onAction("add").run($.actions.added))
  const runtime = Runtime.make(Counter.implement({ initial: { count: 0 }, logics: [echo] }))
  const history = new History()
  const end = record(runtime, history)
  onTestFinished(async () => {
    end()
    await runtime.dispose()
  })
  const counter = runtime.resolve(Counter.tag)
  const add = () => counter.unsafe.dispatch({ _tag: "add", payload: 1 })
  const told = () => history.after(0).map((commit) => [commit.actions[0]?._tag, triggerOf(commit)])
  return { add, counter, runtime, told }
}

const put = (html: string): HTMLElement => {
  const element = document.createElement("div")
  element.innerHTML = html
  document.body.append(element)
  onTestFinished(() => element.remove())
  return element
}

test("a click is what it began with; what a handler then makes is caused by the entry", async () => {
  const { add, told } = setup()
  const button = put('<button id="play">Play</button>').querySelector("button")
  button?.addEventListener("click", add)
  button?.click()
  await expect.poll(told).toEqual([
    ["add", "click on button#play"],
    ["added", undefined]
  ])
})

test("what is typed is not told, only where", () => {
  const { add, told } = setup()
  const input = put("<input>").querySelector("input")
  input?.addEventListener("input", add)
  if (input !== null) input.value = "a secret"
  input?.dispatchEvent(new InputEvent("input", { data: "a secret", bubbles: true }))
  window.addEventListener("popstate", add, { once: true })
  window.dispatchEvent(new PopStateEvent("popstate"))
  expect(told()).toEqual([
    ["add", "input on input"],
    ["add", "popstate on window"]
  ])
})

test("a timer, a message and a fiber that was resumed by one are none of these", async () => {
  const { add, counter, runtime, told } = setup()
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => port1.close())
  await new Promise<void>((resolve) => {
    port1.addEventListener("message", () => {
      add()
      resolve()
    })
    port1.start()
    port2.postMessage(undefined)
  })
  await new Promise<void>((resolve) => setTimeout(() => resolve(add())))
  await runtime.runPromise(Effect.andThen(Effect.sleep(1), counter.dispatch({ _tag: "add", payload: 1 })))
  expect(
    told()
      .filter(([tag]) => tag === "add")
      .map(([, trigger]) => trigger)
  ).toEqual([undefined, undefined, undefined])
})
