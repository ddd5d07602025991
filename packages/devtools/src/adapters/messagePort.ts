/** Ports through a MessagePort: to an iframe, another window, a worker or an extension's page. */
import { makePort, type Port } from "../protocol/port.ts"

/** What is used of a MessagePort, a browser's or Node's. */
export interface MessagePortLike {
  readonly postMessage: (message: unknown) => void
  readonly addEventListener: (type: "message" | "close", listener: (event: Event) => void) => void
  readonly start: () => void
  readonly close: () => void
}

/** The last message of an end that closes: in browsers the other is not told otherwise. */
const goodbye = "@sluice/devtools goodbye"

/** Whoever holds the other end can use it: give it to nobody else. */
export const messagePort = (given: MessagePortLike): Port => {
  const { closed, port, received } = makePort({
    // A port has no origin: who holds its other end is known.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is no window
    send: (message) => given.postMessage(message),
    close: () => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is no window
      given.postMessage(goodbye)
      given.close()
    }
  })
  given.addEventListener("message", (event) => {
    if (!("data" in event)) return
    if (event.data === goodbye) port.close()
    else received(event.data)
  })
  given.addEventListener("close", closed)
  given.start()
  return port
}
