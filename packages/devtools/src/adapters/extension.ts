/** Ports through an extension, whose messages are JSON by default. */
import { makePort, type Port } from "../protocol/port.ts"

/** What is used of `chrome.runtime.Port`. */
export interface ExtensionPort {
  readonly postMessage: (message: unknown) => void
  readonly disconnect: () => void
  readonly onMessage: { readonly addListener: (listener: (message: unknown) => void) => void }
  readonly onDisconnect: { readonly addListener: (listener: () => void) => void }
}

export const extensionPort = (given: ExtensionPort): Port => {
  const { closed, port, received } = makePort({
    // A port has no origin: who holds its other end is known.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is no window
    send: (message) => given.postMessage(message),
    close: () => given.disconnect()
  })
  given.onMessage.addListener(received)
  given.onDisconnect.addListener(closed)
  return port
}
