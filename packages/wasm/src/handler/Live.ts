/** A loaded handler: its calls, from a state and params to another state and a response. */
import type { HandledInstance } from "@sluice/core/Handler"
import * as Effect from "effect/Effect"
import * as Codec from "../Codec.ts"
import { bytesOf } from "../Codec.ts"
import { type CallError, HandlerError, HandlerFault, HandlerMismatch } from "../Errors.ts"
import { ChildError } from "../Escalation.ts"
import type { InlineHost, Job, Loaded, Ran } from "../host/Host.ts"
import type { Faulted } from "../host/Step.ts"
import type { WorkerHost } from "../host/WorkerHost.ts"
import type { Image } from "../Image.ts"
import type { Call, CallKind } from "../Machine.ts"
import type { Restarts } from "../Restarts.ts"
import { ByBytes, ByReference } from "./Memo.ts"
import { type Kept, Memories } from "./Memories.ts"
import { type Begun, type Caller, recordOf, Teller } from "./Teller.ts"
import type { CallRecord, Recordable } from "../Recordable.ts"
import type { AnyOptions } from "./Options.ts"

export interface Codecs<S, P, R> {
  readonly state: Codec.Codec<S>
  readonly params: Codec.Codec<P>
  readonly response: Codec.Codec<R> | undefined
}

export interface Called<S, R> {
  readonly state: S
  /** Of a request. */
  readonly response: R | undefined
}

/** That of all callers that are no instance; and of calls that are done again. */
const nobody = 0
const cold = -1
let units = nobody
const unitOf = new WeakMap<HandledInstance, number>()

/** Of instances, whatever handler they call. */
const unit = (instance: HandledInstance | undefined): number => {
  if (instance === undefined) return nobody
  const known = unitOf.get(instance)
  if (known !== undefined) return known
  unitOf.set(instance, ++units)
  return units
}

const childErrors: Codec.Codec<ChildError> = Codec.of(ChildError)

const isInline = (host: InlineHost | WorkerHost): host is InlineHost => !("close" in host)

export class Live<S, P, R> {
  readonly options: AnyOptions
  readonly memories: Memories
  /** Told of every call that gave no state, in the step that ends it. */
  readonly failed = new Set<(instance: HandledInstance | undefined, call: CallRecord) => void>()
  readonly loaded: Loaded
  /** Where the declaration has any. Written by the port. */
  readonly restarts = new WeakMap<HandledInstance, Restarts<HandlerFault>>()
  private readonly codecs: Codecs<S, P, R>
  private readonly host: InlineHost | WorkerHost
  private readonly teller: Teller
  /** Of a handler that is declared pure. */
  private readonly known = new ByBytes()
  private readonly knownHere = new ByReference<Called<S, R>>()
  private get callMs(): number {
    return this.options.limits?.callMs ?? 0
  }
  private get isFuelled(): boolean {
    return (this.options.limits?.fuel ?? 0) > 0
  }

  constructor(options: AnyOptions, codecs: Codecs<S, P, R>, host: InlineHost | WorkerHost) {
    this.options = options
    this.codecs = codecs
    this.host = host
    this.loaded = host
    this.teller = new Teller(options)
    this.memories = new Memories(options.name, host.fresh)
  }

  call(kind: CallKind, state: S | null, params: P, caller: Caller): Effect.Effect<Called<S, R>, CallError> {
    const { host } = this
    if (isInline(host)) {
      return Effect.suspend(() => {
        try {
          return Effect.succeed(this.callSync(kind, state, params, caller))
        } catch (error) {
          return failing(error)
        }
      })
    }
    return Effect.callback((resume) => {
      try {
        const job = this.job(kind, state, params, caller)
        const key = this.options.pure === true ? this.known.key(job.call) : undefined
        const settle = (ran: Ran) => resume(this.concluded(job, ran, caller))
        const known = key === undefined ? undefined : this.known.get(key)
        if (known !== undefined) return settle(known)
        const unwatch = this.callMs > 0 || this.isFuelled ? undefined : this.teller.watch(kind, caller)
        const back = host.run(job, this.callMs, (ran) => {
          unwatch?.()
          if (key !== undefined) this.known.set(key, ran)
          settle(ran)
        })
        return Effect.sync(() => {
          unwatch?.()
          back()
        })
      } catch (error) {
        return resume(failing(error))
      }
    })
  }

  /** As it is, for nobody: nothing is told or remembered of it. */
  readonly run: Recordable<S>["run"] = (call, image, granted) => {
    const job = { unit: cold, call, granted, image: image ?? this.loaded.fresh, line: () => {} }
    const { host } = this
    const ran: Effect.Effect<Ran> = isInline(host)
      ? Effect.sync(() => host.run(job))
      : Effect.callback((resume) =>
          Effect.sync(host.run(job, this.callMs, (done) => resume(Effect.succeed(done))))
        )
    return Effect.flatMap(ran, ({ image: after, returned }) =>
      returned._tag === "Fault"
        ? Effect.fail(this.faultOf(returned))
        : Effect.succeed({ returned, image: after })
    )
  }

  readonly memoryOf = (state: S): Image | undefined => {
    const image = this.memories.of(state)?.image
    return image?.parts.length === 0 ? undefined : image
  }

  readonly put = (state: S, image: Image): void => {
    this.memories.remember(state, { image, record: undefined })
  }

  readonly callOf = (state: S): CallRecord | undefined => this.memories.of(state)?.record

  readonly onFailed = (instanceId: string, listener: (call: CallRecord) => void): (() => void) => {
    const told = (instance: HandledInstance | undefined, call: CallRecord) => {
      if (instance?.instanceId === instanceId) listener(call)
    }
    this.failed.add(told)
    return () => void this.failed.delete(told)
  }

  readonly encode = (state: S): Uint8Array<ArrayBuffer> =>
    this.valueOf(this.codecs.state.encode(state), "state")

  readonly decode = (bytes: Uint8Array<ArrayBuffer>): S =>
    this.valueOf(this.codecs.state.decode(bytes), "state")

  /** The declared params of the call by which an instance begins. */
  get initWith(): P {
    // Of the type of the declaration's params; left out, it is none, which `init` is given as null.
    return this.options.initWith as P
  }

  /** Inline. Throws a CallError. */
  callSync(kind: CallKind, state: S | null, params: P, caller: Caller): Called<S, R> {
    const call = () => {
      const job = this.job(kind, state, params, caller)
      // Only where it runs on this thread is it called so.
      const host = this.host as InlineHost
      if (caller.host === undefined) return this.conclude(job, host.run(job), caller)
      const begun = performance.now()
      const ran = host.run(job)
      return this.conclude(job, { ...ran, ranMs: performance.now() - begun }, caller)
    }
    if (this.options.pure !== true || kind === "init") return call()
    const tag = caller.action?._tag
    return this.knownHere.of(tag === undefined ? kind : `${kind} ${tag}`, state, params, call)
  }

  /** Throws HandlerMismatch, or HandlerFault where there is no such call. */
  private job(kind: CallKind, state: S | null, params: P, caller: Caller): Begun {
    const { imports = [], name: handler } = this.options
    if (!this.loaded.kinds.has(kind)) {
      throw new HandlerFault({ handler, kind: "abi", detail: `its code has no ${kind}`, at: undefined })
    }
    const call: Call = {
      kind,
      tag: caller.action?._tag,
      state: state === null ? null : this.valueOf(this.codecs.state.encode(state), "state"),
      params: this.paramsOf(kind, params)
    }
    return {
      // Once it runs, the state's bytes are another thread's.
      bytesIn: (call.state?.length ?? 0) + call.params.length,
      unit: unit(caller.instance),
      call,
      granted: {
        clock: imports.includes("clock") ? Date.now() : undefined,
        seed: imports.includes("random") ? crypto.getRandomValues(new Uint32Array(1))[0] : undefined
      },
      image: this.memories.seen(state, caller.instance).image,
      line: (line) => this.teller.line(line, caller)
    }
  }

  /** Those of `init` may be none. */
  private paramsOf(kind: CallKind, params: P): Uint8Array<ArrayBuffer> {
    if (kind === "init" && params === undefined) return bytesOf(null)
    // Those of `childError` are what a supervisor tells, whatever the handler's own are.
    return kind === "child-error"
      ? this.valueOf(childErrors.encode(params as ChildError), "params")
      : this.valueOf(this.codecs.params.encode(params), "params")
  }

  private valueOf<A>(outcome: Codec.Outcome<A>, what: HandlerMismatch["what"]): A {
    if ("value" in outcome) return outcome.value
    throw new HandlerMismatch({ handler: this.options.name, what, issue: outcome.issue })
  }

  private concluded(job: Begun, ran: Ran, caller: Caller): Effect.Effect<Called<S, R>, CallError> {
    try {
      return Effect.succeed(this.conclude(job, ran, caller))
    } catch (error) {
      return failing(error)
    }
  }

  /** Throws a CallError. */
  private conclude(job: Begun, ran: Ran, caller: Caller): Called<S, R> {
    try {
      const called = this.calledOf(job, ran)
      this.remember(called.state, { image: ran.image, record: recordOf(job, ran, undefined) })
      this.teller.call(job, ran, caller, undefined)
      return called
    } catch (error) {
      // Nothing else is thrown there.
      const failure = error as CallError
      this.teller.call(job, ran, caller, failure)
      const record = recordOf(job, ran, failure)
      for (const listener of this.failed) listener(caller.instance, record)
      throw failure
    }
  }

  private calledOf({ call: { kind } }: Job, { returned }: Ran): Called<S, R> {
    const handler = this.options.name
    if (returned._tag === "Err") throw new HandlerError({ handler, error: returned.error })
    if (returned._tag === "Fault") throw this.faultOf(returned)
    const { response } = this.codecs
    const state = this.valueOf(this.codecs.state.decode(returned.state ?? none), "result state")
    if (kind !== "request" || response === undefined) return { state, response: undefined }
    return { state, response: this.valueOf(response.decode(returned.response ?? none), "response") }
  }

  private faultOf({ at, detail, kind }: Faulted): HandlerFault {
    return new HandlerFault({ handler: this.options.name, kind, detail, at })
  }

  private remember(state: S, kept: Kept): void {
    if (this.memories.remember(state, kept) || this.options.memory === "none") return
    const issue = `it is ${state === null ? "null" : `a ${typeof state}`}, and a memory is kept with an object; declare memory: "none"`
    throw new HandlerMismatch({ handler: this.options.name, what: "result state", issue })
  }
}

/** What code gives that keeps no state, or answers nothing. */
const none = bytesOf(null)

/** What this package throws fails; anything else is a defect. */
const failing = (error: unknown): Effect.Effect<never, CallError> =>
  error instanceof HandlerMismatch || error instanceof HandlerError || error instanceof HandlerFault
    ? Effect.fail(error)
    : Effect.die(error)
