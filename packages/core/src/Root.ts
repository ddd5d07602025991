/** The root of the app that a fiber runs in, whatever nearer scopes it is in. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { ModuleNotProvided } from "./Errors.ts"
import type { ModuleRuntime, ModuleTag } from "./Handle.ts"

/** The modules of the app: provided by its Runtime to everything that runs in it. */
export interface RootModules {
  readonly resolve: (moduleId: string) => object | undefined
  readonly ids: () => ReadonlyArray<string>
}

export const RootRef = Context.Reference<RootModules | undefined>("@sluice/core/Root", {
  defaultValue: () => undefined
})

/** The root's instance, where `yield* tag` gives the nearest. */
export const resolve = <Id extends string, S, A, X, T>(
  tag: ModuleTag<Id, S, A, X, T>
): Effect.Effect<ModuleRuntime<S, A, T> & X> =>
  Effect.withFiber((fiber) => {
    const root = fiber.getRef(RootRef)
    const found = root?.resolve(tag.moduleId)
    return found === undefined
      ? Effect.die(new ModuleNotProvided({ moduleId: tag.moduleId, provided: root?.ids() ?? [] }))
      : // A root holds each module's own runtime under its id.
        Effect.succeed(found as ModuleRuntime<S, A, T> & X)
  })
