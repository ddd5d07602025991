/** The panels that came in through a window. */
import type { Port } from "../protocol/port.ts"
import type { Served } from "../protocol/serve.ts"

/** What is used of a window. */
export interface Leaving {
  readonly addEventListener: (type: "pagehide", listener: (event: Event) => void) => void
  readonly removeEventListener: (type: "pagehide", listener: (event: Event) => void) => void
}

export interface Guests {
  readonly admit: (port: Port) => void
  readonly end: () => void
}

/** They are told goodbye when the page is left: one in the back/forward cache answers nobody. */
export const receiveGuests = (served: Served, window: Leaving): Guests => {
  const goodbyes = new Set<() => void>()
  const onHide = (): void => {
    for (const goodbye of goodbyes) goodbye()
  }
  window.addEventListener("pagehide", onHide)
  return {
    admit: (port) => {
      const goodbye = served.accept(port)
      goodbyes.add(goodbye)
      port.onClose(() => goodbyes.delete(goodbye))
    },
    end: () => window.removeEventListener("pagehide", onHide)
  }
}
