/** What a module's definition says about each tag, worked out once for all of its instances. */
import type { AnyAction, Origin } from "./Commit.ts"
import { UnknownAction } from "./Errors.ts"
import { Lookup } from "./internal/lookup.ts"
import { isVoid } from "./internal/validate.ts"
import type { AnySchema, ModuleDef } from "./Module.ts"

/** All that an instance knows of a tag. */
export interface Plan<S> {
  readonly origin: Origin
  readonly step: (state: S, action: AnyAction) => S
  /** The action itself if it carries nothing, whatever its caller hands over (`onClick={actions.x}`: an event). */
  readonly bare: readonly [AnyAction] | undefined
}

/** By tag. Filled by `makePlan`. */
export type Plans<S> = Record<string, Plan<S> | undefined>

const plansOfDef = new WeakMap<object, Plans<unknown>>()

export const plansOf = <S, A>(def: ModuleDef<string, S, A>): Plans<S> => {
  const known = plansOfDef.get(def)
  // What is kept for a definition is of its own states.
  if (known !== undefined) return known as Plans<S>
  const plans = new Lookup<Plan<S>>()
  plansOfDef.set(def, plans as Plans<unknown>)
  return plans
}

/** The plan of a tag that `plans` does not have yet; the instance is for the error of an unknown one. */
export const makePlan = <S, A>(
  plans: Plans<S>,
  def: ModuleDef<string, S, A>,
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
  const origin: Origin = { kind: "action", name: tag }
  const made: Plan<S> = {
    origin,
    bare: isVoid((def.actions as Readonly<Record<string, AnySchema>>)[tag]) ? [{ _tag: tag }] : undefined,
    step: reducer === undefined ? (state) => state : (state, action) => reducer(state, action.payload, action)
  }
  plans[tag] = made
  return made
}
