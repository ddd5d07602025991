/**
 * What a commit would have done to another state: for views that show some commits before others, as React does
 * while a transition is pending.
 */
import type { AnyAction, Origin } from "./Commit.ts"
import { Derivation, type Layout, noHooks, withoutDerived } from "./Derivation.ts"
import type { ModuleRuntime } from "./Handle.ts"
import type { AnyHandler } from "./HandlerTypes.ts"
import type { AnyInstance } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import { fieldsOf } from "./internal/fields.ts"
import { rebase } from "./internal/rebase.ts"
import * as Faces from "./ModuleRuntime.ts"
import { makePlan, plansOf } from "./Plan.ts"
import type { Change } from "./Publication.ts"
import { refusePromise, withoutEntries } from "./Transaction.ts"

export type { Change } from "./Publication.ts"

const instanceOf = (runtime: object): AnyInstance => {
  const instance = Faces.instanceOf(runtime)
  if (instance === undefined) throw new TypeError("Replay takes the ModuleRuntime of an instance.")
  return instance
}

/**
 * Gives the listener each commit of the instance, of any origin, in the step that makes it and before its
 * subscribers are told; and actions that changed nothing, as one whose `next` is its `previous`. It must be quick and make no entry. Returns the function that ends it.
 */
export const observe = <S>(
  runtime: ModuleRuntime<S, Any, Any>,
  listener: (change: Change<S>) => void
): (() => void) => instanceOf(runtime).observe(listener)

/** Whether it stands for itself: it says what the state is, and not what becomes of one. */
export const isAbsolute = ({ origin: { kind } }: Change<unknown>): boolean =>
  kind === "devtools" || kind === "hydrate" || kind === "init"

/**
 * The state that the change makes of another one: `next` where that is `previous`. Otherwise the reducers of its
 * actions run again; what no reducer made, or a reducer refuses to do here, is done by field and by row: what
 * differs between `previous` and `next` becomes as it is in `next`. Derived fields follow. A change that is
 * devtools', a hydration's or a replacement's gives `next`, whatever the state.
 */
export const onto = <S>(runtime: object, change: Change<S>, state: S): S => {
  if (state === change.previous || isAbsolute(change)) return change.next
  const instance = instanceOf(runtime)
  return closed(instance, change.origin, () => {
    const draft = reduced(instance, change, state)
    const next = whole(instance, change, state, draft)
    carry(instance, draft, next)
    return next
  })
}

const whole = <S>(instance: AnyInstance, change: Change<S>, state: S, draft: S): S => {
  const { traits } = instance.impl.def
  if (traits === undefined) return draft
  try {
    return derived(instance, traits, state, draft) as S
  } catch {
    // A circle of computed fields, which only this state closes.
    return rebase(state, change.previous, change.next) as S
  }
}

/** To handlers that keep something beside the state: what is asked of `to` later starts from what `from` had. */
const carry = <S>(instance: AnyInstance, from: S, to: S): void => {
  const { handlers } = instance.impl
  if (handlers === undefined || from === to) return
  for (const handler of new Set<AnyHandler | undefined>(Object.values(handlers)))
    handler?.carry?.(from, to, instance)
}

/**
 * The state that the entry's reducers make of any state, computed fields included; they run also where the state is
 * the one that the entry was made at. Handlers compute again that do so within the window; of the others the recorded
 * outcome is asked, by `replay` of the handler. `undefined` where no reducer made it: it carries no action, or a handler
 * computes outside the window and knows no outcome. Throws what a reducer throws, and InvalidState where commits are
 * validated.
 *
 * Do not infer that the entry would have been made there: what its caller or a handler read is not asked.
 */
export const rerun = <S>(
  runtime: object,
  entry: Pick<Change<S>, "actions" | "origin">,
  state: S
): { readonly state: S } | undefined => {
  const instance = instanceOf(runtime)
  const { actions, origin } = entry
  if (actions.length === 0) return undefined
  return closed(instance, origin, () => {
    const draft = reduceAll(instance, entry, state)
    if (draft === undefined) return undefined
    const next = completed(instance, state, draft.state)
    const { def, handlers, validate } = instance.impl
    if (validate === "commit" || handlers !== undefined) instance.checkState(origin, next, def)
    carry(instance, draft.state, next)
    return { state: next }
  })
}

/** The draft with its computed fields, where an entry leads from `state` to it. Throws TraitCycle. */
export const complete = <S>(runtime: object, state: S, draft: S): S => {
  const instance = instanceOf(runtime)
  return closed(instance, instance.origin, () => completed(instance, state, draft))
}

const completed = <S>(instance: AnyInstance, state: S, draft: S): S => {
  const { traits } = instance.impl.def
  return traits === undefined || state === draft ? draft : (derived(instance, traits, state, draft) as S)
}

/** An entry that it makes is refused, as in a transaction. */
const closed = <A>({ instanceId }: AnyInstance, origin: Origin, compute: () => A): A =>
  withoutEntries({ instanceId, origin, window: undefined }, compute)

const reduced = <S>(instance: AnyInstance, change: Change<S>, state: S): S => {
  if (change.actions.length > 0) {
    try {
      const draft = reduceAll(instance, change, state)
      if (draft !== undefined) return draft.state
    } catch {
      // It ran on a state that never was the instance's. What it did to the one that was is known.
    }
  }
  const next = rebase(state, change.previous, change.next) as S
  carry(instance, state, next)
  return next
}

/** Throws what a reducer throws. `undefined` where a handler computes elsewhere, and knows no outcome. */
const reduceAll = <S>(
  instance: AnyInstance,
  { actions, origin }: Pick<Change<S>, "actions" | "origin">,
  state: S
): { readonly state: S } | undefined => {
  let next = state
  for (const action of actions) {
    const { outside, step } = planOf(instance, action)
    const before = next
    if (outside === undefined) {
      next = step(before, action) as S
      refusePromise(instance.instanceId, origin, next)
    } else {
      const known = outside.replay?.(action, before, instance) as S | undefined
      if (known === undefined) return undefined
      next = known
    }
    carry(instance, before, next)
  }
  return { state: next }
}

const planOf = (instance: AnyInstance, { _tag }: AnyAction) => {
  const plans = plansOf(instance.impl)
  return plans[_tag] ?? makePlan(plans, instance.impl, _tag, instance)
}

interface Kept {
  readonly layout: Layout
  readonly derivation: Derivation
}

const derivations = new WeakMap<AnyInstance, Kept>()

/** Apart from the instance's own, whose memory is of its own states. */
const derivationOf = (instance: AnyInstance, layout: Layout, state: unknown): Derivation => {
  const known = derivations.get(instance)
  if (known?.layout === layout) return known.derivation
  const derivation = new Derivation(layout, instance.instanceId, noHooks)
  derivation.init(fieldsOf(withoutDerived(layout, state)))
  derivations.set(instance, { layout, derivation })
  return derivation
}

const derived = (instance: AnyInstance, layout: Layout, state: unknown, draft: unknown): unknown => {
  const derivation = derivationOf(instance, layout, instance.state)
  const [before, after] = [fieldsOf(state), fieldsOf(draft)]
  const sources = Object.keys(layout.traits).filter(
    (name) => layout.traits[name]?.kind === "source" && !Object.is(before[name], after[name])
  )
  let next = derivation.converge(before, { ...after, ...pick(before, sources) })
  // Of a source, its own entries alone write.
  for (const name of sources) next = derivation.converge(next, derivation.put(next, name, after[name]))
  return next
}

const pick = (fields: Readonly<Record<string, unknown>>, names: ReadonlyArray<string>) =>
  Object.fromEntries(names.map((name) => [name, fields[name]]))
