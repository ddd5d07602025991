/** The children of an instance: spawned by its logic, supervised, and stopped with it. */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Module, ModuleRuntime } from "@sluice/core"
import * as Supervised from "@sluice/core/Supervised"
import { ChildRefused } from "../Errors.ts"
import { nameOf, type Policy } from "../Restarts.ts"
import { type Child, type SpawnOptions, type Status, supervise, type Supervising } from "./Child.ts"
import type { ChildEvent } from "./ChildEvent.ts"

/** As `list` tells of a child. */
export interface ChildInfo {
  readonly key: string
  readonly module: string
  readonly instanceId: string
  readonly status: Status
  readonly policy: string
}

export interface Children extends Members {
  readonly parentId: string
}

interface Members {
  /**
   * An instance of the module that this one supervises, under a key: the local instance that `Local.acquire` gives
   * for that key here. Asked again for a key that is there, it gives that child, whatever the options. It outlives
   * the logic that spawned it, and ends with the parent's instance.
   */
  readonly spawn: <Id extends string, S, A, X, Input, R, P, T, R2 = never>(
    module: Module.Module<Id, S, A, X, Input, R, P, T>,
    options: SpawnOptions<S, Input, R2>
  ) => Effect.Effect<Child<S, A, X, T>, ChildRefused, Exclude<R, P> | R2>
  /** In the order in which they were spawned. */
  readonly list: Effect.Effect<ReadonlyArray<ChildInfo>>
  /** Ends with its finalizers having run. Whoever else holds the instance is told, as of any that is evicted. */
  readonly stop: (key: string) => Effect.Effect<void, ChildRefused>
  /** Now, and uncounted. Default: by its own policy. */
  readonly restart: (key: string, policy?: Policy) => Effect.Effect<void, ChildRefused>
  readonly getState: (key: string) => Effect.Effect<unknown, ChildRefused>
  /** Of all children, from now on. A reader that is 1,000 behind misses the oldest. */
  readonly events: Stream.Stream<ChildEvent>
}

declare module "@sluice/core/Children" {
  interface Children extends Members {}
}

/** A child whose types nobody asks for. */
interface AnyChild extends Pick<
  Supervising<unknown, unknown, unknown, unknown>,
  "key" | "module" | "policy" | "status" | "stop" | "restart"
> {
  readonly runtime: Pick<ModuleRuntime<unknown, unknown>, "instanceId" | "getState">
}

class Family {
  readonly parent: AnyParent
  readonly children = new Map<string, AnyChild>()
  /** By key: ends when what spawns it at the moment has ended. Written by `alone`. */
  private readonly starting = new Map<string, Deferred.Deferred<void>>()
  readonly listeners = new Set<(event: ChildEvent) => void>()

  constructor(parent: AnyParent) {
    this.parent = parent
    this.endWith(parent)
  }

  /** The scope of the parent's logics ends with a restart or a replacement too, and another takes its place. */
  private endWith(parent: AnyParent): void {
    const ended = Effect.suspend(() => {
      if (Supervised.isClosed(parent)) return this.stopAll
      this.endWith(parent)
      return Effect.void
    })
    Effect.runSync(Scope.addFinalizer(Supervised.scopeOf(parent), ended))
  }

  private get stopAll(): Effect.Effect<void> {
    return Effect.suspend(() =>
      Effect.forEach([...this.children.values()].toReversed(), ({ stop }) => stop, { discard: true })
    )
  }

  /** One spawn of a key at a time. */
  alone<B, E, R>(key: string, spawn: Effect.Effect<B, E, R>): Effect.Effect<B, E, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const other = this.starting.get(key)
        if (other !== undefined)
          return Effect.andThen(restore(Deferred.await(other)), restore(this.alone(key, spawn)))
        const done = Deferred.makeUnsafe<void>()
        this.starting.set(key, done)
        const end = Effect.sync(() => {
          this.starting.delete(key)
          Deferred.doneUnsafe(done, Effect.void)
        })
        return Effect.ensuring(restore(spawn), end)
      })
    )
  }

  told(event: ChildEvent): void {
    for (const listener of this.listeners) listener(event)
  }

  find(key: string): Effect.Effect<AnyChild, ChildRefused> {
    return Effect.suspend(() => {
      const child = this.children.get(key)
      return child === undefined ? Effect.fail(this.refuse(key, "there is none")) : Effect.succeed(child)
    })
  }

  refuse(key: string, reason: string): ChildRefused {
    return new ChildRefused({ parent: this.parent.instanceId, key, reason })
  }
}

type AnyParent = Pick<ModuleRuntime<never, never>, "instanceId">

const made = new WeakMap<object, Children>()

/** Those of an instance, by its ModuleRuntime. `$.children` gives them where `Supervision.layer` is provided. */
export const of = (parent: AnyParent): Children => {
  const known = made.get(parent) ?? make(parent)
  made.set(parent, known)
  return known
}

const make = (parent: AnyParent): Children => {
  const family = new Family(parent)
  const { children } = family

  const spawn: Children["spawn"] = <Id extends string, S, A, X, Input, R, P, T, R2>(
    module: Module.Module<Id, S, A, X, Input, R, P, T>,
    { onChildError, ...options }: SpawnOptions<S, Input, R2>
  ) => {
    const { key } = options
    const start = Effect.gen(function* () {
      const known = children.get(key)
      if (known !== undefined) {
        if (known.module !== module.id)
          return yield* family.refuse(key, `it is one of ${known.module}, and ${module.id} was asked for`)
        // Of this module, and so of its types.
        return known as unknown as Child<S, A, X, T>
      }
      const refuseClosed = family.refuse(key, `${parent.instanceId} has closed`)
      if (Supervised.isClosed(parent)) return yield* refuseClosed
      const context = yield* Effect.context<R2>()
      const child = yield* supervise(module, options, {
        parentId: parent.instanceId,
        clock: yield* Clock.Clock,
        told: (event) => family.told(event),
        ended: () => void children.delete(key),
        fork: (effect, name) => Supervised.fork(parent, effect, name),
        escalate: (error) => Effect.provideContext(onChildError?.(error) ?? Effect.void, context)
      })
      // Until here nobody could have stopped it.
      if (Supervised.isClosed(parent)) {
        yield* child.stop
        return yield* refuseClosed
      }
      children.set(key, child)
      return child
    })
    return family.alone(key, start)
  }

  return {
    parentId: parent.instanceId,
    spawn,
    list: Effect.suspend(() =>
      Effect.forEach([...children.values()], ({ key, module, runtime, status, policy }) =>
        Effect.map(status, (now): ChildInfo => ({
          key,
          module,
          instanceId: runtime.instanceId,
          status: now,
          policy: nameOf(policy)
        }))
      )
    ),
    stop: (key) => Effect.flatMap(family.find(key), ({ stop }) => stop),
    restart: (key, policy) => Effect.flatMap(family.find(key), ({ restart }) => restart(policy)),
    getState: (key) => Effect.flatMap(family.find(key), ({ runtime }) => runtime.getState),
    events: Stream.callback<ChildEvent>(
      (queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const listener = (event: ChildEvent) => void Queue.offerUnsafe(queue, event)
            family.listeners.add(listener)
            return listener
          }),
          (listener) => Effect.sync(() => family.listeners.delete(listener))
        ),
      { bufferSize: 1000, strategy: "sliding" }
    )
  }
}
