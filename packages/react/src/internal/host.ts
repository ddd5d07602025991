/** What the package uses of its host, typed here so that it compiles without the DOM's types: React Native has none. */
interface Host {
  readonly setTimeout: (task: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  readonly setInterval: (task: () => void, ms: number) => unknown
  readonly clearInterval: (timer: unknown) => void
  readonly console: { readonly warn: (message: string) => void }
}

// globalThis has no type for these without a platform library.
const host = globalThis as unknown as Host

/** After what runs now. */
export const microtask = (task: () => void): void => void Promise.resolve().then(task)

/** Returns the function that cancels it. */
export const timeout = (task: () => void, ms: number): (() => void) => {
  const timer = host.setTimeout(task, ms)
  return () => host.clearTimeout(timer)
}

/** Returns the function that ends it. */
export const interval = (task: () => void, ms: number): (() => void) => {
  const timer = host.setInterval(task, ms)
  return () => host.clearInterval(timer)
}

export const warn = (message: string): void => host.console.warn(message)
