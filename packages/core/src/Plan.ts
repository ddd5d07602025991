/** What a module's definition says about each tag, worked out once for all of its instances. */
import type { AnyAction, Origin } from "./Commit.ts"
import { UnknownAction } from "./Errors.ts"
import { Lookup } from "./internal/lookup.ts"
import { isVoid } from "./internal/validate.ts"
import type { HandledInstance, Handler, OutsideHandler } from "./HandlerTypes.ts"
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

/** A handler's is for one instance, so those of an implementation with handlers are new; without, one for all. */
export const plansOf = <S, A>({ def, handlers }: Impl<S, A>): Plans<S> => {
  const found = handlers === undefined ? known.get(def) : undefined
  // What is kept for a definition is of its own states.
  if (found !== undefined) return found as Plans<S>
  const plans = new Lookup<Plan<S>>()
  if (handlers === undefined) known.set(def, plans as Plans<unknown>)
  return plans
}

type Impl<S, A> = Pick<ModuleImpl<string, S, A, unknown, unknown, unknown, unknown>, "def" | "handlers">

/** The plan of a tag that `plans` does not have yet. */
export const makePlan = <S, A>(
  plans: Plans<S>,
  { def, handlers }: Impl<S, A>,
  tag: string,
  instance: HandledInstance
): Plan<S> => {
  if (!Object.hasOwn(def.actions, tag)) {
    throw new UnknownAction({ instanceId: instance.instanceId, tag, known: Object.keys(def.actions) })
  }
  // The type of a reducer ties its payload to its tag; here the tag is any.
  const reducer = (
    def.reducers as Record<string, ((state: S, payload: unknown, action: AnyAction) => S) | undefined>
  )[tag]
  const handler = (handlers as Record<string, Handler<S, unknown, unknown> | undefined> | undefined)?.[tag]
  const compute =
    handler?.where === "inline"
      ? (state: S, payload: unknown, action: AnyAction) => handler.compute(state, payload, action, instance)
      : reducer
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
