/** What is used of the extension API. */
declare namespace chrome {
  interface Event<Listener> {
    readonly addListener: (listener: Listener) => void
    readonly removeListener: (listener: Listener) => void
  }
  interface MessageSender {
    readonly id?: string
    readonly tab?: { readonly id?: number }
    /** 0 for the page itself. */
    readonly frameId?: number
    readonly documentId?: string
    readonly url?: string
  }
  interface Port {
    readonly name: string
    readonly postMessage: (message: unknown) => void
    readonly disconnect: () => void
    readonly onMessage: Event<(message: unknown) => void>
    readonly onDisconnect: Event<() => void>
  }
  const runtime: {
    readonly lastError?: { readonly message?: string }
    readonly sendMessage: (message: unknown) => Promise<unknown>
    readonly onMessage: Event<(message: unknown, sender: MessageSender) => void>
    readonly onConnect: Event<(port: Port) => void>
  }
  const tabs: {
    readonly sendMessage: (tabId: number, message: unknown) => Promise<unknown>
    readonly connect: (tabId: number, to: { readonly documentId: string; readonly name: string }) => Port
  }
  const devtools: {
    readonly inspectedWindow: { readonly tabId: number }
    readonly network: { readonly onNavigated: Event<(url: string) => void> }
    readonly panels: {
      readonly themeName: string
      readonly setThemeChangeHandler: (changed: (theme: string) => void) => void
      readonly create: (title: string, icon: string, page: string) => void
    }
  }
}
