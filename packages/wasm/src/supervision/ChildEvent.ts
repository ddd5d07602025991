/** What is told of children, kept for each of them, and taken along when one moves. */
import * as Schema from "effect/Schema"
import { ChildError } from "../Escalation.ts"

const Told = {
  /** The child's key. */
  key: Schema.String,
  /** Counted for each child from 1, in every runtime that it was in. */
  seq: Schema.Finite,
  /** Milliseconds since 1970. */
  at: Schema.Finite
}

/** JSON: payloads are of their schema's encoded side. */
export const ChildEvent = Schema.Union([
  Schema.TaggedStruct("Spawned", { ...Told, module: Schema.String, instanceId: Schema.String }),
  /** It goes on in this runtime with the state that it had in another. */
  Schema.TaggedStruct("Resumed", { ...Told, module: Schema.String, instanceId: Schema.String }),
  Schema.TaggedStruct("Committed", {
    ...Told,
    version: Schema.Finite,
    origin: Schema.Struct({ kind: Schema.String, name: Schema.String }),
    actions: Schema.Array(Schema.Struct({ _tag: Schema.String, payload: Schema.optional(Schema.Unknown) }))
  }),
  /** A rule of its parent's refused what an entry would have committed. */
  Schema.TaggedStruct("Refused", { ...Told, entry: Schema.String, reason: Schema.String }),
  /** A handler's code faulted, an entry failed, or something that its logics run. */
  Schema.TaggedStruct("Faulted", { ...Told, error: Schema.String }),
  Schema.TaggedStruct("Restarted", {
    ...Told,
    policy: Schema.String,
    /** Of those that are let happen within the window; 0 of one that was asked for. */
    attempt: Schema.Finite,
    of: Schema.Finite,
    reason: Schema.String
  }),
  /** There were no more restarts. */
  Schema.TaggedStruct("Escalated", { ...Told, error: ChildError }),
  Schema.TaggedStruct("Stopped", Told)
])
export type ChildEvent = typeof ChildEvent.Type

export type Tellable<Event = ChildEvent> = Event extends ChildEvent ? Omit<Event, keyof typeof Told> : never

/** A child as JSON: its state, and what is known of how it came to be. */
export const Exported = Schema.Struct({
  format: Schema.Literal(1),
  module: Schema.String,
  key: Schema.String,
  /** Commits of the instance that it was. */
  version: Schema.Finite,
  /** Of the schema's encoded side, without derived fields. */
  state: Schema.Unknown,
  /** By handler: what its code remembers, as a record of recovery in base64. */
  memories: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** Events that are no longer kept come before these. */
  events: Schema.Array(ChildEvent)
})
export type Exported = typeof Exported.Type

/** The last events of one child. `states` are those that its commits made, in memory alone. */
export class EventLog<S> {
  private readonly key: string
  private readonly capacity: number
  private readonly told: (event: ChildEvent) => void
  /** Written by `add` and `resume`. */
  private seq = 0
  private events: Array<ChildEvent> = []
  private states = new Map<number, S>()

  constructor(key: string, capacity: number, told: (event: ChildEvent) => void) {
    this.key = key
    this.capacity = capacity
    this.told = told
  }

  /** Goes on after what another runtime has told. */
  resume(events: ReadonlyArray<ChildEvent>): void {
    this.events = events.slice(-this.capacity)
    this.seq = events.at(-1)?.seq ?? 0
  }

  add(event: Tellable, at: number): void {
    const told: ChildEvent = { ...event, key: this.key, seq: ++this.seq, at }
    this.events.push(told)
    // Cut now and then, not one at a time.
    if (this.events.length >= 2 * this.capacity) this.cut()
    this.told(told)
  }

  private cut(): void {
    this.events = this.events.slice(-this.capacity)
    const versions = this.events.flatMap((event) => (event._tag === "Committed" ? [event.version] : []))
    const oldest = Math.min(...versions)
    for (const version of this.states.keys()) if (version < oldest) this.states.delete(version)
  }

  keep(version: number, state: S): void {
    this.states.set(version, state)
  }

  /** That of the commit, where it is still kept. */
  stateAt(version: number): { readonly state: S } | undefined {
    const state = this.states.get(version)
    return state === undefined ? undefined : { state }
  }

  kept(): ReadonlyArray<ChildEvent> {
    return this.events.slice(-this.capacity)
  }
}
