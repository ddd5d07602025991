/** Numbers and times as the panel writes them. */

const integers = new Intl.NumberFormat("en-US")

export const count = (value: number): string => (value === Infinity ? "∞" : integers.format(value))

/** Local time of day, to the millisecond. */
export const timeOfDay = (at: number): string => {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, "0")
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`
}

/** A duration of so many milliseconds: below a second in ms, from there on in s. */
export const duration = (ms: number): string => {
  // Browsers round their clock to 0.1 ms, or to more.
  if (ms < 0.005) return "<0.1 ms"
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`
  return `${(ms / 1000).toFixed(2)} s`
}

/** `Counter#1::t12` as `t12 Counter#1`, or, as seen from `Counter#1`, as `t12`. */
export const shortTxn = (txnId: string, instanceId: string): string => {
  const [instance, txn] = txnId.split("::")
  if (instance === undefined || txn === undefined) return txnId
  return instance === instanceId ? txn : `${txn} ${instance}`
}
