/** What became of each action of an entry at its consumers, as far as the trace tells: level `full`, or sampled. */
import type { Trace } from "@sluice/core"
import type { Row } from "./messages.ts"

export interface HandlerRun {
  readonly consumer: string
  readonly tag: string
  /** `waiting`: in its FIFO, or being handled. */
  readonly state: "waiting" | "success" | "failure" | "interrupt" | "skipped"
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
    if (event.kind === "closed") return
    const { consumer, tag, txnId } = event
    const runs = this.#byTxn.get(txnId) ?? []
    if (event.kind === "delivery") {
      this.#byTxn.set(txnId, runs)
      runs.push({ consumer, tag, state: "waiting" })
      if (this.#byTxn.size > this.#capacity) {
        const [oldest = txnId] = this.#byTxn.keys()
        this.#byTxn.delete(oldest)
      }
      return
    }
    const at = runs.findIndex(
      (run) => run.state === "waiting" && run.consumer === consumer && run.tag === tag
    )
    // Its delivery was overwritten, or is forgotten.
    if (at < 0) return
    runs[at] =
      event.kind === "skipped"
        ? { consumer, tag, state: "skipped", reason: event.reason }
        : { consumer, tag, state: event.outcome, ms: event.durationMs, endedAt: event.at }
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
