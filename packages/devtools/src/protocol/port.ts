/** A way for messages, whatever it leads through. */

/**
 * Messages are plain JSON data. A port keeps what comes before `onMessage` is first called; it has one listener.
 * Sending on a closed port does nothing. Do not infer that what was sent has arrived.
 */
export interface Port {
  readonly send: (message: unknown) => void
  readonly onMessage: (listener: (message: unknown) => void) => void
  /** Told once, at once if it has closed already. */
  readonly onClose: (listener: () => void) => void
  readonly close: () => void
}

/** What a port that leads somewhere is made of. */
export interface Wire {
  /** May throw: then the port closes. */
  readonly send: (message: unknown) => void
  readonly close: () => void
}

/** More than this before anyone listens, and the port closes. */
const maxKept = 1000

/** A port, and the functions by which its wire tells it what comes. */
export const makePort = (
  wire: Wire
): { readonly port: Port; readonly received: (message: unknown) => void; readonly closed: () => void } => {
  let kept: Array<unknown> = []
  let listener: ((message: unknown) => void) | undefined
  let open = true
  const closeListeners = new Set<() => void>()
  const closed = () => {
    if (!open) return
    open = false
    kept = []
    for (const told of closeListeners) told()
    closeListeners.clear()
  }
  const close = () => {
    if (!open) return
    closed()
    wire.close()
  }
  return {
    port: {
      send: (message) => {
        if (!open) return
        try {
          wire.send(message)
        } catch {
          close()
        }
      },
      onMessage: (given) => {
        listener = given
        const before = kept
        kept = []
        for (const message of before) if (open) given(message)
      },
      onClose: (told) => {
        if (open) closeListeners.add(told)
        else told()
      },
      close
    },
    received: (message) => {
      if (!open) return
      if (listener !== undefined) listener(message)
      else if (kept.push(message) > maxKept) close()
    },
    closed
  }
}

/** What comes from either goes to the other; they close together. */
export const joinPorts = (one: Port, other: Port): void => {
  one.onMessage(other.send)
  other.onMessage(one.send)
  one.onClose(other.close)
  other.onClose(one.close)
}
