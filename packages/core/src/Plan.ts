/** What a module's definition says about each tag, worked out once for all of its instances. */
import type { AnyAction, Origin } from "./Commit.ts"
import { UnknownAction } from "./Errors.ts"
import { Lookup } from "./internal/lookup.ts"
import { isVoid } from "./internal/validate.ts"
import type { Handler, OutsideHandler } from "./Handler.ts"
import type { AnySchema, ModuleImpl } from "./Module.ts"

/** All that an instance knows of a tag. */
export interface Plan<S> {
  readonly origin: Origin
  readonly step: (state: S, action: AnyAction) => S
  /** The action itself if it carries nothing, whatever its caller hands over (`onClick={actions.x}`: an event). */
  readonly bare: readonly [AnyAction] | undefined
  /** Computes the next state in the place of `step`. */
  readonly outside: OutsideHandler<S, unknown, unknown> | undefined
}

/** By tag. Filled by `makePlan`. */
export type Plans<S> = Record<string, Plan<S> | undefined>

const known = new WeakMap<object, Plans<unknown>>()

/** Handlers are an implementation's; without any, the definition says all. */
export const plansOf = <S, A>({ def, handlers }: Impl<S, A>): Plans<S> => {
  const found = known.get(handlers ?? def)
  // What is kept for a definition is of its own states.
  if (found !== undefined) return found as Plans<S>
  const plans = new Lookup<Plan<S>>()
  known.set(handlers ?? def, plans as Plans<unknown>)
  return plans
}

type Impl<S, A> = Pick<ModuleImpl<string, S, A, unknown, unknown, unknown, unknown>, "def" | "handlers">

/** The plan of a tag that `plans` does not have yet; the instance is for the error of an unknown one. */
export const makePlan = <S, A>(
  plans: Plans<S>,
  { def, handlers }: Impl<S, A>,
  tag: string,
  instanceId: string
): Plan<S> => {
  if (!Object.hasOwn(def.actions, tag)) {
    throw new UnknownAction({ instanceId, tag, known: Object.keys(def.actions) })
  }
  // The type of a reducer ties its payload to its tag; here the tag is any.
  const reducer = (
    def.reducers as Record<string, ((state: S, payload: unknown, action: AnyAction) => S) | undefined>
  )[tag]
  const handler = (handlers as Record<string, Handler<S, unknown, unknown> | undefined> | undefined)?.[tag]
  const compute = handler?.where === "inline" ? handler.compute : reducer
  const origin: Origin = { kind: "action", name: tag }
  const made: Plan<S> = {
    origin,
    bare: isVoid((def.actions as Readonly<Record<string, AnySchema>>)[tag]) ? [{ _tag: tag }] : undefined,
    step:
      compute === undefined ? (state) => state : (state, action) => compute(state, action.payload, action),
    outside: handler?.where === "outside" ? handler : undefined
  }
  plans[tag] = made
  return made
}
