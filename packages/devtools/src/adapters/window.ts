/** The way from a panel in another window or an iframe into a page that has invited it. */
import type { Port } from "../protocol/port.ts"
import type { Served } from "../protocol/serve.ts"
import { type Leaving, receiveGuests } from "./guests.ts"
import { messagePort, type MessagePortLike } from "./messagePort.ts"

/** Marks the one message that is sent through a window; all others go through a port of their own. */
const mark = "@sluice/devtools knock"

interface Knock {
  readonly sluice: typeof mark
  readonly nonce: string
}

const isKnock = (data: unknown): data is Knock =>
  typeof data === "object" &&
  data !== null &&
  "sluice" in data &&
  data.sluice === mark &&
  "nonce" in data &&
  typeof data.nonce === "string"

/** Why a knock was not answered. */
export interface Turned {
  readonly origin: string
  readonly reason: "origin" | "nonce" | "port"
}

export interface ListenOptions {
  /**
   * Exactly these, as in `https://desk.example`. Default: the page's own; nobody, where that is `null`, as of a file
   * or in a sandbox: all such pages have that one.
   */
  readonly origins?: ReadonlyArray<string>
  /** Told of each panel that was turned away; the panel itself is told nothing. */
  readonly onTurned?: (turned: Turned) => void
}

/** What is used of a window. */
interface Listening extends Leaving {
  readonly addEventListener: (type: "message" | "pagehide", listener: (event: Event) => void) => void
  readonly removeEventListener: (type: "message" | "pagehide", listener: (event: Event) => void) => void
  readonly origin?: string
}

const ownOrigin = ({ origin = "null" }: Listening): ReadonlyArray<string> =>
  origin === "null" ? [] : [origin]

/**
 * Lets panels of these origins in that bring an invitation of `served.invite`, each of which is good for one. Other
 * messages of the window are left alone. Panels are told goodbye when the page is left; where it comes back from the
 * back/forward cache, so may they. Returns the function that ends it; who is in by then stays.
 */
export const listen = (
  served: Served,
  window: Listening,
  { onTurned = () => {}, origins = ownOrigin(window) }: ListenOptions = {}
): (() => void) => {
  const guests = receiveGuests(served, window)
  const onMessage = (event: Event): void => {
    if (!(event instanceof MessageEvent)) return
    const data: unknown = event.data
    if (!isKnock(data)) return
    const { origin } = event
    // First: who is of another origin learns nothing of invitations, and uses none up.
    if (!origins.includes(origin)) return onTurned({ origin, reason: "origin" })
    const [port] = event.ports
    if (port === undefined) return onTurned({ origin, reason: "port" })
    if (!served.admit(data.nonce)) return onTurned({ origin, reason: "nonce" })
    guests.admit(messagePort(port))
  }
  window.addEventListener("message", onMessage)
  return () => {
    window.removeEventListener("message", onMessage)
    guests.end()
  }
}

/** What is used of the window that is knocked at. */
interface Knocked {
  readonly postMessage: (
    message: unknown,
    options: { readonly targetOrigin: string; readonly transfer: Array<Transferable> }
  ) => void
}

/** A port to the page in that window, which must be of this origin. It closes when this page is left. */
export const knock = (
  window: Knocked,
  options: { readonly origin: string; readonly nonce: string }
): Port => {
  const { port1, port2 } = new MessageChannel()
  const message: Knock = { sluice: mark, nonce: options.nonce }
  window.postMessage(message, { targetOrigin: options.origin, transfer: [port2] })
  const own: MessagePortLike = port1
  const port = messagePort(own)
  if ("addEventListener" in globalThis) {
    globalThis.addEventListener("pagehide", port.close)
    port.onClose(() => globalThis.removeEventListener("pagehide", port.close))
  }
  return port
}
