/**
 * Where in the code entries were made: a stack for each, which costs 3 to 10 µs. Only between `keep` and `end`; before
 * and after, nothing is asked.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { AnyInstance } from "./Instance.ts"
import { wrap } from "./internal/patch.ts"
import { txnId } from "./Trace.ts"
import { each, type Watched } from "./Watched.ts"

export interface CallSites {
  /** The stack of whoever made that transaction, as its host writes it. */
  readonly of: (txnId: string) => string | undefined
  readonly end: () => void
}

export interface CallSiteOptions {
  /** Of the newest entries. Default 1,000. */
  readonly capacity?: number
  /** Default 24: some are of Sluice itself, and of React. */
  readonly frames?: number
}

/** Held as it was made: its text is only written when someone reads it. */
type Site = Error

/**
 * Keeps the stack of each entry of the runtime's instances from now on. An entry that had to wait for room has none
 * where its action carries nothing, and so has one of a fiber that does not start with a dispatcher.
 */
export const keep = (runtime: Watched, { capacity = 1000, frames = 24 }: CallSiteOptions = {}): CallSites => {
  const sites = new Sites(capacity, frames)
  const instances = each(runtime, (instance) => wrapInstance(instance, sites))
  return {
    of: (id) => sites.stackOf(id),
    end: () => {
      instances.end()
      sites.clear()
    }
  }
}

class Sites {
  private readonly capacity: number
  private readonly frames: number
  private readonly byTxn = new Map<string, Site>()
  /** For entries that run later, with their action. */
  private readonly byAction = new WeakMap<object, Site>()
  private readonly byFiber = new WeakMap<object, Site>()
  /** Of the synchronous entry that is being made. Written by `during`. */
  private now: { readonly instance: AnyInstance; readonly site: Site | undefined } | undefined = undefined

  constructor(capacity: number, frames: number) {
    this.capacity = capacity
    this.frames = frames
  }

  capture(actions: ReadonlyArray<unknown>): Site {
    // Only V8 has it, and no type without a platform library; others keep more.
    const limited = Error as { stackTraceLimit?: number }
    const { stackTraceLimit } = limited
    if (stackTraceLimit !== undefined) limited.stackTraceLimit = this.frames
    const site = new Error("call site")
    if (stackTraceLimit !== undefined) limited.stackTraceLimit = stackTraceLimit
    for (const action of actions)
      if (typeof action === "object" && action !== null) this.byAction.set(action, site)
    return site
  }

  current(instance: AnyInstance): Site | undefined {
    if (this.now?.instance === instance) return this.now.site
    const fiber = Fiber.getCurrent()
    return fiber && this.byFiber.get(fiber)
  }

  during<A>(instance: AnyInstance, site: Site | undefined, run: () => A): A {
    const outer = this.now
    this.now = { instance, site }
    try {
      return run()
    } finally {
      this.now = outer
    }
  }

  /** The effect, which enters for whoever made it, and not for who runs it. */
  around<A, E, R>(effect: Effect.Effect<A, E, R>, site: Site): Effect.Effect<A, E, R> {
    return Effect.withFiber((fiber) => {
      const outer = this.byFiber.get(fiber)
      this.byFiber.set(fiber, site)
      return Effect.onExit(effect, () =>
        Effect.sync(() => {
          if (outer === undefined) this.byFiber.delete(fiber)
          else this.byFiber.set(fiber, outer)
        })
      )
    })
  }

  ended(instance: AnyInstance, actions: ReadonlyArray<object>): void {
    const [action] = actions
    const site = (action && this.byAction.get(action)) ?? this.current(instance)
    if (site === undefined) return
    this.byTxn.set(txnId(instance.txnRef), site)
    const [oldest] = this.byTxn.keys()
    if (this.byTxn.size > this.capacity && oldest !== undefined) this.byTxn.delete(oldest)
  }

  stackOf(id: string): string | undefined {
    return this.byTxn.get(id)?.stack
  }

  clear(): void {
    this.byTxn.clear()
  }
}

const wrapInstance = (instance: AnyInstance, sites: Sites): ReadonlyArray<() => void> => [
  wrap(instance, "dispatchSync", (inner) => (action, ticket) => {
    sites.during(instance, sites.capture([action]), () => inner.call(instance, action, ticket))
  }),
  wrap(instance, "dispatchBatchSync", (inner) => (actions) => {
    sites.during(instance, sites.capture(actions), () => inner.call(instance, actions))
  }),
  wrap(instance, "transactSync", (inner) => (origin, body) => {
    sites.during(instance, sites.capture([]), () => inner.call(instance, origin, body))
  }),
  wrap(instance, "dispatch", (inner) => (action) => {
    const site = sites.capture([action])
    return sites.around(inner.call(instance, action), site)
  }),
  wrap(instance, "dispatchBatch", (inner) => (actions) => {
    const site = sites.capture(actions)
    return sites.around(inner.call(instance, actions), site)
  }),
  wrap(instance, "transact", (inner) => (origin, body) => {
    const site = sites.capture([])
    return sites.around(inner.call(instance, origin, body), site)
  }),
  wrap(instance, "write", (inner) => {
    const write = inner.bind(instance)
    return (origin, inWindow, step, arg) => {
      const site = sites.capture([])
      return sites.around(write(origin, inWindow, step, arg), site)
    }
  }),
  wrap(instance, "later", (inner) => (task) => {
    const site = sites.current(instance)
    inner.call(instance, () => sites.during(instance, site, task))
  }),
  wrap(instance, "publish", (inner) => (...given) => {
    sites.ended(instance, given[1])
    inner.apply(instance, given)
  }),
  wrap(instance, "rolledBack", (inner) => (...given) => {
    sites.ended(instance, given[1])
    inner.apply(instance, given)
  })
]
