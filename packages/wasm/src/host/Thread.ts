/** A worker as its owner sees it: of a browser, or of Node. */
import { builtin, own } from "./node.ts"
import type { FromWorker, ToWorker } from "./wire.ts"

export interface Thread {
  readonly post: (message: ToWorker, transfer: ReadonlyArray<ArrayBuffer>) => void
  /** At once, whatever it runs. */
  readonly terminate: () => void
  /** Whether Node waits for it before it ends. */
  readonly hold: (on: boolean) => void
}

export interface ThreadListener {
  readonly onMessage: (message: FromWorker) => void
  /** It ended, or never began, without having been told to. */
  readonly onEnd: (reason: string) => void
}

/** Starts one. A bundler must see `new Worker(new URL(..., import.meta.url), ...)` as it is: hence one for each ABI. */
export type Spawn = (listener: ThreadListener) => Thread

/** Apart from the addresses in Node: a bundler must not see those, nor a test runner with an emulated DOM. */
const here = import.meta.url

export const spawnCore: Spawn = (listener) =>
  builtin("node:worker_threads") === undefined
    ? browser(new Worker(new URL("./worker/core.js", import.meta.url), { type: "module" }), listener)
    : node(new URL("./worker/core.js", here), listener)

export const spawnComponent: Spawn = (listener) =>
  builtin("node:worker_threads") === undefined
    ? browser(new Worker(new URL("./worker/component.js", import.meta.url), { type: "module" }), listener)
    : node(new URL("./worker/component.js", here), listener)

export const spawnLua: Spawn = (listener) =>
  builtin("node:worker_threads") === undefined
    ? browser(new Worker(new URL("./worker/lua.js", import.meta.url), { type: "module" }), listener)
    : node(new URL("./worker/lua.js", here), listener)

export const browser = (worker: Worker, { onEnd, onMessage }: ThreadListener): Thread => {
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => onMessage(data))
  worker.addEventListener("messageerror", () => onEnd("a message of its worker could not be read"))
  worker.addEventListener("error", (event) => {
    event.preventDefault()
    // A browser does not say which.
    onEnd(
      event.message ||
        "its worker could not be started: its file is not served, or the page's policy (worker-src, script-src) forbids it"
    )
  })
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    terminate: () => worker.terminate(),
    hold: () => {}
  }
}

export const node = (url: URL, { onEnd, onMessage }: ThreadListener): Thread => {
  const worker = new (builtin("node:worker_threads")!.Worker)(own(url))
  let ended = false
  const end = (reason: string) => {
    if (!ended) onEnd(reason)
    ended = true
  }
  worker.on("message", onMessage as (message: never) => void)
  worker.on("error", ({ message }) => end(message))
  worker.on("exit", (code) => end(`its worker ended with code ${code}`))
  worker.unref()
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => {
      ended = true
      void worker.terminate()
    },
    hold: (on) => (on ? worker.ref() : worker.unref())
  }
}
