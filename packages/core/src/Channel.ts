/**
 * Lossless bounded delivery: reserve, transact, publish.
 *
 * A `Consumer` is one FIFO of committed items. Its first `depth` items have a slot; the others came from
 * callers that could not wait, and are the instance's ingress. A `Waiter` is a caller that can: it stands in
 * the line of every full consumer at once, holds each slot it is granted, and enters when it has them all.
 * Lines are joined in one synchronous step, so any two waiters stand in the same order wherever both stand:
 * waiters alone never wait for each other in a circle. Handlers can (`closesCycle`).
 */
import type { ConsumerBacklog } from "./Handle.ts"
import type { Any } from "./internal/any.ts"
import { Fifo } from "./internal/fifo.ts"

/** How a synchronous entry ended for its deliveries. */
export type Settled = "delivered" | "closed" | { readonly error: unknown }

/** One who waits for slots: a node in the graph of waits. */
interface Waiting {
  /** The consumer whose handler it is, if it is one. */
  readonly from: AnyConsumer | undefined
  /** Where it lacks a slot. */
  readonly lacks: () => Iterable<AnyConsumer>
  /** Who holds or will get a slot there before it. */
  readonly precededBy: (consumer: AnyConsumer) => Iterable<Waiting>
}

/**
 * Whether waiting would close a circle: the caller is a handler, and what it waits for cannot move before
 * that handler ends. Follows from each full consumer to those who are first there, and to its own handlers
 * where they all wait.
 */
const closesCycle = (caller: Waiting): boolean => {
  const { from } = caller
  if (from === undefined || !from.stalled(caller)) return false
  const seen = new Set<Waiting>()
  const reaches = (waiting: Waiting): boolean => {
    if (seen.has(waiting)) return false
    seen.add(waiting)
    for (const consumer of waiting.lacks()) {
      if (consumer === from) return true
      if (consumer.stalled()) for (const handler of consumer.blocked) if (reaches(handler)) return true
      for (const first of waiting.precededBy(consumer)) if (reaches(first)) return true
    }
    return false
  }
  return reaches(caller)
}

/** Settles when every delivery of a synchronous entry has a slot. A handler may be waiting for that. */
export class Ticket implements Waiting {
  readonly from: AnyConsumer | undefined
  private readonly settle: (settled: Settled) => void
  /** Told when a delivery was let in beyond capacity. */
  readonly cycle: (consumer: AnyConsumer) => void
  /** Deliveries without a slot, by consumer. */
  private readonly missing = new Map<AnyConsumer, number>()
  private entered = false

  constructor(options: {
    readonly from: AnyConsumer | undefined
    readonly settle: (settled: Settled) => void
    readonly cycle: (consumer: AnyConsumer) => void
  }) {
    this.from = options.from
    this.settle = options.settle
    this.cycle = options.cycle
  }

  lacks(): Iterable<AnyConsumer> {
    return this.missing.keys()
  }

  precededBy(consumer: AnyConsumer): Iterable<Waiting> {
    return consumer.holders
  }

  /** A delivery has no slot. Whether waiting for one would never end. */
  expect(consumer: AnyConsumer): boolean {
    this.missing.set(consumer, (this.missing.get(consumer) ?? 0) + 1)
    this.from?.blocked.add(this)
    return closesCycle(this)
  }

  granted(consumer: AnyConsumer): void {
    const left = (this.missing.get(consumer) ?? 0) - 1
    if (left > 0) this.missing.set(consumer, left)
    else this.missing.delete(consumer)
    this.settleIfGranted()
  }

  /** The entry has run: from here on only deliveries are waited for. */
  enter(): void {
    this.entered = true
    this.settleIfGranted()
  }

  end(settled: Settled): void {
    this.from?.blocked.delete(this)
    this.settle(settled)
  }

  private settleIfGranted(): void {
    if (this.entered && this.missing.size === 0) this.end("delivered")
  }
}

export interface ConsumerOptions<Item> {
  readonly name: string
  readonly tags: ReadonlyArray<string> | "all"
  readonly capacity: number
  /** How many handlers may run at once before the FIFO is not taken from. `Infinity`: always taken from. */
  readonly limit: number
  readonly matches: (item: Item) => boolean
}

export class Consumer<Item> {
  readonly name: string
  readonly tags: ReadonlyArray<string> | "all"
  readonly capacity: number
  readonly limit: number
  readonly matches: (item: Item) => boolean

  // Written by the methods of this class and by `Waiter`.
  private readonly items = new Fifo<Item>()
  /** One per item without a slot, in order. */
  private readonly tickets = new Fifo<Ticket | null>()
  private depth = 0
  private held = 0
  private overflow = 0
  private readonly skipped: Record<string, number> = {}
  private readonly line: Array<Waiter> = []
  /** Callers that hold a slot here, and lack one elsewhere. */
  readonly holders = new Set<Waiter>()
  /** Handlers of this consumer that wait for slots. */
  readonly blocked = new Set<Waiting>()
  closed = false

  /** Written by the flow that drains it. */
  inFlight = 0
  /** Called when an item came and the flow had found none. Written by the flow. */
  wake: (() => void) | undefined = undefined

  constructor(options: ConsumerOptions<Item>) {
    this.name = options.name
    this.tags = options.tags
    this.capacity = options.capacity
    this.limit = options.limit
    this.matches = options.matches
  }

  get free(): number {
    return this.capacity - this.depth - this.held
  }

  /** Items without a slot. */
  get ingress(): number {
    return this.items.length - this.depth
  }

  get undelivered(): number {
    return this.items.length
  }

  /** Whether so many handlers wait, with `about` to, that nothing takes from the FIFO. */
  stalled(about?: Waiting): boolean {
    const more = about === undefined || this.blocked.has(about) ? 0 : 1
    return this.blocked.size + more >= this.limit
  }

  take(): Item | undefined {
    if (this.items.length === 0) return undefined
    const item = this.items.shift()
    this.depth--
    this.refill()
    return item
  }

  /** Appends a committed item. Without a free slot it stays in the ingress, and the ticket waits for it. */
  push(item: Item, ticket: Ticket | null): void {
    this.items.push(item)
    if (this.free > 0) {
      this.depth++
    } else {
      this.tickets.push(ticket)
      if (ticket?.expect(this)) this.admitIngress(ticket)
    }
    this.signal()
  }

  /** Appends committed items whose caller waited: the slots it held become theirs, what is missing is overflow. */
  pushReserved(items: ReadonlyArray<Item>, reserved: number): void {
    const excess = this.excess
    for (const item of items) {
      // A slot always goes to the oldest item without one, so that items keep their commit order.
      if (this.ingress > 0) {
        this.tickets.push(null)
        this.tickets.shift()?.granted(this)
      }
      this.items.push(item)
      this.depth++
    }
    this.held -= reserved
    this.overflow += Math.max(0, this.excess - excess)
    this.signal()
  }

  private get excess(): number {
    return Math.max(0, -this.free)
  }

  /** Gives every delivery a slot, beyond capacity, because the last of them cannot wait for one. */
  private admitIngress(ticket: Ticket): void {
    while (this.ingress > 0) {
      this.depth++
      this.overflow++
      this.tickets.shift()?.granted(this)
    }
    ticket.cycle(this)
  }

  /** What a consumer that starts late is given first. */
  seed(items: Iterable<Item>): void {
    for (const item of items) if (this.matches(item)) this.push(item, null)
  }

  peekAll(): ReadonlyArray<Item> {
    const all: Array<Item> = []
    for (let i = 0; i < this.items.length; i++) {
      const item = this.items.at(i)
      if (item !== undefined) all.push(item)
    }
    return all
  }

  skip(reason: string): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + 1
  }

  gauge(): ConsumerBacklog {
    return {
      name: this.name,
      tags: this.tags,
      capacity: this.capacity,
      depth: this.depth + this.held,
      inFlight: this.inFlight,
      waiting: this.line.length,
      overflow: this.overflow,
      skipped: { ...this.skipped }
    }
  }

  /**
   * Ends it: nobody waits for it any more. Callers whose items had no slot are told that they were
   * `delivered`, or that it closed before. Returns how many items were never taken.
   */
  close(delivered: boolean): number {
    if (this.closed) return 0
    this.closed = true
    const undelivered = this.items.length
    this.items.clear()
    this.depth = 0
    while (this.tickets.length > 0) {
      const ticket = this.tickets.shift()
      if (delivered) ticket?.granted(this)
      else ticket?.end("closed")
    }
    for (const waiter of this.line.splice(0)) waiter.forget(this)
    for (const waiter of this.holders) waiter.forget(this)
    this.signal()
    return undelivered
  }

  // --- for Waiter ---------------------------------------------------------------------------------------

  /** Grants what is free now, unless others are first. */
  grantNow(waiter: Waiter, claim: Claim): void {
    if (this.line.length > 0) return
    this.grant(waiter, claim, Math.min(this.free, claim.need - claim.held))
  }

  enqueue(waiter: Waiter): void {
    this.line.push(waiter)
  }

  /** Gives up the place in the line and the slots held. */
  leave(waiter: Waiter, claim: Claim): void {
    const place = this.line.indexOf(waiter)
    if (place >= 0) this.line.splice(place, 1)
    this.giveBack(waiter, claim)
    this.refill()
  }

  /** The held slots of a claim become free or, at a publication, its items' own. */
  private giveBack(waiter: Waiter, claim: Claim): void {
    this.holders.delete(waiter)
    this.held -= claim.held
    claim.held = 0
  }

  /** The claim is about to be used by `pushReserved`. */
  settle(waiter: Waiter): void {
    this.holders.delete(waiter)
  }

  /** Those who hold a slot here or stand in line before this waiter. */
  *before(waiter: Waiter): Iterable<Waiter> {
    yield* this.holders
    for (const ahead of this.line) {
      if (ahead === waiter) return
      yield ahead
    }
  }

  private grant(waiter: Waiter, claim: Claim, slots: number): void {
    if (slots <= 0) return
    claim.held += slots
    this.held += slots
    this.holders.add(waiter)
  }

  /** Hands free slots to the ingress first, because it is committed, then to the line. */
  private refill(): void {
    const ready: Array<Waiter> = []
    while (this.free > 0) {
      const head = this.line[0]
      if (this.ingress > 0) {
        this.depth++
        this.tickets.shift()?.granted(this)
      } else if (head !== undefined) {
        const claim = head.claimOn(this)
        this.grant(head, claim, Math.min(this.free, claim.need - claim.held))
        if (claim.held === claim.need) {
          this.line.shift()
          if (head.complete) ready.push(head)
        }
      } else break
    }
    for (const waiter of ready) waiter.enter()
  }

  private signal(): void {
    const wake = this.wake
    if (wake !== undefined) {
      this.wake = undefined
      wake()
    }
  }
}

/** A consumer of any item, where only its slots matter. */
export type AnyConsumer = Consumer<Any>

export interface Claim {
  readonly consumer: AnyConsumer
  /** Slots to hold before entering: the number of items, at most the capacity; less where it is let in early. */
  need: number
  held: number
}

/** What an entry would deliver where. */
export interface Demand {
  readonly consumer: AnyConsumer
  readonly count: number
}

export interface WaiterOptions {
  /** The consumer whose handler is the caller, if one is. */
  readonly from: AnyConsumer | undefined
  /** What it would deliver now; asked again before it enters, for consumers that came meanwhile. */
  readonly demands: () => ReadonlyArray<Demand>
  /** Has every slot. */
  readonly enter: () => void
  /** Told when it is let in beyond capacity. */
  readonly cycle: (consumer: AnyConsumer) => void
}

// Written by `start`.
let lastOrder = 0

/** A caller that waits, outside any transaction, until every consumer of its actions has room. */
export class Waiter implements Waiting {
  private readonly options: WaiterOptions
  private claims: Array<Claim> = []
  private phase: "new" | "standing" | "ended" = "new"
  /** Its place among all waiters. Written by `start`. */
  order = 0

  constructor(options: WaiterOptions) {
    this.options = options
  }

  /** Takes its places. Enters at once if nothing is missing. */
  start(): void {
    this.order = ++lastOrder
    this.phase = "standing"
    if (this.reserve()) this.enter()
  }

  /**
   * A consumer was opened: it takes its place there at once. If it did so only when it enters, a newer caller
   * could hold the slot there and wait for one that this waiter holds.
   */
  standInNew(): void {
    if (this.phase === "standing") this.reserve()
  }

  /** Whether all slots are held; otherwise it now stands in every line that lacks one. */
  private reserve(): boolean {
    const fresh: Array<Claim> = []
    for (const { consumer, count } of this.options.demands()) {
      if (this.claims.some((claim) => claim.consumer === consumer)) continue
      const claim: Claim = { consumer, need: Math.min(count, consumer.capacity), held: 0 }
      this.claims.push(claim)
      consumer.grantNow(this, claim)
      if (claim.held < claim.need) fresh.push(claim)
    }
    if (fresh.length === 0) return true
    if (this.from !== undefined && closesCycle(this)) {
      this.options.cycle(this.from)
      for (const claim of fresh) claim.need = claim.held
      return true
    }
    for (const claim of fresh) claim.consumer.enqueue(this)
    this.from?.blocked.add(this)
    return false
  }

  get from(): AnyConsumer | undefined {
    return this.options.from
  }

  *lacks(): Iterable<AnyConsumer> {
    for (const { consumer, held, need } of this.claims) if (held < need && !consumer.closed) yield consumer
  }

  precededBy(consumer: AnyConsumer): Iterable<Waiting> {
    return consumer.before(this)
  }

  get complete(): boolean {
    return this.claims.every((claim) => claim.held === claim.need || claim.consumer.closed)
  }

  enter(): void {
    if (this.phase !== "standing" || !this.reserve()) return
    this.from?.blocked.delete(this)
    this.options.enter()
  }

  /** The transaction committed: its items take the slots. */
  publish<Item>(consumer: Consumer<Item>, items: ReadonlyArray<Item>): void {
    const claim = this.claims.find((candidate) => candidate.consumer === consumer)
    const reserved = claim?.held ?? 0
    if (claim !== undefined) claim.held = 0
    consumer.settle(this)
    consumer.pushReserved(items, reserved)
  }

  /** Ends it: interrupted, closed, or entered. What it still holds goes to the next. */
  end(): void {
    this.phase = "ended"
    this.from?.blocked.delete(this)
    for (const claim of this.claims) claim.consumer.leave(this, claim)
  }

  claimOn(consumer: AnyConsumer): Claim {
    const claim = this.claims.find((candidate) => candidate.consumer === consumer)
    if (claim === undefined) throw new Error("A waiter stands in a line it has no claim on")
    return claim
  }

  /** A consumer closed: its slot is not needed any more. */
  forget(consumer: AnyConsumer): void {
    this.claims = this.claims.filter((claim) => claim.consumer !== consumer)
    if (this.complete) this.enter()
  }
}
