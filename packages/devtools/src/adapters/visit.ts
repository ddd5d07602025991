/** For an extension's content script: finds the pages of its window, and comes in to them. */
import type { Port } from "../protocol/port.ts"
import { messagePort, type MessagePortLike } from "./messagePort.ts"
import { hear, say } from "./worlds.ts"

export interface Pages {
  /** Those that are here say so again. */
  readonly ask: () => void
  readonly end: () => void
}

/** Tells of each page of this window, by its id, whenever it says that it is here. Any script of the page can say so. */
export const findPages = (window: Window, onPage: (page: string) => void): Pages => {
  const end = hear(window, (message) => {
    if (message.say === "here") onPage(message.page)
  })
  return { ask: () => say(window, { say: "who" }), end }
}

/** A port that leads to the page once it has let it in; what is sent before then waits. */
export const visit = (window: Window, page: string): Port => {
  const { port1, port2 } = new MessageChannel()
  const call = crypto.getRandomValues(new Uint32Array(4)).join("-")
  const end = hear(window, (message) => {
    if (message.say !== "invitation" || message.call !== call) return
    end()
    say(window, { say: "knock", page, nonce: message.nonce }, [port2])
  })
  const own: MessagePortLike = port1
  const port = messagePort(own)
  port.onClose(end)
  say(window, { say: "call", page, call })
  return port
}
