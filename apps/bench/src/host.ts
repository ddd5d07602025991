/** What the harness asks of the program that runs it: Node or Chromium, both started with `--expose-gc`. */

interface Host {
  readonly gc?: (options?: { readonly type: "minor" }) => void
  readonly process?: { readonly memoryUsage: () => { readonly heapUsed: number } }
  readonly performance: { readonly now: () => number; readonly memory?: { readonly usedJSHeapSize: number } }
}

const host = globalThis as unknown as Host

// Nothing without the flag, as in the tests, which time nothing.
export const collectAll = (): void => host.gc?.()

/** So that one contender's garbage is not collected on another's time. */
export const collectYoung = (): void => host.gc?.({ type: "minor" })

/** Bytes in use after a collection. Twice, for what only the first has made unreachable. */
export const heapUsed = (): number => {
  collectAll()
  collectAll()
  // In Chromium the tab's own heap, exact with --enable-precise-memory-info.
  return host.performance.memory?.usedJSHeapSize ?? host.process?.memoryUsage().heapUsed ?? 0
}

export const now = (): number => host.performance.now()
