/** A runtime for tests: on a test clock, with an order that replays, and all that it commits and reports. */
import { Runtime } from "@sluice/core"
import type { Backlog, ConsumerBacklog, Module } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { NeverSettles, type RecordedError, UnexpectedReports } from "./Errors.ts"
import * as Recorder from "./Recorder.ts"
import * as Sleeps from "./Sleeps.ts"
import * as TestScheduler from "./TestScheduler.ts"

export type { RecordedError } from "./Errors.ts"

export interface TestOptions {
  /** Who goes next is drawn from this, the same for the same seed. Without one: first come, first served. */
  readonly seed?: number
  /** No fiber goes on but by `step`, `settled` and `advance`. */
  readonly manual?: boolean
  /** How many tasks and fibers `settled` runs before it rejects. Default 100,000. */
  readonly maxTasks?: number
  /** A clock to share. Default: one of its own, at 0. */
  readonly clock?: TestClock.TestClock
}

/** What an instance has not finished. */
export interface Pending extends Backlog {
  readonly instanceId: string
}

export interface TestRuntime<in Provided> extends Runtime.Runtime<Provided> {
  /** What `Clock` is in this runtime. */
  readonly clock: TestClock.TestClock
  /** Every commit from the first. */
  readonly recorder: Recorder.Recorder
  /** Runs one task that could run now. False if there is none. */
  readonly step: () => boolean
  /**
   * When nothing in the runtime can go on without time or outside events. What then still waits for those is
   * in `pending`. Rejects with NeverSettles after `maxTasks` tasks and fibers.
   */
  readonly settled: () => Promise<void>
  /** Lets time pass, and all settle at each moment at which someone wakes. */
  readonly advance: (duration: Duration.Input) => Promise<void>
  /** The instances that have actions queued or in hand, callers in line, or an ingress. */
  readonly pending: () => ReadonlyArray<Pending>
  /** The errors since the last call: those that the test expects. */
  readonly takeErrors: () => ReadonlyArray<RecordedError>
  /** What was logged as a warning or worse since the last call. */
  readonly takeWarnings: () => ReadonlyArray<string>
  /**
   * Rejects with UnexpectedReports if errors, or warnings of before, were not taken. Errors that an `onError`
   * of the test's own was given do not count.
   */
  readonly dispose: () => Promise<void>
}

type Apps = Runtime.AppModule | ReadonlyArray<Runtime.AppModule>
type Needed<A> = Module.NeedsOfApp<Runtime.Listed<A>>
type Provided<A> = Module.ProvidesOfApp<Runtime.Listed<A>>

type Options<A, Services, E> = TestOptions & Runtime.OptionsFor<Needed<A>, Services, E>

/** As `Runtime.make`. */
// Two signatures, as it has: a call without options is told what is missing.
export function make<const A extends Apps>(modules: Runtime.Complete<A, never>): TestRuntime<Provided<A>>
export function make<const A extends Apps, Services = never, E = never>(
  modules: A,
  options: Options<A, Services, E>
): TestRuntime<Provided<A> | Services>
export function make(modules: Apps, options: Given = {}): TestRuntime<unknown> {
  return start(modules, options)
}

/**
 * The same within an Effect test: it ends with the scope, and fails it if something was not taken. Where the
 * test itself runs on a TestClock, that is the runtime's.
 */
export function scoped<const A extends Apps>(
  modules: Runtime.Complete<A, never>
): Effect.Effect<TestRuntime<Provided<A>>, never, Scope.Scope>
export function scoped<const A extends Apps, Services = never, E = never>(
  modules: A,
  options: Options<A, Services, E>
): Effect.Effect<TestRuntime<Provided<A> | Services>, never, Scope.Scope>
export function scoped(
  modules: Apps,
  options: Given = {}
): Effect.Effect<TestRuntime<unknown>, never, Scope.Scope> {
  return Effect.withFiber((fiber) => {
    const clock = fiber.getRef(Clock.Clock)
    const shared = isTestClock(clock) ? { clock } : {}
    return Effect.acquireRelease(
      Effect.sync(() => start(modules, { ...shared, ...options })),
      (runtime) => Effect.promise(() => runtime.dispose())
    )
  })
}

/** The options of any runtime, without the types of their services. */
type Given = TestOptions &
  Omit<Runtime.RuntimeOptions, "layer"> & { readonly layer?: Layer.Layer<never, unknown> }

const start = (modules: Apps, given: Given): TestRuntime<unknown> => {
  const scheduler = TestScheduler.make(given)
  const recorder = Recorder.make()
  const clock = Sleeps.track(given.clock ?? ownClock(scheduler))
  let errors: ReadonlyArray<RecordedError> = []
  let warnings: ReadonlyArray<string> = []
  const { label = "test runtime", layer, maxTasks = 100_000, onError, sinks = [] } = given

  const clockLayer = Layer.succeed(Clock.Clock, clock)
  const services = layer === undefined ? clockLayer : Layer.provideMerge(layer, clockLayer)
  const recording = Logger.make<unknown, void>(({ logLevel, message }) => {
    if (logLevel === "Warn" || logLevel === "Error" || logLevel === "Fatal") {
      warnings = [...warnings, Array.isArray(message) ? message.join(" ") : String(message)]
    }
  })
  const makeRuntime = Runtime.make as (
    modules: Apps,
    options: Runtime.RuntimeOptions<never, unknown>
    // That the needs of the modules are met was settled by the type of the options.
  ) => Runtime.Runtime<unknown>
  const runtime = makeRuntime(modules, {
    ...given,
    label,
    scheduler,
    sinks: [recorder.sink, ...sinks],
    layer: Layer.provideMerge(Logger.layer([recording], { mergeWithExisting: true }), services),
    onError:
      onError ??
      ((cause, info) => {
        errors = [...errors, { error: Cause.squash(cause), cause, info }]
      })
  })

  const settled = async (): Promise<void> => {
    if (!(await scheduler.settled(maxTasks))) throw new NeverSettles({ label, tasks: maxTasks })
  }
  const setTime = (time: number): void =>
    void Effect.runForkWith(Context.make(Scheduler.Scheduler, scheduler))(clock.setTime(time))
  const moveTo = async (time: number): Promise<void> => {
    setTime(time)
    await settled()
  }
  /** What a sink or a store is given to end is time of this clock, which nobody else moves any more. */
  const endOf = async (disposed: Promise<void>): Promise<void> => {
    const state = { ended: false }
    const over = disposed.finally(() => {
      state.ended = true
    })
    const limit = clock.currentTimeMillisUnsafe() + patience
    await scheduler.settled(maxTasks)
    while (!state.ended) {
      const next = clock.nextWake()
      if (next === undefined || next > limit) break
      setTime(next)
      await scheduler.settled(maxTasks)
    }
    await over
  }
  let disposing: Promise<void> | undefined
  const end = async (): Promise<void> => {
    // What the end itself warns of, such as actions undelivered, is for the test to look at or not.
    const unexpected = warnings
    scheduler.release()
    await endOf(runtime.dispose())
    if (errors.length + unexpected.length > 0)
      throw new UnexpectedReports({ label, errors, warnings: unexpected })
  }
  const dispose = (): Promise<void> => (disposing ??= end())

  return extending(runtime, {
    clock,
    recorder,
    step: scheduler.step,
    settled,
    advance: async (duration: Duration.Input) => {
      const end = clock.currentTimeMillisUnsafe() + Duration.toMillis(Duration.fromInputUnsafe(duration))
      await settled()
      for (let next = clock.nextWake(); next !== undefined && next <= end; next = clock.nextWake())
        await moveTo(next)
      await moveTo(end)
    },
    pending: () =>
      runtime
        .instances()
        .map(({ instanceId, unsafe }) => ({ instanceId, ...unsafe.backlog() }))
        .map((all) => ({ ...all, consumers: all.consumers.filter(isBusy) }))
        .filter(({ consumers, ingress }) => consumers.length > 0 || ingress > 0),
    takeErrors: () => {
      const taken = errors
      errors = []
      return taken
    },
    takeWarnings: () => {
      const taken = warnings
      warnings = []
      return taken
    },
    dispose,
    [Symbol.asyncDispose]: dispose
  })
}

/** How far the clock goes on for the end of a runtime, in milliseconds. */
const patience = 10_000

const isTestClock = (clock: Clock.Clock): clock is TestClock.TestClock => "adjust" in clock

/** Not a copy: its status changes. */
const extending = <A extends object, B extends object>(base: A, more: B): A & B =>
  Object.assign(Object.create(base) as A, more)

const isBusy = ({ depth, inFlight, waiting }: ConsumerBacklog): boolean =>
  depth > 0 || inFlight > 0 || waiting > 0

/** It never warns that nobody moves it: a test that lets nothing pass wants that. */
const ownClock = (scheduler: Scheduler.Scheduler): TestClock.TestClock =>
  TestClock.make({ warningDelay: Duration.infinity }).pipe(
    Effect.provideService(Scheduler.Scheduler, scheduler),
    Effect.provideService(Scope.Scope, Scope.makeUnsafe()),
    Effect.runSync
  )
