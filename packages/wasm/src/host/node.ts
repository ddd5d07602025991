/** What is used of Node's own modules. Not imported: a bundler for browsers would have to be told to leave them out. */

interface Builtins {
  readonly "node:worker_threads": {
    readonly Worker: new (url: URL) => NodeWorker
    readonly parentPort: NodePort | null
  }
  readonly "node:url": { readonly URL: typeof URL }
  readonly "node:fs/promises": { readonly readFile: (url: URL) => Promise<Uint8Array<ArrayBuffer>> }
}

interface NodePort {
  readonly on: (name: "message", listener: (message: never) => void) => void
  readonly postMessage: (message: unknown, transfer: ReadonlyArray<ArrayBuffer>) => void
}

export interface NodeWorker {
  readonly on: {
    (name: "message", listener: (message: never) => void): void
    (name: "error", listener: (error: Error) => void): void
    (name: "exit", listener: (code: number) => void): void
  }
  readonly postMessage: (message: unknown, transfer: ReadonlyArray<ArrayBuffer>) => void
  readonly terminate: () => Promise<number>
  readonly ref: () => void
  readonly unref: () => void
}

const { process } = globalThis as {
  readonly process?: {
    readonly getBuiltinModule?: <Name extends keyof Builtins>(name: Name) => Builtins[Name]
  }
}

/** Undefined where this is no Node. */
export const builtin = <Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined =>
  process?.getBuiltinModule?.(name)

/** As Node's modules take it: where a DOM is emulated, `URL` is another class. */
export const own = (url: URL | string): URL => new (builtin("node:url")?.URL ?? URL)(String(url))
