/** What is used of the host, kept from before a test may fake its timers. */
interface Port {
  onmessage: (() => void) | null
  postMessage(message: unknown): void
}
interface Host {
  readonly queueMicrotask: (task: () => void) => void
  readonly setImmediate?: (task: () => void) => unknown
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port }
}

// globalThis has no type for these without a platform library.
const { MessageChannel, queueMicrotask, setImmediate } = globalThis as unknown as Host

export const soon = (task: () => void): void => queueMicrotask(task)

/** The host's next turn: all jobs of Promises that could run have run before it. */
export const hostTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (setImmediate !== undefined) return void setImmediate(resolve)
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.onmessage = null
      resolve()
    }
    port2.postMessage(undefined)
  })
