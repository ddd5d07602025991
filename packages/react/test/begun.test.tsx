/** Instances whose handlers give them their first state: a render shows what inline code gives, and starts nothing. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Module } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { StrictMode, Suspense } from "react"
import type { ReactElement, ReactNode } from "react"
import { act, create as createIn } from "react-test-renderer"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { useModule, useSelector } from "../src/index.ts"
import { makeCounter, onCleanup, RuntimeProvider, use } from "./support.tsx"

vi.hoisted(() => {
  vi.stubGlobal("navigator", { product: "ReactNative" })
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true)
})

beforeEach(() => {
  vi.mocked(console.error).mockImplementation(() => {})
})
/** React says once that it would like apps to be tested in another way. */
afterEach(() => {
  const { calls } = vi.mocked(console.error).mock
  calls.splice(
    0,
    calls.length,
    ...calls.filter(([first]) => !/react-test-renderer is deprecated/.test(String(first)))
  )
})

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

interface State {
  readonly inline: number
  readonly outside: number
}
const outsideBegins = vi.fn()
const Meter = Module.make("Meter", {
  state: Schema.Struct({ inline: Schema.Finite, outside: Schema.Finite }),
  actions: { inline: Schema.Finite, outside: Schema.Finite }
})
const MeterLive = Meter.implement({
  initial: { inline: 0, outside: 0 },
  handlers: {
    inline: HandlerPort.inline<State, number>({
      compute: (state, by) => ({ ...state, inline: state.inline + by }),
      begin: (state) => ({ ...state, inline: 42 }),
      carry: () => {}
    }),
    outside: HandlerPort.outside<State, number>({
      order: "serial",
      begin: (entry) =>
        Effect.suspend(() => {
          outsideBegins()
          return Effect.asVoid(entry.commit(entry.state(), { ...entry.state(), outside: 7 }))
        }),
      enter: () => Effect.void
    })
  }
})

/** React 18 has another mode, too. */
const concurrentMode = { createNodeMock: () => null, unstable_isConcurrent: true }
const never = new Promise<void>(() => {})
const Suspends = (): ReactNode => use(never) ?? null

const started = async (ui: ReactElement) => {
  outsideBegins.mockClear()
  const runtime = makeCounter()
  let view: ReturnType<typeof createIn> | undefined
  await act(async () => {
    view = createIn(
      <StrictMode>
        <RuntimeProvider runtime={runtime}>
          <Suspense fallback="waiting">{ui}</Suspense>
        </RuntimeProvider>
      </StrictMode>,
      concurrentMode
    )
    await Promise.resolve()
  })
  const told = () =>
    runtime.trace
      .snapshot()
      .events.flatMap((event) =>
        event.kind === "entry" && event.txnId.startsWith("Meter")
          ? [`${event.origin.name} ${event.outcome}`]
          : []
      )
  return { runtime, told, leave: () => act(() => view?.unmount()) }
}

test("StrictMode: the first state of inline code is shown at once; each commit is told once", async () => {
  const shown: Array<string> = []
  const Shows = () => {
    const { inline, outside } = useSelector(useModule(MeterLive), (state) => state)
    shown.push(`${inline} ${outside}`)
    return null
  }
  const { leave, told } = await started(<Shows />)
  onCleanup(leave)
  await vi.waitFor(() => expect(shown.at(-1)).toBe("42 7"))
  expect(shown[0]).toBe("42 0")
  expect(told()).toEqual(["handler commit", "handler commit"])
  expect(outsideBegins).toHaveBeenCalledTimes(1)
})

test("StrictMode: of an instance that is only rendered nobody hears, nothing runs, and nothing is kept", async () => {
  const refs: Array<WeakRef<object>> = []
  const Shows = () => {
    const meter = useModule(MeterLive)
    refs.push(new WeakRef(meter.runtime))
    return useSelector(meter, ({ inline }) => `${inline}`)
  }
  const { leave, runtime, told } = await started(
    <>
      <Shows />
      <Suspends />
    </>
  )
  expect(told()).toEqual([])
  leave()
  expect(refs.length).toBeGreaterThan(0)
  await vi.waitFor(
    () => {
      collect()
      expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([])
    },
    { timeout: 20_000, interval: 20 }
  )
  expect(told()).toEqual([])
  expect(outsideBegins).not.toHaveBeenCalled()
  expect(runtime.list().map(({ moduleId }) => moduleId)).toEqual(["Counter"])
})
