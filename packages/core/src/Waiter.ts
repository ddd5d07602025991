/** Callers and their slots: those that wait before they enter, and those that enter and are told later. */
import {
  type AnyConsumer,
  type Claim,
  type Consumer,
  enterInOrder,
  grantFreed,
  type SlotTicket,
  type Standing
} from "./Channel.ts"
import { monotonicMs } from "./internal/platform.ts"
import type { Waited } from "./Trace.ts"
import { type Channel, closesCycle, type Run, type Waiting } from "./Waits.ts"

/** What an entry would deliver where. */
export interface Demand {
  readonly consumer: AnyConsumer
  readonly count: number
}

/** What a caller of either kind is told. */
interface CallerOptions {
  /** The handler that is the caller, if one is. */
  readonly run: Run | undefined
  /** Told when it is let in beyond capacity, because this handler would wait for itself. */
  readonly cycle: (run: Run) => void
}

export interface WaiterOptions extends CallerOptions {
  /** What it would deliver now; asked again for consumers that come meanwhile. */
  readonly demands: () => ReadonlyArray<Demand>
  /** Has every slot. */
  readonly enter: () => void
}

// Written by `start`.
let lastOrder = 0

/**
 * A caller that waits, outside any transaction, until every consumer of its actions has room. It takes its
 * place in all lines in one synchronous step, so any two waiters stand in the same order wherever both stand:
 * waiters alone never wait for each other in a circle.
 */
export class Waiter implements Standing {
  private readonly options: WaiterOptions
  private claims: Array<Claim> = []
  private phase: "new" | "standing" | "ended" = "new"
  /** Its place among all waiters. Written by `start`. */
  order = 0
  /** Where it lacked a slot at first. Written by `reserve`. */
  waited: Omit<Waited, "until"> | undefined

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
   * could hold the slot there and wait for one that this waiter holds. Whether it is to be entered, because
   * waiting there too would have closed a circle.
   */
  standInNew(): boolean {
    return this.phase === "standing" && this.reserve()
  }

  /** The transaction committed: its items take the slots. */
  publish<Item>(consumer: Consumer<Item>, items: ReadonlyArray<Item>): void {
    consumer.pushReserved(
      items,
      this,
      this.claims.find((claim) => claim.consumer === consumer)
    )
  }

  /** Ends it: interrupted, closed, or entered. What it still holds goes to the next. */
  end(): void {
    this.phase = "ended"
    this.run?.delete(this)
    const claims = this.claims.splice(0)
    for (const claim of claims) claim.consumer.leave(this, claim)
    // All are handed on before anyone enters: who came first may have needed the last of them.
    const ready = claims.flatMap(({ consumer }) => consumer.grantFree())
    if (ready.length > 0) enterInOrder(ready.toSorted((a, b) => a.order - b.order))
  }

  enter(): void {
    if (this.phase !== "standing" || !this.reserve()) return
    this.run?.delete(this)
    this.options.enter()
  }

  /** Whether all slots are held; otherwise it now stands in every line that lacks one. */
  private reserve(): boolean {
    const lacking: Array<Claim> = []
    for (const { consumer, count } of this.options.demands()) {
      if (this.claims.some((claim) => claim.consumer === consumer)) continue
      const claim: Claim = { consumer, need: Math.min(count, consumer.capacity), held: 0 }
      this.claims.push(claim)
      consumer.grantNow(this, claim)
      if (claim.held < claim.need) lacking.push(claim)
    }
    if (lacking.length > 0) {
      this.waited ??= { from: monotonicMs(), consumers: lacking.map(({ consumer }) => consumer.name) }
      for (const claim of lacking) claim.consumer.enqueue(this)
      if (this.run !== undefined) {
        this.run.add(this)
        grantFreed()
        // It is entered with the others that got what was freed.
        if (this.complete) return false
        if (closesCycle(this)) this.giveWay()
      }
    }
    return this.complete
  }

  get run(): Run | undefined {
    return this.options.run
  }

  *lacks(): Iterable<AnyConsumer> {
    for (const { consumer, held, need } of this.claims) if (held < need) yield consumer
  }

  precededBy(channel: Channel): Iterable<Waiting> {
    return this.claims.find(({ consumer }) => consumer === channel)?.consumer.before(this) ?? []
  }

  get complete(): boolean {
    return this.claims.every(({ held, need }) => held >= need)
  }

  claimOn(consumer: AnyConsumer): Claim {
    // It stands only in lines that it has a claim on.
    return this.claims.find((claim) => claim.consumer === consumer)!
  }

  forget(consumer: AnyConsumer): void {
    this.claims = this.claims.filter((claim) => claim.consumer !== consumer)
    if (this.complete) this.enter()
  }

  letIn(): void {
    this.giveWay()
    this.enter()
  }

  /** Needs no more than it holds. Its items without a slot will be overflow. */
  private giveWay(): void {
    for (const claim of this.claims) {
      if (claim.held >= claim.need) continue
      claim.need = claim.held
      claim.consumer.leaveLine(this)
    }
    if (this.run !== undefined) this.options.cycle(this.run)
  }
}

/** A consumer was opened. All who wait stand there before one of them enters. */
export const standInNew = (waiters: Iterable<Waiter>): void => {
  const ready = [...waiters].filter((waiter) => waiter.standInNew())
  enterInOrder(ready)
}

/** How a synchronous entry ended for its deliveries. */
export type Settled = "delivered" | "closed" | { readonly error: unknown }

/** A synchronous entry: settles when all its deliveries have slots. A handler may be waiting for that. */
export class Ticket implements SlotTicket {
  private readonly options: CallerOptions & { readonly settle: (settled: Settled) => void }
  /** Deliveries without a slot, by consumer. */
  private readonly missing = new Map<AnyConsumer, number>()
  private entered = false

  constructor(options: CallerOptions & { readonly settle: (settled: Settled) => void }) {
    this.options = options
  }

  get run(): Run | undefined {
    return this.options.run
  }

  lacks(): Iterable<AnyConsumer> {
    return this.missing.keys()
  }

  *precededBy(channel: Channel): Iterable<Waiting> {
    for (const consumer of this.missing.keys()) if (consumer === channel) yield* consumer.holders
  }

  expect(consumer: AnyConsumer): void {
    this.missing.set(consumer, (this.missing.get(consumer) ?? 0) + 1)
    if (this.run === undefined) return
    this.run.add(this)
    grantFreed()
    if (closesCycle(this)) this.letIn()
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

  closed(): void {
    this.end("closed")
  }

  failed(error: unknown): void {
    this.end({ error })
  }

  letIn(): void {
    const consumers = [...this.missing.keys()]
    for (const consumer of consumers) consumer.admitIngress()
    if (this.run !== undefined) this.options.cycle(this.run)
  }

  private settleIfGranted(): void {
    if (this.missing.size > 0) return
    this.run?.delete(this)
    if (this.entered) this.end("delivered")
  }

  private end(settled: Settled): void {
    this.run?.delete(this)
    this.options.settle(settled)
  }
}
