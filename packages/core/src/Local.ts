/** Local instances for programs: made of a module, by key or not, for as long as a scope is open. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { CallerRef } from "./Caller.ts"
import { ModuleNotProvided, RuntimeDisposed } from "./Errors.ts"
import type { ModuleRuntime } from "./Handle.ts"
import type { LocalInstance, LocalOptions } from "./Locals.ts"
import type { AnyModuleImpl, Module, ModuleImpl } from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"
import { ScopeRef } from "./ModuleScope.ts"

export type { Local, LocalOptions } from "./Locals.ts"

/** The input may be left out where `initial` asks for none. `Needed` is what the options must have besides. */
export type LocalArguments<Input, Services = never, In = never, Needed = unknown> = unknown extends Needed
  ? [void] extends [Input]
    ? [options?: LocalOptions<Input, Services, In>]
    : [options: LocalOptions<Input, Services, In> & { readonly input: Input }]
  : [options: LocalOptions<Input, Services, In> & Needed]

/**
 * An instance of the module, of the scope that this runs in: started before it is given, closed `gcTime`
 * after the last scope that holds it has closed. With a `key`, those who ask for the same module and key
 * under one runtime share it; its input is that of the first.
 *
 * It runs with the services of the first who asked. One that is evicted meanwhile refuses entries with
 * InstanceClosed. Where the module's own layers fail, this dies with their failure.
 */
export const acquire = <Id extends string, S, A, X, Input, R, P, T, Services = never, In = never>(
  module: Module<Id, S, A, X, Input, R, P, T> | ModuleImpl<Id, S, A, X, Input, R, P, T>,
  ...[options]: LocalArguments<Input, Services, In>
): Effect.Effect<ModuleRuntime<S, A, T> & X, never, Exclude<R, P | Services> | In | Scope.Scope> =>
  Effect.withFiber((fiber) => {
    const impl: AnyModuleImpl = "impl" in module ? module.impl : module
    const scope = fiber.getRef(ScopeRef)
    if (scope === undefined) {
      return Effect.die(new ModuleNotProvided({ moduleId: impl.def.id, provided: [] }))
    }
    if (scope.closed) return Effect.die(new RuntimeDisposed({ label: scope.label }))
    // It lives on after the handler that makes it, and makes its entries for itself.
    const context = Context.add(fiber.context, CallerRef, undefined)
    const local = scope.locals.get(impl, { ...options, context })
    return held(local).pipe(
      // An instance has the runtime of its module.
      Effect.as(Faces.of(local.instance).runtime as ModuleRuntime<S, A, T> & X)
    )
  })

/** Started, for as long as a scope is open. Dies with what its start failed with. */
export const held = (local: LocalInstance): Effect.Effect<unknown, never, Scope.Scope> =>
  mounted(local).pipe(
    Effect.andThen(ready(local)),
    Effect.catchCause((cause) => Effect.die(Cause.squash(cause)))
  )

/** While a scope is open. With a `gcTime` of 0 it has ended when the scope has closed. */
const mounted = (local: LocalInstance): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => local.mount()),
    (release) => {
      const left = Effect.sync(release)
      return local.gcTime > 0 || local.mounts() > 1 ? left : Effect.andThen(left, local.closeIfLeft)
    }
  )

/** Ends when its setups have run, or with what failed. Mount it first. */
const ready = (local: LocalInstance): Effect.Effect<unknown, unknown> =>
  Effect.callback((resume) => {
    if (local.startup !== undefined) return resume(local.startup)
    const awaiting = (local.awaiting ??= new Set())
    awaiting.add(resume)
    return Effect.sync(() => void awaiting.delete(resume))
  })
