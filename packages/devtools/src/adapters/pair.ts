/** Two ports of one page that lead to each other. */
import { makePort, type Port } from "../protocol/port.ts"

/** What is sent is not copied. It arrives after what runs now, so that no entry of the app waits for it. */
export const pair = (): readonly [Port, Port] => {
  const first = makePort({
    send: (message) => queueMicrotask(() => second.received(message)),
    close: () => queueMicrotask(() => second.closed())
  })
  const second = makePort({
    send: (message) => queueMicrotask(() => first.received(message)),
    close: () => queueMicrotask(() => first.closed())
  })
  return [first.port, second.port]
}
