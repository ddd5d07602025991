/** Section 6: a render that never commits leaves nothing; one that commits late has an instance that lives. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { StrictMode, Suspense, useEffect } from "react"
import type { ReactElement, ReactNode } from "react"
import { act, create as createIn } from "react-test-renderer"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { useModule, useSelector } from "../src/index.ts"
import { Boundary, Counter, makeCounter, onCleanup, RuntimeProvider, use } from "./support.tsx"

vi.hoisted(() => {
  vi.stubGlobal("navigator", { product: "ReactNative" })
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true)
})

/** React 18 has another mode, too. */
const concurrentMode = { createNodeMock: () => null, unstable_isConcurrent: true }
const create = (ui: ReactElement) => createIn(ui, concurrentMode)

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/** React says once that it would like apps to be tested in another way; and what a boundary has caught. */
const forget = (calls: Array<ReadonlyArray<unknown>>) => {
  const expected = /react-test-renderer is deprecated|never shown|error boundary you provided/
  calls.splice(0, calls.length, ...calls.filter((call) => !expected.test(call.map(String).join(" "))))
}

beforeEach(() => {
  vi.mocked(console.error).mockImplementation(() => {})
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] })
})
afterEach(() => {
  vi.useRealTimers()
  forget(vi.mocked(console.error).mock.calls)
})

const started = vi.fn()
const Note = Module.make("Note", {
  state: Schema.Struct({ text: Schema.String }),
  actions: { write: Schema.String },
  reducers: { write: (_, text) => ({ text }) }
})
const NoteLive = Note.implement({
  initial: (text: string) => ({ text }),
  logics: [Note.logic("start", () => Effect.sync(() => void started()))]
})

/** How many are still in memory, after as many collections as it takes to see no fewer. */
const living = async (refs: ReadonlyArray<WeakRef<object>>): Promise<number> => {
  let least = refs.length
  for (let unchanged = 0; unchanged < 10; unchanged++) {
    // One that was read lives to the end of its turn.
    await new Promise<void>((resume) => void setImmediate(resume))
    collect()
    const now = refs.filter((ref) => ref.deref() !== undefined).length
    if (now < least) unchanged = 0
    least = Math.min(least, now)
  }
  return least
}

const never = new Promise<void>(() => {})
const Suspends = (): ReactNode => use(never) ?? null
const Throws = (): ReactNode => {
  throw new Error("never shown")
}

describe("a render that never commits", () => {
  for (const strict of [false, true]) {
    for (const [how, End] of [
      ["suspends", Suspends],
      ["throws", Throws]
    ] as const) {
      test(`starts nothing, keeps no timer and no instance: it ${how} (StrictMode: ${strict})`, async () => {
        started.mockClear()
        const runtime = makeCounter()
        const refs: Array<WeakRef<object>> = []
        const Editor = ({ at }: { at: number }) => {
          const own = useModule(NoteLive, { input: `private ${at}` })
          const shared = useModule(NoteLive, { input: `shared ${at}`, key: `${at}` })
          refs.push(new WeakRef(own.runtime), new WeakRef(shared.runtime))
          return <p>{useSelector([own, shared], (a, b) => a.text + b.text)}</p>
        }
        const page = (at: number): ReactElement => (
          <RuntimeProvider runtime={runtime}>
            <Boundary key={at}>
              <Suspense fallback="waiting">
                <Editor at={at} />
                <End />
              </Suspense>
            </Boundary>
          </RuntimeProvider>
        )
        const wrapped = (at: number) => (strict ? <StrictMode>{page(at)}</StrictMode> : page(at))
        let view: ReturnType<typeof create> | undefined
        await act(async () => {
          view = create(wrapped(0))
          await Promise.resolve()
        })
        for (let at = 1; at <= 50; at++) {
          await act(async () => {
            view?.update(wrapped(at))
            await Promise.resolve()
          })
        }
        expect(refs.length).toBeGreaterThanOrEqual(102)
        expect(runtime.list().map(({ moduleId }) => moduleId)).toEqual(["Counter"])
        act(() => view?.unmount())
        view = undefined
        forget(vi.mocked(console.error).mock.calls)
        // One for each keyed instance, which waits five seconds for a component that commits.
        expect(vi.getTimerCount()).toBeLessThanOrEqual(51)
        vi.advanceTimersByTime(5_000)
        expect(vi.getTimerCount()).toBe(0)
        expect(await living([new WeakRef(runtime.resolve(Counter.tag)), ...refs])).toBe(1)
        expect(started).not.toHaveBeenCalled()
        expect(runtime.list()).toHaveLength(1)
      })
    }
  }

  test("what was mounted and has left is not kept either", async () => {
    const runtime = makeCounter()
    const refs: Array<WeakRef<object>> = []
    const Editor = () => {
      const own = useModule(NoteLive, { input: "private" })
      refs.push(new WeakRef(own.runtime))
      return useSelector(own, ({ text }) => text)
    }
    for (let i = 0; i < 20; i++) {
      await act(async () => {
        const view = create(
          <RuntimeProvider runtime={runtime}>
            <Editor />
          </RuntimeProvider>
        )
        await Promise.resolve()
        view.unmount()
      })
      vi.advanceTimersByTime(0)
    }
    await vi.waitFor(() => expect(runtime.list()).toHaveLength(1))
    expect(vi.getTimerCount()).toBe(0)
    expect(await living(refs)).toBe(0)
  })
})

describe("a render that commits late", () => {
  /** Runs in the middle of a render, as other tasks do while React is at one in slices. */
  const Meanwhile = ({ does }: { does: () => void }): ReactNode => {
    does()
    return null
  }

  const mount = async (ui: ReactElement) => {
    let view: ReturnType<typeof create> | undefined
    await act(async () => {
      view = create(ui)
      await Promise.resolve()
    })
    if (view === undefined) throw new Error("Nothing was rendered")
    const made = view
    onCleanup(() => act(() => made.unmount()))
    return made
  }

  const Reader = ({ at }: { at: string }) =>
    useSelector(useModule(NoteLive, { input: "new", key: at, gcTime: 10 }), ({ text }) => text)

  /** Writes, too, as soon as it can. */
  const Editor = ({ at, gcTime = 0 }: { at?: string; gcTime?: number }) => {
    const note = useModule(NoteLive, { input: "new", key: at, gcTime })
    useEffect(() => note.actions.write(`${note.runtime.unsafe.getState().text}!`), [note])
    return useSelector(note, ({ text }) => text)
  }

  test.each([undefined, "key"])(
    "later than gcTime: its instance lives, with its state (key: %s)",
    async (at) => {
      const runtime = makeCounter()
      const view = await mount(
        <RuntimeProvider runtime={runtime}>
          <Editor {...(at === undefined ? {} : { at })} gcTime={10} />
          <Meanwhile does={() => vi.advanceTimersByTime(60_000)} />
        </RuntimeProvider>
      )
      expect(view.toJSON()).toBe("new!")
      const [, note] = runtime.list()
      expect(note?.local).toEqual({ key: at, mounts: 1 })
    }
  )

  test("the last who had it has left more than gcTime before: it has waited, with its state", async () => {
    const runtime = makeCounter()
    const first = runtime.local(NoteLive, { key: "k", input: "first", gcTime: 10 })
    const release = first.mount()
    const leave = () => {
      release()
      vi.advanceTimersByTime(9)
    }
    const view = await mount(
      <RuntimeProvider runtime={runtime}>
        <Meanwhile does={leave} />
        <Editor at="k" gcTime={10} />
        <Meanwhile does={() => vi.advanceTimersByTime(4_000)} />
      </RuntimeProvider>
    )
    expect(view.toJSON()).toBe("first!")
    expect(runtime.list()).toHaveLength(2)
    expect(first.closed()).toBe(false)
  })

  test("it has ended before that: the component gets another, which lives", async () => {
    const runtime = makeCounter()
    const first = runtime.local(NoteLive, { key: "k", input: "first", gcTime: 10 })
    const release = first.mount()
    const view = await mount(
      <RuntimeProvider runtime={runtime}>
        <Reader at="k" />
        <Meanwhile
          does={() => {
            release()
            vi.advanceTimersByTime(60_000)
          }}
        />
      </RuntimeProvider>
    )
    await vi.waitFor(() => expect(view.toJSON()).toBe("new"))
    expect(first.closed()).toBe(true)
    expect(runtime.list().at(-1)?.local).toEqual({ key: "k", mounts: 1 })
  })

  test("another was mounted under its key meanwhile: it shares that one", async () => {
    const runtime = makeCounter()
    const others: Array<ReturnType<typeof other>> = []
    const other = () => runtime.local(NoteLive, { key: "k", input: "other" })
    const view = await mount(
      <RuntimeProvider runtime={runtime}>
        <Editor at="k" />
        <Meanwhile
          does={() => {
            vi.advanceTimersByTime(60_000)
            const made = other()
            made.mount()
            others.push(made)
          }}
        />
      </RuntimeProvider>
    )
    await vi.waitFor(() => expect(view.toJSON()).toBe("other!"))
    expect(runtime.list().at(-1)?.local).toEqual({ key: "k", mounts: 2 })
    expect(runtime.list()).toHaveLength(2)
  })
})
