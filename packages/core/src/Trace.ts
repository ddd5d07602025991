/**
 * What is recorded of every entry: a ring of fixed capacity that overwrites its oldest events and counts
 * what it lost. Recording never allocates more than the event's own details and never fails an entry.
 */
import type { AnySpan } from "effect/Tracer"
import type { AnyAction, Origin } from "./Commit.ts"
import { counting } from "./internal/counting.ts"
import { fieldsOf } from "./internal/fields.ts"

/**
 * - `off`: nothing.
 * - `light`: one event an entry; one clock read a task.
 * - `full`: also payloads, changed fields, deliveries, handlers, durations and waits for slots.
 * - `{ sample: n }`: every n-th entry as `full`, the others are counted in `sampledOut`.
 */
export type TraceLevel = "off" | "light" | "full" | { readonly sample: number }

interface EventBase {
  /** Place among all recorded events, from 1. */
  readonly seq: number
  readonly txnId: string
  readonly instanceId: string
  /** The transaction whose handler made this one. */
  readonly cause: string | undefined
  /** Epoch milliseconds. */
  readonly at: number
}

/** Of consumers, by name; from and until are monotonic milliseconds. */
export interface Waited {
  readonly consumers: ReadonlyArray<string>
  readonly from: number
  readonly until: number
}

/** How an entry ended. `unchanged`: the same state reference, so no commit; its actions were delivered. */
export interface EntryEvent extends EventBase {
  readonly kind: "entry"
  /** The same for all of one group. */
  readonly groupId?: string
  readonly origin: Origin
  readonly tags: ReadonlyArray<string>
  readonly outcome: "commit" | "unchanged" | "rollback"
  readonly error?: unknown
  /** From here on: level `full` only. */
  readonly durationMs?: number
  readonly payloads?: ReadonlyArray<unknown>
  /** Top-level fields of the state whose value changed. */
  readonly changed?: ReadonlyArray<string>
  /** The consumer whose handler made it. */
  readonly handler?: string
  /** Of one that had to wait for slots, before its transaction. */
  readonly waited?: Waited
}

/** An action of this transaction took its place in a consumer's FIFO. */
export interface DeliveryEvent extends EventBase {
  readonly kind: "delivery"
  readonly tag: string
  readonly consumer: string
}

/** A handler ended for an action of this transaction. */
export interface HandlerEvent extends EventBase {
  readonly kind: "handler"
  readonly tag: string
  readonly consumer: string
  readonly outcome: "success" | "failure" | "interrupt"
  readonly durationMs: number
}

/** A flow passed over an action that had reached it. */
export interface SkippedEvent extends EventBase {
  readonly kind: "skipped"
  readonly tag: string
  readonly consumer: string
  readonly reason: string
}

/** An instance ended; `undelivered` actions were still in its FIFOs. */
export interface ClosedEvent extends EventBase {
  readonly kind: "closed"
  readonly undelivered: number
}

export type TraceEvent = EntryEvent | DeliveryEvent | HandlerEvent | SkippedEvent | ClosedEvent

/** `recorded - dropped` events are in the ring; `sampledOut` entries were not recorded. */
export interface TraceCounts {
  readonly recorded: number
  readonly dropped: number
  readonly sampledOut: number
}

export interface TraceSnapshot extends TraceCounts {
  readonly events: ReadonlyArray<TraceEvent>
}

/** Told of new events in batches, at most once a task. What it was too slow for is counted as dropped. */
export interface TraceSink {
  readonly onBatch: (events: ReadonlyArray<TraceEvent>, counts: TraceCounts) => void
}

export interface TraceOptions {
  readonly level?: TraceLevel
  /** Events in the ring. Default 4,096. */
  readonly capacity?: number
}

/** A reader's view of a runtime's trace. */
export interface TraceReader {
  readonly level: TraceLevel
  readonly capacity: number
  readonly counts: () => TraceCounts
  /** The events that the ring has, or those of them after the one of this `seq`. */
  readonly snapshot: (after?: number) => TraceSnapshot
  /** Returns the function that ends it. */
  readonly attach: (sink: TraceSink) => () => void
}

// ---------------------------------------------------------------------------------------------------------
// Recording

/** A transaction by its parts, so that its id is only spelled out when someone reads it. */
export interface TxnRef {
  readonly instanceId: string
  readonly n: number
  /** Where the app provides a tracer. */
  readonly span?: AnySpan | undefined
  /** Of a cause at level `full`: the consumer whose handler it is. */
  readonly via?: { readonly handler: string }
}

export const txnId = (txn: TxnRef): string => `${txn.instanceId}::t${txn.n}`

/** How much to record of one entry. */
export const Detail = { off: 0, light: 1, full: 2 } as const
export type Detail = (typeof Detail)[keyof typeof Detail]

// An event without what the recorder adds; distributes over the union.
type OtherEvent = Exclude<TraceEvent, EntryEvent>
type Unnumbered<E> = E extends TraceEvent ? Omit<E, "seq" | "at"> : never

/** An entry that is not plain, as it is recorded. Its event is spelled out when someone reads it. */
export interface RecordedEntry extends TxnRef {
  readonly groupId?: string | undefined
  readonly cause?: TxnRef | undefined
  readonly origin: Origin
  readonly actions: ReadonlyArray<AnyAction>
  readonly outcome: EntryEvent["outcome"]
  readonly error?: unknown
  /** At level `full`. */
  readonly full: RecordedInFull | false | undefined
}

/** The states are kept while the ring remembers the entry, which costs what changed. */
interface RecordedInFull {
  readonly durationMs: number
  readonly wait?: Pick<EntryEvent, "waited"> | undefined
  readonly previous: unknown
  readonly next: unknown
}

const eventOf = (entry: RecordedEntry, seq: number, at: number): EntryEvent => ({
  kind: "entry",
  seq,
  txnId: txnId(entry),
  instanceId: entry.instanceId,
  cause: entry.cause && txnId(entry.cause),
  at,
  ...(entry.groupId === undefined ? {} : { groupId: entry.groupId }),
  origin: entry.origin,
  tags: entry.actions.map(({ _tag }) => _tag),
  outcome: entry.outcome,
  ...(entry.outcome === "rollback" ? { error: entry.error } : {}),
  ...(entry.full && {
    durationMs: entry.full.durationMs,
    payloads: entry.actions.map(({ payload }) => payload),
    changed: changedFields(entry.full.previous, entry.full.next),
    ...entry.cause?.via,
    ...entry.full.wait
  })
})

const changedFields = (previous: unknown, next: unknown): ReadonlyArray<string> => {
  if (typeof previous !== "object" || typeof next !== "object") return []
  return Object.keys({ ...previous, ...next }).filter(
    (field) => !Object.is(fieldsOf(previous ?? {})[field], fieldsOf(next ?? {})[field])
  )
}

/** What a recorder needs of its runtime. */
export interface TraceHost {
  /** Epoch milliseconds; read at most once a task. */
  readonly now: () => number
  readonly microtask: (task: () => void) => void
  readonly macrotask: (task: () => void) => void
  readonly sinkFailed: (error: unknown) => void
}

/** A runtime's trace: written by its entries, read by anyone. */
export class TraceRecorder implements TraceReader {
  readonly level: TraceLevel
  readonly capacity: number
  private readonly host: TraceHost
  /** Where the next event goes: over the oldest, once the ring is full. Written by `next`. */
  private cursor = 0
  /** Events in the rounds before this one. Written by `next`. */
  private before = 0
  // The ring's columns. Flat, because going round thousands of objects would miss the cache at every entry.
  private readonly times: Float64Array
  private readonly numbers: Float64Array
  private readonly instances: Array<string> = []
  /** A plain commit is its origin; other entries and events are as they came. */
  private readonly whats: Array<Origin | RecordedEntry | Unnumbered<OtherEvent>> = []
  // Those of plain commits at level `full`; at `light` they stay empty.
  private readonly durations: Array<number> = []
  private readonly actions: Array<ReadonlyArray<AnyAction>> = []
  private readonly previous: Array<unknown> = []
  private readonly nexts: Array<unknown> = []
  private readonly every: number
  /** The same for all entries, unless they are sampled. */
  private readonly fixed: Detail | undefined
  /** Entries since the last one recorded in full, when sampling. Written by `detail`. */
  private sinceSample = 0
  private sampledOut = 0
  /** The time of the current task, 0 when it has to be read. Written by `now`. */
  private taskTime = 0
  private readonly sinks = new Map<TraceSink, number>()
  /** No sink has to be told: none is attached, or it soon will be. Written by `attach` and `flushSoon`. */
  private quiet = true

  constructor(options: TraceOptions | undefined, host: TraceHost) {
    this.level = options?.level ?? "light"
    this.capacity = counting("trace.capacity", options?.capacity ?? 4096)
    this.every = typeof this.level === "object" ? counting("trace.level.sample", this.level.sample) : 1
    this.sinceSample = this.every - 1
    this.host = host
    this.times = new Float64Array(this.capacity)
    this.numbers = new Float64Array(this.capacity)
    this.fixed = typeof this.level === "object" ? undefined : Detail[this.level]
  }

  now(): number {
    if (this.taskTime === 0) {
      this.taskTime = this.host.now()
      this.host.microtask(this.endTask)
    }
    return this.taskTime
  }

  private readonly endTask = (): void => {
    this.taskTime = 0
  }

  /** Asked once an entry. */
  detail(): Detail {
    return this.fixed ?? this.sample()
  }

  private sample(): Detail {
    if (++this.sinceSample < this.every) {
      this.sampledOut++
      return Detail.off
    }
    this.sinceSample = 0
    return Detail.full
  }

  /** A commit of one action, or of none, without a cause: most entries, and so the shortest way. */
  plain(instanceId: string, n: number, origin: Origin): void {
    const at = this.next(origin)
    this.numbers[at] = n
    this.instances[at] = instanceId
  }

  /** The same, in full. */
  plainInFull(
    instanceId: string,
    n: number,
    origin: Origin,
    durationMs: number,
    actions: ReadonlyArray<AnyAction>,
    previous: unknown,
    next: unknown
  ): void {
    const at = this.next(origin)
    this.numbers[at] = n
    this.instances[at] = instanceId
    this.durations[at] = durationMs
    this.actions[at] = actions
    this.previous[at] = previous
    this.nexts[at] = next
  }

  entry(entry: RecordedEntry): void {
    this.next(entry)
  }

  event(event: Unnumbered<OtherEvent>): void {
    this.next(event)
  }

  /** The position of a new event, whose `whats` and `times` are written. */
  private next(what: Origin | RecordedEntry | Unnumbered<OtherEvent>): number {
    const at = this.cursor
    this.cursor = at + 1
    this.times[at] = this.taskTime === 0 ? this.now() : this.taskTime
    this.whats[at] = what
    if (at + 1 === this.capacity) {
      this.cursor = 0
      this.before += this.capacity
    }
    if (!this.quiet) this.flushSoon()
    return at
  }

  /** An instance's end belongs to no entry, so no sampling passes over it. */
  closed(event: Unnumbered<ClosedEvent>): void {
    if (this.level !== "off") this.event(event)
  }

  private get recorded(): number {
    return this.before + this.cursor
  }

  private get dropped(): number {
    return Math.max(0, this.recorded - this.capacity)
  }

  readonly counts = (): TraceCounts => {
    const { dropped, recorded, sampledOut } = this
    return { recorded, dropped, sampledOut }
  }

  readonly snapshot = (after = 0): TraceSnapshot => ({ events: this.since(after), ...this.counts() })

  readonly attach = (sink: TraceSink): (() => void) => {
    this.sinks.set(sink, this.recorded)
    this.quiet = false
    return () => void this.sinks.delete(sink)
  }

  private read(seq: number): TraceEvent {
    const position = (seq - 1) % this.capacity
    const at = this.times[position] ?? 0
    // `since` asks for what is in the ring.
    const what = this.whats[position]!
    if ("txnId" in what) return { ...what, seq, at }
    if ("origin" in what) return eventOf(what, seq, at)
    const durationMs = this.durations[position]
    const actions = this.actions[position] ?? (what.kind === "action" ? [{ _tag: what.name }] : [])
    const plain: RecordedEntry = {
      instanceId: this.instances[position] ?? "",
      n: this.numbers[position] ?? 0,
      origin: what,
      actions,
      outcome: "commit",
      full:
        durationMs === undefined
          ? undefined
          : {
              durationMs,
              previous: this.previous[position],
              next: this.nexts[position]
            }
    }
    return eventOf(plain, seq, at)
  }

  private since(seen: number): ReadonlyArray<TraceEvent> {
    const events: Array<TraceEvent> = []
    for (let seq = Math.max(seen, this.dropped) + 1; seq <= this.recorded; seq++) {
      events.push(this.read(seq))
    }
    return events
  }

  private flushSoon(): void {
    this.quiet = true
    if (this.sinks.size === 0) return
    this.host.macrotask(() => {
      this.quiet = false
      for (const [sink, seen] of this.sinks) {
        const events = this.since(seen)
        this.sinks.set(sink, this.recorded)
        try {
          if (events.length > 0) sink.onBatch(events, this.counts())
        } catch (error) {
          this.host.sinkFailed(error)
        }
      }
    })
  }
}
