/** What a page and an extension's content script, two worlds of one window, say to each other through it. */

const mark = "@sluice/devtools extension"

/**
 * `who`: the content script asks for pages. `here`: a page says so, unasked when it begins and when it comes back.
 * `call`: the content script wants to come in to one. `invitation`: how to. `knock`: the same, with a port.
 */
export type Said =
  | { readonly say: "who" }
  | { readonly say: "here"; readonly page: string }
  | { readonly say: "call"; readonly page: string; readonly call: string }
  | { readonly say: "invitation"; readonly page: string; readonly call: string; readonly nonce: string }
  | { readonly say: "knock"; readonly page: string; readonly nonce: string }

export const say = (window: Window, message: Said, transfer: Array<Transferable> = []): void =>
  // It is the window itself, so nobody else can get this. Its origin may have no name, and made-up windows take no "/".
  window.postMessage({ sluice: mark, ...message }, "*", transfer)

/**
 * Only what this window says to itself: the browser names the sender, and no frame, opener or other window can be it.
 * Returns the function that ends it.
 */
export const hear = (
  window: Window,
  told: (message: Said, ports: ReadonlyArray<MessagePort>) => void
): (() => void) => {
  const onMessage = (event: MessageEvent<unknown>): void => {
    // First: what other windows say is not even read, and an app may say much.
    if (event.source === window && isSaid(event.data)) told(event.data, event.ports)
  }
  window.addEventListener("message", onMessage)
  return () => window.removeEventListener("message", onMessage)
}

const fields = {
  who: [],
  here: ["page"],
  call: ["page", "call"],
  invitation: ["page", "call", "nonce"],
  knock: ["page", "nonce"]
} satisfies { readonly [Say in Said["say"]]: ReadonlyArray<string> }

const isSaid = (data: unknown): data is Said => {
  if (typeof data !== "object" || data === null || !("sluice" in data) || data.sluice !== mark) return false
  const given = new Map<string, unknown>(Object.entries(data))
  const kind = given.get("say")
  return (
    typeof kind === "string" &&
    Object.hasOwn(fields, kind) &&
    fields[kind as Said["say"]].every((field) => typeof given.get(field) === "string")
  )
}
