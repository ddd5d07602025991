/** Loads what source fields hold: after the commit that asks for it, outside of any transaction. */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import type { Origin } from "./Commit.ts"
import type { Derivation, Loaded, Result } from "./Derivation.ts"
import { type InstanceClosed, UnknownSource } from "./Errors.ts"
import { fieldsOf } from "./internal/fields.ts"
import { type TxnRef, txnId } from "./Trace.ts"
import type { AnySource, AnyTrait } from "./Trait.ts"

/** What sources ask of their instance. `S` is its state. */
export interface SourceHost<S> {
  readonly instanceId: string
  readonly host: { readonly trace: { readonly now: () => number }; readonly server: boolean }
  /** The committed state, and the one that devtools came from. */
  readonly liveState: S
  /** The transaction that is open. */
  readonly txnRef: TxnRef
  readonly update: (origin: Origin, step: (state: S) => S) => Effect.Effect<void>
  /** In the instance's scope and with its services. */
  readonly runFor: (
    effect: Effect.Effect<unknown, unknown>,
    cause: TxnRef | undefined
  ) => Fiber.Fiber<unknown, unknown>
  readonly wakeSoon: (task: () => void) => void
  readonly report: (
    cause: Cause.Cause<unknown>,
    during: "trait",
    field: string,
    details: { readonly txnId: string } | undefined
  ) => void
  readonly instanceClosed: (origin: Origin) => InstanceClosed
}

/** How many answers a source keeps for `staleTime`. */
const keptAnswers = 100

const isNone = (key: unknown): boolean => key === undefined || key === null

interface Load {
  readonly key: unknown
  fiber?: Fiber.Fiber<unknown, unknown>
}

/** One source's field. Written by `Sources`. */
class Loading {
  readonly field: string
  readonly options: AnySource["options"]
  readonly origin: Origin
  readonly staleTime: number
  /** What was loaded, or found to need no load. */
  known: { readonly key: unknown } | undefined
  /** A reader has waited for it, or it was refreshed: it is loaded on a server as well. */
  demanded = false
  /** A refresh has marked the field, and its load is to start. */
  wanted = false
  /** The transaction that asked for the next load. */
  cause: TxnRef | undefined
  running: Load | undefined
  /** Whoever gave the state loads that key and is about to give the answer. */
  held: { readonly key: unknown } | undefined
  answers: Array<{ readonly key: unknown; readonly result: Result; readonly at: number }> = []
  waiters = new Set<(refused?: InstanceClosed) => void>()

  constructor(field: string, { options }: AnySource) {
    this.field = field
    this.options = options
    this.origin = { kind: "source-refresh", name: field }
    this.staleTime = options.staleTime === undefined ? 0 : Duration.toMillis(options.staleTime)
  }

  settled(refused?: InstanceClosed): void {
    for (const waiter of this.waiters) waiter(refused)
  }
}

export class Sources<S> {
  private readonly host: SourceHost<S>
  private readonly derivation: Derivation
  private readonly byField = new Map<string, Loading>()
  started = false
  private closed = false

  constructor(host: SourceHost<S>, derivation: Derivation, traits: Readonly<Record<string, AnyTrait>>) {
    this.host = host
    this.derivation = derivation
    for (const [field, trait] of Object.entries(traits)) {
      if (trait.kind === "source") this.byField.set(field, new Loading(field, trait))
    }
  }

  start(): void {
    this.started = true
    this.host.wakeSoon(this.sync)
  }

  /** In the window of a transaction that changed a key. */
  readonly keyChanged = (field: string): void => {
    const source = this.byField.get(field)
    if (source !== undefined) source.cause = this.host.txnRef
    this.host.wakeSoon(this.sync)
  }

  demand(field: string): void {
    const source = this.byField.get(field)
    if (source === undefined || source.demanded) return
    source.demanded = true
    if (this.host.host.server) this.host.wakeSoon(this.sync)
  }

  /** What its fields hold; of those that hold nothing yet, those that are being loaded. */
  loaded(): ReadonlyMap<string, Result> {
    const state = this.host.liveState
    const all = Array.from(this.byField.values(), (source) => [source, this.valueOf(state, source)] as const)
    return new Map(
      all
        .filter(([source, value]) => AsyncResult.isSuccess(value) || (source.demanded && value.waiting))
        .map(([{ field }, value]) => [field, value])
    )
  }

  /** Takes what was loaded elsewhere; what is being loaded there need not be loaded here. */
  receive(loaded: ReadonlyMap<string, Loaded>): void {
    for (const [field, { key, result }] of loaded) {
      const source = this.byField.get(field)
      if (source === undefined) continue
      source.held = AsyncResult.isInitial(result) && result.waiting ? { key } : undefined
      if (AsyncResult.isSuccess(result)) this.remember(source, key, result)
    }
    this.host.wakeSoon(this.sync)
  }

  readonly remembered = (field: string, key: unknown): unknown => {
    const source = this.byField.get(field)
    const fresh = source?.answers.find((answer) => Equal.equals(answer.key, key))
    return fresh !== undefined && this.isFresh(source!, fresh.at) ? fresh.result : undefined
  }

  private isFresh(source: Loading, at: number): boolean {
    return this.now() - at < source.staleTime
  }

  /** What was loaded elsewhere, too long ago. */
  private isStale(source: Loading, value: Result): boolean {
    return source.staleTime > 0 && AsyncResult.isSuccess(value) && !this.isFresh(source, value.timestamp)
  }

  /** Starts and stops loads as the committed state wants them. */
  private readonly sync = (): void => {
    if (!this.started || this.closed) return
    const state = this.host.liveState
    for (const source of this.byField.values()) {
      if (this.host.host.server && !source.demanded) continue
      const key = this.keyOf(state, source.field)
      const value = this.valueOf(state, source)
      const waits = !isNone(key) && value.waiting
      const isKnown = source.known !== undefined && Equal.equals(source.known.key, key)
      // A key that went and came back has lost its answer, unless that is still to come.
      if (isKnown && !source.wanted && (source.running !== undefined) === waits) continue
      if (waits && !source.wanted && source.held !== undefined && Equal.equals(source.held.key, key)) continue
      source.held = undefined
      const { cause } = source
      source.cause = undefined
      source.known = { key }
      source.wanted = false
      source.running?.fiber?.interruptUnsafe()
      source.running = undefined
      if (waits) this.load(source, key, cause)
      else if (this.isStale(source, value)) this.host.runFor(this.refresh(source.field), cause)
      else source.settled()
    }
  }

  private now(): number {
    return this.host.host.trace.now()
  }

  private keyOf(state: S, field: string): unknown {
    return this.derivation.keyOf(fieldsOf(state), field)
  }

  private put(state: S, field: string, value: Result): S {
    return this.derivation.put(fieldsOf(state), field, value) as S
  }

  private valueOf(state: S, source: Loading): Result {
    // Every convergence gives a source's field such a value.
    return (state as Readonly<Record<string, Result>>)[source.field]!
  }

  private load(source: Loading, key: unknown, cause: TxnRef | undefined): void {
    const load: Load = { key }
    source.running = load
    const { options } = source
    // What it needs is in the needs of its module; an absent key does not come here.
    const once = Effect.scoped(Effect.suspend(() => options.load(key!)))
    const { retry } = options
    const loading = (retry === undefined ? once : Effect.retry(once, retry)) as Effect.Effect<
      unknown,
      unknown
    >
    const program = Effect.flatMap(Effect.exit(loading), (exit) => {
      if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) {
        this.host.report(exit.cause, "trait", source.field, cause && { txnId: txnId(cause) })
      }
      // A state that is refused would leave the field waiting for ever.
      return Effect.catchCause(this.write(source, load, exit), (refused) =>
        this.write(source, load, Exit.failCause(refused))
      )
    })
    const fiber = this.host.runFor(program, cause)
    load.fiber = fiber
  }

  private write(source: Loading, load: Load, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    const { host } = this
    const { field, origin } = source
    let result: Result | undefined
    const step = (state: S): S => {
      // Where another load was asked for meanwhile, `sync` is about to start it.
      if (source.running !== load || source.wanted) return state
      if (!Equal.equals(this.keyOf(state, field), load.key)) return state
      result = Exit.isSuccess(exit)
        ? AsyncResult.success<unknown, unknown>(exit.value, { timestamp: this.now() })
        : AsyncResult.failureWithPrevious(exit.cause, { previous: Option.some(this.valueOf(state, source)) })
      return this.put(state, field, result)
    }
    return Effect.map(host.update(origin, step), () => {
      if (source.running !== load) return
      source.running = undefined
      if (result === undefined) return
      if (AsyncResult.isSuccess(result)) this.remember(source, load.key, result)
      source.settled()
    })
  }

  private remember(source: Loading, key: unknown, result: AsyncResult.Success<unknown, unknown>): void {
    if (source.staleTime === 0) return
    const at = result.timestamp
    const others = source.answers.filter(
      (answer) => this.isFresh(source, answer.at) && !Equal.equals(answer.key, key)
    )
    source.answers = [{ key, result, at }, ...others].slice(0, keptAnswers)
  }

  /** Ends with the field's value once no load runs. */
  refresh(field: string): Effect.Effect<unknown> {
    const source = this.byField.get(field)
    if (source === undefined) return unknownSource(this.host.instanceId, field, [...this.byField.keys()])
    const { host } = this
    const mark = (state: S): S => {
      const value = this.valueOf(state, source)
      if (isNone(this.keyOf(state, field))) return state
      if (source.options.concurrency === "exhaust" && value.waiting) return state
      source.wanted = true
      source.demanded = true
      source.cause = host.txnRef
      host.wakeSoon(this.sync)
      return value.waiting ? state : this.put(state, field, AsyncResult.waiting(value))
    }
    return Effect.andThen(host.update(source.origin, mark), this.settlement(source))
  }

  private settlement(source: Loading): Effect.Effect<unknown> {
    const value = () => this.valueOf(this.host.liveState, source)
    return Effect.callback<unknown>((resume) => {
      if (this.closed) return resume(Effect.die(this.host.instanceClosed(source.origin)))
      if (!value().waiting && !source.wanted) return resume(Effect.succeed(value()))
      const waiter = (refused?: InstanceClosed) => {
        source.waiters.delete(waiter)
        resume(refused === undefined ? Effect.succeed(value()) : Effect.die(refused))
      }
      source.waiters.add(waiter)
      return Effect.sync(() => void source.waiters.delete(waiter))
    })
  }

  close(): void {
    this.replaced(undefined)
  }

  /** Others take its place: who waits for a field waits for theirs. */
  replaced(next: Sources<S> | undefined): void {
    this.closed = true
    for (const source of this.byField.values()) {
      // What it loads comes too late.
      source.running = undefined
      const heir = next?.byField.get(source.field)
      if (heir === undefined) source.settled(this.host.instanceClosed(source.origin))
      else heir.waiters = source.waiters
    }
  }
}

export const unknownSource = (
  instanceId: string,
  field: string,
  known: ReadonlyArray<string>
): Effect.Effect<never> => Effect.die(new UnknownSource({ instanceId, field, known }))
