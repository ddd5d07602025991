/** Which memory a state has: that which its handler's code had when it gave the state. */
import type { HandledInstance } from "@sluice/core/Handler"
import type { Image } from "../Image.ts"
import type { CallRecord } from "../Recordable.ts"

export interface Kept {
  readonly image: Image
  /** The call that gave the state; undefined where none did, or nobody knows. */
  readonly record: CallRecord | undefined
}

type Of = WeakMap<object, Kept>

/** Only objects have an identity by which they can be known again. */
const keyOf = (state: unknown): object | undefined =>
  typeof state === "object" && state !== null ? state : undefined

/** What is kept for states by one code under one name. */
interface Store {
  readonly handler: string
  readonly module: string
  readonly given: Of
  readonly carried: WeakMap<HandledInstance, Of>
  /** Of any instance: for those who ask about a state alone. */
  readonly lastCarried: Of
}

/** By name and hash: a handler that is evaluated again, as by a hot reload, has what it had. */
const stores = new Map<string, Store>()

const storeOf = (handler: string, module: string): Store => {
  const key = JSON.stringify([handler, module])
  const known = stores.get(key)
  if (known !== undefined) return known
  const made: Store = {
    handler,
    module,
    given: new WeakMap(),
    carried: new WeakMap(),
    lastCarried: new WeakMap()
  }
  stores.set(key, made)
  return made
}

/** What handlers remember at a state. */
export interface Remembered {
  readonly handler: string
  readonly image: Image
}

/** Of an instance: of whichever handlers have anything for its state. */
export const rememberedBy = (instance: HandledInstance, state: object): ReadonlyArray<Remembered> =>
  [...stores.values()].flatMap(({ carried, given, handler }) => {
    const image = (carried.get(instance)?.get(state) ?? given.get(state))?.image
    return image === undefined || image.parts.length === 0 ? [] : [{ handler, image }]
  })

/** For a state that came from elsewhere. Of other code than the handler has here, it is of no use. */
export const recall = (state: object, { handler, image }: Remembered): void =>
  void storeOf(handler, image.module).given.set(state, { image, record: undefined })

/**
 * Of states that a call gave there is one each, so what is kept of them holds for all instances. Of states that took
 * another's place it holds for the instance alone: instances share what they were made with, and are reset to it.
 */
export class Memories {
  /** That of a state that nothing is known of: the code has not run yet. */
  private readonly fresh: Kept
  private readonly given: Of
  private readonly carried: Store["carried"]
  private readonly lastCarried: Of

  constructor(handler: string, fresh: Image) {
    this.fresh = { image: fresh, record: undefined }
    const { carried, given, lastCarried } = storeOf(handler, fresh.module)
    this.given = given
    this.carried = carried
    this.lastCarried = lastCarried
  }

  /** What a call from the state begins with; from then on it is known. */
  seen(state: unknown, instance: HandledInstance | undefined): Kept {
    const known = this.of(state, instance)
    if (known === undefined && instance !== undefined) this.keep(state, this.fresh, instance)
    return known ?? this.fresh
  }

  /** Without an instance: what any of them keeps for it, which for a state that several were made with is one of them. */
  of(state: unknown, instance?: HandledInstance): Kept | undefined {
    const key = keyOf(state)
    if (key === undefined) return undefined
    const own = instance === undefined ? this.lastCarried : this.carried.get(instance)
    return own?.get(key) ?? this.given.get(key)
  }

  /** A call gave the state, or recovery has found both. False if the state has no identity. */
  remember(state: unknown, kept: Kept): boolean {
    const key = keyOf(state)
    if (key !== undefined) this.given.set(key, kept)
    return key !== undefined
  }

  carry(from: unknown, to: unknown, instance: HandledInstance): void {
    if (this.of(to, instance) === undefined) this.keep(to, this.seen(from, instance), instance)
  }

  private keep(state: unknown, kept: Kept, instance: HandledInstance): void {
    const key = keyOf(state)
    if (key === undefined) return
    this.carriedBy(instance).set(key, kept)
    this.lastCarried.set(key, kept)
  }

  private carriedBy(instance: HandledInstance): Of {
    const known = this.carried.get(instance)
    if (known !== undefined) return known
    const made: Of = new WeakMap()
    this.carried.set(instance, made)
    return made
  }
}
