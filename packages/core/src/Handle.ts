/** What a module looks like to those who use it: types only. */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Drafted } from "./Collection.ts"
import type { Origin } from "./Commit.ts"
import type { Any } from "./internal/any.ts"
import type { IsAny, NoTraits, SourceField } from "./Trait.ts"

/** Payload types by action tag. */
export type Payloads = Readonly<Record<string, unknown>>

/** `{ _tag, payload }`; the payload may be left out where its type is `void`. */
export type ActionOf<Tag extends string, Payload> = [Payload] extends [void]
  ? { readonly _tag: Tag; readonly payload?: undefined }
  : { readonly _tag: Tag; readonly payload: Payload }

/** The union of a module's actions, or of those with the given tags. */
export type Action<A, Tags extends keyof A = keyof A> = {
  readonly [Tag in Tags & string]: ActionOf<Tag, A[Tag]>
}[Tags & string]

/** One function per action. */
export type Dispatchers<A, Result> = {
  readonly [Tag in keyof A]: [A[Tag]] extends [void] ? () => Result : (payload: A[Tag]) => Result
}

export type Selector<S, B> = (state: S) => B
export type Equals<B> = (a: B, b: B) => boolean

/** What a recipe of `mutate` gets. Derived fields are read-only. */
export type DraftOf<S, T> = [keyof T] extends [never]
  ? Drafted<S>
  : IsAny<T> extends true
    ? Any
    : Drafted<Omit<S, keyof T & keyof S>> & { readonly [Field in keyof T & keyof S]: S[Field] }

export type Refresh<S> = <Field extends SourceField<S>>(path: Field) => Effect.Effect<S[Field]>

/** The open transaction, as a function body gets it. It is of no use once the body has returned. */
export interface StateTransaction<S, T = NoTraits> {
  readonly get: () => S
  readonly set: (state: S) => void
  readonly update: (f: (state: S) => S) => void
  readonly mutate: (recipe: (draft: DraftOf<S, T>) => void) => void
  /** Starts after publication, in the instance's scope; does not start if the transaction rolls back. */
  readonly afterCommit: (effect: Effect.Effect<unknown, unknown>) => void
}

/** A body that answers later is refused; here already by its type. */
export type NotPromise<B> = B extends PromiseLike<unknown> ? never : B

/**
 * Opens one transaction. The body is a function of the transaction, or an Effect that writes with
 * `$.state`; it must not suspend. Fails with the body's own error; everything else is a defect.
 */
export interface Transact<S, T = NoTraits> {
  <B, E, R>(origin: string | Origin, body: Effect.Effect<B, E, R>): Effect.Effect<B, E, R>
  <B, E, R>(
    origin: string | Origin,
    body: (tx: StateTransaction<S, T>) => Effect.Effect<B, E, R>
  ): Effect.Effect<B, E, R>
  <B>(origin: string | Origin, body: (tx: StateTransaction<S, T>) => NotPromise<B>): Effect.Effect<B>
}

/** The read-only view that logic gets of a module, with its dispatchers. */
export interface ModuleHandle<S, A> {
  readonly id: string
  readonly instanceId: string
  readonly getState: Effect.Effect<S>
  readonly actions: Dispatchers<A, Effect.Effect<void>>
  /** The current state, then the newest whenever it changed: conflated, so a slow reader skips states. */
  readonly changes: Stream.Stream<S>
  readonly changesOf: <B>(selector: Selector<S, B>, equals?: Equals<B>) => Stream.Stream<B>
  /** Every action from now on, once each, in commit order. While it is full, Effect callers wait. */
  readonly actionStream: {
    (): Stream.Stream<Action<A>>
    <Tag extends keyof A & string>(...tags: ReadonlyArray<Tag>): Stream.Stream<Action<A, Tag>>
  }
}

/** One consumer's gauge. `depth` counts slots taken by deliveries and by callers holding one. */
export interface ConsumerBacklog {
  readonly name: string
  readonly tags: ReadonlyArray<string> | "all"
  readonly capacity: number
  readonly depth: number
  readonly inFlight: number
  readonly waiting: number
  readonly overflow: number
  readonly skipped: Readonly<Record<string, number>>
}

/** `ingress` counts deliveries of synchronous callers that have no slot yet. */
export interface Backlog {
  readonly consumers: ReadonlyArray<ConsumerBacklog>
  readonly ingress: number
}

/** One live instance of a module. */
export interface ModuleRuntime<S, A, T = NoTraits> extends ModuleHandle<S, A> {
  readonly dispatch: (action: Action<A>) => Effect.Effect<void>
  /** All reducers in one transaction, in order; then every action is delivered. */
  readonly dispatchBatch: (actions: ReadonlyArray<Action<A>>) => Effect.Effect<void>
  /**
   * Loads a source's field anew: a transaction that marks it waiting, the IO, a transaction that writes the
   * outcome. Ends with the field's value once no load of it runs any more; a failed load is in that value.
   */
  readonly refresh: Refresh<S>
  /** Back to the state it was made with. */
  readonly reset: () => Effect.Effect<void>
  readonly transact: Transact<S, T>
  readonly backlog: Effect.Effect<Backlog>
  readonly unsafe: UnsafeModuleRuntime<S, A, T>
}

/**
 * For callers that cannot wait. An entry made here commits before it returns and throws what made it
 * fail; made by a subscriber while a commit is being told, it runs right after, and then its error
 * reaches `onError` alone.
 */
export interface UnsafeModuleRuntime<S, A, T = NoTraits> {
  readonly getState: () => S
  readonly getVersion: () => number
  /** The state that a server's page shows: the one that was hydrated, or else the initial one; on the server the current. */
  readonly getServerState: () => S
  /**
   * Settles, and never rejects, once a source's field has something to show, a value or a failure, or the instance
   * has closed. Asks for the load where nothing else does. The same Promise until then. May be called in render.
   */
  readonly whenLoaded: (path: string) => Promise<void>
  readonly dispatch: (action: Action<A>) => void
  readonly dispatchBatch: (actions: ReadonlyArray<Action<A>>) => void
  /** Commits like `dispatch`; the Promise settles when every consumer had a slot for it. */
  readonly dispatchPromise: (action: Action<A>) => Promise<void>
  readonly transact: <B>(origin: string | Origin, body: (tx: StateTransaction<S, T>) => NotPromise<B>) => void
  /** Told once a commit, with the new state. Returns the function that ends it. */
  readonly subscribe: (listener: (state: S) => void) => () => void
  /** Told when the selection changed (`Object.is`, or `equals`). */
  readonly subscribeTo: <B>(
    selector: Selector<S, B>,
    listener: (selected: B) => void,
    equals?: Equals<B>
  ) => () => void
  /**
   * `onChange` is called when the selection changed (`Object.is`, or `equals`), and also when the selector or
   * `equals` throws, or did the last time: whoever selects again then sees the error. The selector is run when the
   * next commit comes, on the state of now.
   */
  readonly watch: <B>(selector: Selector<S, B>, onChange: () => void, equals?: Equals<B>) => Watch<S, B>
  readonly backlog: () => Backlog
}

/** A watched selector, which may be exchanged. */
export interface Watch<S, B> {
  /**
   * Takes its place, and what it selects of the state of now is what later selections are compared with. Calls no
   * `onChange`.
   */
  select(selector: Selector<S, B>): void
  end(): void
}

/** The identity under which a scope provides a module. */
export interface ModuleIdentity<Id extends string> {
  readonly "~sluice/Module": Id
}

/** `yield* tag` gives the ModuleRuntime of the current scope. */
export interface ModuleTag<Id extends string, S, A, X, T = NoTraits> extends Context.Service<
  ModuleIdentity<Id>,
  ModuleRuntime<S, A, T> & X
> {
  readonly moduleId: Id
  /** Carries what `extend` adds; never present at run time. */
  readonly "~sluice/ModuleTag": {
    readonly state: S
    readonly actions: A
    readonly extension: X
    readonly traits: T
  }
}

/** The read-only view that logic gets of a Derived, as a ModuleHandle of a module. */
export interface DerivedHandle<T> extends Pick<
  ModuleHandle<T, unknown>,
  "id" | "instanceId" | "getState" | "changes" | "changesOf"
> {}

type Reading<T> = Pick<UnsafeModuleRuntime<T, Any>, "getState" | "subscribe" | "subscribeTo" | "watch">

/** A Derived in one scope, as a ModuleRuntime of a module. The same object as long as anyone refers to it. */
export interface DerivedRuntime<T> extends DerivedHandle<T> {
  readonly unsafe: Reading<T> & {
    /** What it is computed from, in order. */
    readonly inputs: ReadonlyArray<{ readonly unsafe: Reading<unknown> }>
    /** The value for other states of the inputs, in their order. Throws what the computation throws. */
    readonly compute: (states: ReadonlyArray<unknown>) => T
  }
}

export interface DerivedFaces<T> {
  readonly handle: DerivedHandle<T>
  readonly runtime: DerivedRuntime<T>
}

/** `yield* derived` gives its DerivedRuntime in the current scope. `R` is what finds its inputs there. */
export interface Derived<out T, out R> extends Effect.Effect<DerivedRuntime<T>, never, R> {
  readonly id: string
  /** `find` gives the ModuleRuntime of a module's id. */
  readonly "~sluice/Derived": (find: (moduleId: string) => object) => DerivedFaces<T>
}
