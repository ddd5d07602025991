/** Which consumers of an instance get which action, and what an entry would need to reach them all. */
import type { AnySpan } from "effect/Tracer"
import type { Caller } from "./Caller.ts"
import { Consumer } from "./Channel.ts"
import type { AnyAction } from "./Commit.ts"
import { counting } from "./internal/counting.ts"
import type { Backlog } from "./Handle.ts"
import { type TxnRef, txnId } from "./Trace.ts"
import type { Demand, Ticket, Waiter } from "./Waiter.ts"
import type { Run } from "./Waits.ts"

/** A committed action on its way to a consumer, with the transaction that committed it. */
export interface Delivery extends TxnRef {
  readonly action: AnyAction
  /** Present if its entry is recorded in full, and so what becomes of it. */
  readonly traced: Traced | undefined
}

export interface Traced {
  /** By its id: a reference would keep the whole chain of causes in memory. */
  readonly cause: string | undefined
}

/** What an event of its way to a consumer tells. */
export const about = (delivery: Delivery, consumer: string) => ({
  txnId: txnId(delivery),
  instanceId: delivery.instanceId,
  cause: delivery.traced?.cause,
  tag: delivery.action._tag,
  consumer
})

/** The name of the consumer that keeps an instance's actions until then, for the flows that its setups open. */
export const untilSetUp = "(until every setup has ended)"

export interface ConsumerRequest {
  readonly name: string
  readonly tags: ReadonlyArray<string> | "all"
  readonly predicate?: ((action: AnyAction) => boolean) | undefined
  readonly capacity?: number | undefined
  readonly limit: number
  /** Of a flow: the logic that opened it. */
  readonly logic?: string | undefined
}

export interface DeliveriesOptions {
  readonly instanceId: string
  readonly capacity: number
  /** Whether actions are kept until `setupsEnded`. */
  readonly keep: boolean
  readonly predicateFailed: (error: unknown, request: ConsumerRequest, tag: string) => void
  readonly warn: (message: string) => void
}

/** What the flow of a replaced logic had not taken. */
interface Left {
  readonly logic: string
  readonly tags: string
  readonly items: ReadonlyArray<Delivery>
  /** How many of the kept ones it was given as well. */
  readonly given: number
}

/** While the logics of an instance are replaced. */
interface Succession {
  /** Those of the logics that come. */
  readonly logics: ReadonlySet<string>
  /** By the name of the flow. Written by `unsubscribe` and `inherit`. */
  readonly left: Map<string, Array<Left>>
  /** How many were kept when the old logics had ended. Written by `endedForSuccession`. */
  before: number
}

/** How many deliveries without a slot, as a multiple of the capacity, are worth a warning. */
const ingressWarning = 10

export class Deliveries {
  private readonly options: DeliveriesOptions
  // Written by `subscribe`, `unsubscribe`, `setupsEnded` and `close`.
  consumers: Array<Consumer<Delivery>> = []
  private readonly byTag = new Map<string, ReadonlyArray<Consumer<Delivery>>>()
  /** Every action until all setups have ended. */
  private kept: Consumer<Delivery> | undefined
  private capacity: number
  /** Written by `beginSuccession` and `setupsEnded`. */
  private succession: Succession | undefined
  /** The logic of each flow. Written by `subscribe`. */
  private readonly logics = new WeakMap<Consumer<Delivery>, string>()
  private readonly warned = new WeakSet<Consumer<Delivery>>()

  constructor(options: DeliveriesOptions) {
    this.options = options
    this.capacity = options.capacity
    if (options.keep) this.keep()
  }

  private keep(): void {
    this.kept = new Consumer({
      name: untilSetUp,
      tags: "all",
      capacity: this.capacity,
      // One setup that waits keeps all that was kept.
      limit: 1,
      matches: () => true
    })
    this.consumers.push(this.kept)
    this.byTag.clear()
  }

  /** Opens a FIFO. Until `unsubscribe` it gets every matching action; opened by a setup, the kept ones first. */
  subscribe(request: ConsumerRequest, caller: Caller | undefined): Consumer<Delivery> {
    const { tags, predicate } = request
    const consumer = new Consumer<Delivery>({
      name: request.name,
      tags,
      capacity: counting("capacity", request.capacity ?? this.capacity),
      limit: request.limit,
      matches: ({ action, n }) => {
        if (predicate === undefined) return tags === "all" || tags.includes(action._tag)
        try {
          return predicate(action)
        } catch (error) {
          // It is asked before the commit as well, and by the trace: told once, when the action is delivered.
          if (n > 0) this.options.predicateFailed(error, request, action._tag)
          return false
        }
      }
    })
    if (this.kept !== undefined && caller?.isSetup && caller.instanceId === this.options.instanceId) {
      consumer.seed(this.inherit(request, this.kept))
    }
    if (request.logic !== undefined) this.logics.set(consumer, request.logic)
    this.consumers.push(consumer)
    this.byTag.clear()
    return consumer
  }

  unsubscribe(consumer: Consumer<Delivery>): void {
    const logic = this.logics.get(consumer)
    if (this.succession !== undefined && logic !== undefined) {
      const items = [...consumer.pending()]
      const left = { logic, tags: String(consumer.tags), items, given: this.kept?.size ?? 0 }
      this.succession.left.set(consumer.name, [...(this.succession.left.get(consumer.name) ?? []), left])
    }
    this.consumers = this.consumers.filter((other) => other !== consumer)
    this.byTag.clear()
    consumer.close(true)
  }

  /** A setup is a handler of what is kept. */
  beginSetup(): Run | undefined {
    return this.kept?.begin()
  }

  endSetup(run: Run | undefined): void {
    if (run !== undefined) this.kept?.end(run)
  }

  setupsEnded(): void {
    const { kept } = this
    if (kept === undefined) return
    const left = this.leftOver()
    this.succession = undefined
    if (left > 0) {
      this.options.warn(
        `${left} deliveries of ${this.options.instanceId} were left by flows that its new logics do not have.`
      )
    }
    this.kept = undefined
    this.unsubscribe(kept)
  }

  // --- replaced logics ----------------------------------------------------------------------------------

  /** Until `setupsEnded`, actions are kept, and what a flow has left when it ends is its successor's. */
  beginSuccession(capacity: number, logics: ReadonlySet<string>): void {
    this.capacity = capacity
    this.succession = { logics, left: new Map(), before: 0 }
    if (this.kept === undefined) this.keep()
    else this.succession.before = -1
  }

  /** The old logics have ended: what was kept up to here was theirs, unless their setups still waited. */
  endedForSuccession(): void {
    const { kept, succession } = this
    if (succession !== undefined && succession.before === 0) succession.before = kept?.size ?? 0
  }

  /** What a flow opened in a setup is given first: what its predecessor had left, then what was kept since. */
  private inherit(request: ConsumerRequest, kept: Consumer<Delivery>): Iterable<Delivery> {
    const all = [...kept.pending()]
    const { succession } = this
    if (succession === undefined) return all
    const left = this.predecessor(request, succession)
    if (left === undefined) return all.slice(Math.max(0, succession.before))
    return [...left.items, ...all.slice(left.given)]
  }

  /** The flow of the same name; or one of the same tags, whose logic there is no more. */
  private predecessor(request: ConsumerRequest, { left, logics }: Succession): Left | undefined {
    const namesake = left.get(request.name)?.shift()
    if (namesake !== undefined) return namesake
    const tags = String(request.tags)
    for (const lefts of left.values()) {
      const index = lefts.findIndex((one) => one.tags === tags && !logics.has(one.logic))
      if (index >= 0) return lefts.splice(index, 1)[0]
    }
    return undefined
  }

  private leftOver(): number {
    const lefts = [...(this.succession?.left.values() ?? [])].flat()
    return lefts.reduce((sum, { items }) => sum + items.length, 0)
  }

  get none(): boolean {
    return this.consumers.length === 0
  }

  private of(tag: string): ReadonlyArray<Consumer<Delivery>> {
    const known = this.byTag.get(tag)
    if (known !== undefined) return known
    const found = this.consumers.filter(({ tags }) => tags === "all" || tags.includes(tag))
    this.byTag.set(tag, found)
    return found
  }

  /** No setup waits for setups to end, and no handler for those of its own instance. */
  private waitsFor(consumer: Consumer<Delivery>, caller: Caller | undefined): boolean {
    if (consumer !== this.kept || caller === undefined) return true
    return !caller.isSetup && caller.instanceId !== this.options.instanceId
  }

  /** Whether every delivery has a slot now. */
  hasRoom(actions: ReadonlyArray<AnyAction>): boolean {
    if (this.consumers.length === 0) return true
    const only = actions.length === 1 ? actions[0] : undefined
    if (only !== undefined) {
      for (const consumer of this.of(only._tag)) {
        if (
          !consumer.hasRoom(1) &&
          consumer.matches({
            instanceId: this.options.instanceId,
            n: 0,
            span: undefined,
            action: only,
            traced: undefined
          })
        )
          return false
      }
      return true
    }
    for (const [consumer, { length }] of this.route(actions, 0, undefined, undefined)) {
      if (!consumer.hasRoom(length)) return false
    }
    return true
  }

  demands(actions: ReadonlyArray<AnyAction>, caller: Caller | undefined): ReadonlyArray<Demand> {
    const demands: Array<Demand> = []
    for (const [consumer, { length }] of this.route(actions, 0, undefined, undefined)) {
      if (this.waitsFor(consumer, caller)) demands.push({ consumer, count: length })
    }
    return demands
  }

  /** Appends the committed actions. A caller that waited holds slots; of any other, the ticket waits for them. */
  deliver(
    actions: ReadonlyArray<AnyAction>,
    n: number,
    span: AnySpan | undefined,
    traced: Traced | undefined,
    waiter: Waiter | undefined,
    ticket: Ticket | null
  ): void {
    if (waiter !== undefined) {
      for (const [consumer, deliveries] of this.route(actions, n, span, traced))
        waiter.publish(consumer, deliveries)
      return
    }
    for (const action of actions) {
      const consumers = this.of(action._tag)
      if (consumers.length === 0) continue
      const delivery: Delivery = { instanceId: this.options.instanceId, n, span, action, traced }
      for (const consumer of consumers) {
        if (!consumer.matches(delivery)) continue
        consumer.push(delivery, ticket)
        if (consumer.ingress > 0) this.warnOfIngress(consumer)
      }
    }
  }

  /** The deliveries of a transaction by consumer; of none, `n` being 0, for tracing and reserving. */
  route(
    actions: ReadonlyArray<AnyAction>,
    n: number,
    span: AnySpan | undefined,
    traced: Traced | undefined
  ): ReadonlyMap<Consumer<Delivery>, ReadonlyArray<Delivery>> {
    const routes = new Map<Consumer<Delivery>, Array<Delivery>>()
    for (const action of actions) {
      const delivery: Delivery = { instanceId: this.options.instanceId, n, span, action, traced }
      for (const consumer of this.of(action._tag)) {
        if (!consumer.matches(delivery)) continue
        const route = routes.get(consumer)
        if (route === undefined) routes.set(consumer, [delivery])
        else route.push(delivery)
      }
    }
    return routes
  }

  backlog(): Backlog {
    return {
      consumers: this.consumers.map((consumer) => consumer.gauge()),
      ingress: this.consumers.reduce((sum, consumer) => sum + consumer.ingress, 0)
    }
  }

  /** Returns how many actions were never taken; those kept for setups were only copies. */
  close(): number {
    let undelivered = this.leftOver()
    for (const consumer of this.consumers) {
      const left = consumer.close(false)
      if (consumer !== this.kept) undelivered += left
    }
    this.consumers = []
    this.byTag.clear()
    return undelivered
  }

  private warnOfIngress(consumer: Consumer<Delivery>): void {
    if (consumer.ingress < ingressWarning * consumer.capacity || this.warned.has(consumer)) return
    this.warned.add(consumer)
    this.options.warn(
      `${consumer.ingress} deliveries to ${consumer.name} of ${this.options.instanceId} have no slot: synchronous callers are faster than it. Await the Promise of dispatch or of the callback, or make the handler faster.`
    )
  }
}
