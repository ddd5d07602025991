/** A page in a frame or a window, and the window beside it that shows the panel. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Arrival } from "../protocol/gather.ts"
import type { Served } from "../protocol/serve.ts"
import { knock, listen } from "./window.ts"

/** Marks what the two say to each other before there is a port. */
const mark = "@sluice/devtools invitation"

interface Wanted {
  readonly sluice: typeof mark
}

interface Invitation extends Wanted {
  readonly page: string
  readonly nonce: string
}

const isWanted = (data: unknown): data is Wanted =>
  typeof data === "object" && data !== null && "sluice" in data && data.sluice === mark

const isInvitation = (data: unknown): data is Invitation =>
  isWanted(data) &&
  "page" in data &&
  typeof data.page === "string" &&
  "nonce" in data &&
  typeof data.nonce === "string"

/** What that window says, as long as it is of that origin. */
const hearFrom = (
  other: Window,
  origin: string,
  own: Window,
  told: (data: unknown) => void
): (() => void) => {
  const onMessage = (event: MessageEvent<unknown>): void => {
    if (event.source === other && event.origin === origin) told(event.data)
  }
  own.addEventListener("message", onMessage)
  return () => own.removeEventListener("message", onMessage)
}

/**
 * Invites the panel in that window, such as `window.parent`, `window.opener` or what `window.open` gave: now, and
 * whenever it asks. It must be of this origin, written out, as in `https://workbench.example`; no other is told, nor
 * let in. Returns the function that ends it; who is in by then stays.
 */
export const inviteWindow = (
  served: Served,
  other: Window,
  { origin, own = globalThis.window }: { readonly origin: string; readonly own?: Window }
): (() => void) => {
  const invite = (): void => {
    const invitation: Invitation = { sluice: mark, page: served.page, nonce: served.invite() }
    other.postMessage(invitation, { targetOrigin: origin })
  }
  const endHearing = hearFrom(other, origin, own, (data) => {
    if (isWanted(data) && !isInvitation(data)) invite()
  })
  const endListening = listen(served, own, { origins: [origin] })
  invite()
  return () => {
    endHearing()
    endListening()
  }
}

/**
 * For a panel: the page in that window, each time that it invites, also after a reload. It must be of this origin.
 * Made for `gather`.
 */
export const invitedBy = (
  other: Window,
  { origin, own = globalThis.window }: { readonly origin: string; readonly own?: Window }
): Stream.Stream<Arrival> =>
  Stream.callback<Arrival>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const connected = new Set<string>()
        const end = hearFrom(other, origin, own, (data) => {
          if (!isInvitation(data) || connected.has(data.page)) return
          const { nonce, page } = data
          connected.add(page)
          const port = knock(other, { origin, nonce })
          port.onClose(() => connected.delete(page))
          Queue.offerUnsafe(queue, { key: page, port })
        })
        const wanted: Wanted = { sluice: mark }
        // It says nothing that anyone may not hear; a frame may not have come to its address yet.
        other.postMessage(wanted, { targetOrigin: "*" })
        return end
      }),
      (end) => Effect.sync(end)
    )
  )
