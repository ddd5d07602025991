/**
 * Declarations. A module is defined (`make`), given programs (`logic`), and implemented (`implement`);
 * each step is a value and starts nothing.
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Layout } from "./Derivation.ts"
import type { Children } from "./Children.ts"
import type * as Port from "./HandlerTypes.ts"
import { counting } from "./internal/counting.ts"
import type { Any } from "./internal/any.ts"
import type { CheckedSchema } from "./internal/validate.ts"
import type {
  Action,
  ActionOf,
  Derived,
  DerivedHandle,
  Dispatchers,
  DraftOf,
  Equals,
  ModuleHandle,
  ModuleIdentity,
  ModuleRuntime,
  ModuleTag,
  Refresh,
  Selector,
  Transact
} from "./Handle.ts"
import type { BaseState, NeedsOfTraits, NoTraits, OnlyFields, TraitBuilder, TraitsOf } from "./Trait.ts"
import { layoutOf } from "./Derivation.ts"

/** A context holds a module's runtime under a key that starts with this and goes on with its id. */
export const moduleKeyPrefix = "@sluice/module/"

// ---------------------------------------------------------------------------------------------------------
// Schemas

export type { EncodedSide } from "./internal/codec.ts"

/** An Effect Schema that needs no services, or a synchronous Standard Schema v1 value. */
export type AnySchema = CheckedSchema

export type TypeOf<S> = S extends { readonly Type: infer T }
  ? T
  : S extends StandardSchemaV1<infer _In, infer Out>
    ? Out
    : never

export type PayloadsOf<Actions> = { readonly [Tag in keyof Actions]: TypeOf<Actions[Tag]> }

export type Reducers<S, A> = {
  readonly [Tag in keyof A]?: (state: S, payload: A[Tag], action: ActionOf<Tag & string, A[Tag]>) => S
}

/** By tag. `R` is what those that compute outside the window need. */
export type Handlers<S, A, R> = {
  readonly [Tag in keyof A]?: Port.Handler<S, A[Tag], R>
}

// ---------------------------------------------------------------------------------------------------------
// Definition

/**
 * A module's name, state, actions and reducers. `tag` is its identity in a scope, `logic` makes a program
 * for it, `implement` makes it runnable.
 */
export interface ModuleDef<Id extends string, S, A, X = unknown, T = NoTraits> {
  readonly "~sluice/ModuleDef": "ModuleDef"
  readonly id: Id
  readonly tag: ModuleTag<Id, S, A, X, T>
  readonly schema: AnySchema
  readonly actions: Readonly<Record<keyof A & string, AnySchema>>
  readonly reducers: Reducers<S, A>
  /** What makes the fields that `T` names. */
  readonly traits: Layout | undefined
  readonly extend?: (handle: ModuleHandle<S, A>) => X
  /** The file that it was made in, where `make` was told. */
  readonly source?: string
  readonly logic: <E, R2>(
    name: string,
    setup: ($: LogicContext<S, A, T>) => Effect.Effect<unknown, E, R2>
  ) => Logic<S, A, Exclude<R2, Scope.Scope>>
  readonly implement: <
    Input = void,
    const Logics extends ReadonlyArray<Logic<S, A, never> | Logic<S, A, Any>> = ReadonlyArray<never>,
    const Imports extends ReadonlyArray<AnyModule | AnyLayer> = ReadonlyArray<never>,
    const OwnHandlers extends Handlers<S, A, Any> = never
  >(options: {
    /** Without the derived fields. */
    readonly initial: BaseState<S, T> | ((input: Input) => BaseState<S, T>)
    readonly logics?: Logics
    /** Each computes its action's transition, in the place of a reducer. */
    readonly handlers?: OwnHandlers
    readonly imports?: Imports
    readonly channel?: ChannelOptions
    readonly validate?: "commit"
  }) => Module<
    Id,
    S,
    A,
    X,
    Input,
    Needs<Id, Logics, Imports, NeedsOfTraits<T> | NeedsOfHandler<OwnHandlers[keyof OwnHandlers]>>,
    Provides<Id, Imports>,
    T
  >
}

export interface ChannelOptions {
  /** Slots of each consumer's FIFO, and of the actions kept while setups run. Default 256. */
  readonly capacity?: number
}

export interface AnyModuleDef extends ModuleDef<Any, Any, Any, Any, Any> {
  readonly id: string
}

/** One named program of a module. Its setup runs when an instance starts. */
export interface Logic<in out S, in out A, out R> {
  readonly name: string
  readonly setup: ($: LogicContext<S, A, Any>) => Effect.Effect<unknown, unknown, R | Scope.Scope>
}

// ---------------------------------------------------------------------------------------------------------
// Implementation

/** What `impl` carries: all that is needed to make an instance. `R` is what its logics still need. */
export interface ModuleImpl<Id extends string, S, A, X, Input, R, P, T = NoTraits> {
  readonly "~sluice/ModuleImpl": { readonly needs: R; readonly provides: P }
  readonly def: ModuleDef<Id, S, A, X, T>
  readonly initial: (input: Input) => BaseState<S, T>
  readonly logics: ReadonlyArray<Logic<S, A, unknown>>
  readonly handlers: Handlers<S, A, unknown> | undefined
  readonly imports: ReadonlyArray<AnyModuleImpl>
  readonly layers: ReadonlyArray<AnyLayer>
  readonly channel: Required<ChannelOptions>
  readonly validate: "commit" | undefined
}

/** A definition together with a way to run it. */
export interface Module<
  Id extends string,
  S,
  A,
  X = unknown,
  Input = void,
  R = never,
  P = ModuleIdentity<Id>,
  T = NoTraits
> {
  readonly "~sluice/Module": "Module"
  readonly id: Id
  readonly def: ModuleDef<Id, S, A, X, T>
  readonly tag: ModuleTag<Id, S, A, X, T>
  readonly impl: ModuleImpl<Id, S, A, X, Input, R, P, T>
  /** The same module with one more program. */
  readonly withLogic: <R2>(
    logic: Logic<S, A, R2>
  ) => Module<Id, S, A, X, Input, R | Exclude<R2, P | OwnOf<P>>, P, T>
  /** The same module with services for its logics. */
  readonly withLayer: <Out, E, In>(
    layer: Layer.Layer<Out, E, In>
  ) => Module<Id, S, A, X, Input, Exclude<R, Out> | Exclude<In, P | OwnOf<P>>, P | Own<Out>, T>
}

export interface AnyModule extends Module<Any, Any, Any, Any, Any, Any, Any, Any> {}
export interface AnyModuleImpl extends ModuleImpl<Any, Any, Any, Any, Any, Any, Any, Any> {
  readonly def: AnyModuleDef
}
// What it gives is contravariant: a layer that gives nothing is one, too.
export interface AnyLayer extends Layer.Layer<never, unknown, unknown> {}

type NeedsOfLogic<L> = L extends Logic<infer _S, infer _A, infer R> ? R : never
type NeedsOfHandler<H> = H extends Port.OutsideHandler<infer _S, infer _P, infer R> ? R : never
type NeedsOfImport<I> = I extends {
  readonly impl: { readonly "~sluice/ModuleImpl": { readonly needs: infer R } }
}
  ? R
  : I extends Layer.Layer<infer _Out, infer _E, infer In>
    ? In
    : never
type ProvidesOfImport<I> = I extends {
  readonly impl: { readonly "~sluice/ModuleImpl": { readonly provides: infer P } }
}
  ? Shared<P>
  : never

/** Among what a module provides: services that its own layers give to its logics, and to nobody else. */
export interface Own<out Services> {
  readonly "~sluice/Own": Services
}
type OwnOf<P> = P extends Own<infer Services> ? Services : never
type Shared<P> = P extends Own<unknown> ? never : P
type OwnOfImports<Imports extends ReadonlyArray<unknown>> = [LayerServices<Imports[number]>] extends [never]
  ? never
  : Own<LayerServices<Imports[number]>>
type LayerServices<I> = I extends { readonly "~sluice/Module": "Module" }
  ? never
  : I extends Layer.Layer<infer Out, infer _E, infer _In>
    ? Out
    : never
type ServicesOfImport<I> = ProvidesOfImport<I> | LayerServices<I>

export type Needs<
  Id extends string,
  Logics extends ReadonlyArray<unknown>,
  Imports extends ReadonlyArray<unknown>,
  NeedsOfOthers = never
> = Requirements<Id, Logics, Imports, NeedsOfOthers>["needs"]

export type Provides<Id extends string, Imports extends ReadonlyArray<unknown>> = Requirements<
  Id,
  ReadonlyArray<never>,
  Imports,
  never
>["provides"]

// Fields, and not unions with a name: the compiler would print the name, with all logics and imports.
interface Requirements<
  Id extends string,
  Logics extends ReadonlyArray<unknown>,
  Imports extends ReadonlyArray<unknown>,
  NeedsOfOthers
> {
  readonly needs:
    | Exclude<
        NeedsOfLogic<Logics[number]> | NeedsOfOthers,
        ModuleIdentity<Id> | ServicesOfImport<Imports[number]>
      >
    | NeedsOfImport<Imports[number]>
  readonly provides: ModuleIdentity<Id> | ProvidesOfImport<Imports[number]> | OwnOfImports<Imports>
}

/** What is left to provide when these modules make up one app. */
export type NeedsOfApp<M> = Exclude<
  M extends { readonly "~sluice/ModuleImpl": { readonly needs: infer R } }
    ? R
    : M extends { readonly impl: { readonly "~sluice/ModuleImpl": { readonly needs: infer R } } }
      ? R
      : never,
  ProvidesOfApp<M>
>

export type ProvidesOfApp<M> = M extends { readonly "~sluice/ModuleImpl": { readonly provides: infer P } }
  ? Shared<P>
  : ProvidesOfImport<M>

// ---------------------------------------------------------------------------------------------------------
// The `$` of a logic

/** What a logic's setup gets. */
export interface LogicContext<S, A, T = NoTraits> {
  readonly state: {
    /** The open draft inside a transaction's body, the committed state elsewhere. */
    readonly get: Effect.Effect<S>
    readonly update: (f: (state: S) => S) => Effect.Effect<void>
    /** Derived fields are read-only. */
    readonly mutate: (recipe: (draft: DraftOf<S, T>) => void) => Effect.Effect<void>
  }
  readonly actions: Dispatchers<A, Effect.Effect<void>>
  /** Actions by tag, tags or predicate, or all. Nothing is subscribed before `run…`. */
  readonly onAction: {
    (): Flow<S, Action<A>["payload"], Action<A>>
    <B extends Action<A>>(predicate: (action: Action<A>) => action is B): Flow<S, B["payload"], B>
    (predicate: (action: Action<A>) => boolean): Flow<S, Action<A>["payload"], Action<A>>
    // Last, because the compiler explains a call that fits none by the last: a mistyped tag lists the tags.
    <Tag extends keyof A & string>(tag: Tag | ReadonlyArray<Tag>): Flow<S, A[Tag], Action<A, Tag>>
  }
  /** The selection now, then whenever it changed: conflated. Does not fire for devtools. */
  readonly onState: <B>(selector: Selector<S, B>, equals?: Equals<B>) => Flow<S, B, B, never, FlowOptions>
  /** Any stream, pulled by the flow. */
  readonly on: <B, E, R>(stream: Stream.Stream<B, E, R>) => Flow<S, B, B, R, FlowOptions>
  /** The nearest instance in scope, or a service. Never makes an instance. */
  readonly use: {
    <Id extends string, S2, A2, X2, T2>(
      module: ModuleTag<Id, S2, A2, X2, T2>
    ): Effect.Effect<ModuleHandle<S2, A2> & X2, never, ModuleIdentity<Id>>
    <Id extends string, S2, A2, X2, T2>(
      module:
        | ModuleDef<Id, S2, A2, X2, T2>
        // Input, needs and provides are of no weight here.
        | Module<Id, S2, A2, X2, Any, Any, Any, T2>
    ): Effect.Effect<ModuleHandle<S2, A2> & X2, never, ModuleIdentity<Id>>
    <T2, R>(derived: Derived<T2, R>): Effect.Effect<DerivedHandle<T2>, never, R>
    <I, Service>(service: Context.Key<I, Service>): Effect.Effect<Service, never, I>
  }
  readonly transact: Transact<S, T>
  /** Loads a source's field anew, and ends with its value when it has settled. */
  readonly refresh: Refresh<S>
  /** Inside a body: after publication. Outside: now, in the instance's scope. */
  readonly afterCommit: <R>(effect: Effect.Effect<unknown, unknown, R>) => Effect.Effect<void, never, R>
  /** Given by `@sluice/wasm/Supervision`: its import says what can be done with them, and its layer does it. */
  readonly children: Children
  /** For services that call back: an entry of origin `service-callback`. */
  readonly callback: {
    <Tag extends keyof A & string>(
      tag: Tag
    ): [A[Tag]] extends [void] ? () => Promise<void> : (payload: A[Tag]) => Promise<void>
    <Args extends ReadonlyArray<unknown>>(
      name: string,
      write: (state: S, ...args: Args) => S
    ): (...args: Args) => Promise<void>
  }
}

export interface FlowOptions {
  /** Shown in the backlog and the trace. Default: the logic's name and the tags. */
  readonly name?: string
}

/** Of a flow that has a FIFO: that of `onAction`. */
export interface RunOptions extends FlowOptions {
  /** Slots of its FIFO. Default: the module's. */
  readonly capacity?: number
}

export type Handler<P, Act, R> = (payload: P, action: Act) => Effect.Effect<unknown, unknown, R>

/**
 * What to do with each value. The `run…` methods subscribe and return; they do not block the next line.
 * The steps before them apply in the order in which they are written. What a step passes over has reached the
 * flow: it is counted as `skipped`, by the step's name, and traced at level `full`.
 */
export interface Flow<S, P, Act, R = never, Options = RunOptions> {
  readonly filter: (predicate: (payload: P, action: Act) => boolean) => Flow<S, P, Act, R, Options>
  readonly map: <P2>(f: (payload: P, action: Act) => P2) => Flow<S, P2, Act, R, Options>
  /**
   * A value passes when none has come for so long after it; the ones before it are skipped. Time counts from
   * when the flow takes the value, and under `run` it takes none while its handler runs. Where a stream ends,
   * the last value passes at once.
   */
  readonly debounce: (duration: Duration.Input) => Flow<S, P, Act, R, Options>
  /**
   * At most one value in so long: the first passes at once, and of those that come meanwhile the newest when the
   * time is over. The others are skipped.
   */
  readonly throttle: (duration: Duration.Input) => Flow<S, P, Act, R, Options>
  /** One after another, in commit order. */
  readonly run: <R2>(handler: Handler<P, Act, R2>, options?: Options) => Effect.Effect<void, never, R | R2>
  /** A newer value interrupts the handler of the one before. */
  readonly runLatest: <R2>(
    handler: Handler<P, Act, R2>,
    options?: Options
  ) => Effect.Effect<void, never, R | R2>
  /** Values that come while the handler runs are counted as skipped by `exhaust`. */
  readonly runExhaust: <R2>(
    handler: Handler<P, Act, R2>,
    options?: Options
  ) => Effect.Effect<void, never, R | R2>
  readonly runParallel: <R2>(
    options: Options & { readonly concurrency: number },
    handler: Handler<P, Act, R2>
  ) => Effect.Effect<void, never, R | R2>
  /** A transaction, then the IO, then a transaction with its outcome. */
  readonly runTask: <B, E, R2>(
    task: Options & Task<S, P, Act, B, E, R2>
  ) => Effect.Effect<void, never, R | R2>
}

/**
 * IO between two transactions. The writes are pure; each is a transaction of its own, of origin `state-update`
 * with the flow's name and its own (`"search: typed, pending"`) and `details: { task: "pending" }`. What the
 * effect does, and the outcome, is caused by the pending transaction where there is one.
 *
 * An outcome is stale, and not written but counted as skipped by `stale`, if a newer run has written its own,
 * or the instance was reset after the run began. Of runs that may overlap, only those of the same key count.
 * An interrupted run has no outcome.
 */
export interface Task<S, P, Act, B, E, R> {
  /** Before the effect. If it throws, the effect does not run. */
  readonly pending?: (state: S, payload: P, action: Act) => S
  readonly effect: (payload: P, action: Act) => Effect.Effect<B, E, R>
  // After `effect`, because the compiler infers from left to right.
  readonly success?: (state: S, value: B, payload: P, action: Act) => S
  /** Of a typed failure or a defect. A defect reaches `onError` as well; without this, so does a failure. */
  readonly failure?: (state: S, cause: Cause.Cause<E>, payload: P, action: Act) => S
  /** As the `run…` methods. Default `run`. */
  readonly strategy?: "run" | "latest" | "exhaust" | Overlapping<P, Act>
}

/** As `runParallel`. Runs with equal keys (as in a Map) write to the same place: their outcomes are kept in order. */
export interface Overlapping<P, Act> {
  readonly concurrency: number
  readonly key: (payload: P, action: Act) => unknown
}

// ---------------------------------------------------------------------------------------------------------
// Making them

/** The names that every instance and ref has already. */
type NotTaken = { readonly [Name in keyof ModuleRuntime<unknown, unknown> | "runtime"]?: never }

/** Reducers, `extend` and the rest take their types from the schemas; nothing needs an annotation. */
export const make = <
  const Id extends string,
  StateSchema extends AnySchema,
  const Actions extends Readonly<Record<string, AnySchema>>,
  X = unknown,
  const T extends TraitsOf<TypeOf<StateSchema>> = NoTraits
>(
  id: Id,
  options: {
    readonly state: StateSchema
    readonly actions: Actions
    readonly reducers?: {
      // Not by Reducers of PayloadsOf, which costs the compiler more. Conditional, because before it has inferred the
      // type parameters it works out only types of that kind, and without the state `status: "busy"` is a string.
      readonly [Tag in keyof Actions]?: StateSchema extends AnySchema
        ? (
            state: TypeOf<StateSchema>,
            payload: TypeOf<Actions[Tag]>,
            action: ActionOf<Tag & string, TypeOf<Actions[Tag]>>
          ) => TypeOf<StateSchema>
        : never
    }
    /** Fields that follow from others. A trait's name is the field that it makes. */
    readonly traits?: (t: TraitBuilder<TypeOf<StateSchema>>) => T & OnlyFields<TypeOf<StateSchema>, T>
    /** A controller: what it returns is added to every handle and ref. */
    readonly extend?: (handle: ModuleHandle<TypeOf<StateSchema>, PayloadsOf<Actions>>) => X & NotTaken
    /** `import.meta.url`: the file that it is made in, for devtools that write a test which imports it. */
    readonly source?: string
  }
): ModuleDef<
  Id,
  TypeOf<StateSchema>,
  // Spelled out, so that an editor shows the payloads and not their Schemas.
  { readonly [Tag in keyof Actions]: TypeOf<Actions[Tag]> },
  X,
  T
> => {
  type S = TypeOf<StateSchema>
  type A = PayloadsOf<Actions>
  const service = Context.Service<ModuleIdentity<Id>, ModuleRuntime<S, A, T> & X>(`${moduleKeyPrefix}${id}`)
  const def: ModuleDef<Id, S, A, X, T> = {
    "~sluice/ModuleDef": "ModuleDef",
    id,
    // The phantom property of ModuleTag carries types only.
    tag: Object.assign(service, { moduleId: id }) as unknown as ModuleTag<Id, S, A, X, T>,
    schema: options.state,
    ...options,
    reducers: options.reducers ?? {},
    traits: options.traits && layoutOf(id, options.state, options.traits),
    logic: (name, setup) => ({ name, setup }) as Logic<S, A, never>,
    implement: ({ initial, logics = [], handlers, imports = [], channel, validate }) =>
      fromImpl({
        def,
        // A state is no function.
        initial:
          typeof initial === "function" ? (initial as (input: unknown) => BaseState<S, T>) : () => initial,
        logics,
        handlers,
        imports: imports.flatMap((item) => ("impl" in item ? [item.impl] : [])),
        layers: imports.flatMap((item) => ("impl" in item ? [] : [item])),
        channel: { capacity: counting("channel.capacity", channel?.capacity ?? 256) },
        validate
      })
  }
  return def
}

/** An implementation without its types, which are computed where it is declared. */
type Blueprint<Id extends string, S, A, X, T> = Omit<
  ModuleImpl<Id, S, A, X, Any, Any, Any, T>,
  "~sluice/ModuleImpl"
>

const fromImpl = <Id extends string, S, A, X, Input, R, P, T>(
  blueprint: Blueprint<Id, S, A, X, T>
): Module<Id, S, A, X, Input, R, P, T> => ({
  "~sluice/Module": "Module",
  id: blueprint.def.id,
  def: blueprint.def,
  tag: blueprint.def.tag,
  impl: blueprint as ModuleImpl<Id, S, A, X, Input, R, P, T>,
  withLogic: (logic) => fromImpl({ ...blueprint, logics: [...blueprint.logics, logic] }),
  withLayer: (layer) => fromImpl({ ...blueprint, layers: [...blueprint.layers, layer] })
})
