/** Section 6: what `useOnAction` hears while its component hides, shows, renders again and moves to another instance. */
import { Module } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { Activity, StrictMode, Suspense, useEffect, useRef } from "react"
import type { ReactNode } from "react"
import { flushSync } from "react-dom"
import { expect, test, vi } from "vitest"
import { useModule, useOnAction } from "../src/index.ts"
import type { RefOf } from "../src/index.ts"
import { Counter, makeCounter, Provided, react19, render, RuntimeProvider, Suspender } from "./support.tsx"

const ping = (runtime: ReturnType<typeof makeCounter>, n: number) =>
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "ping", payload: n })

test("in StrictMode an action that an effect dispatches once, before effects are run again, is handled once", async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const Child = () => {
    const { actions } = useModule(Counter)
    const done = useRef(false)
    useEffect(() => {
      if (done.current) return
      done.current = true
      for (const n of [1, 2, 3]) actions.ping(n)
    }, [actions])
    return null
  }
  const App = () => {
    useOnAction(useModule(Counter), "ping", (n) => seen.push(n))
    return <Child />
  }
  render(
    <StrictMode>
      <Provided runtime={runtime}>
        <App />
      </Provided>
    </StrictMode>
  )
  ping(runtime, 4)
  await vi.waitFor(() => expect(seen.at(-1)).toBe(4))
  expect(seen).toEqual([1, 2, 3, 4])
})

test("one that mounts hidden by an Activity hears nothing until it is shown", react19, async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const Listener = () => {
    useOnAction(useModule(Counter), "ping", (n) => seen.push(n))
    return <p>listening</p>
  }
  const app = (mode: "visible" | "hidden") => (
    <Provided runtime={runtime}>
      <Activity mode={mode}>
        <Listener />
      </Activity>
    </Provided>
  )
  const view = render(app("hidden"))
  await vi.waitFor(() => expect(view.text()).toBe("listening"))
  const { unsafe } = runtime.resolve(Counter.tag)
  await vi.waitFor(() => expect(unsafe.backlog().consumers).toEqual([]))
  ping(runtime, 1)
  view.rerender(app("visible"))
  await vi.waitFor(() => expect(unsafe.backlog().consumers).toHaveLength(1))
  ping(runtime, 2)
  await vi.waitFor(() => expect(seen).toEqual([2]))
  view.unmount()
  await vi.waitFor(() => expect(unsafe.backlog().consumers).toEqual([]))
})

test("an action is handled by the handler of the render at that time, also one that had to wait", async () => {
  const runtime = makeCounter()
  const seen: Array<string> = []
  const gate = Promise.withResolvers<void>()
  const App = ({ name }: { name: string }) => {
    useOnAction(useModule(Counter), "ping", (n) => {
      seen.push(`${name} ${n}`)
      return gate.promise
    })
    return null
  }
  const app = (name: string) => (
    <Provided runtime={runtime}>
      <App name={name} />
    </Provided>
  )
  const view = render(app("a"))
  ping(runtime, 1)
  ping(runtime, 2)
  await vi.waitFor(() => expect(seen).toEqual(["a 1"]))
  view.rerender(app("b"))
  gate.resolve()
  await vi.waitFor(() => expect(seen).toEqual(["a 1", "b 2"]))
})

test("another ref: its actions from that commit on, and no more of the one before, whose running handler is interrupted", async () => {
  const [one, two] = [makeCounter(), makeCounter()]
  const log: Array<string> = []
  const Listener = ({ counter, name }: { counter: RefOf<typeof Counter>; name: string }) => {
    useOnAction(counter, "ping", (n) => {
      log.push(`${name} ${n}`)
      return n === 0
        ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push(`${name} ended`)))
        : undefined
    })
    useEffect(() => counter.actions.ping(1), [counter])
    return null
  }
  let refs: ReadonlyArray<RefOf<typeof Counter>> = []
  const Get = ({ next }: { next?: ReactNode }) => {
    refs = [...refs, useModule(Counter)]
    return next
  }
  render(
    <>
      <Provided runtime={one}>
        <Get />
      </Provided>
      <Provided runtime={two}>
        <Get />
      </Provided>
    </>
  )
  const [first, second] = refs
  const app = (counter: RefOf<typeof Counter>, name: string) => (
    <Provided runtime={one}>
      <Listener counter={counter} name={name} />
    </Provided>
  )
  const view = render(app(first!, "one"))
  await vi.waitFor(() => expect(log).toEqual(["one 1"]))
  ping(one, 0)
  ping(one, 2)
  await vi.waitFor(() => expect(log).toEqual(["one 1", "one 0"]))
  view.rerender(app(second!, "two"))
  ping(one, 3)
  ping(two, 4)
  await vi.waitFor(() => expect(log.at(-1)).toBe("two 4"))
  expect(log).toEqual(["one 1", "one 0", "one ended", "two 1", "two 4"])
  expect(one.resolve(Counter.tag).unsafe.backlog().consumers).toEqual([])
})

test("under another layer the component hears on without a gap, and its handlers get the new services", async () => {
  class Name extends Context.Service<Name, string>()("test/listening/Name") {}
  const runtime = makeCounter()
  const seen: Array<string> = []
  const gates: Array<() => void> = []
  const Listener = () => {
    useOnAction(useModule(Counter), "ping", (n) =>
      Effect.gen(function* () {
        seen.push(`${n} ${yield* Name}`)
        yield* Effect.promise(() => new Promise<void>((open) => gates.push(open)))
      })
    )
    return <p>here</p>
  }
  const child = <Listener />
  const app = (layer: Layer.Layer<Name>) => (
    <RuntimeProvider runtime={runtime} layer={layer}>
      {child}
    </RuntimeProvider>
  )
  const view = render(app(Layer.succeed(Name, "Ada")))
  await vi.waitFor(() => expect(view.text()).toBe("here"))
  for (const n of [1, 2, 3]) ping(runtime, n)
  await vi.waitFor(() => expect(gates).toHaveLength(1))
  view.rerender(app(Layer.succeed(Name, "Bob")))
  ping(runtime, 4)
  for (let opened = 0; opened < 4; opened++) {
    await vi.waitFor(() => expect(gates).toHaveLength(opened + 1))
    gates[opened]?.()
  }
  expect(seen).toEqual(["1 Ada", "2 Bob", "3 Bob", "4 Bob"])
  expect(runtime.resolve(Counter.tag).unsafe.backlog().consumers).toHaveLength(1)
})

test("unmounted in the same step in which an action was committed: nothing is handled afterwards", async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const Listener = () => {
    useOnAction(useModule(Counter), "ping", (n) => seen.push(n))
    return null
  }
  const view = render(
    <Provided runtime={runtime}>
      <Listener />
    </Provided>
  )
  ping(runtime, 1)
  await vi.waitFor(() => expect(seen).toEqual([1]))
  ping(runtime, 2)
  view.unmount()
  ping(runtime, 3)
  await vi.waitFor(() => expect(runtime.resolve(Counter.tag).unsafe.backlog().consumers).toEqual([]))
  expect(seen).toEqual([1])
})

test("unmounted while Suspense hides it, it hears no more", async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const Listener = () => {
    useOnAction(useModule(Counter), "ping", (n) => seen.push(n))
    return null
  }
  const app = (wait: boolean, shown: boolean) => (
    <Provided runtime={runtime}>
      {shown && (
        <Suspense fallback="hidden">
          <Listener />
          <Suspender wait={wait} />
        </Suspense>
      )}
    </Provided>
  )
  const view = render(app(false, true))
  view.rerender(app(true, true))
  ping(runtime, 1)
  await vi.waitFor(() => expect(seen).toEqual([1]))
  view.rerender(app(true, false))
  await vi.waitFor(() => expect(runtime.resolve(Counter.tag).unsafe.backlog().consumers).toEqual([]))
})

const Burst = Module.make("Burst", {
  state: Schema.Number,
  actions: { go: Schema.Number, stop: Schema.Void }
})
const BurstLive = Burst.implement({ initial: 0, channel: { capacity: 2 } })

test("a handler that dispatches the same action does not wait for itself", async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const Listener = ({ burst }: { burst: RefOf<typeof Burst> }) => {
    useOnAction(burst, "go", (n) => {
      seen.push(n)
      return n < 20
        ? Effect.all([burst.runtime.actions.go(n + 10), burst.runtime.actions.go(100)])
        : undefined
    })
    return null
  }
  let ref: RefOf<typeof Burst> | undefined
  const App = () => {
    const burst = useModule(BurstLive)
    useEffect(() => {
      ref = burst
    }, [burst])
    return <Listener burst={burst} />
  }
  render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  for (let n = 0; n < 5; n++) void ref?.dispatch({ _tag: "go", payload: n })
  await vi.waitFor(() => expect(seen.filter((n) => n === 100)).toHaveLength(10))
  const sent = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24]
  expect(seen.filter((n) => n < 100).toSorted((a, b) => a - b)).toEqual(sent)
})

test(
  "whatever a component does meanwhile, it hears every action once and in order",
  { timeout: 60_000 },
  async () => {
    const steps = fc.array(fc.constantFrom("ping", "render", "hide", "show", "turn"), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (script, strict) => {
        const runtime = makeCounter()
        const seen: Array<number> = []
        let version = 0
        let hidden = false
        const Listener = ({ version }: { version: number }) => {
          useOnAction(useModule(Counter), "ping", (n) => {
            seen.push(n)
            return n % 2 === 0 ? Promise.resolve() : undefined
          })
          return version
        }
        const app = () => {
          const ui = (
            <Provided runtime={runtime}>
              <Suspense fallback="hidden">
                <Listener version={version} />
                <Suspender wait={hidden} />
              </Suspense>
            </Provided>
          )
          return strict ? <StrictMode>{ui}</StrictMode> : ui
        }
        const view = render(app())
        let sent = 0
        for (const step of script) {
          if (step === "ping") ping(runtime, ++sent)
          if (step === "turn") await Promise.resolve()
          if (step === "render") version++
          if (step === "hide" || step === "show") hidden = step === "hide"
          if (step !== "ping" && step !== "turn") flushSync(() => view.rerender(app()))
        }
        await vi.waitFor(() => expect(seen).toHaveLength(sent))
        expect(seen).toEqual(Array.from({ length: sent }, (__, index) => index + 1))
        view.unmount()
      }),
      { numRuns: 50 }
    )
  }
)
