/** How a page lets the browser's own developer tools in. */
import type { Served } from "../protocol/serve.ts"
import { receiveGuests } from "./guests.ts"
import { messagePort } from "./messagePort.ts"
import { hear, say } from "./worlds.ts"

/**
 * Lets the panel of the extension in, through the content script that it has in this window. Only what the window
 * itself says is listened to, and each panel needs an invitation of its own, which only this window is told: frames,
 * openers and other windows can neither ask for one nor use it. Scripts of the page can, but they have the page
 * already. Returns the function that ends it; a panel that is in by then stays.
 */
export const acceptExtension = (served: Served, window: Window = globalThis.window): (() => void) => {
  const { page } = served
  const guests = receiveGuests(served, window)
  const announce = (): void => say(window, { say: "here", page })
  const onShow = ({ persisted }: PageTransitionEvent): void => {
    // From the back/forward cache: the panel's port has closed.
    if (persisted) announce()
  }
  const endHearing = hear(window, (message, [port]) => {
    switch (message.say) {
      case "who":
        return announce()
      case "call":
        if (message.page === page)
          say(window, { say: "invitation", page, call: message.call, nonce: served.invite() })
        return
      case "knock":
        if (message.page === page && port !== undefined && served.admit(message.nonce))
          guests.admit(messagePort(port))
        return
      case "here":
      case "invitation":
        return
    }
  })
  window.addEventListener("pageshow", onShow)
  announce()
  return () => {
    endHearing()
    guests.end()
    window.removeEventListener("pageshow", onShow)
  }
}
