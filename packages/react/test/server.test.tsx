import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { renderToString } from "react-dom/server"
import { expect, test, vi } from "vitest"
import { useBacklog, useModule, useOnAction, useSelector, useTrace } from "../src/index.ts"
import { RuntimeProvider } from "./support.tsx"

const started = vi.fn()
const Greeting = Module.make("Greeting", {
  state: Schema.Struct({ text: Schema.String }),
  actions: { say: Schema.String },
  reducers: { say: (_, text) => ({ text }) }
})
const Local = Module.make("Local", {
  state: Schema.Struct({ text: Schema.String }),
  actions: { say: Schema.String }
})
const LocalLive = Local.implement({
  initial: (text: string) => ({ text }),
  logics: [Local.logic("start", () => Effect.sync(started))]
})
const makeGreeting = () => Runtime.make(Greeting.implement({ initial: { text: "hello" } }), { server: true })

const App = () => {
  const greeting = useModule(Greeting)
  const local = useModule(LocalLive, { input: "local" })
  useOnAction(greeting, "say", () => {})
  const { ingress } = useBacklog(greeting)
  const { dropped } = useTrace()
  const both = useSelector([greeting, local], (a, b) => `${a.text} ${b.text}`)
  return <p>{`${both} ${ingress} ${dropped}`}</p>
}

test("on the server every hook renders the current state, starts nothing, and two requests share nothing", async () => {
  const error = vi.spyOn(console, "error")
  const first = makeGreeting()
  const second = makeGreeting()
  first.resolve(Greeting.tag).unsafe.dispatch({ _tag: "say", payload: "bonjour" })
  const html = (runtime: typeof first) =>
    renderToString(
      <RuntimeProvider runtime={runtime}>
        <App />
      </RuntimeProvider>
    )
  expect(html(first)).toBe("<p>bonjour local 0 0</p>")
  expect(html(second)).toBe("<p>hello local 0 0</p>")
  expect(first.resolve(Greeting.tag).unsafe.backlog().consumers).toEqual([])
  await Promise.all([first.dispose(), second.dispose()])
  expect(started).not.toHaveBeenCalled()
  expect(error).not.toHaveBeenCalled()
})

test("on the server gauges are empty, as in the page while it hydrates; a layer is not built, and its fallback shows", async () => {
  const runtime = makeGreeting()
  for (const text of ["a", "b"]) runtime.resolve(Greeting.tag).unsafe.dispatch({ _tag: "say", payload: text })
  const Gauges = () => {
    const { consumers } = useBacklog(useModule(Greeting))
    const { events, recorded } = useTrace()
    return `${consumers.length} ${events.length} ${recorded}`
  }
  const built = vi.fn()
  const page = (layer?: Layer.Layer<never>) =>
    renderToString(
      <RuntimeProvider runtime={runtime} layer={layer} fallback={<i>building</i>}>
        <Gauges />
      </RuntimeProvider>
    )
  expect(page()).toBe("0 0 0")
  expect(page(Layer.effectDiscard(Effect.sync(built)))).toBe("<i>building</i>")
  await runtime.dispose()
  expect(built).not.toHaveBeenCalled()
})
