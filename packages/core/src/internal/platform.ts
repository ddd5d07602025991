/** What the core uses of its host, typed here so that it compiles without the DOM's or Node's types. */
interface MessagePort {
  onmessage: ((event: unknown) => void) | null
  postMessage(message: unknown): void
}

interface Host {
  readonly queueMicrotask: (task: () => void) => void
  readonly setTimeout: (task: () => void, ms: number) => number | { readonly unref: () => unknown }
  readonly clearTimeout: (timer: unknown) => void
  readonly setImmediate?: (task: () => void) => unknown
  readonly MessageChannel?: new () => { readonly port1: MessagePort; readonly port2: MessagePort }
  readonly performance: { readonly now: () => number }
}

// globalThis has no type for these without a platform library.
const host = globalThis as unknown as Host

/** Monotonic milliseconds. */
export const monotonicMs = (): number => host.performance.now()

export const microtask = (task: () => void): void => host.queueMicrotask(task)

/** What a host's timer can hold; it takes more for none at all. */
const longest = 2 ** 31 - 1

/** Runs the task after `ms` milliseconds, if the process still runs; returns the function that cancels it. */
export const timer = (task: () => void, ms: number): (() => void) => {
  if (ms > longest) return () => {}
  const id = host.setTimeout(task, ms)
  if (typeof id === "object") id.unref()
  return () => host.clearTimeout(id)
}

/**
 * Runs the task after the host had its turn (input, paint, IO): `setImmediate` in Node, a MessageChannel in
 * browsers, where `setTimeout(0)` costs 4 ms.
 */
export const macrotask: (task: () => void) => void = (() => {
  if (host.setImmediate !== undefined) return (task: () => void) => void host.setImmediate?.(task)
  if (host.MessageChannel === undefined) return (task: () => void) => void host.setTimeout(task, 0)
  const { port1, port2 } = new host.MessageChannel()
  const waiting: Array<() => void> = []
  port1.onmessage = () => waiting.shift()?.()
  return (task: () => void) => {
    waiting.push(task)
    port2.postMessage(undefined)
  }
})()
