/** Derived fields as a module declares them: values with no behaviour. */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { AsyncResult } from "effect/reactivity/AsyncResult"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { TraitWriters } from "./Errors.ts"
import type { Any } from "./internal/any.ts"

/** Makes one field of the state, whose value is a `V`. */
export interface Trait<out V> {
  /** Carries types only; never present at run time. */
  readonly "~sluice/Trait"?: { readonly value: V }
}

/** A field that follows from others. */
export interface Computed<out V> extends Trait<V> {
  readonly kind: "computed"
}

/** A field that is always what stands at a path of the state. */
export interface Link<out V> extends Trait<V> {
  readonly kind: "link"
}

/** A field that an Effect loads. */
export interface Source<out A, out E = never, out R = never> extends Trait<AsyncResult<A, E>> {
  readonly kind: "source"
  /** Carries the services that it needs; never present at run time. */
  readonly "~sluice/Source"?: { readonly needs: R }
}

/** `Key` is `K` without `undefined` and `null`, which mean that there is nothing to load. */
export interface SourceOptions<S, K, A, E, R, R2> {
  /**
   * What to load, from the state. Reads are tracked, and keys compared by `Equal.equals`, so that one made
   * anew of the same parts is the same. A changed key interrupts the load that runs and starts another;
   * `undefined` or `null` loads nothing.
   */
  readonly key: (state: S) => K
  readonly load: (key: NonNullable<K>) => Effect.Effect<A, E, R>
  /** What `refresh` does while a load runs: `latest` (the default) interrupts it, `exhaust` joins it. */
  readonly concurrency?: "latest" | "exhaust"
  /** How long an answer needs no automatic reload: its key may go and come back within that time. */
  readonly staleTime?: Duration.Input
  /** When to try again after a failure; the field waits meanwhile. */
  readonly retry?: Schedule.Schedule<unknown, NoInfer<E>, never, R2>
}

/** What `traits` gets. Each makes a trait; its name in the record is the field that it makes. */
export interface TraitBuilder<S> {
  /**
   * The value that a pure, synchronous function gives of the state. It runs again only if a field that it
   * read, or a row of a Collection where it read only rows, has changed. A value that `equals` the one
   * before (default `Object.is`) changes nothing.
   */
  readonly computed: <V>(
    compute: (state: S) => V,
    options?: { readonly equals?: (a: NoInfer<V>, b: NoInfer<V>) => boolean }
  ) => Computed<V>
  /** Follows that part of the state, one way. */
  readonly link: <V>(path: (state: S) => V) => Link<V>
  /** Holds the AsyncResult of what `load` gives for the key. */
  readonly source: <K, A, E = never, R = never, R2 = never>(
    options: SourceOptions<S, K, A, E, R, R2>
  ) => Source<A, E, Exclude<R | R2, Scope.Scope>>
  /** Both sets of traits. Throws TraitWriters if a field is in both, which its types do not admit either. */
  readonly merge: <T1 extends object, T2 extends object>(
    first: T1,
    second: T2 & { readonly [Field in keyof T1 & keyof T2]: never }
  ) => T1 & T2
}

/** What a record of traits may hold: for each of its fields what gives the field's own type. */
export type TraitsOf<S> = { readonly [Field in keyof S & string]?: Trait<S[Field]> }

/** Refuses the names that are no fields of the state. */
export type OnlyFields<S, T> = {
  readonly [Field in keyof T]: Field extends keyof S ? unknown : `${Field & string} is no field of the state`
}

export type NeedsOfTraits<T> = T[keyof T] extends infer Each
  ? Each extends Source<infer _A, infer _E, infer R>
    ? R
    : never
  : never

/** Of a module without traits. */
export interface NoTraits {}

/** A state without the fields that the traits `T` make: what `initial` gives. */
export type BaseState<S, T> = [keyof T] extends [never]
  ? S
  : IsAny<T> extends true
    ? Any
    : Omit<S, keyof T & keyof S>

/** Of traits that are not known, nothing can be left out. */
export type IsAny<T> = 0 extends 1 & T ? true : false

/** The fields that hold an AsyncResult. */
export type SourceField<S> = {
  [Field in keyof S]: S[Field] extends AsyncResult<Any, Any> ? Field : never
}[keyof S] &
  string

// ---------------------------------------------------------------------------------------------------------
// As the runtime has them, of any types

export type AnyTrait =
  | {
      readonly kind: "computed" | "link"
      readonly read: (state: unknown) => unknown
      readonly equals: (a: unknown, b: unknown) => boolean
    }
  | AnySource

export interface AnySource {
  readonly kind: "source"
  /** The key. */
  readonly read: (state: unknown) => unknown
  readonly options: SourceOptions<unknown, unknown, unknown, unknown, unknown, unknown>
}

type Read = (state: unknown) => unknown

/** The builder of any state: what it makes shows its kind and its types, and the rest is the runtime's. */
const builderFor = (moduleId: string) => ({
  computed: (read: Read, options?: { readonly equals?: (a: unknown, b: unknown) => boolean }): AnyTrait => ({
    kind: "computed",
    read,
    equals: options?.equals ?? Object.is
  }),
  link: (read: Read): AnyTrait => ({ kind: "link", read, equals: Object.is }),
  source: (options: AnySource["options"]): AnyTrait => ({ kind: "source", read: options.key, options }),
  merge: (first: object, second: object): object => {
    for (const field of Object.keys(first)) {
      if (Object.hasOwn(second, field)) throw new TraitWriters({ moduleId, field })
    }
    return { ...first, ...second }
  }
})

/** The record that a module's `traits` gives. */
export const declare = <S>(
  moduleId: string,
  traits: (t: TraitBuilder<S>) => object
): Readonly<Record<string, AnyTrait>> => {
  // The types are those of the declaration alone: all that runs is of any state.
  const builder = builderFor(moduleId) as unknown as TraitBuilder<S>
  return traits(builder) as Readonly<Record<string, AnyTrait>>
}
