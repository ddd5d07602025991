/** What became of each action of an entry at its consumers, as far as the trace tells: level `full`, or sampled. */
import type { Trace } from "@sluice/core"
import { untilSetUp } from "@sluice/core/Devtools"
import { maxParts, type Row } from "./messages.ts"

export interface HandlerRun {
  readonly consumer: string
  readonly tag: string
  /** `waiting`: in its FIFO, or being handled; `delivered`: to a stream, whose readers tell no end. */
  readonly state: "waiting" | "delivered" | "success" | "failure" | "interrupt" | "skipped"
  /** Of one that was skipped. */
  readonly reason?: string
  /** From the handler's begin to its end. */
  readonly ms?: number
  /** Epoch milliseconds. */
  readonly endedAt?: number
}

/** Of one transaction; of more, only how many there are. */
const maxRuns = maxParts

/** Those of one transaction. */
class TxnRuns {
  readonly kept: Array<HandlerRun> = []
  all = 0
  waiting = 0
  failed = 0
  /** Epoch milliseconds of the last end, and the longest. */
  endedAt = -Infinity
  longest = 0
  /** By consumer and tag, those that wait: which of the kept, and how many others. */
  readonly #waiting = new Map<string, { readonly kept: Array<number>; others: number }>()

  #waitingOf({ consumer, tag }: HandlerRun): { readonly kept: Array<number>; others: number } {
    const key = JSON.stringify([consumer, tag])
    const known = this.#waiting.get(key) ?? { kept: [], others: 0 }
    this.#waiting.set(key, known)
    return known
  }

  deliver(run: HandlerRun): void {
    const isKept = this.#add(run)
    if (run.state !== "waiting") return
    const waiting = this.#waitingOf(run)
    this.waiting++
    if (isKept) waiting.kept.push(this.kept.length - 1)
    else waiting.others++
  }

  settle(run: HandlerRun): void {
    const waiting = this.#waitingOf(run)
    const at = waiting.kept.shift()
    const isKnown = at !== undefined || waiting.others > 0
    if (at !== undefined) this.kept[at] = run
    else if (isKnown) waiting.others--
    // It was kept for the flow, or its delivery was overwritten, or is forgotten.
    else this.#add(run)
    if (isKnown) this.waiting--
    if (run.state === "failure") this.failed++
    this.endedAt = Math.max(this.endedAt, run.endedAt ?? -Infinity)
    this.longest = Math.max(this.longest, run.ms ?? 0)
  }

  /** Nothing waits any more. */
  interrupt(): void {
    for (const { kept } of this.#waiting.values())
      for (const at of kept) {
        const run = this.kept[at]
        if (run !== undefined) this.kept[at] = { ...run, state: "interrupt" }
      }
    this.#waiting.clear()
    this.waiting = 0
  }

  /** Whether it is kept. */
  #add(run: HandlerRun): boolean {
    this.all++
    return this.kept.length < maxRuns && this.kept.push(run) > 0
  }
}

export class Runs {
  readonly #capacity: number
  /** By transaction, the oldest first. Written by `take`. */
  readonly #byTxn = new Map<string, TxnRuns>()

  /** So many transactions are remembered. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  take(event: Exclude<Trace.TraceEvent, Trace.EntryEvent>): void {
    if (event.kind === "closed") return this.#close(event.instanceId)
    const { consumer, tag, txnId } = event
    // It is none that handles anything: what it keeps goes on to the flows that the setups open.
    if (consumer === untilSetUp) return
    const runs = this.#of(txnId)
    if (event.kind === "delivery") {
      const state = consumer.startsWith("actionStream(") ? "delivered" : "waiting"
      return runs.deliver({ consumer, tag, state })
    }
    runs.settle(
      event.kind === "skipped"
        ? { consumer, tag, state: "skipped", reason: event.reason }
        : { consumer, tag, state: event.outcome, ms: event.durationMs, endedAt: event.at }
    )
  }

  /** Nothing of an instance goes on after its end. */
  #close(instanceId: string): void {
    for (const [txnId, runs] of this.#byTxn) if (txnId.startsWith(`${instanceId}::`)) runs.interrupt()
  }

  #of(txnId: string): TxnRuns {
    const known = this.#byTxn.get(txnId)
    if (known !== undefined) return known
    const made = new TxnRuns()
    this.#byTxn.set(txnId, made)
    const [oldest = txnId] = this.#byTxn.keys()
    if (this.#byTxn.size > this.#capacity) this.#byTxn.delete(oldest)
    return made
  }

  /** The first of them. */
  of(txnId: string): ReadonlyArray<HandlerRun> {
    return this.#byTxn.get(txnId)?.kept ?? []
  }

  /** In short, for a row; `ms` from the entry's time to the end of its last handler. */
  summary(txnId: string, time: number): Row["runs"] {
    const runs = this.#byTxn.get(txnId)
    if (runs === undefined) return undefined
    const { all, endedAt, failed, longest, waiting } = runs
    return { all, waiting, failed, ms: Math.max(0, endedAt - time, longest) }
  }

  clear(): void {
    this.#byTxn.clear()
  }
}
