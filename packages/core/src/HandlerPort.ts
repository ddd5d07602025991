/**
 * Handlers that keep something beside the state, or begin an instance, or hold it while they compute: what an
 * integration of other code is made of. Apart from Handler, so that apps without them do not bundle this.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { plainContext } from "./Admission.ts"
import type { Origin } from "./Commit.ts"
import { withoutDerived } from "./Derivation.ts"
import { optimistic, resetOrigin } from "./Entries.ts"
import { HandlerFailed, InvalidState } from "./Errors.ts"
import {
  type AnyHandler,
  type Beginning,
  type Driver,
  type HandledInstance,
  type InlineHandler,
  type OutsideEntry,
  type OutsideHandler
} from "./HandlerTypes.ts"
import type { AnyInstance } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import { codecOf, type Outcome } from "./internal/codec.ts"
import { type Change, replaceOrigin } from "./Publication.ts"
import { type Compute, pause, resume, serial, SerialEntry, whenServed } from "./Serial.ts"
import * as Transaction from "./Transaction.ts"
import { comeBack, jump } from "./Travel.ts"

/** Of the commit that a handler's `begin` makes. */
export const beginOrigin: Origin = { kind: "init", name: "handler" }

export const inline = <S, P>(options: Omit<InlineHandler<S, P>, "where" | "driver">): InlineHandler<S, P> => {
  const { carry, compute } = options
  return {
    ...options,
    where: "inline",
    compute: (state, payload, action, instance) => {
      migrating(behind(instance))
      const keeper = carry && openKeeper(instance)
      if (keeper === undefined) return compute(state, payload, action, instance)
      // In a batch a reducer may have made it of what was computed before it.
      keeper.drafted(state, undefined)
      const next = compute(state, payload, action, instance)
      keeper.drafted(next, carry)
      return next
    },
    driver: beginning
  }
}

/** Where `order` is left out it is `optimistic`. */
export const outside = <S, P, R = never>(
  options: Omit<OutsideHandler<S, P, R>, "where" | "driver">
): OutsideHandler<S, P, R> => {
  const { begin, carry, order } = options
  const enter = order === "serial" ? options.enter : refusing(options.enter)
  return {
    ...options,
    where: "outside",
    enter: (entry, payload) => {
      migrating(behind(entry.instance))
      return enter(keepingDraft(entry, carry), payload)
    },
    ...(begin && { begin: (entry) => begin(keepingDraft(entry, carry)) }),
    driver: { ...(order === "serial" ? serial : patient), ...beginning }
  }
}

/** Code that ends without having ended its entry rolls it back, as a serial one's does. */
const refusing =
  <S, P, R>(enter: OutsideHandler<S, P, R>["enter"]): OutsideHandler<S, P, R>["enter"] =>
  (entry, payload) =>
    Effect.suspend(() => {
      let over = false
      const told: OutsideEntry<S> = {
        ...entry,
        commit: (...given) => {
          over = true
          return Effect.tap(entry.commit(...given), (done) => Effect.sync(() => (over = done)))
        },
        fail: (error) => {
          over = true
          return entry.fail(error)
        }
      }
      return Effect.catchCause(
        Effect.suspend(() => enter(told, payload)),
        (reason) => {
          const cause = Cause.squash(reason)
          if (over) return Effect.die(cause)
          const { action, entry: name, instanceId } = entry
          return entry.fail(new HandlerFailed({ instanceId, entry: name, tag: action._tag, cause }))
        }
      )
    })

/** Where its module is replaced while it computes, it begins again there. */
const patient: Driver = {
  ...optimistic,
  start: (host: AnyInstance, ...given) => whenServed(host, () => optimistic.start(host, ...given))
}

const keepingDraft = <S>(entry: OutsideEntry<S>, carry: AnyHandler["carry"]): OutsideEntry<S> => ({
  ...entry,
  commit: (seen, next) => entry.commit(seen, next, () => openKeeper(entry.instance)?.drafted(next, carry))
})

/** Tells the handlers of an instance which states stand for which. */
class Keeper {
  private readonly instance: AnyInstance
  /** The transaction that `lastDraft` is of. Written by `drafted`. */
  private txn = -1
  private lastDraft: unknown

  constructor(instance: AnyInstance) {
    this.instance = instance
    instance.observe((change) => this.observed(change))
  }

  /** What was last computed in the open transaction, or else the state that it began with. */
  get draft(): unknown {
    const { instance, lastDraft, txn } = this
    return txn === instance.txn ? lastDraft : (instance.state as unknown)
  }

  /** What the one whose `carry` is `own` keeps for it, that one knows. */
  drafted(next: unknown, own: AnyHandler["carry"]): void {
    const { draft, instance } = this
    carry(instance, draft, next, own)
    this.txn = instance.txn
    this.lastDraft = next
  }

  private observed({ next, origin, previous }: Change<unknown>): void {
    const { instance } = this
    const isOwn = this.txn === instance.txn
    const before: unknown = origin === resetOrigin ? instance.initial : previous
    const from = isOwn ? this.lastDraft : before
    this.lastDraft = undefined
    if (isOwn || !standsForItself(origin)) carry(instance, from, next)
  }
}

/** Of a state that comes from elsewhere, or was there before. */
const standsForItself = (origin: Origin): boolean =>
  origin === jump ||
  origin === comeBack ||
  origin.kind === "hydrate" ||
  (origin.kind === "init" && origin !== replaceOrigin)

const keepers = new WeakMap<object, Keeper>()

/** Undefined where what is computed is not the instance's own next state, as in Replay. */
const openKeeper = (instance: object): Keeper | undefined =>
  // Only an instance opens a transaction that is one.
  Transaction.current() === instance ? keeperOf(instance as AnyInstance) : undefined

/** Made when there is something to keep: before, no state has a memory to be carried. */
const keeperOf = (instance: AnyInstance): Keeper => {
  const known = keepers.get(instance) ?? new Keeper(instance)
  keepers.set(instance, known)
  return known
}

/** Tells handlers of its states from now on, though none has computed yet: one of them is about to know a state. */
export const keep = (instance: HandledInstance): void => {
  keeperOf(behind(instance))
}

/** It is only ever an instance that a handler is given. */
const behind = (instance: HandledInstance): AnyInstance => instance as AnyInstance

/** Each handler of the instance once. */
export const handlersOf = ({ impl: { handlers } }: AnyInstance): ReadonlySet<AnyHandler> =>
  new Set(Object.values(handlers ?? {}).filter((handler) => handler !== undefined))

/** Tells each handler of the instance, but the one whose `carry` is `own`, that `to` stands where `from` stood. */
export const carry = (instance: AnyInstance, from: unknown, to: unknown, own?: AnyHandler["carry"]): void => {
  if (from === to) return
  for (const handler of handlersOf(instance)) if (handler.carry !== own) handler.carry?.(from, to, instance)
}

const beginning: Beginning = {
  begin: (instance: AnyInstance, handler) => {
    migrating(instance)
    // A hydrated one has its state.
    if (handler.begin === undefined || instance.state !== instance.initial) return
    // One may be given for several tags.
    const known = begun.get(instance) ?? new Set()
    if (known.has(handler)) return
    begun.set(instance, known.add(handler))
    if (handler.where === "inline") beginInline(instance, handler)
    else if (!instance.host.server) beginOutside(instance)
  }
}

const begun = new WeakMap<object, Set<AnyHandler>>()

// --- another implementation -----------------------------------------------------------------------------

const migrates = new WeakSet<object>()

/**
 * Lets the handlers of what takes its place say what its state is to be. What they compute waits for their services.
 */
const migrating = (instance: AnyInstance): void => {
  if (migrates.has(instance)) return
  migrates.add(instance)
  const replacing = instance.replacing.bind(instance)
  const replacingMigrated: typeof replacing = (impl) => {
    const migrated = migratedFor(instance, impl)
    if (migrated === undefined) return replacing(impl)
    const before: unknown = instance.state
    Object.assign(instance, migrated)
    try {
      return replacing(impl)
    } finally {
      Object.assign(instance, { state: before })
    }
  }
  instance.replacing = (impl) => {
    const change = replacingMigrated(impl)
    return () => {
      pause(instance)
      afterStart(instance, () => resume(instance))
      change()
    }
  }
}

/** Throws InvalidState where a state does not fit, and what a migration throws. */
const migratedFor = (
  instance: AnyInstance,
  { def, handlers = {} }: AnyInstance["impl"]
): { readonly state: unknown } | undefined => {
  const valueOf = (outcome: Outcome): unknown => {
    if ("issue" in outcome) throw new InvalidState({ ...instance.at(replaceOrigin), issue: outcome.issue })
    return outcome.value
  }
  for (const handler of new Set(Object.values(handlers))) {
    if (handler?.migrate === undefined) continue
    const former = [...handlersOf(instance)].flatMap(({ describe }) => describe?.() ?? [])
    const encoded = valueOf(codecOf(instance.impl.def.schema).encode(instance.state))
    const given = handler.migrate(encoded, former)
    if (given !== undefined) return { state: valueOf(codecOf(def.schema).decode(given)) }
  }
  return undefined
}

// --- the first commit -----------------------------------------------------------------------------------

const beginInline = (instance: AnyInstance, { begin, carry: own }: InlineHandler<Any, Any>): void => {
  const before: unknown = instance.state
  try {
    const given: unknown = instance.during((): unknown => begin?.(before, instance))
    if (given === before) return
    Transaction.refusePromise(instance.instanceId, beginOrigin, given)
    const base: unknown = withoutDerived(instance.impl.def.traits, given)
    const made = instance.derived(instance.impl, base)
    instance.checkState(beginOrigin, made.state)
    Object.assign(instance, { base, derivation: made.derivation, sources: made.sources })
    const next: unknown = made.state
    Object.assign(instance, { state: next, initial: next })
    keeperOf(instance)
    carry(instance, before, given, own)
    carry(instance, given, next)
    tellFirst(instance, () => {
      instance.version++
      instance.publish(beginOrigin, [], before, next, plainContext)
    })
  } catch (error) {
    const told =
      error instanceof InvalidState
        ? error
        : new HandlerFailed({ ...instance.at(beginOrigin), tag: "init", cause: error })
    tellFirst(instance, () => instance.rolledBack(beginOrigin, [], told, plainContext, true))
  }
}

/** As a transaction, when the instance starts, or before its first: nobody is told of one that is only rendered. */
const tellFirst = (instance: AnyInstance, tell: () => void): void => {
  // As `makeSpans` does, and before it.
  const opening = instance.opening.bind(instance)
  let isTold = false
  const once = () => {
    if (isTold) return
    isTold = true
    instance.opening = opening
    opening()
    instance.txn++
    instance.origin = beginOrigin
    tell()
  }
  instance.opening = () => {
    once()
    opening()
  }
  beforeStart(instance, once)
}

/** Told once. */
const beforeStart = (instance: AnyInstance, tell: () => void): void => {
  const start = instance.start.bind(instance)
  instance.start = (...given) => {
    instance.start = start
    tell()
    start(...given)
  }
}

/** Once. */
const afterStart = (instance: AnyInstance, task: () => void): void => {
  const start = instance.start.bind(instance)
  instance.start = (...given) => {
    instance.start = start
    start(...given)
    task()
  }
}

/** Holds the instance until it has started and all of its handlers have begun. */
const beginOutside = (instance: AnyInstance): void => {
  // Those before this one begin with it.
  if (!instance.idle) return
  let next = 0
  const compute = (): Compute | undefined => {
    const begins = [...handlersOf(instance)].flatMap((handler) =>
      handler.where === "outside" && handler.begin !== undefined ? [handler.begin] : []
    )
    const begin = begins[next]
    // Its needs are in the type of `implement`; the instance's services are those.
    return begin && { run: (entry) => begin(entry) as Effect.Effect<void> }
  }
  const entryOf = (): SerialEntry => {
    const entry: SerialEntry = new SerialEntry(instance, {
      origin: beginOrigin,
      actions: [],
      context: plainContext,
      compute,
      services: Context.empty(),
      settle: () => {
        if (entry.committed) {
          const initial: unknown = instance.state
          const base: unknown = withoutDerived(instance.impl.def.traits, initial)
          Object.assign(instance, { initial, base })
        }
        next++
        if (!instance.closed && compute() !== undefined) entryOf().begin()
      }
    })
    return entry
  }
  const entry = entryOf().hold()
  afterStart(instance, () => {
    if (!instance.closed) entry.compute()
  })
}
