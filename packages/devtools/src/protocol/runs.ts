/** What became of each action of an entry at its consumers, as far as the trace tells: level `full`, or sampled. */
import type { Trace } from "@sluice/core"
import { untilSetUp } from "@sluice/core/Devtools"
import type { Row } from "./messages.ts"

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

export class Runs {
  readonly #capacity: number
  /** By transaction, the oldest first. Written by `take`. */
  readonly #byTxn = new Map<string, Array<HandlerRun>>()

  /** So many transactions are remembered. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  take(event: Exclude<Trace.TraceEvent, Trace.EntryEvent>): void {
    if (event.kind === "closed") return this.#close(event.instanceId)
    const { consumer, tag, txnId } = event
    // It is none that handles anything: what it keeps goes on to the flows that the setups open.
    if (consumer === untilSetUp) return
    const runs = this.#byTxn.get(txnId) ?? []
    if (event.kind === "delivery") {
      const state = consumer.startsWith("actionStream(") ? "delivered" : "waiting"
      return this.#add(txnId, runs, { consumer, tag, state })
    }
    const at = runs.findIndex(
      (run) => run.state === "waiting" && run.consumer === consumer && run.tag === tag
    )
    const run: HandlerRun =
      event.kind === "skipped"
        ? { consumer, tag, state: "skipped", reason: event.reason }
        : { consumer, tag, state: event.outcome, ms: event.durationMs, endedAt: event.at }
    if (at >= 0) runs[at] = run
    // It was kept for the flow, or its delivery was overwritten, or is forgotten.
    else this.#add(txnId, runs, run)
  }

  /** Nothing of an instance goes on after its end. */
  #close(instanceId: string): void {
    for (const [txnId, runs] of this.#byTxn) {
      if (!txnId.startsWith(`${instanceId}::`)) continue
      for (const [at, run] of runs.entries())
        if (run.state === "waiting") runs[at] = { ...run, state: "interrupt" }
    }
  }

  #add(txnId: string, runs: Array<HandlerRun>, run: HandlerRun): void {
    this.#byTxn.set(txnId, runs)
    runs.push(run)
    if (this.#byTxn.size <= this.#capacity) return
    const [oldest = txnId] = this.#byTxn.keys()
    this.#byTxn.delete(oldest)
  }

  of(txnId: string): ReadonlyArray<HandlerRun> {
    return this.#byTxn.get(txnId) ?? []
  }

  /** In short, for a row; `ms` from the entry's time to the end of its last handler. */
  summary(txnId: string, time: number): Row["runs"] {
    const runs = this.#byTxn.get(txnId)
    if (runs === undefined) return undefined
    const count = (state: HandlerRun["state"]) => runs.filter((run) => run.state === state).length
    const ended = runs.flatMap(({ endedAt }) => endedAt ?? [])
    return {
      all: runs.length,
      waiting: count("waiting"),
      failed: count("failure"),
      ms: Math.max(0, ...ended.map((at) => at - time), ...runs.map(({ ms = 0 }) => ms))
    }
  }

  clear(): void {
    this.#byTxn.clear()
  }
}
