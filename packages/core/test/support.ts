/** What the tests of the core share: a module that can do and fail everything, and what was reported of it. */
import { Module } from "@sluice/core"
import type { ModuleRuntime, Runtime, Trace } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { onTestFinished } from "vitest"

export const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Finite, log: Schema.Array(Schema.String) }),
  actions: {
    increment: Schema.Void,
    add: Schema.Number,
    note: Schema.String,
    /** No reducer: never a commit, always delivered. */
    ping: Schema.Number,
    boom: Schema.Void
  },
  reducers: {
    increment: (state) => ({ ...state, count: state.count + 1 }),
    add: (state, by) => ({ ...state, count: state.count + by }),
    note: (state, line) => ({ ...state, log: [...state.log, line] }),
    boom: () => {
      throw new Error("boom")
    }
  }
})

export interface CounterState {
  readonly count: number
  readonly log: ReadonlyArray<string>
}
export interface CounterActions {
  readonly increment: void
  readonly add: number
  readonly note: string
  readonly ping: number
  readonly boom: void
}
export type CounterContext = Module.LogicContext<CounterState, CounterActions>
export type CounterRuntime = ModuleRuntime<CounterState, CounterActions>

export const zero: CounterState = { count: 0, log: [] }
export const plus =
  (by: number) =>
  (state: CounterState): CounterState => ({ ...state, count: state.count + by })

/** A logic that hands out its `$`; setups that do not wait have ended when `Runtime.make` returns. */
export const grab = () => {
  let grabbed: CounterContext | undefined
  return {
    logic: Counter.logic("grab", ($) =>
      Effect.sync(() => {
        grabbed = $
      })
    ),
    get $(): CounterContext {
      if (grabbed === undefined) throw new Error("The setup has not run")
      return grabbed
    }
  }
}

/** Collects what reaches `onError`. */
export const collectErrors = () => {
  const infos: Array<Runtime.ErrorInfo> = []
  const errors: Array<unknown> = []
  const onError = (cause: Cause.Cause<unknown>, info: Runtime.ErrorInfo): void => {
    errors.push(Cause.squash(cause))
    infos.push(info)
  }
  return { infos, errors, onError }
}

/** Disposes of it after the test. */
export const disposing = <R extends { readonly dispose: () => Promise<void> }>(runtime: R): R => {
  onTestFinished(() => runtime.dispose())
  return runtime
}

/** What a promise was rejected with. */
export const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("It was not rejected")
}

/** What a function threw. */
export const thrown = (body: () => unknown): unknown => {
  try {
    body()
  } catch (error) {
    return error
  }
  throw new Error("It did not throw")
}

/** A promise with its resolver. */
export const latch = <A = void>() => Promise.withResolvers<A>()

/** Everything that could run has run: for what must not happen, where there is nothing to await. */
export const idle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
  }
}

export const entriesOf = (runtime: { readonly trace: Trace.TraceReader }): ReadonlyArray<Trace.EntryEvent> =>
  runtime.trace.snapshot().events.filter((event) => event.kind === "entry")

/** The states of the live instances, by instance id, in the order of their start. */
export const statesOf = (runtime: Runtime.AnyRuntime): ReadonlyArray<readonly [string, unknown]> =>
  runtime.instances().map(({ instanceId, unsafe }) => [instanceId, unsafe.getState() as unknown])
