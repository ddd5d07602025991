/** The real app, made from its description. It notes what its own code sees, in order, and nothing of the core's. */
import {
  type Commit,
  Module,
  type ModuleRuntime,
  Runtime,
  type StateTransaction,
  type Trace
} from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import {
  addTo,
  AppError,
  type AppSpec,
  type Body,
  type ConsumerSpec,
  type Entry,
  initial,
  maxHop,
  type ModuleSpec,
  type Payload,
  pick,
  reduce,
  type SinkSpec,
  type State,
  tagOf
} from "./app.ts"

/** What the app's own code saw, and the one gauge of the core that says when. Ids are those that the model derives too. */
export type Note = { readonly skips: ReadonlyMap<string, number> } & Seen

type Seen =
  | { readonly is: "ask" | "back"; readonly call: string; readonly how: string }
  | { readonly is: "start" | "end"; readonly consumer: string; readonly id: string; readonly how: string }
  | { readonly is: "open"; readonly consumer: string }
  | { readonly is: "window"; readonly call: string }
  | { readonly is: "setup ended"; readonly module: number }
  | { readonly is: "batch"; readonly sink: number; readonly txns: ReadonlyArray<string> }
  | { readonly is: "batch end"; readonly sink: number; readonly how: string }

type Payloads = Readonly<Record<string, Payload>>
type Ref = ModuleRuntime<State, Payloads>
type Write = (tx: StateTransaction<State>) => unknown

/** What the first logic of a module leaves for the entries that need a `$`. */
interface Inside {
  readonly update: (f: (state: State) => State) => Effect.Effect<void>
  readonly afterCommit: (effect: Effect.Effect<unknown, unknown>) => Effect.Effect<void>
  readonly callback: (tag: string) => (payload: Payload) => Promise<void>
}

const stateSchema = Schema.Struct({
  count: Schema.Number,
  log: Schema.Array(Schema.String),
  last: Schema.String,
  hop: Schema.Number
})
const payloadSchema = Schema.Struct({ id: Schema.String, n: Schema.Number, hop: Schema.Number })

const tagOfError = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : String(error)

const howOf = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isSuccess(exit) ? "ok" : Exit.hasInterrupts(exit) ? "interrupt" : tagOfError(Cause.squash(exit.cause))

export const consumerKey = (module: number, late: boolean, index: number): string =>
  `m${module}.${late ? "late" : ""}${index}`

export class Harness {
  readonly runtime: Runtime.Runtime<never>
  readonly refs: ReadonlyArray<Ref>
  readonly notes: Array<Note> = []
  readonly errors: Array<string> = []
  readonly warnings: Array<string> = []
  readonly promises = new Map<string, string>()
  /** What listeners' entries gave back at once. */
  readonly listenerCalls: Array<string> = []
  /** The states the modules were made with. */
  readonly initial: ReadonlyArray<State>
  /** What must never happen, found where it happens. */
  readonly violations: Array<string> = []
  /** What the first listener of each module was told. */
  readonly told: ReadonlyArray<Array<State>>
  /** What `onState` saw last. */
  readonly lastCount: Array<number> = []
  /** What each sink has accepted. */
  readonly accepted: ReadonlyArray<Array<string>>
  readonly app: AppSpec
  private readonly attempts: Array<number> = []
  private readonly exhausts: boolean
  private readonly gates = new Map<string, () => void>()
  private readonly setups = new Map<number, () => void>()
  private readonly fibers = new Map<string, Fiber.Fiber<unknown, unknown>>()
  private readonly streams = new Map<string, Fiber.Fiber<unknown, unknown>>()
  private readonly kills = new Set<string>()
  private readonly inside: Array<Inside> = []
  private readonly committed: Array<State> = []
  private readonly reentries: Array<number> = []

  constructor(app: AppSpec) {
    this.app = app
    this.exhausts = app.modules.some(({ consumers, late = [] }) =>
      [...consumers, ...late].some(({ strategy }) => strategy === "exhaust")
    )
    const modules = app.modules.map((spec, m) => this.module(spec, m))
    const logger = Logger.make(({ message }) => void this.warnings.push(String(message)))
    this.accepted = app.sinks.map(() => [])
    const sinks = app.sinks.map((spec, k) => this.sink(spec, k))
    const runtime = Runtime.make(modules, {
      sinks,
      layer: Logger.layer([logger]),
      onError: (cause, info) => {
        this.errors.push(`${info.during} ${tagOfError(Cause.squash(cause))}`)
      },
      trace: { level: app.level, capacity: app.ring }
    })
    this.runtime = runtime
    this.refs = modules.map((module) => runtime.resolve(module.tag))
    this.told = app.modules.map(() => [])
    this.initial = this.refs.map(({ unsafe }) => unsafe.getState())
    app.modules.forEach((spec, m) => this.listen(spec, m))
  }

  // --- steps --------------------------------------------------------------------------------------------

  /** One entry from outside any handler. */
  enter(call: string, entry: Entry, kill: boolean): void {
    if (kill) this.kills.add(`${call}.0`)
    if (isWaiting(entry)) this.runtime.run(this.perform(call, entry, 0))
    else this.attempt(call, entry, 0)
  }

  interrupt(call: string): void {
    this.fibers.get(call)?.interruptUnsafe()
  }

  openGate(key: string): void {
    this.gates.get(key)?.()
  }

  openSetup(module: number): void {
    this.setups.get(module)?.()
  }

  openStream(key: string, target: number, spec: ConsumerSpec): void {
    const ref = this.ref(target)
    const tags = spec.tags?.map((index) => this.tag(target, index))
    const each = (action: { readonly _tag: string; readonly payload: Payload }) =>
      this.handle(key, spec, action.payload)
    this.note({ is: "open", consumer: key })
    this.streams.set(key, this.runtime.run(Stream.runForEach(ref.actionStream(...(tags ?? [])), each)))
  }

  stopStream(key: string): void {
    this.streams.get(key)?.interruptUnsafe()
  }

  // --- what it sees -------------------------------------------------------------------------------------

  private note(seen: Seen): void {
    this.notes.push({ ...seen, skips: this.skips() })
  }

  /** What exhaust flows have passed over so far, which nothing of the app's own sees. */
  private skips(): ReadonlyMap<string, number> {
    const skips = new Map<string, number>()
    if (!this.exhausts) return skips
    for (const { unsafe } of this.refs ?? [])
      for (const { name, skipped } of unsafe.backlog().consumers) skips.set(name, skipped["exhaust"] ?? 0)
    return skips
  }

  events(): ReadonlyArray<Trace.TraceEvent> {
    return this.runtime.trace.snapshot().events
  }

  private ref(target: number): Ref {
    const ref = this.refs[pick(target, this.refs.length)]
    if (ref === undefined) throw new Error("No module")
    return ref
  }

  private tag(target: number, action: number): string {
    return tagOf(pick(action, this.app.modules[pick(target, this.app.modules.length)]?.reducers.length ?? 0))
  }

  /** Called in open windows: whoever reads now sees what is committed and told. */
  private checkDrafts(where: string): void {
    this.refs.forEach((ref, m) => {
      const committed = this.committed[m]
      if (ref.unsafe.getState() !== committed) this.violations.push(`${where} saw a draft of module ${m}`)
      if (Effect.runSync(ref.getState) !== committed)
        this.violations.push(`${where} saw a draft of module ${m} through an Effect`)
    })
  }

  // --- modules ------------------------------------------------------------------------------------------

  private module(spec: ModuleSpec, m: number) {
    const tags = spec.reducers.map((_, index) => tagOf(index))
    const actions: Record<string, typeof payloadSchema> = Object.fromEntries(
      tags.map((tag) => [tag, payloadSchema])
    )
    const reducers: Record<string, (state: State, payload: Payload) => State> = {}
    spec.reducers.forEach((kind, index) => {
      reducers[tagOf(index)] = (state, payload) => {
        const [call, part] = splitLast(payload.id)
        if (part === "0") this.note({ is: "window", call })
        this.checkDrafts(`The reducer of ${payload.id}`)

        return reduce(kind, spec.validate, state, payload)
      }
    })
    const def = Module.make(`M${m}`, { state: stateSchema, actions, reducers })
    type Context = Parameters<Parameters<typeof def.logic>[1]>[0]
    const open = ($: Context, consumers: ReadonlyArray<ConsumerSpec>, late: boolean) =>
      Effect.forEach(consumers, (consumer, i) => {
        const key = consumerKey(m, late, i)
        const handler = (payload: Payload) => this.handle(key, consumer, payload)
        const options = {
          name: key,
          ...(consumer.capacity === undefined ? {} : { capacity: consumer.capacity })
        }
        const all = consumer.tags?.map((index) => this.tag(m, index))
        let flow = all === undefined ? $.onAction() : $.onAction(all)
        if (consumer.filter > 0) {
          flow = flow.filter(({ id, n }) => {
            if (n >= consumer.filter) return true
            this.note({ is: "start", consumer: key, id, how: "filter" })
            return false
          })
        }
        return Effect.suspend(() => {
          this.note({ is: "open", consumer: key })
          if (consumer.strategy === "latest") return flow.runLatest(handler, options)
          if (consumer.strategy === "exhaust") return flow.runExhaust(handler, options)
          return consumer.strategy === "parallel"
            ? flow.runParallel({ ...options, concurrency: consumer.concurrency }, handler)
            : flow.run(handler, options)
        })
      })
    const main = def.logic("main", ($) =>
      Effect.gen({ self: this }, function* () {
        this.inside[m] = {
          update: $.state.update,
          afterCommit: $.afterCommit,
          callback: (tag) => $.callback(tag)
        }
        yield* $.onState(({ count }) => count).run((count) =>
          Effect.sync(() => void (this.lastCount[m] = count))
        )
        yield* open($, spec.consumers, false)
      })
    )
    const late = def.logic("late", ($) =>
      Effect.gen({ self: this }, function* () {
        yield* Effect.callback<void>((resume) => void this.setups.set(m, () => resume(Effect.void)))
        yield* open($, spec.late ?? [], true)
        this.note({ is: "setup ended", module: m })
      })
    )
    return def.implement({
      initial: initial(),
      logics: spec.late === undefined ? [main] : [main, late],
      channel: { capacity: spec.capacity },
      ...(spec.validate ? { validate: "commit" } : {})
    })
  }

  private sink(spec: SinkSpec, sink: number): Commit.CommitSink {
    return {
      name: `sink${sink}`,
      capacity: spec.capacity,
      retry: Schedule.recurs(Number.POSITIVE_INFINITY),
      onCommit: (batch) =>
        Effect.suspend(() => {
          const txns = batch.map(({ txnId }) => txnId)
          const last = this.accepted[sink]?.length ?? 0
          if (batch.some(({ seq }, i) => seq !== last + i + 1))
            this.violations.push(`Sink ${sink} was given commits out of order`)
          const attempt = (this.attempts[sink] ?? 0) + 1
          this.attempts[sink] = attempt
          this.note({ is: "batch", sink, txns })
          const gate = spec.gated
            ? Effect.callback<void>((resume) => {
                this.gates.set(`sink${sink}`, () => resume(Effect.void))
              })
            : Effect.void
          return Effect.andThen(
            gate,
            Effect.suspend(() => {
              const fails = spec.fails && attempt % 2 === 1
              this.note({ is: "batch end", sink, how: fails ? "fail" : "ok" })
              if (fails) return Effect.fail(new AppError("sink"))
              this.accepted[sink]?.push(...txns)
              return Effect.void
            })
          )
        })
    }
  }

  private listen(spec: ModuleSpec, m: number): void {
    const ref = this.ref(m)
    const { listener } = spec
    this.committed[m] = ref.unsafe.getState()
    ref.unsafe.subscribe((state) => {
      this.told[m]?.push(state)
      // Several may have been committed at once.
      this.refs.forEach((each, i) => (this.committed[i] = each.unsafe.getState()))
      if (ref.unsafe.getState() !== state) this.violations.push(`Listener of ${m} sees another state`)
      if (this.kills.delete(state.last)) this.fibers.get(splitLast(state.last)[0])?.interruptUnsafe()
    })
    ref.unsafe.subscribe((state) => {
      if (listener === undefined || state.count % listener.every !== 0 || state.hop >= maxHop) return
      const k = (this.reentries[m] ?? 0) + 1
      this.reentries[m] = k
      const call = `listener${m}.${k}`
      this.listenerCalls.push(`${call} ${this.attempt(call, listener.entry, state.hop + 1)}`)
    })
    ref.unsafe.subscribe((state) => {
      if (state.count % 5 === 4) throw new AppError("listener")
    })
  }

  private handle(
    key: string,
    { handler, strategy }: ConsumerSpec,
    { id, n, hop }: Payload
  ): Effect.Effect<void, AppError> {
    const { entry, fails, gated } = handler
    const call = `${key}<${id}`
    return Effect.suspend(() => {
      this.note({ is: "start", consumer: key, id, how: "" })
      const gate = gated
        ? Effect.callback<void>((resume) => {
            this.gates.set(call, () => resume(Effect.void))
            return Effect.sync(() => this.gates.delete(call))
          })
        : Effect.void
      const own = entry === undefined || hop >= maxHop ? Effect.void : this.enterFrom(call, entry, hop + 1)
      const end = fails && n % 2 === 1 ? Effect.fail(new AppError(id)) : Effect.void
      const whole = gate.pipe(Effect.andThen(own), Effect.andThen(end))
      return Effect.onExit(whole, (exit) =>
        Effect.sync(() => {
          const how = howOf(exit)
          this.note({ is: "end", consumer: key, id, how: how === "ok" || how === "interrupt" ? how : "fail" })
        })
      )
    }).pipe((handling) =>
      // A failure would end the stream.
      strategy === "stream"
        ? Effect.matchEffect(
            Effect.catchDefect(handling, () => Effect.void),
            swallow
          )
        : handling
    )
  }

  // --- entries ------------------------------------------------------------------------------------------

  private enterFrom(call: string, entry: Entry, hop: number): Effect.Effect<void> {
    return isWaiting(entry)
      ? this.perform(call, entry, hop)
      : Effect.sync(() => void this.attempt(call, entry, hop))
  }

  /** An entry of a caller that can wait. */
  private perform(call: string, entry: Entry, hop: number): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      this.fibers.set(call, fiber)
      this.note({ is: "ask", call, how: "" })
      return Effect.onExit(this.effectOf(call, entry, hop), (exit) =>
        Effect.sync(() => this.note({ is: "back", call, how: howOf(exit) }))
      )
    })
  }

  private effectOf(call: string, entry: Entry, hop: number): Effect.Effect<void> {
    const ref = this.ref(entry.target)
    if (entry.kind === "dispatch") return ref.dispatch(this.action(call, entry, hop, 0))
    if (entry.kind === "batch")
      return ref.dispatchBatch(entry.parts.map((_, i) => this.action(call, entry, hop, i)))
    if (entry.kind === "reset") return ref.reset()
    if (entry.kind === "update")
      return this.insideOf(entry.target).update((state) => {
        this.note({ is: "window", call })
        return addTo(`${call}.0`, entry.n, hop)(state)
      })
    if (entry.kind === "group") {
      const { body, other } = entry
      const write = (a: StateTransaction<State>, b: StateTransaction<State>) =>
        this.body(call, body, hop)(both(a, b)) as Effect.Effect<void>
      return Effect.asVoid(Effect.orDie(this.runtime.transact([ref, this.ref(other)], call, write)))
    }
    if (entry.kind !== "transact") throw new Error(`${entry.kind} cannot wait`)
    const { body } = entry
    // Its failure, if it has one, is a defect here, as all others are.
    if (body.form === "effect")
      return Effect.orDie(ref.transact(call, this.effectBody(call, entry.target, body, hop)))
    return Effect.asVoid(
      Effect.orDie(
        ref.transact(call, this.body(call, body, hop) as (tx: StateTransaction<State>) => Effect.Effect<void>)
      )
    )
  }

  /** An entry of a caller that cannot wait. */
  private attempt(call: string, entry: Entry, hop: number): string {
    this.note({ is: "ask", call, how: "" })
    let how = "ok"
    try {
      this.attemptUnsafe(call, entry, hop)
    } catch (error) {
      how = tagOfError(error)
    }
    this.note({ is: "back", call, how })
    return how
  }

  private attemptUnsafe(call: string, entry: Entry, hop: number): void {
    const { unsafe } = this.ref(entry.target)
    if (entry.kind === "unsafe.dispatch") unsafe.dispatch(this.action(call, entry, hop, 0))
    else if (entry.kind === "unsafe.batch")
      unsafe.dispatchBatch(entry.parts.map((_, i) => this.action(call, entry, hop, i)))
    else if (entry.kind === "unsafe.transact") {
      const { body, target } = entry
      unsafe.transact(
        call,
        body.form === "effect" ? () => this.effectBody(call, target, body, hop) : this.body(call, body, hop)
      )
    } else if (entry.kind === "unsafe.group") {
      const { body, other, target } = entry
      this.runtime.unsafe.transact([this.ref(target), this.ref(other)], call, (a, b) =>
        this.body(call, body, hop)(both(a, b))
      )
    } else if (entry.kind === "promise")
      this.watch(call, unsafe.dispatchPromise(this.action(call, entry, hop, 0)))
    else if (entry.kind === "callback") {
      const { _tag, payload } = this.action(call, entry, hop, 0)
      this.watch(call, this.insideOf(entry.target).callback(_tag)(payload))
    } else throw new Error(`${entry.kind} waits`)
  }

  private watch(call: string, promise: Promise<void>): void {
    this.promises.set(call, "pending")
    promise.then(
      () => this.promises.set(call, "ok"),
      (error: unknown) => this.promises.set(call, tagOfError(error))
    )
  }

  private action(call: string, entry: Entry, hop: number, i: number) {
    const part = "parts" in entry ? entry.parts[i] : undefined
    if (part === undefined) throw new Error("No such part")
    return { _tag: this.tag(entry.target, part.action), payload: { id: `${call}.${i}`, n: part.n, hop } }
  }

  private insideOf(target: number): Inside {
    const inside = this.inside[pick(target, this.refs.length)]
    if (inside === undefined) throw new Error("No logic")
    return inside
  }

  /** What a window must refuse, tried. */
  private tryInside(call: string, target: number | undefined): void {
    this.checkDrafts(`The body of ${call}`)
    if (target === undefined) return
    try {
      this.ref(target).unsafe.dispatch({ _tag: tagOf(0), payload: { id: `${call}!`, n: 0, hop: maxHop } })
      this.violations.push(`${call} entered inside a window`)
    } catch (error) {
      if (tagOfError(error) !== "EntryInTransaction") this.violations.push(`${call}: ${tagOfError(error)}`)
    }
  }

  private body(call: string, body: Body, hop: number): Write {
    return (tx) => {
      this.note({ is: "window", call })
      const run = () => {
        tx.update(addTo(`${call}.0`, body.n, hop))
        if (body.after !== undefined) tx.afterCommit(this.enterFrom(`${call}+`, body.after, hop + 1))
        this.tryInside(call, body.inside)
      }
      if (body.form === "function") {
        run()
        if (body.ends === "fails") throw new AppError(call)
        return body.ends === "suspends" ? Promise.resolve() : undefined
      }
      return Effect.andThen(Effect.sync(run), () =>
        this.ending(
          call,
          body,
          Effect.sync(() => tx.update(addTo(call, 1, hop)))
        )
      )
    }
  }

  private effectBody(call: string, target: number, body: Body, hop: number): Effect.Effect<void, AppError> {
    const { afterCommit, update } = this.insideOf(target)

    return Effect.gen({ self: this }, function* () {
      this.note({ is: "window", call })
      yield* update(addTo(`${call}.0`, body.n, hop))
      if (body.after !== undefined) yield* afterCommit(this.enterFrom(`${call}+`, body.after, hop + 1))
      this.tryInside(call, body.inside)
      yield* this.ending(call, body, update(addTo(call, 1, hop)))
    })
  }

  private ending(call: string, body: Body, lateWrite: Effect.Effect<void>): Effect.Effect<void, AppError> {
    if (body.ends === "ok") return Effect.void
    if (body.ends === "fails") return Effect.fail(new AppError(call))
    return Effect.onInterrupt(Effect.never, () => lateWrite)
  }
}

/** Writes to the one and to the other. */
const both = (a: StateTransaction<State>, b: StateTransaction<State>): StateTransaction<State> => ({
  ...a,
  afterCommit: a.afterCommit,
  update: (f) => {
    a.update(f)
    b.update(f)
  }
})

const swallow = { onSuccess: () => Effect.void, onFailure: () => Effect.void }

const splitLast = (id: string): readonly [string, string] => {
  const at = id.lastIndexOf(".")
  return [id.slice(0, at), id.slice(at + 1)]
}

export const isWaiting = (entry: Entry): boolean =>
  entry.kind === "dispatch" ||
  entry.kind === "batch" ||
  entry.kind === "transact" ||
  entry.kind === "group" ||
  entry.kind === "update" ||
  entry.kind === "reset"
