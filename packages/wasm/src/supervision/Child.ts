/** One supervised instance: it is watched from its first entry on, and begins again where it cannot go on. */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Commit, Module, ModuleRuntime } from "@sluice/core"
import { HandlerFailed } from "@sluice/core/Errors"
import * as Handled from "@sluice/core/Handled"
import * as Replay from "@sluice/core/Replay"
import * as Supervised from "@sluice/core/Supervised"
import { ChildRefused, HandlerFault, TransitionRefused } from "../Errors.ts"
import { type ChildError, storedFor, type Supervisor, SupervisorRef } from "../Escalation.ts"
import { recall } from "../handler/Memories.ts"
import { nameOf, type Policy, type RestartOptions, Restarts } from "../Restarts.ts"
import * as Memory from "./Memory.ts"
import { EventLog, type ChildEvent, type Exported, type Tellable } from "./ChildEvent.ts"

export interface SpawnOptions<S, Input, R> extends RestartOptions<unknown> {
  /** Unique among the parent's children. */
  readonly key: string
  readonly input?: Input
  /**
   * Asked of each state that an entry of the child's would commit: a reason refuses it, and the entry rolls back with
   * TransitionRefused. It must be quick and have no effects.
   */
  readonly validate?: (previous: S, next: S, origin: Commit.Origin) => string | undefined
  /** Run in the parent's scope when there are no more restarts; its failure reaches `onError`. */
  readonly onChildError?: (error: ChildError) => Effect.Effect<unknown, unknown, R>
  /** What `export` gave in this or another runtime: it goes on from there. */
  readonly from?: Exported
  /** Events that are kept. Default 1000. */
  readonly events?: number
}

/** `failed`: it used up its restarts, and what failed does not run. Its state is there, and it can be restarted. */
export type Status = "running" | "restarting" | "failed" | "stopped"

export interface Child<S, A, X, T> {
  readonly key: string
  readonly module: string
  /** The same across restarts. */
  readonly runtime: ModuleRuntime<S, A, T> & X
  readonly status: Effect.Effect<Status>
  /** Oldest first; those that are kept. */
  readonly history: Effect.Effect<ReadonlyArray<ChildEvent>>
  /** Its state, its events and what its handlers remember as JSON, for `spawn(module, { from })` elsewhere. Dies with InvalidState where the state cannot be encoded. */
  readonly export: Effect.Effect<Exported>
}

/** What its parent is to it. */
export interface Surroundings {
  readonly parentId: string
  readonly clock: Clock.Clock
  readonly told: (event: ChildEvent) => void
  readonly ended: () => void
  /** Runs it in the parent's scope. */
  readonly fork: (effect: Effect.Effect<unknown, unknown>, name: string) => void
  readonly escalate: (error: ChildError) => Effect.Effect<unknown, unknown>
}

export interface Supervising<S, A, X, T> extends Child<S, A, X, T> {
  readonly policy: Policy
  readonly stop: Effect.Effect<void>
  readonly restart: (policy: Policy | undefined) => Effect.Effect<void, ChildRefused>
}

/** Who supervises an instance: one parent at a time. */
const parents = new WeakMap<object, string>()

export const supervise = <Id extends string, S, A, X, Input, R, P, T>(
  module: Module.Module<Id, S, A, X, Input, R, P, T>,
  options: Omit<SpawnOptions<S, Input, never>, "onChildError">,
  around: Surroundings
): Effect.Effect<Supervising<S, A, X, T>, ChildRefused, Exclude<R, P>> =>
  Effect.gen(function* () {
    const { from, input, key, validate } = options
    const refuse = (reason: string) => new ChildRefused({ parent: around.parentId, key, reason })
    if (from !== undefined && from.module !== module.id)
      return yield* refuse(`what it is to go on from is of ${from.module}, and not of ${module.id}`)
    let status: Status = "running"
    const log = new EventLog<S>(key, options.events ?? 1000, around.told)
    const tell = (event: Tellable) => log.add(event, around.clock.currentTimeMillisUnsafe())
    const restarts = new Restarts<unknown>(options)
    const gaveUp = (error: ChildError) => {
      tell({ _tag: "Escalated", error })
      around.fork(around.escalate(error), `child ${key}`)
    }
    const supervisor: Supervisor = {
      key,
      restarts,
      faulted: (error) => tell({ _tag: "Faulted", error }),
      restarted: (policy, attempt, of, reason) =>
        tell({ _tag: "Restarted", policy: nameOf(policy), attempt, of, reason }),
      stateOf: (policy) => (typeof policy === "object" ? log.stateAt(policy.slot) : undefined),
      gaveUp
    }
    const scope = Scope.makeUnsafe()
    const within = <B, E, R2>(effect: Effect.Effect<B, E, R2>) =>
      Scope.provide(Effect.provideService(effect, SupervisorRef, supervisor), scope)
    const orRefuse = <B, R2>(effect: Effect.Effect<B, never, R2>) =>
      Effect.catchCause(effect, (cause) => Effect.fail(refuse(messageOf(Cause.squash(cause)))))
    const state = from === undefined ? {} : { state: from.state }
    const { fresh, held, runtime } = yield* orRefuse(
      within(Supervised.cold(module, { key, ...(input === undefined ? {} : { input }), ...state }))
    )
    const other = parents.get(runtime)
    if (other !== undefined) return yield* refuse(`${runtime.instanceId} is a child of ${other} already`)
    if (from !== undefined && !fresh)
      return yield* refuse(`${runtime.instanceId} runs already, and cannot go on from another state`)
    const memories = yield* Effect.mapError(Memory.imported(from?.memories ?? {}), refuse)
    const begun: unknown = runtime.unsafe.getState()
    if (typeof begun === "object" && begun !== null) for (const memory of memories) recall(begun, memory)
    parents.set(runtime, around.parentId)

    const beginningOf = (policy: Policy): Effect.Effect<Supervised.Beginning<S> | undefined> => {
      if (policy === "preserved" || policy === "initial") return Effect.succeed(policy)
      // What is stored of the instance is of its type.
      const stored = storedFor(Handled.instanceOf(runtime), policy) as Effect.Effect<
        { readonly state: S } | undefined
      >
      return Effect.map(stored, (found) => {
        if (found !== undefined) return found
        return policy === "lastGood" ? "preserved" : log.stateAt(policy.slot)
      })
    }
    const begin = (policy: Policy): Effect.Effect<void, ChildRefused> =>
      Effect.flatMap(beginningOf(policy), (beginning) => {
        if (beginning === undefined) return Effect.fail(refuse(`no state is kept for ${nameOf(policy)}`))
        status = "running"
        return orRefuse(Effect.orDie(Supervised.restart(runtime, beginning)))
      })
    /** One of its logics cannot run: it begins again, or it is given up. */
    const crashed = (error: unknown) =>
      Effect.gen(function* () {
        status = "restarting"
        const reason = messageOf(error)
        const restart = yield* restarts.next(error, ({ attempt, of, policy }) =>
          tell({ _tag: "Restarted", policy: nameOf(policy), attempt, of, reason })
        )
        if (Supervised.isClosed(runtime)) return
        if (restart !== undefined) return yield* begin(restart.policy)
        status = "failed"
        const { id: moduleId, instanceId } = runtime
        gaveUp({
          child: { module: moduleId, instanceId, key },
          kind: "setup",
          error: reason,
          action: null,
          restarts: restarts.count
        })
      })
    const watches = [
      Replay.observe(runtime, ({ actions, next, origin }) => {
        const version = runtime.unsafe.getVersion()
        log.keep(version, next)
        const { kind, name } = origin
        const encoded = actions.map((action) => Supervised.encodeAction(runtime, action))
        tell({ _tag: "Committed", version, origin: { kind, name }, actions: encoded })
      }),
      Supervised.onReport(runtime, (cause, { during, entry }) => {
        const error = Cause.squash(cause)
        if (error instanceof TransitionRefused) return
        // What a handler's code did has been told by the call.
        if (error instanceof HandlerFailed && error.cause instanceof HandlerFault) return
        tell({ _tag: "Faulted", error: `${entry}: ${messageOf(error)}` })
        if (during === "setup") around.fork(crashed(error), `child ${key}`)
      }),
      Supervised.guard(runtime, (previous: S, next: S, origin) => {
        const reason = validate?.(previous, next, origin)
        if (reason === undefined) return
        const entry = `${origin.kind} "${origin.name}"`
        tell({ _tag: "Refused", entry, reason })
        throw new TransitionRefused({
          instanceId: runtime.instanceId,
          parent: around.parentId,
          entry,
          reason
        })
      })
    ]
    Supervised.onClose(runtime, () => {
      status = "stopped"
      for (const end of watches) end()
      parents.delete(runtime)
      tell({ _tag: "Stopped" })
      around.ended()
    })
    if (from !== undefined) log.resume(from.events)
    const where = { module: module.id, instanceId: runtime.instanceId }
    tell(from === undefined ? { _tag: "Spawned", ...where } : { _tag: "Resumed", ...where })
    yield* Effect.onError(orRefuse(within(held)), () => Scope.close(scope, Exit.void))
    return {
      key,
      module: module.id,
      policy: restarts.policy,
      runtime,
      status: Effect.sync(() => status),
      history: Effect.sync(() => log.kept()),
      export: Effect.suspend(() => {
        const version = runtime.unsafe.getVersion()
        const given = {
          format: 1,
          module: module.id,
          key,
          version,
          state: Supervised.encode(runtime),
          events: log.kept()
        } as const
        const remembered = Memory.exported(Handled.instanceOf(runtime), runtime.unsafe.getState(), version)
        return Effect.map(remembered, (memories): Exported => ({ ...given, memories }))
      }),
      stop: Effect.andThen(
        Effect.suspend(() => Supervised.evict(runtime)),
        Scope.close(scope, Exit.void)
      ),
      restart: (policy = restarts.policy) =>
        Effect.suspend(() => {
          if (status === "stopped") return Effect.fail(refuse("it has stopped"))
          tell({ _tag: "Restarted", policy: nameOf(policy), attempt: 0, of: 0, reason: "asked for" })
          return begin(policy)
        })
    }
  })

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
