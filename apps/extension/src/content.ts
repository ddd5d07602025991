/** In each frame of each page, in a world of its own: passes on what a page and the panel say, and does nothing else. */
import { extensionPort, findPages, joinPorts, visit } from "@sluice/devtools/extension"
import { isWho, type Here } from "./messages.ts"

const pages = findPages(window, (page) => {
  const here: Here = { sluice: "here", page }
  // Without a panel nobody hears it; after the extension was removed or updated, it throws.
  const told = chrome.runtime?.sendMessage(here)
  told?.catch(() => {})
})

chrome.runtime.onMessage.addListener((message) => {
  if (isWho(message)) pages.ask()
})

// Only the extension itself can connect to it.
chrome.runtime.onConnect.addListener((panel) => joinPorts(extensionPort(panel), visit(window, panel.name)))
