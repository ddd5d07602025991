/**
 * Lossless bounded delivery: reserve, transact, publish.
 *
 * A `Consumer` is one FIFO of committed items. Its first `depth` items have a slot; the others came from
 * callers that could not wait, and are the instance's ingress. A caller that can wait stands in the line of
 * every full consumer at once, and holds each slot it is granted (`Waiter.ts`).
 */
import type { ConsumerBacklog } from "./Handle.ts"
import type { Any } from "./internal/any.ts"
import { Fifo } from "./internal/fifo.ts"
import { type Channel, closesCycle, Run, type Waiting } from "./Waits.ts"

/** A caller that stands in lines. */
export interface Standing extends Waiting {
  readonly claimOn: (consumer: AnyConsumer) => Claim
  /** Whether it lacks nothing. */
  readonly complete: boolean
  /** Its place among all who ever stood. */
  readonly order: number
  readonly enter: () => void
  /** A consumer closed: its slot is not needed any more. */
  readonly forget: (consumer: AnyConsumer) => void
}

export interface Claim {
  readonly consumer: AnyConsumer
  /** Slots to hold before entering: the number of items, at most the capacity; less where it is let in early. */
  need: number
  held: number
}

/** A synchronous entry, which is told when its deliveries have slots. */
export interface SlotTicket extends Waiting {
  /** A delivery has none. */
  readonly expect: (consumer: AnyConsumer) => void
  readonly granted: (consumer: AnyConsumer) => void
  readonly closed: () => void
}

// Callers that have every slot, and have not entered. Written by `enterInOrder`.
const ready: Array<Standing> = []
let entering = false

/**
 * Lets them in, one after another. One that rolls back gives its slots on while the others still wait for
 * their turn: who gets those comes after them.
 */
export const enterInOrder = (callers: ReadonlyArray<Standing>): void => {
  ready.push(...callers)
  if (entering) return
  entering = true
  for (let caller = ready.shift(); caller !== undefined; caller = ready.shift()) caller.enter()
  entering = false
}

/** Those whose turn is not over and has freed slots, which their lines have not got yet. Written by `Consumer`. */
const freed = new Set<AnyConsumer>()

/**
 * Grants what was freed and not granted yet: before anyone asks who waits for whom. Who has all then enters
 * when the turn is over.
 */
export const grantFreed = (): void => {
  for (const consumer of freed) consumer.grantEarly()
}

export interface ConsumerOptions<Item> {
  readonly name: string
  readonly tags: ReadonlyArray<string> | "all"
  readonly capacity: number
  /** How many handlers may run at once before the FIFO is not taken from. `Infinity`: always taken from. */
  readonly limit: number
  readonly matches: (item: Item) => boolean
}

export class Consumer<Item> implements Channel {
  readonly name: string
  readonly tags: ReadonlyArray<string> | "all"
  readonly capacity: number
  readonly matches: (item: Item) => boolean
  /** Written by the flow, followed by `breakCircles`. */
  limit: number

  // Written by the methods of this class.
  private readonly items = new Fifo<Item>()
  /** One per item without a slot, in order. */
  private readonly tickets = new Fifo<SlotTicket | null>()
  private depth = 0
  private held = 0
  private overflow = 0
  private readonly skipped: Record<string, number> = {}
  /** Callers that lack a slot here, first come first served. */
  private readonly line = new Set<Standing>()
  /** Callers that have every slot, and enter in `endTurn`. */
  private readonly early: Array<Standing> = []
  /** Callers that hold a slot here and lack one elsewhere. */
  readonly holders = new Set<Standing>()
  readonly runs = new Set<Run>()
  closed = false

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

  /** Whether a caller need not wait. Free slots are not for it while others stand in line. */
  hasRoom(count: number): boolean {
    return this.free >= count && this.line.size === 0
  }

  /** Items not taken yet, with a slot or without. */
  get size(): number {
    return this.items.length
  }

  /** Items without a slot. */
  get ingress(): number {
    return this.items.length - this.depth
  }

  /** Items in commit order; those taken are gone. */
  *pending(): Iterable<Item> {
    for (let i = 0; i < this.items.length; i++) {
      const item = this.items.at(i)
      if (item !== undefined) yield item
    }
  }

  // --- the flow's side ----------------------------------------------------------------------------------

  /** Hands the slot on at once. */
  take(): Item | undefined {
    const item = this.takeInTurn()
    this.endTurn()
    return item
  }

  /**
   * Hands the slot on in `endTurn`, which must follow: one that takes many hands all their slots on at once,
   * where each of them would resume a caller and have it wait again.
   */
  takeInTurn(): Item | undefined {
    if (this.items.length === 0) return undefined
    const item = this.items.shift()
    this.depth--
    this.grantIngress()
    if (this.line.size > 0) freed.add(this)
    return item
  }

  endTurn(): void {
    if (!freed.delete(this)) return
    enterInOrder([...this.early.splice(0), ...this.grantFree()])
  }

  grantEarly(): void {
    this.early.push(...this.grantFree())
  }

  /** A handler starts, for an item that was taken. */
  begin(): Run {
    const run = new Run(this)
    this.runs.add(run)
    return run
  }

  end(run: Run): void {
    run.ended = true
    this.runs.delete(run)
  }

  skip(reason: string): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + 1
  }

  /** Lets in what waits for ever now that the limit is lower. */
  breakCircles(): void {
    grantFreed()
    const waits = [...this.runs].flatMap((run) => [...run.waits])
    for (const waiting of waits) if (closesCycle(waiting)) waiting.letIn()
  }

  // --- the committing side ------------------------------------------------------------------------------

  /** Appends a committed item. Without a free slot it stays in the ingress, and the ticket waits for it. */
  push(item: Item, ticket: SlotTicket | null): void {
    this.items.push(item)
    if (this.free > 0) {
      this.depth++
    } else {
      this.tickets.push(ticket)
      ticket?.expect(this)
    }
    this.signal()
  }

  /** Appends committed items whose caller waited: the slots it held become theirs, what is missing is overflow. */
  pushReserved(items: ReadonlyArray<Item>, caller: Standing, claim: Claim | undefined): void {
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
    if (claim !== undefined) this.giveBack(caller, claim)
    this.overflow += Math.max(0, this.excess - excess)
    this.signal()
  }

  /** Gives every item a slot, beyond capacity: one of them is waited for in a circle. */
  admitIngress(): void {
    while (this.ingress > 0) {
      this.depth++
      this.overflow++
      this.tickets.shift()?.granted(this)
    }
  }

  /** What a consumer that starts late is given first. */
  seed(items: Iterable<Item>): void {
    for (const item of items) if (this.matches(item)) this.push(item, null)
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
      else ticket?.closed()
    }
    const callers = new Set([...this.line, ...this.holders])
    this.line.clear()
    this.holders.clear()
    for (const caller of callers) caller.forget(this)
    this.signal()
    return undelivered
  }

  gauge(): ConsumerBacklog {
    return {
      name: this.name,
      tags: this.tags,
      capacity: this.capacity,
      depth: this.depth + this.held,
      inFlight: this.runs.size,
      waiting: this.line.size,
      overflow: this.overflow,
      skipped: { ...this.skipped }
    }
  }

  // --- the waiting side ---------------------------------------------------------------------------------

  /** Grants what is free now, unless others are first. */
  grantNow(caller: Standing, claim: Claim): void {
    if (this.line.size === 0) this.grant(caller, claim)
  }

  enqueue(caller: Standing): void {
    this.line.add(caller)
  }

  leaveLine(caller: Standing): void {
    this.line.delete(caller)
    // Who stood behind it may be first now.
    this.refill()
  }

  /** Gives up the place in the line and the slots held, for `grantFree` to hand on. */
  leave(caller: Standing, claim: Claim): void {
    this.line.delete(caller)
    this.giveBack(caller, claim)
  }

  /** Those who hold a slot here or stand in line before this caller. */
  *before(caller: Standing): Iterable<Standing> {
    yield* this.holders
    for (const ahead of this.line) {
      if (ahead === caller) return
      yield ahead
    }
  }

  private grant(caller: Standing, claim: Claim): void {
    const slots = Math.min(this.free, claim.need - claim.held)
    if (slots <= 0) return
    claim.held += slots
    this.held += slots
    this.holders.add(caller)
  }

  private giveBack(caller: Standing, claim: Claim): void {
    this.holders.delete(caller)
    this.held -= claim.held
    claim.held = 0
  }

  /** Hands free slots to the ingress first, because it is committed, then to the line. */
  private refill(): void {
    enterInOrder(this.grantFree())
  }

  private grantIngress(): void {
    while (this.ingress > 0 && this.free > 0) {
      this.depth++
      this.tickets.shift()?.granted(this)
    }
  }

  /** As `refill`; returns the callers that lack nothing now, and have to be entered. */
  grantFree(): ReadonlyArray<Standing> {
    const ready: Array<Standing> = []
    this.grantIngress()
    while (this.free > 0) {
      const [head] = this.line
      if (head === undefined) break
      const claim = head.claimOn(this)
      this.grant(head, claim)
      if (claim.held < claim.need) break
      this.line.delete(head)
      if (head.complete) ready.push(head)
    }
    return ready
  }

  private get excess(): number {
    return Math.max(0, -this.free)
  }

  private signal(): void {
    const { wake } = this
    if (wake === undefined) return
    this.wake = undefined
    wake()
  }
}

/** A consumer of any item, where only its slots matter. */
export type AnyConsumer = Consumer<Any>
