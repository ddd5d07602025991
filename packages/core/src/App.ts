/** What all scopes of one runtime share: how errors are told, the trace, the scheduler, the sinks, the clock. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import type { CommitSink } from "./Commit.ts"
import { Hydration } from "./Hydration.ts"
import type { AnyInstance } from "./Instance.ts"
import type { ErrorInfo, InstanceHost } from "./Parts.ts"
import { macrotask, microtask, timer } from "./internal/platform.ts"
import { around, makeScheduler } from "./internal/scheduler.ts"
import type { AnyModuleImpl } from "./Module.ts"
import { Sinks } from "./Sinks.ts"
import { type TraceOptions, TraceRecorder } from "./Trace.ts"
import * as Transaction from "./Transaction.ts"
import * as Travel from "./Travel.ts"

export type OnError = (cause: Cause.Cause<unknown>, info: ErrorInfo) => void

export interface AppOptions {
  readonly onError?: OnError | undefined
  readonly trace?: TraceOptions | undefined
  readonly label?: string | undefined
  readonly sinks?: ReadonlyArray<CommitSink> | undefined
  readonly scheduler?: Scheduler.Scheduler | undefined
  readonly server?: boolean | undefined
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

export class App {
  readonly label: string
  readonly trace: TraceRecorder
  readonly onError: OnError
  readonly host: InstanceHost
  readonly sinks: Sinks
  readonly travel: Travel.Travel
  readonly hydration: Hydration
  /** The started instances of every scope, by id, in the order of their start. Written by the scopes. */
  readonly live = new Map<string, AnyInstance>()
  /** What everything in the app may use, if nothing else. */
  readonly bare: Context.Context<never>
  private readonly scheduler: Scheduler.Scheduler
  /** Written by `useServices`. */
  private context: Context.Context<never>
  private clock: Clock.Clock | undefined
  /** Tells this runtime's snapshots from those of others. */
  readonly run = Math.random().toString(36).slice(2)
  private readonly numbers = new Map<string, number>()
  private seq = 0
  private groups = 0
  /** By module id: ends when what adds or replaces it at the moment has ended. Written by `alone`. */
  private readonly changing = new Map<string, Deferred.Deferred<void>>()
  /** Implementations that were replaced, each with what took its place. Written by `supersede`. */
  private readonly successors = new WeakMap<AnyModuleImpl, AnyModuleImpl>()

  constructor({ label, onError, scheduler, server = false, sinks, trace }: AppOptions) {
    this.label = label ?? "sluice"
    this.scheduler =
      scheduler === undefined ? makeScheduler(Transaction.isOpen) : around(scheduler, Transaction.isOpen)
    this.onError = (cause, info) => {
      if (onError === undefined) return this.logError(cause, info)
      try {
        onError(cause, info)
      } catch (error) {
        // It is called in the middle of a commit, which must not end there.
        this.logError(cause, info)
        this.logError(Cause.die(error), { ...info, entry: "onError" })
      }
    }
    this.trace = new TraceRecorder(trace, {
      now: () => this.clock?.currentTimeMillisUnsafe() ?? Date.now(),
      microtask,
      macrotask,
      sinkFailed: (error) => this.report(error, "trace", "TraceSink.onBatch")
    })
    this.bare = Context.make(Scheduler.Scheduler, this.scheduler)
    this.context = this.bare
    const warn = (message: string) => void this.fork(Effect.logWarning(message))
    this.sinks = new Sinks({
      scheduler: this.scheduler,
      fork: (effect) => this.fork(effect),
      failed: (cause, name) => this.report(Cause.squash(cause), "sink", name),
      listenerFailed: (error) => this.report(error, "listener", "Runtime.onCommit"),
      warn,
      // A group's waits on each of its instances.
      waiting: () => [
        ...new Set([...this.live.values()].flatMap((instance) => [...instance.waiting.keys()]))
      ],
      changed: (consumers) => {
        host.sinks = consumers
      }
    })
    // A field of its own, because each commit reads it.
    const host: Mutable<InstanceHost> = {
      trace: this.trace,
      scheduler: this.scheduler,
      server,
      sinks: [],
      onError: this.onError,
      warn,
      nextSeq: () => ++this.seq,
      nextGroupId: () => `g${++this.groups}`
    }
    this.host = host
    for (const sink of sinks ?? []) this.sinks.attach(sink)
    this.hydration = new Hydration(this)
    this.travel = Travel.make(this.live, (listeners) => this.tell(listeners))
  }

  /** Those of the root, once it has them: for logs, sinks and the time. */
  useServices(context: Context.Context<never>): void {
    this.context = context
    this.clock = Context.get(context, Clock.Clock)
  }

  fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.context)(effect)
  }

  /** `Counter#1`, then `Counter#2`. */
  nextInstanceId(moduleId: string): string {
    const n = (this.numbers.get(moduleId) ?? 0) + 1
    this.numbers.set(moduleId, n)
    return `${moduleId}#${n}`
  }

  /** Runs what changes these modules when nothing else does; they are asked for again after each wait. */
  alone<A, E>(idsOf: () => ReadonlyArray<string>, change: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const ids = idsOf()
        const other = ids.map((id) => this.changing.get(id)).find((one) => one !== undefined)
        if (other !== undefined) {
          return Effect.andThen(restore(Deferred.await(other)), restore(this.alone(idsOf, change)))
        }
        const done = Deferred.makeUnsafe<void>()
        for (const id of ids) this.changing.set(id, done)
        const end = Effect.sync(() => {
          for (const id of ids) this.changing.delete(id)
          Deferred.doneUnsafe(done, Effect.void)
        })
        return Effect.ensuring(restore(change), end)
      })
    )
  }

  /** The implementation that stands for this one now. */
  latest(impl: AnyModuleImpl): AnyModuleImpl {
    const next = this.successors.get(impl)
    return next === undefined ? impl : this.latest(next)
  }

  supersede(previous: AnyModuleImpl, next: AnyModuleImpl): void {
    this.successors.set(previous, next)
    // It may be an older one that comes back.
    this.successors.delete(next)
  }

  /**
   * Runs the task after so many milliseconds, by the clock that the app was given, if any; returns the
   * function that cancels it. The host's own timer does not keep a process alive.
   */
  readonly timer = (task: () => void, ms: number): (() => void) => {
    if (!this.context.mapUnsafe.has(Clock.Clock.key)) return timer(task, ms)
    const fiber = this.fork(Effect.delay(Effect.sync(task), ms))
    return () => fiber.interruptUnsafe()
  }

  /** A listener that throws is reported; the others are told. */
  tell(listeners: ReadonlySet<() => void>): void {
    const told = [...listeners]
    for (const listener of told) {
      try {
        listener()
      } catch (error) {
        this.report(error, "listener", "Runtime.subscribe")
      }
    }
  }

  report(error: unknown, during: ErrorInfo["during"], entry: string): void {
    this.reportCause(Cause.die(error), during, entry)
  }

  /** What is no instance's. */
  reportCause(cause: Cause.Cause<unknown>, during: ErrorInfo["during"], entry: string): void {
    this.onError(cause, { instanceId: "", moduleId: "", during, entry })
  }

  private logError(cause: Cause.Cause<unknown>, info: ErrorInfo): void {
    const where = info.instanceId === "" ? info.entry : `${info.instanceId}, ${info.during} ${info.entry}`
    this.fork(Effect.logError(`${this.label}: ${where}`, cause))
  }
}
