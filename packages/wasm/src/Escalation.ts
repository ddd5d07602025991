/** What becomes of a call whose code has faulted: restarts, then a dead letter, and the parent is told. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { AnyAction } from "@sluice/core/Commit"
import type { HandledInstance, OutsideEntry } from "@sluice/core/Handler"
import * as Activity from "@sluice/core/HandlerActivity"
import { encodeActionOf, forkFor, initialOf } from "@sluice/core/Supervised"
import type { CallError, HandlerFault } from "./Errors.ts"
import { nameOf, type Policy, type Restarts } from "./Restarts.ts"

/**
 * What a parent is told when a child has used up its restarts: the payload for an action that its `childError`
 * computes, or a reducer. JSON.
 */
export const ChildError = Schema.Struct({
  child: Schema.Struct({
    module: Schema.String,
    instanceId: Schema.String,
    /** Of a child that was spawned. */
    key: Schema.NullOr(Schema.String)
  }),
  /** As of a HandlerFault; `setup` where a logic of the child failed. */
  kind: Schema.String,
  error: Schema.String,
  /** The one that could not be computed, its payload encoded. It is among the dead letters. */
  action: Schema.NullOr(Schema.Struct({ _tag: Schema.String, payload: Schema.Json })),
  restarts: Schema.Finite
})
export type ChildError = typeof ChildError.Type

/** Who supervises what runs in this context: given by `$.children.spawn` to all that the child runs. */
export interface Supervisor {
  readonly key: string
  /** In the place of the handler's own. */
  readonly restarts: Restarts<HandlerFault>
  readonly faulted: (error: string) => void
  readonly restarted: (policy: Policy, attempt: number, of: number, reason: string) => void
  /** What a restart by `slot` begins from, where it is known. */
  readonly stateOf: (policy: Policy) => { readonly state: unknown } | undefined
  /** It must not wait: the entry of the child ends after it. */
  readonly gaveUp: (error: ChildError) => void
}

export const SupervisorRef = Context.Reference<Supervisor | undefined>("@sluice/wasm/Supervisor", {
  defaultValue: () => undefined
})

/** What is known of a letter, by each of its retries. */
interface Retried {
  readonly id: string
  /** Retries of it run one after the other. */
  readonly turn: Semaphore.Semaphore
  /** Then there is nothing to retry any more, whoever still has the letter. Written by a retry. */
  committed: boolean
}

/** The letter that a retry is of, so that it does not become two. */
const RetriedRef = Context.Reference<Retried | undefined>("@sluice/wasm/Retried", {
  defaultValue: () => undefined
})

export interface Supervised {
  /** Its name. */
  readonly handler: string
  readonly entry: Pick<OutsideEntry<never>, "instance" | "action">
  /** The handler's own for this instance, where it declares any: without them a fault fails the entry at once. */
  readonly restarts: Restarts<HandlerFault> | undefined
  /** Told where no spawner is, in the instance's scope. */
  readonly parent: ((error: ChildError) => Effect.Effect<unknown, unknown>) | undefined
}

/** A payload that cannot be encoded is left out. */
const encoded = (instance: HandledInstance, action: AnyAction): ChildError["action"] => {
  try {
    const { _tag, payload } = encodeActionOf(instance, action)
    // It is of its schema's encoded side: JSON.
    return { _tag, payload: (payload ?? null) as Schema.Json }
  } catch {
    return { _tag: action._tag, payload: null }
  }
}

/** Where states of before are found again, with the memory of their versions. */
export type Restorer = (
  policy: "lastGood" | { readonly slot: number }
) => Effect.Effect<{ readonly state: unknown } | undefined>

const restorers = new WeakMap<HandledInstance, Map<string, Restorer>>()

/** For the handler of that name on the instance. Returns what ends it. */
export const restoreBy = (instance: HandledInstance, handler: string, restorer: Restorer): (() => void) => {
  const known = restorers.get(instance) ?? new Map<string, Restorer>()
  restorers.set(instance, known.set(handler, restorer))
  return () => {
    if (known.get(handler) === restorer) known.delete(handler)
  }
}

/**
 * The state that a restart by the policy begins from. Where none is kept for it that is the state of now, as by
 * `preserved`.
 */
export const baseOf = <S>(
  policy: Policy | undefined,
  handler: string,
  { instance, state }: Pick<OutsideEntry<S>, "instance" | "state">
): Effect.Effect<S> =>
  Effect.withFiber((fiber) => {
    if (policy === undefined || policy === "preserved") return Effect.sync(state)
    // What is kept for an instance is of its own type.
    if (policy === "initial") return Effect.sync(() => initialOf(instance) as S)
    const stored = storedOf(policy, restorers.get(instance)?.get(handler))
    return Effect.map(stored, (found) => {
      const kept = found ?? fiber.getRef(SupervisorRef)?.stateOf(policy)
      return kept === undefined ? state() : (kept.state as S)
    })
  })

const storedOf = (policy: Parameters<Restorer>[0], restorer: Restorer | undefined): ReturnType<Restorer> =>
  restorer?.(policy) ?? Effect.succeed(undefined)

/** What is stored for the policy by whichever handler of the instance stores anything. */
export const storedFor = (
  instance: HandledInstance,
  policy: Parameters<Restorer>[0]
): ReturnType<Restorer> => {
  const [first] = restorers.get(instance)?.values() ?? []
  return storedOf(policy, first)
}

const numbers = new WeakMap<object, number>()

const nextId = (instance: Supervised["entry"]["instance"]): string => {
  const n = (numbers.get(instance) ?? 0) + 1
  numbers.set(instance, n)
  return `${instance.instanceId}/letter/${n}`
}

/**
 * Runs the body for an entry, with undefined and, after each fault, with the policy by which it is restarted. When
 * there are no more restarts the action becomes a dead letter, the parent is told, and it fails with the last fault.
 * `Err` and mismatches restart nothing.
 */
export const supervise = <A, R>(
  { entry: { action, instance }, handler, parent, restarts: own }: Supervised,
  body: (policy: Policy | undefined) => Effect.Effect<A, CallError, R>
): Effect.Effect<A, CallError, R> =>
  Effect.withFiber((fiber) => {
    const supervisor = fiber.getRef(SupervisorRef)
    const restarts = supervisor?.restarts ?? own
    if (restarts === undefined) return body(undefined)
    const activity = Activity.of(instance.host)
    const told = { handler, instanceId: instance.instanceId }
    const tell = (at: number, policy: Policy, attempt: number, of: number, reason: string, tookMs: number) =>
      activity.tell({
        ...told,
        _tag: "Restart",
        at,
        policy: nameOf(policy),
        attempt,
        of,
        reason,
        tookMs,
        escalated: attempt > of
      })
    const giveUp = (fault: HandlerFault, attempts: number, policy: Policy, of: number) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const retried = fiber.getRef(RetriedRef) ?? {
          id: nextId(instance),
          turn: Semaphore.makeUnsafe(1),
          committed: false
        }
        const { id } = retried
        const again = Effect.map(
          Effect.provideService(instance.dispatch(action), RetriedRef, retried),
          () => {
            retried.committed = true
            activity.unbury(id)
          }
        )
        const retry = retried.turn.withPermits(1)(
          Effect.suspend(() => (retried.committed ? Effect.void : again))
        )
        activity.bury({ ...told, at, id, action, error: fault.message, attempts, retry })
        tell(at, policy, of + 1, of, fault.message, 0)
        const error: ChildError = {
          child: {
            module: instance.moduleId,
            instanceId: instance.instanceId,
            key: supervisor?.key ?? null
          },
          kind: fault.kind,
          error: fault.message,
          action: encoded(instance, action),
          restarts: attempts - 1
        }
        if (supervisor !== undefined) supervisor.gaveUp(error)
        else if (parent !== undefined) forkFor(instance, parent(error), `parent of ${handler}`)
        return Effect.fail(fault)
      })
    return restarts.run({
      body: (restart) => body(restart?.policy),
      faultOf: (failure) => {
        if (failure._tag !== "HandlerFault") return undefined
        supervisor?.faulted(failure.message)
        return failure
      },
      onRestart: ({ attempt, of, policy }, fault, at, tookMs) => {
        tell(at, policy, attempt, of, fault.message, tookMs)
        supervisor?.restarted(policy, attempt, of, fault.message)
      },
      onExhausted: ({ attempts, error, of, policy }) => giveUp(error, attempts, policy, of)
    })
  })
