/** For servers that render: writes the states into the page, for the browser's half in `hydrate.ts`. */
import type { Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import { Awaited, keyOf, noAnswers, stateQueue } from "./internal/stateQueue.ts"

export interface ScriptOptions {
  /** Of the page's Content-Security-Policy. */
  readonly nonce?: string
}

/** What is used of a Node Writable, such as the response. */
export interface Destination {
  write(chunk: string | Uint8Array): boolean
  end(): unknown
}

const escaped: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  "<": "\\x3c",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
  '"': "&quot;",
  "&": "&amp;"
}
const escape = (character: string): string => escaped[character] ?? character

/**
 * A script element that gives the page a snapshot and removes itself. Whatever the states hold, nothing in them
 * ends the script or runs.
 */
export const stateScript = (snapshot: Runtime.Snapshot, { nonce }: ScriptOptions = {}): string => {
  const json = JSON.stringify(snapshot).replaceAll(/[\\'<\u2028\u2029]/g, escape)
  const attribute = nonce === undefined ? "" : ` nonce="${nonce.replaceAll(/["&]/g, escape)}"`
  const queue = `self.${stateQueue}`
  return `<script${attribute}>document.currentScript.remove();(${queue}=${queue}||[]).push(JSON.parse('${json}'))</script>`
}

/**
 * The destination for `renderToPipeableStream`'s `pipe`, which writes the states along: those of the shell after
 * it, and what has changed since before each part that comes later. The browser leaves to the server what the
 * server is loading. The runtime is one for this request, with `server: true`; who made it disposes it when the
 * response has closed.
 */
export const withState = <D extends Destination>(
  destination: D,
  runtime: Runtime.AnyRuntime,
  options?: ScriptOptions
): D => {
  const changes = changesOf(runtime)
  const send = (isEnd: boolean): void => {
    try {
      const instances = changes(isEnd)
      if (instances !== undefined) destination.write(stateScript({ format: 1, instances }, options))
    } catch (error) {
      // The page goes on without it, and the browser loads what it lacks.
      const info = { instanceId: "", moduleId: "", during: "hydrate", entry: "withState" } as const
      runtime.onError(Cause.die(error), info)
    }
  }
  let isShell = true
  let isFlushing = false
  const shellEnds = (isEnd: boolean) => {
    isFlushing = false
    if (isShell || isEnd) send(isEnd)
    isShell = false
  }
  // React writes what is ready in one step, which begins and ends between elements; the first begins the document.
  const write = (chunk: string | Uint8Array): boolean => {
    if (!isFlushing) {
      isFlushing = true
      if (!isShell) send(false)
      void Promise.resolve().then(() => isFlushing && shellEnds(false))
    }
    return destination.write(chunk)
  }
  const end = (): unknown => {
    shellEnds(true)
    return destination.end()
  }
  return new Proxy(destination, {
    get: (target, name) => {
      if (name === "write") return write
      if (name === "end") return end
      const value: unknown = Reflect.get(target, name, target)
      // A Node stream's methods are its own.
      return typeof value === "function" ? (value.bind(target) as unknown) : value
    }
  })
}

/** Gives the entries that the page has not got: none at all if there are none, after the first time. */
const changesOf = (runtime: Runtime.AnyRuntime) => {
  const awaited = new Awaited()
  const sent = new Map<string, string>()
  let since: Runtime.Snapshot | undefined
  const isNew = (key: string, value: unknown): boolean => {
    const text = JSON.stringify(value)
    if (sent.get(key) === text) return false
    sent.set(key, text)
    return true
  }
  const changed = (entry: Runtime.InstanceSnapshot): ReadonlyArray<Runtime.InstanceSnapshot> => {
    if (!("state" in entry)) return []
    const key = keyOf(entry)
    const { sources = {}, state, ...where } = entry
    const gone = [...(awaited.of(entry) ?? [])].filter((field) => !(field in sources))
    const news = {
      ...Object.fromEntries(
        Object.entries(sources).filter(([field, value]) => isNew(`${key}.${field}`, value))
      ),
      ...noAnswers(gone)
    }
    const given = { ...where, ...(isNew(key, state) ? { state } : {}), sources: news }
    awaited.note(given)
    return "state" in given || Object.keys(news).length > 0 ? [given] : []
  }
  return (isEnd: boolean): ReadonlyArray<Runtime.InstanceSnapshot> | undefined => {
    const isFirst = since === undefined
    const snapshot = runtime.dehydrate({ loading: true, ...(since === undefined ? {} : { since }) })
    since = snapshot
    const instances = snapshot.instances.flatMap(changed)
    const all = isEnd ? [...instances, ...awaited.ended()] : instances
    return isFirst || all.length > 0 ? all : undefined
  }
}
