/** What calls add up to, handler by handler. */
import type { HandlerEvent } from "./Activity.ts"

type Call = Extract<HandlerEvent, { readonly _tag: "Call" }>

export interface Totals {
  readonly handler: string
  readonly calls: number
  readonly failures: number
  readonly reruns: number
  /** Of the milliseconds that the code ran. */
  readonly p50: number
  readonly p95: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** The smallest of the ascending values that at least that share of them does not exceed. 0 of none. */
export const percentile = (ascending: ReadonlyArray<number>, share: number): number =>
  ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? 0

/** Those with the most calls first. */
export const totalsOf = (events: ReadonlyArray<HandlerEvent>): ReadonlyArray<Totals> => {
  const byHandler = new Map<string, Array<Call>>()
  for (const event of events) {
    if (event._tag !== "Call") continue
    const own = byHandler.get(event.handler)
    if (own === undefined) byHandler.set(event.handler, [event])
    else own.push(event)
  }
  return Array.from(byHandler, ([handler, own]): Totals => {
    const ran = own.map(({ ranMs }) => ranMs).toSorted((a, b) => a - b)
    const sum = (of: (call: Call) => number) => own.reduce((all, call) => all + of(call), 0)
    return {
      handler,
      calls: own.length,
      failures: own.filter(({ outcome }) => outcome !== "ok").length,
      reruns: sum(({ reruns }) => reruns),
      p50: percentile(ran, 0.5),
      p95: percentile(ran, 0.95),
      bytesIn: sum(({ bytesIn }) => bytesIn),
      bytesOut: sum(({ bytesOut }) => bytesOut)
    }
  }).toSorted((a, b) => b.calls - a.calls || a.handler.localeCompare(b.handler))
}
