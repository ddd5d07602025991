/** Ports through a WebSocket: to a Node process, or a page on another device. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { makePort, type Port } from "../protocol/port.ts"
import type { Served } from "../protocol/serve.ts"

/** What is used of a WebSocket: the global one, or one of a server such as that of `ws`. */
export interface SocketLike {
  readonly send: (data: string) => void
  readonly close: () => void
  readonly addEventListener: (type: "message" | "close" | "error", listener: (event: object) => void) => void
}

/** Characters of one message; what a panel sends is far smaller. */
const maxLength = 4_000_000

/** The message that nobody understands, so that what is no JSON is counted with what else is refused. */
const unreadable = null

/** The socket is open. */
export const socketPort = (socket: SocketLike): Port => {
  const { closed, port, received } = makePort({
    send: (message) => socket.send(JSON.stringify(message)),
    close: () => socket.close()
  })
  socket.addEventListener("message", (event) => {
    if ("data" in event) received(parse(event.data))
  })
  socket.addEventListener("close", closed)
  socket.addEventListener("error", () => port.close())
  return port
}

const parse = (data: unknown): unknown => {
  if (typeof data !== "string" || data.length > maxLength) return unreadable
  try {
    return JSON.parse(data)
  } catch {
    return unreadable
  }
}

export interface SocketRequest {
  /** The `Origin` header of the request; a browser always sends it, other clients need not. */
  readonly origin: string | undefined
}

/**
 * Serves the panel at the other end of a server's socket if its origin is one of these, or it is no browser's, and
 * it brings an invitation. Any page in the same browser can open a socket to a local server: without the two it
 * could drive this one.
 */
export const acceptSocket = (
  served: Served,
  socket: SocketLike,
  { origin }: SocketRequest,
  { origins }: { readonly origins: ReadonlyArray<string> }
): void => {
  if (origin !== undefined && !origins.includes(origin)) return socket.close()
  served.accept(socketPort(socket), { invited: true })
}

/** No connection came about. */
export class SocketFailed extends Schema.TaggedError<SocketFailed>()("SocketFailed", { url: Schema.String }) {
  override get message() {
    return `No connection to ${this.url}. Check that the process listens there, and that it lets this origin in.`
  }
}

/** A port to the process that serves there. */
export const openSocket = (url: string): Effect.Effect<Port, SocketFailed> =>
  Effect.callback<Port, SocketFailed>((resume) => {
    const socket = new WebSocket(url)
    const port = socketPort(socket)
    socket.addEventListener("open", () => resume(Effect.succeed(port)))
    socket.addEventListener("close", () => resume(Effect.fail(new SocketFailed({ url }))))
    return Effect.sync(port.close)
  })
