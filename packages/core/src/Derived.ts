/**
 * A value computed from the states of several modules, read like an instance.
 *
 * It is pulled: whoever reads it compares the states that it was computed from with those of now, and computes
 * it again only if one differs. So it is of one moment always, of the moment it is read, and whatever changed
 * at once is one change. Nothing refers to what nobody reads.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { Origin } from "./Commit.ts"
import type { AnyTag, IdentityOf, InstanceOf } from "./Group.ts"
import type { Derived, DerivedFaces, DerivedRuntime, Equals, Selector, Watch } from "./Handle.ts"
import type { ErrorInfo } from "./Parts.ts"
import * as Faces from "./ModuleRuntime.ts"
import { Subscriptions } from "./Subscription.ts"
import * as Transaction from "./Transaction.ts"

export type { Derived } from "./Handle.ts"

/** A tag, a definition, a module, or another Derived. */
export type Input = AnyTag | { readonly tag: AnyTag } | Derived<unknown, unknown>

/** The states of the inputs, in their order. */
export type StatesOf<Inputs extends ReadonlyArray<Input>> = {
  -readonly [I in keyof Inputs]: Inputs[I] extends Derived<infer T, unknown>
    ? T
    : InstanceOf<Inputs[I]> extends { readonly unsafe: { readonly getState: () => infer S } }
      ? S
      : never
}

type NeedsOf<I> = I extends Derived<unknown, infer R> ? R : IdentityOf<I>

/**
 * `compute` must be pure; it runs when the value is read, or has a listener, and a state differs. Where the
 * new value equals the last (`Object.is`, or `equals`), the last one stays and nobody is told. What it throws,
 * its reader gets; where only listeners wait for it, `onError`.
 */
export const make = <const Inputs extends readonly [Input, ...Array<Input>], T>(
  inputs: Inputs,
  compute: (...states: StatesOf<Inputs>) => T,
  { equals = Object.is }: { readonly equals?: Equals<T> } = {}
): Derived<T, NeedsOf<Inputs[number]>> => {
  const names: ReadonlyArray<Named> = inputs
  const id = `Derived(${names.map((input) => input.id ?? tagOf(input).moduleId).join(", ")})`
  const nodes = new Places<Node<T>>()
  const resolve = (find: (moduleId: string) => object): DerivedFaces<T> => {
    const inputs = names.map((input) => runtimeOf(input, find))
    const sources = inputs.map(sourceOf)
    const place = nodes.at(sources)
    const known = place.held?.deref()
    if (known !== undefined) return known.faces
    // The states are those of the inputs, in their order.
    const made = new Node(id, inputs, sources, compute as Compute<T>, equals)
    place.held = new WeakRef(made)
    return made.faces
  }
  const nearest = Effect.withFiber((fiber) =>
    Effect.succeed(resolve((moduleId) => Faces.nearest(fiber.context, moduleId)).runtime)
  )
  // What it needs is what is found in the context: its type says so.
  return Object.assign(nearest, { id, "~sluice/Derived": resolve })
}

type Compute<T> = (...states: ReadonlyArray<unknown>) => T

interface Named {
  readonly id?: string
  readonly tag?: Named
  readonly moduleId?: string
  readonly "~sluice/Derived"?: (find: (moduleId: string) => object) => DerivedFaces<unknown>
}

const tagOf = (input: Named): Named => input.tag ?? input

/** An instance, or what is computed from some. `live`: while devtools show another moment, the present. */
interface Source {
  readonly instanceId: string
  readonly state: unknown
  readonly liveState: unknown
  readonly closed: boolean
  readonly host: { readonly onError: (cause: Cause.Cause<unknown>, info: ErrorInfo) => void }
  readonly subscriptions: { readonly subscribe: (listener: () => void) => () => void }
  readonly onChange: (notify: () => void) => () => void
  readonly wakeSoon: (wake: () => void) => void
}

const nodeOfRuntime = new WeakMap<object, Source>()

const runtimeOf = (input: Named, find: (moduleId: string) => object): object => {
  const derived = input["~sluice/Derived"]
  return derived === undefined ? find(tagOf(input).moduleId ?? "") : derived(find).runtime
}

const sourceOf = (runtime: object): Source => {
  const source = nodeOfRuntime.get(runtime) ?? Faces.instanceOf(runtime)
  if (source === undefined) throw new Error("A Derived has a foreign input")
  return source
}

/** A place for each list of sources. It goes with the first of them that goes. */
class Places<A extends object> {
  private readonly next = new WeakMap<Source, Places<A>>()
  held: WeakRef<A> | undefined

  at(sources: ReadonlyArray<Source>): Places<A> {
    let place: Places<A> = this
    for (const source of sources) {
      let next = place.next.get(source)
      if (next === undefined) place.next.set(source, (next = new Places()))
      place = next
    }
    return place
  }
}

type AnyRuntime = DerivedRuntime<unknown>["unsafe"]["inputs"][number]

interface Computed<T> {
  readonly from: ReadonlyArray<unknown>
  readonly value: T
}

const computing: Origin = { kind: "state-update", name: "compute" }

/** The value of these sources. */
export class Node<T> implements Source {
  readonly instanceId: string
  readonly faces: DerivedFaces<T>
  /** That of its first source. */
  readonly host: Source["host"]
  readonly wakeSoon: Source["wakeSoon"]
  readonly origin = computing
  readonly window = undefined
  private readonly sources: ReadonlyArray<Source>
  private readonly compute: Compute<T>
  private readonly equals: Equals<T>
  // Written by `state` and `liveState`; the latter is of its own only while devtools show another moment.
  private shown: Computed<T> | undefined
  private live: Computed<T> | undefined
  private readonly listeners: Subscriptions<T>
  /** What the listeners know, where it could be computed. Written by `listen` and `check`. */
  private told: { readonly value: T } | undefined
  /** How many listeners there are. Written by `listen`. */
  private listening = 0
  /** Ends the subscriptions to the sources, while there are listeners. Written by `listen`. */
  private stop: (() => void) | undefined
  // Written by `check`.
  private checking = false
  private again = false

  constructor(
    id: string,
    inputs: ReadonlyArray<object>,
    sources: ReadonlyArray<Source>,
    compute: Compute<T>,
    equals: Equals<T>
  ) {
    const [first] = sources
    if (first === undefined) throw new Error(`${id} has no input`)
    this.instanceId = `Derived(${sources.map(({ instanceId }) => instanceId).join(", ")})`
    this.sources = sources
    this.host = first.host
    this.wakeSoon = (wake) => first.wakeSoon(wake)
    this.compute = compute
    this.equals = equals
    this.listeners = new Subscriptions((error) => this.report(error))
    const handle = {
      id,
      instanceId: this.instanceId,
      getState: Effect.sync(() => this.liveState),
      changes: Faces.changesOf(this, (value) => value),
      changesOf: <B>(selector: Selector<T, B>, equalsOf?: Equals<B>) =>
        Faces.changesOf(this, selector, equalsOf)
    }
    const { subscribe, subscribeTo, watch } = this.subscriptions
    const runtime = {
      ...handle,
      getState: Effect.sync(() => this.state),
      unsafe: {
        getState: () => this.state,
        subscribe,
        subscribeTo,
        watch,
        // They are the runtimes of instances and Deriveds: what is in a context under their tags.
        inputs: inputs as ReadonlyArray<AnyRuntime>,
        compute: (states: ReadonlyArray<unknown>) => this.computed(states, this.shown).value
      }
    }
    nodeOfRuntime.set(runtime, this)
    this.faces = { handle, runtime }
  }

  // --- reading ------------------------------------------------------------------------------------------

  get state(): T {
    const { shown } = this
    const fresh = shown !== undefined && this.sources.every(({ state }, i) => Object.is(state, shown.from[i]))
    return fresh
      ? shown.value
      : (this.shown = this.computed(
          this.sources.map(({ state }) => state),
          shown
        )).value
  }

  get liveState(): T {
    const from = this.sources.map(({ liveState }) => liveState)
    if (this.sources.every(({ state }, i) => Object.is(state, from[i]))) {
      this.live = undefined
      return this.state
    }
    const { live } = this
    if (live !== undefined && live.from.every((state, i) => Object.is(state, from[i]))) return live.value
    return (this.live = this.computed(from, live)).value
  }

  computed(from: ReadonlyArray<unknown>, last: Computed<T> | undefined): Computed<T> {
    return Transaction.withoutEntries(this, () => {
      const value = this.compute(...from)
      return { from, value: last !== undefined && this.equals(last.value, value) ? last.value : value }
    })
  }

  get closed(): boolean {
    return this.sources.some(({ closed }) => closed)
  }

  // --- telling ------------------------------------------------------------------------------------------

  readonly subscriptions = {
    subscribe: (listener: (value: T) => void) => this.listen(() => this.listeners.subscribe(listener)),
    subscribeTo: <B>(selector: Selector<T, B>, listener: (selected: B) => void, equals?: Equals<B>) =>
      this.listen(() => this.listeners.subscribeTo(this.state, selector, listener, equals)),
    watch: <B>(selector: Selector<T, B>, onChange: () => void, equals?: Equals<B>): Watch<T, B> => {
      const watch = this.listeners.watch(this, selector, onChange, equals)
      return { select: (other) => watch.select(other), end: this.listen(() => () => watch.end()) }
    }
  }

  readonly onChange = (notify: () => void): (() => void) =>
    every(this.sources.map((source) => source.onChange(notify)))

  private listen(subscribe: () => () => void): () => void {
    const unsubscribe = subscribe()
    this.stop ??= every(this.sources.map(({ subscriptions }) => subscriptions.subscribe(this.check)))
    this.told ??= this.attempt(() => {})
    this.listening++
    let ended = false
    return () => {
      if (ended) return
      ended = true
      unsubscribe()
      if (--this.listening > 0) return
      this.stop?.()
      this.stop = undefined
      this.told = undefined
    }
  }

  /** Once for each change: what listeners change meanwhile is told after it. */
  private readonly check = (): void => {
    this.again = true
    if (this.checking) return
    this.checking = true
    while (this.again) {
      this.again = false
      const { told } = this
      const next = this.attempt((error) => this.report(error))
      if (next === undefined || (told !== undefined && Object.is(told.value, next.value))) continue
      this.told = next
      this.listeners.tell(told === undefined ? next.value : told.value, next.value)
    }
    this.checking = false
  }

  private attempt(failed: (error: unknown) => void): { readonly value: T } | undefined {
    try {
      return { value: this.state }
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  private report(error: unknown): void {
    const { instanceId } = this
    this.host.onError(Cause.die(error), { instanceId, moduleId: "", during: "listener", entry: "Derived" })
  }
}

const every =
  (stops: ReadonlyArray<() => void>): (() => void) =>
  () => {
    for (const stop of stops) stop()
  }
