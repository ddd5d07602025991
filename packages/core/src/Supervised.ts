/** What a supervisor asks of an instance: hear of its failures, refuse its transitions, let it begin again. */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { CallerRef } from "./Caller.ts"
import type { AnyAction, Origin } from "./Commit.ts"
import { InstanceClosed, InvalidState, ModuleNotProvided, RuntimeDisposed } from "./Errors.ts"
import type { ModuleRuntime } from "./Handle.ts"
import type { HandledInstance } from "./HandlerTypes.ts"
import { carry } from "./HandlerPort.ts"
import type { AnyInstance } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import { codecOf, type Outcome } from "./internal/codec.ts"
import { held } from "./Local.ts"
import type { AnySchema, Module } from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"
import { type Member, type ModuleScope, release, resourcesFor, ScopeRef } from "./ModuleScope.ts"
import type { ErrorInfo } from "./Parts.ts"
import { decode, encodeState } from "./Snapshot.ts"

type AnyRuntime = Pick<ModuleRuntime<Any, Any, Any>, "instanceId">

const restarting: Origin = { kind: "init", name: "restart" }

const instanceOf = (runtime: object): AnyInstance => {
  const instance = Faces.instanceOf(runtime)
  if (instance === undefined) throw new TypeError("Supervised takes the ModuleRuntime of an instance.")
  return instance
}

/** Told of all that the instance reports to `onError`, before it. Returns what ends it. */
export const onReport = (
  runtime: AnyRuntime,
  listener: (cause: Cause.Cause<unknown>, info: Pick<ErrorInfo, "during" | "entry" | "tag" | "txnId">) => void
): (() => void) => {
  const instance = instanceOf(runtime)
  const report = instance.report.bind(instance)
  let ended = false
  // It replaces a hook, so that one that nobody supervises has nothing to ask.
  instance.report = (cause, during, entry, details) => {
    if (!ended) listener(cause, { during, entry, ...details })
    report(cause, during, entry, details)
  }
  return () => {
    ended = true
  }
}

/**
 * Asked of each state that an entry would commit, with derived fields: what it throws rolls the entry back, and is
 * what its caller gets. It must be quick and make no entry. Returns what ends it.
 */
export const guard = <S>(
  runtime: ModuleRuntime<S, Any, Any>,
  rule: (previous: S, next: S, origin: Origin) => void
): (() => void) => {
  const instance = instanceOf(runtime)
  const complete = instance.complete.bind(instance)
  let ended = false
  instance.complete = (origin, previous, draft) => {
    const next: unknown = complete(origin, previous, draft)
    if (!ended && next !== previous) rule(previous as S, next as S, origin)
    return next
  }
  return () => {
    ended = true
  }
}

/** Where an instance is made: in the place of what `initial` gives, that state, of the schema's encoded side. */
export interface ColdOptions<Input> {
  readonly key: string
  readonly input?: Input
  readonly state?: unknown
}

export interface Cold<R> {
  readonly runtime: R
  /** Whether it is yet to be started. */
  readonly fresh: boolean
  /** Starts it, as `Local.acquire` does, for as long as the scope is open. At once: what nobody starts is forgotten. */
  readonly held: Effect.Effect<unknown, never, Scope.Scope>
}

/**
 * The keyed local instance that `Local.acquire` gives here, made and not started where it was not there: to observe
 * and guard it from its first entry on. Dies with what its `initial` throws,
 * with InvalidState where the state does not fit, and with RuntimeDisposed.
 */
export const cold = <Id extends string, S, A, X, Input, R, P, T>(
  module: Module<Id, S, A, X, Input, R, P, T>,
  { key, input, state }: ColdOptions<Input>
): Effect.Effect<Cold<ModuleRuntime<S, A, T> & X>, never, Exclude<R, P>> =>
  Effect.withFiber((fiber) => {
    const scope = fiber.getRef(ScopeRef)
    if (scope === undefined) return Effect.die(new ModuleNotProvided({ moduleId: module.id, provided: [] }))
    if (scope.closed) return Effect.die(new RuntimeDisposed({ label: scope.label }))
    return Effect.sync(() => {
      const name = `${module.id}/${key}`
      const given = state === undefined ? undefined : { module: module.id, state }
      if (given !== undefined) {
        if (scope.path === undefined)
          throw new TypeError(`${name} can be given a state only where the scopes around it have names.`)
        const instances = [{ ...given, scope: scope.path.concat(name) }]
        scope.app.hydration.hydrate({ format: 1, instances }, resuming.name, [])
      }
      const context = Context.add(fiber.context, CallerRef, undefined)
      const local = scope.locals.get(module.impl, { key, input, context })
      const { instance } = local
      if (given !== undefined) decode(instance, given, resuming, instance.liveState)
      // An instance has the runtime of its module.
      const runtime = Faces.of(instance).runtime as ModuleRuntime<S, A, T> & X
      return { runtime, fresh: local.isCold, held: held(local) }
    })
  })

const resuming: Origin = { kind: "hydrate", name: "resume" }

/** Runs it in the instance's scope with its services; its failure reaches `onError`. */
export const fork = (runtime: AnyRuntime, effect: Effect.Effect<unknown, unknown>, name: string): void =>
  forkFor(instanceOf(runtime), effect, name)

/** As `fork`, for the handlers of the instance. */
export const forkFor = (
  given: HandledInstance,
  effect: Effect.Effect<unknown, unknown>,
  name: string
): void => {
  const instance = behind(given)
  instance.fork(effect, instance.services, name, undefined)
}

/** Handlers are given the instance itself, behind a face of it. */
const behind = (instance: HandledInstance): AnyInstance => instance as AnyInstance

/** The state that the instance was made with: its handler's first, where that begins it. */
export const initialOf = (instance: HandledInstance): unknown => behind(instance).initial

/** As `Runtime.evict`, of the scope that it is in. */
export const evict = (runtime: AnyRuntime): Effect.Effect<void> =>
  Effect.suspend(() => {
    const instance = instanceOf(runtime)
    return homeOf(instance)?.scope.evict(instance.instanceId) ?? Effect.void
  })

/** Told when it has closed. */
export const onClose = (runtime: AnyRuntime, listener: () => void): (() => void) =>
  instanceOf(runtime).onClose(listener)

/** Open as long as the instance's logics run: until it is replaced, restarted or closed. */
export const scopeOf = (runtime: AnyRuntime): Scope.Closeable => instanceOf(runtime).scope

export const isClosed = (runtime: AnyRuntime): boolean => instanceOf(runtime).closed

/** With the services of the instance. */
export const servicesOf = (runtime: AnyRuntime): Context.Context<never> => instanceOf(runtime).services

/** Of the schema's encoded side, without what follows from it. Throws InvalidState. */
export const encode = (runtime: AnyRuntime): unknown => {
  const instance = instanceOf(runtime)
  return valueOf(encodeState(instance.impl.def, instance.liveState), instance.instanceId, "encode")
}

/** An action as JSON, its payload of the encoded side. Throws InvalidState. */
export const encodeAction = (runtime: AnyRuntime, action: AnyAction): AnyAction =>
  encodeActionOf(instanceOf(runtime), action)

/** As `encodeAction`, for the handlers of the instance. */
export const encodeActionOf = (given: HandledInstance, { _tag, payload }: AnyAction): AnyAction => {
  const { impl, instanceId } = behind(given)
  const schemas: Readonly<Record<string, AnySchema>> = impl.def.actions
  const schema = schemas[_tag]
  if (schema === undefined || payload === undefined) return { _tag, payload: undefined }
  return { _tag, payload: valueOf(codecOf(schema).encode(payload), instanceId, `action "${_tag}"`) }
}

const valueOf = (outcome: Outcome, instanceId: string, entry: string): unknown => {
  if ("issue" in outcome) throw new InvalidState({ instanceId, entry, issue: outcome.issue })
  return outcome.value
}

/** What the instance begins again with. */
export type Beginning<S> = "preserved" | "initial" | { readonly state: S }

/**
 * Ends its logics, with their finalizers, puts the state in place by an entry of origin `init`, and starts the logics
 * anew, with the module's own layers. The instance stays: its id, its subscribers, those who hold it, and the actions
 * that no flow had taken. Dies with InstanceClosed, or InvalidState where the state is refused: then it is as before.
 */
export const restart = <S>(
  runtime: ModuleRuntime<S, Any, Any>,
  beginning: Beginning<S>
): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    const instance = instanceOf(runtime)
    const found = homeOf(instance)
    if (found === undefined)
      return Effect.die(new InstanceClosed({ instanceId: instance.instanceId, entry: "restart" }))
    const { member, scope } = found
    return scope.app.alone(() => [instance.impl.def.id], again(scope, member, beginning))
  })

const homeOf = (
  instance: AnyInstance
): { readonly scope: ModuleScope; readonly member: Member } | undefined => {
  if (instance.closed) return undefined
  for (const one of Context.get(instance.services, ScopeRef)?.all() ?? [])
    if (one.member.instance === instance) return one
  return undefined
}

const again = (
  scope: ModuleScope,
  member: Member,
  beginning: Beginning<unknown>
): Effect.Effect<void, unknown> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const { instance, resources: previous } = member
      const { impl } = instance
      const resources = resourcesFor(impl)
      const services = yield* Effect.onError(restore(scope.services(impl, resources, scope.context)), () =>
        release(resources)
      )
      if (beginning !== "preserved") {
        const put =
          beginning === "initial"
            ? instance.reset()
            : instance.update(restarting, (state: unknown): unknown => {
                instance.checkState(restarting, beginning.state)
                return instance.withBase(state, beginning.state)
              })
        yield* Effect.onError(restore(put), () => release(resources))
        // What its handlers keep for the state that was given, they keep for what it was completed to.
        if (beginning !== "initial" && beginning.state !== instance.state)
          carry(instance, beginning.state, instance.state)
      }
      if (scope.app.travel.active()) scope.app.travel.live()
      instance.replacing(impl)()
      member.resources = resources
      yield* instance.endLogics
      yield* release(previous)
      if (instance.closed) return yield* release(resources)
      scope.startMember(member, services)
    })
  )
