/** States on their way into instances: those that are there, and those that are yet to be made. */
import * as Cause from "effect/Cause"
import type { Origin } from "./Commit.ts"
import { derive, type Result, type Whole, withoutDerived } from "./Derivation.ts"
import type { AnyInstance, Instance } from "./Instance.ts"
import { fieldsOf } from "./internal/fields.ts"
import { InstanceGroup } from "./InstanceGroup.ts"
import {
  type Address,
  type Addressed,
  addressKey,
  combine,
  decode,
  hasNews,
  type InstanceSnapshot,
  read
} from "./Snapshot.ts"
import * as Transaction from "./Transaction.ts"

/** What is to be put into an instance. */
interface Given {
  readonly entry: InstanceSnapshot
  readonly origin: Origin
}

interface Move {
  readonly instance: AnyInstance
  /** Throws InvalidState. */
  readonly after: (current: unknown) => Moved
}

interface Moved {
  readonly state: unknown
  /** The state that was given, with what was loaded for it; of instances with sources. */
  readonly page: Whole | undefined
}

/** Throws InvalidState if the entry does not fit now. Its turn may come after others, which it must not undo. */
const moving = (instance: AnyInstance, entry: InstanceSnapshot, origin: Origin): Move => {
  const decoded = (current: unknown): Moved => {
    // Answers alone are those for the page that was sent before, wherever the app has gone since.
    const from = "state" in entry ? current : serverState<unknown, unknown>(instance)
    const state = decode(instance, entry, origin, from)
    const page = instance.hasSources ? pageOf(instance, entry, state) : undefined
    return { state: "state" in entry ? state : current, page }
  }
  const now: unknown = instance.liveState
  const moved = decoded(now)
  return { instance, after: (current) => (current === now ? moved : decoded(current)) }
}

/** Throws TraitFailed or TraitCycle. */
const pageOf = ({ impl }: AnyInstance, entry: InstanceSnapshot, decoded: unknown): Whole => {
  const { traits } = impl.def
  const names = Object.keys("state" in entry ? (entry.sources ?? {}) : (traits?.traits ?? {}))
  // Where a source's field is asked for, it holds a Result: the schema says so.
  const fields = fieldsOf(decoded) as Readonly<Record<string, Result>>
  const given = new Map(names.flatMap((name) => (name in fields ? [[name, fields[name]!]] : [])))
  const { loaded, state } = derive(traits, withoutDerived(traits, decoded), given)
  return { state, loaded: new Map([...loaded].filter(([field]) => field in (entry.sources ?? {}))) }
}

/** Of a snapshot of what a server has rendered, not one of a store. */
const fromServer: Origin = { kind: "hydrate", name: "snapshot" }

const rendered = new WeakMap<AnyInstance, unknown>()

/** The state that the server's page shows: on the server itself its own; then the hydrated one, or else the initial one. */
export const serverState = <S, A>(instance: Instance<S, A>): S => {
  if (instance.host.server) return instance.state
  // What is kept for an instance is of its own type.
  return rendered.has(instance) ? (rendered.get(instance) as S) : instance.initial
}

/** What it reports to where there is no instance. */
interface HydrationHost {
  readonly report: (error: unknown, during: "hydrate", entry: string) => void
}

export class Hydration {
  private readonly app: HydrationHost
  /** By address, for instances that have not started. Written by the methods of this class. */
  private readonly kept = new Map<string, Given>()
  private readonly begun = new WeakMap<AnyInstance, Given>()

  constructor(app: HydrationHost) {
    this.app = app
  }

  /**
   * Puts every state of the snapshot into its instance, in one moment, and keeps those of instances that are not
   * there. Throws InvalidSnapshot or InvalidState, and then has changed nothing.
   */
  hydrate(snapshot: unknown, name: string | undefined, instances: Iterable<Addressed>): void {
    const origin: Origin = name === undefined ? fromServer : { kind: "hydrate", name }
    const entries = read(snapshot).instances.filter(hasNews)
    const there = new Map(Array.from(instances, ({ address, instance }) => [addressKey(address), instance]))
    const moves: Array<Move> = []
    const others: Array<InstanceSnapshot> = []
    for (const entry of entries) {
      const instance = there.get(addressKey(entry))
      if (instance === undefined) others.push(entry)
      else moves.push(moving(instance, entry, origin))
    }
    enter(moves, origin)
    for (const entry of others) {
      const key = addressKey(entry)
      const kept = this.kept.get(key)
      this.kept.set(key, { entry: kept === undefined ? entry : combine(kept.entry, entry), origin })
    }
  }

  /** For instances that are yet to be made. What cannot be read is reported. */
  keep(snapshot: unknown): void {
    try {
      this.hydrate(snapshot, undefined, [])
    } catch (error) {
      this.app.report(error, "hydrate", "Runtime.make")
    }
  }

  /** For instances that are cold, and that nobody has seen: all begin with what is kept for them, or none. */
  begin(instances: ReadonlyArray<Addressed>): void {
    if (this.kept.size === 0) return
    const moves: Array<{
      readonly instance: AnyInstance
      readonly given: Given
      readonly page: Whole
    }> = []
    for (const { address, instance } of instances) {
      const given = this.kept.get(addressKey(address))
      if (given === undefined) continue
      try {
        const decoded = decode(instance, given.entry, given.origin, instance.state)
        moves.push({ instance, given, page: pageOf(instance, given.entry, decoded) })
      } catch (error) {
        for (const { address } of instances) this.kept.delete(addressKey(address))
        return refused(error, instance, given.origin)
      }
    }
    for (const { given, instance, page } of moves) {
      const { loaded, state } = page
      this.begun.set(instance, given)
      instance.state = state
      instance.receive(loaded)
      if (given.origin === fromServer) rendered.set(instance, state)
    }
  }

  /** What is kept for it is of no more use. What came after it was made, it gets as an entry. */
  started(instance: AnyInstance, address: Address): void {
    if (this.kept.size === 0) return
    const key = addressKey(address)
    const given = this.kept.get(key)
    this.kept.delete(key)
    if (given === undefined || given === this.begun.get(instance)) return
    try {
      enter([moving(instance, given.entry, given.origin)], given.origin)
    } catch (error) {
      refused(error, instance, given.origin)
    }
  }
}

const refused = (error: unknown, instance: AnyInstance, origin: Origin): void =>
  instance.report(Cause.die(error), "hydrate", Transaction.describe(origin))

const enter = (moves: ReadonlyArray<Move>, origin: Origin): void => {
  if (moves.length === 0) return
  const instances = moves.map(({ instance }) => instance)
  const group = new InstanceGroup(instances, origin, undefined)
  group.transactSync((...transactions) => {
    moves.forEach(({ after, instance }, i) =>
      transactions[i]?.update((current: unknown): unknown => {
        const { page, state } = after(current)
        const next: unknown = instance.withBase(current, state)
        Transaction.whenClosed(() => {
          if (origin === fromServer)
            rendered.set(instance, page === undefined ? instance.liveState : page.state)
          if (page !== undefined) instance.receive(page.loaded)
        })
        return page === undefined ? next : instance.offer(current, next, page.loaded)
      })
    )
  })
}
