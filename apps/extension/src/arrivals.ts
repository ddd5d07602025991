/** The pages of the inspected tab: each that says it is there, now, after a reload, in whichever frame. */
import { extensionPort } from "@sluice/devtools/extension"
import type { Arrival } from "@sluice/devtools/protocol"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { isHere, type Who } from "./messages.ts"

const who: Who = { sluice: "who" }

export const arrivals = (tabId: number): Stream.Stream<Arrival> =>
  Stream.callback<Arrival>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const connected = new Set<string>()
        const onMessage = (
          message: unknown,
          { documentId, frameId, tab, url }: chrome.MessageSender
        ): void => {
          if (tab?.id !== tabId || documentId === undefined || !isHere(message)) return
          const key = `${documentId} ${message.page}`
          if (connected.has(key)) return
          connected.add(key)
          const leading = chrome.tabs.connect(tabId, { documentId, name: message.page })
          leading.onDisconnect.addListener(readLastError)
          const port = extensionPort(leading)
          port.onClose(() => connected.delete(key))
          Queue.offerUnsafe(queue, { key, port, ...(frameId === 0 ? {} : { place: placeOf(url) }) })
        }
        chrome.runtime.onMessage.addListener(onMessage)
        // It fails where no frame has a content script, as in the browser's own pages.
        chrome.tabs.sendMessage(tabId, who).catch(() => {})
        return onMessage
      }),
      (onMessage) => Effect.sync(() => chrome.runtime.onMessage.removeListener(onMessage))
    )
  )

/** Why a port closed. Unless it is read the browser complains: a page that goes to the back/forward cache is no error. */
const readLastError = (): void => void chrome.runtime.lastError

const maxPlace = 60

const placeOf = (url = "a frame"): string => {
  const place = url.replace(/^https?:\/\//, "")
  return place.length > maxPlace ? `${place.slice(0, maxPlace)}…` : place
}
