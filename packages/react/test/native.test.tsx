/** Section 6 where there is no DOM: React Native has none, and neither has this renderer nor this process. */
import { Module, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { StrictMode, Suspense } from "react"
import type { ReactElement } from "react"
import { act, create } from "react-test-renderer"
import type { ReactTestRenderer } from "react-test-renderer"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { useBacklog, useModule, useOnAction, useSelector, useTrace } from "../src/index.ts"
import { Counter, CounterLive, make, makeCounter, onCleanup, RuntimeProvider, use } from "./support.tsx"

vi.hoisted(() => {
  // As React Native says it.
  vi.stubGlobal("navigator", { product: "ReactNative" })
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true)
})

beforeEach(() => {
  vi.mocked(console.error).mockImplementation(() => {})
})
afterEach(() => {
  // React says once that it would like apps to be tested in another way.
  const { calls } = vi.mocked(console.error).mock
  const unexpected = calls.filter(([text]) => !String(text).includes("react-test-renderer is deprecated"))
  calls.splice(0, calls.length, ...unexpected)
})

class Name extends Context.Service<Name, string>()("test/native/Name") {}

const Note = Module.make("Note", {
  state: Schema.Struct({ text: Schema.String }),
  actions: { write: Schema.String },
  reducers: { write: (_, text) => ({ text }) }
})
const NoteLive = Note.implement({
  initial: (text: string) => ({ text }),
  logics: [Note.logic("sign", ($) => Effect.flatMap($.use(Name), (name) => $.actions.write(`by ${name}`)))]
})

/** React 18 has another mode, too. */
const concurrentMode = { createNodeMock: () => null, unstable_isConcurrent: true }

const mount = async (ui: ReactElement): Promise<ReactTestRenderer> => {
  let renderer: ReactTestRenderer | undefined
  await act(async () => {
    renderer = create(ui, concurrentMode)
    await Promise.resolve()
  })
  if (renderer === undefined) throw new Error("Nothing was rendered")
  const made = renderer
  onCleanup(() => act(() => made.unmount()))
  return made
}

test("there is no DOM here", () => {
  expect(["document", "window", "HTMLElement"].filter((name) => name in globalThis)).toEqual([])
})

test("every hook, shared and local, under a layer and StrictMode", async () => {
  const runtime = make(Runtime.make(CounterLive))
  const heard: Array<number> = []
  const Screen = () => {
    const counter = useModule(Counter)
    const note = useModule(NoteLive, { input: "new", key: "screen" })
    const line = useSelector([counter, note], ({ count }, { text }) => `${count} ${text}`)
    const { consumers } = useBacklog(counter)
    const { recorded } = useTrace(counter)
    useOnAction(counter, "add", (by) => heard.push(by))
    return `${line}, ${consumers.length} listening, ${recorded > 0 ? "traced" : "no trace"}`
  }
  const view = await mount(
    <StrictMode>
      <RuntimeProvider runtime={runtime} layer={Layer.succeed(Name, "Ada")} fallback="building">
        <Screen />
      </RuntimeProvider>
    </StrictMode>
  )
  await vi.waitFor(() => expect(view.toJSON()).toBe("0 by Ada, 1 listening, traced"))
  await act(async () => {
    runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "add", payload: 3 })
    await Promise.resolve()
  })
  await vi.waitFor(() => expect(view.toJSON()).toBe("3 by Ada, 1 listening, traced"))
  await vi.waitFor(() => expect(heard).toEqual([3]))
  await act(async () => {
    view.unmount()
    await Promise.resolve()
  })
  await vi.waitFor(() => expect(runtime.instances()).toHaveLength(1))
  expect(runtime.resolve(Counter.tag).unsafe.backlog().consumers).toEqual([])
})

test("a screen that suspends, and its local instance", async () => {
  const runtime = makeCounter()
  const gate = Promise.withResolvers<void>()
  const Screen = () => {
    const own = useModule(CounterLive, { key: "own" })
    use(gate.promise)
    return useSelector(own, (state) => state.label)
  }
  const view = await mount(
    <RuntimeProvider runtime={runtime}>
      <Suspense fallback="waiting">
        <Screen />
      </Suspense>
    </RuntimeProvider>
  )
  expect(view.toJSON()).toBe("waiting")
  expect(runtime.instances()).toHaveLength(1)
  await act(async () => {
    gate.resolve()
    await gate.promise
  })
  await vi.waitFor(() => expect(view.toJSON()).toBe("zero"))
  expect(runtime.instances()).toHaveLength(2)
})
