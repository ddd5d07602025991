import type { Observable } from "./internal/Observable.ts"
import type { View } from "./internal/view/View.ts"
import type { Action, DerivedRuntime, Dispatchers, ModuleHandle, ModuleRuntime, Trait } from "@sluice/core"

/** What every module's ref has, whatever its definition adds by `extend`. */
export interface BaseModuleRef<S, A, T = Trait.NoTraits> {
  /** The instance itself. */
  readonly runtime: ModuleRuntime<S, A, T>
  /**
   * One function per action, the same ones for the life of the instance. Each commits before it returns,
   * and throws what made it fail: in an event handler, React reports that as any other error of the handler.
   */
  readonly actions: Dispatchers<A, void>
  /**
   * Commits before it returns; the Promise settles when every consumer has a slot for the action, and
   * rejects with what made it fail. An ignored one makes no noise.
   */
  readonly dispatch: (action: Action<A>) => Promise<void>
}

/** A component's view of one instance of a module, with what `extend` adds. One instance, one ref. */
export type ModuleRef<S, A, X = unknown, T = Trait.NoTraits> = BaseModuleRef<S, A, T> & X

/** The ref of a definition or module: `RefOf<typeof Counter>`, for a prop that passes one on. */
export type RefOf<M extends AnyTagged> = M["tag"]["~sluice/ModuleTag"] extends {
  readonly state: infer S
  readonly actions: infer A
  readonly extension: infer X
  readonly traits: infer T
}
  ? ModuleRef<S, A, X, T>
  : never

interface AnyTagged {
  readonly tag: { readonly "~sluice/ModuleTag": object }
}

/** What can be selected from: every ModuleRef, and the DerivedRuntime of a Derived as its `runtime`. */
export interface StateRef<S> {
  readonly runtime: Observable<S>
}

/** A component's view of a Derived. */
export interface DerivedRef<T> {
  readonly runtime: DerivedRuntime<T>
}

/** What has actions to listen to: every ModuleRef. */
export interface ActionRef<S, A> {
  readonly runtime: ModuleHandle<S, A>
}

interface Known {
  readonly ref: object
  /** Those of the instance that the ref was made for. Written by `refOf`. */
  actions: object
}

/** Under what a ref has the view that it was made in, or `undefined` for none. */
export const ofView: unique symbol = Symbol("view")

export const isOfView = (ref: object): ref is { readonly [ofView]: View | undefined } => ofView in ref

const made = new WeakMap<object, WeakMap<object, Known>>()
const noView = {}

const refsIn = (view: View | undefined): WeakMap<object, Known> => {
  const refs = made.get(view ?? noView) ?? new WeakMap<object, Known>()
  made.set(view ?? noView, refs)
  return refs
}

/** The ref of a Derived in one scope, which is the same object each time in one view. */
export const derivedRefOf = (
  runtime: DerivedRuntime<unknown>,
  view: View | undefined
): DerivedRef<unknown> => {
  const refs = refsIn(view)
  const ref = refs.get(runtime)?.ref ?? Object.defineProperty({ runtime }, ofView, { value: view })
  refs.set(runtime, { ref, actions: ref })
  return ref as DerivedRef<unknown>
}

/**
 * The ref of an instance, which is the same object each time in one view; after a hot reload with what its module
 * has now.
 */
export const refOf = <S, A, X, T>(
  instance: ModuleRuntime<S, A, T> & X,
  view: View | undefined
): ModuleRef<S, A, X, T> => {
  const refs = refsIn(view)
  const known = refs.get(instance)
  // Nothing else is ever put in under an instance.
  if (known !== undefined && known.actions === instance.actions) return known.ref as ModuleRef<S, A, X, T>
  const made = makeRef<S, A, X, T>(instance)
  if (known === undefined) {
    refs.set(instance, { ref: made, actions: instance.actions })
    return Object.defineProperty(made, ofView, { value: view })
  }
  for (const name of Object.keys(known.ref)) Reflect.deleteProperty(known.ref, name)
  known.actions = instance.actions
  return Object.defineProperties(known.ref, Object.getOwnPropertyDescriptors(made)) as ModuleRef<S, A, X, T>
}

const makeRef = <S, A, X, T>(runtime: ModuleRuntime<S, A, T> & X): ModuleRef<S, A, X, T> => {
  const { unsafe } = runtime as ModuleRuntime<S, A, T>
  const tags = Object.keys(runtime.actions) as Array<keyof A & string>
  const dispatchers = tags.map((tag) => [
    tag,
    // One dispatcher for each tag of A, which TypeScript cannot follow.
    (payload?: unknown) => unsafe.dispatch({ _tag: tag, payload } as unknown as Action<A>)
  ])
  const base: BaseModuleRef<S, A, T> = {
    runtime,
    actions: Object.fromEntries(dispatchers) as Dispatchers<A, void>,
    dispatch: (action) => unsafe.dispatchPromise(action)
  }
  return Object.defineProperties(base, extensionOf(runtime)) as ModuleRef<S, A, X, T>
}

// A record, so that the compiler asks for what ModuleRuntime has more one day.
const ofEveryInstance: Readonly<Record<keyof ModuleRuntime<unknown, unknown>, true>> = {
  actions: true,
  actionStream: true,
  backlog: true,
  changes: true,
  changesOf: true,
  dispatch: true,
  dispatchBatch: true,
  getState: true,
  id: true,
  instanceId: true,
  refresh: true,
  reset: true,
  transact: true,
  unsafe: true
}

/** What `extend` added to an instance: all that is not every instance's. Getters stay getters. */
const extensionOf = (instance: object): PropertyDescriptorMap =>
  Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(instance)).filter(
      ([name]) => !Object.hasOwn(ofEveryInstance, name)
    )
  )
