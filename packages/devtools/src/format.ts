/** Numbers and times as the panel writes them. */

const integers = new Intl.NumberFormat("en-US")

export const count = (value: number): string => (value === Infinity ? "∞" : integers.format(value))

/** Local time of day, to the millisecond. */
export const timeOfDay = (at: number): string => {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, "0")
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`
}

/** A duration of so many milliseconds, in the unit that suits it. */
export const duration = (ms: number): string => {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`
  return `${(ms / 1000).toFixed(2)} s`
}

/** `Counter#1::t12` as seen from `Counter#1`: `t12`. */
export const shortTxn = (txnId: string, instanceId: string): string =>
  txnId.startsWith(`${instanceId}::`) ? txnId.slice(instanceId.length + 2) : txnId
