/** What is told of a handler's calls. */
import type { AnyAction } from "@sluice/core/Commit"
import type { HandledInstance } from "@sluice/core/Handler"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as Effect from "effect/Effect"
import type { CallError } from "../Errors.ts"
import type { Job, Ran } from "../host/Host.ts"
import type { CallKind, ConsoleLine } from "../Machine.ts"
import type { CallRecord } from "../Recordable.ts"
import type { AnyOptions } from "./Options.ts"

/** What a call is made for. */
export interface Caller {
  readonly instance: HandledInstance | undefined
  /** Of the runtime, where its activity is told. */
  readonly host: object | undefined
  readonly action: AnyAction | undefined
  readonly reruns: number
}

export interface Begun extends Job {
  readonly bytesIn: number
}

const slowMs = 5_000

interface Out {
  readonly kind: CallKind
  readonly caller: Pick<Caller, "action" | "host" | "instance">
}

export class Teller {
  private readonly options: AnyOptions
  /** Instances whose state was said to be large. Written by `call`. */
  private readonly warned = new WeakSet<object>()
  private warnedOfSlow = false
  /** Calls that have not come back, the oldest first. Written by `watch`. */
  private readonly out = new Set<Out>()
  private isWatching = false

  constructor(options: AnyOptions) {
    this.options = options
  }

  call(
    { bytesIn, call }: Begun,
    ran: Ran,
    { action, host, instance, reruns }: Caller,
    error: CallError | undefined
  ): void {
    const { fuel, pages, pagesChanged, ranMs, returned, waitedMs } = ran
    const [stateBytes, responseBytes] =
      returned._tag === "Ok" ? [returned.state?.length ?? 0, returned.response?.length ?? 0] : [0, 0]
    this.warnOf(stateBytes, { host, instance })
    if (host === undefined) return
    this.tell(host, {
      ...this.at(instance),
      _tag: "Call",
      kind: call.kind,
      action: action?._tag,
      dispatched: action,
      outcome: outcomeOf(returned, error),
      error: error?.message,
      ranMs,
      waitedMs,
      bytesIn,
      bytesOut: stateBytes + responseBytes,
      pagesChanged,
      pages,
      fuel,
      reruns,
      isolation: this.options.isolation ?? "worker"
    })
  }

  line(line: ConsoleLine, { host, instance }: Pick<Caller, "host" | "instance">): void {
    const { console } = this.options
    if (console !== undefined) this.apart(() => console(line))
    if (host !== undefined) this.tell(host, { ...this.at(instance), _tag: "Console", ...line })
  }

  private tell(host: object, event: HandlerActivity.HandlerEvent): void {
    this.apart(() => HandlerActivity.of(host).tell(event))
  }

  /** Thrown on, it would be the call that fails: within the code's own frames, or in the worker's listener. */
  private apart(telling: () => void): void {
    try {
      telling()
    } catch (error) {
      Effect.runFork(Effect.logError(`Who is told of ${this.options.name} has thrown`, error))
    }
  }

  /** Once for each instance; for all callers that are none, once. */
  private warnOf(stateBytes: number, caller: Pick<Caller, "host" | "instance">): void {
    const { name, warnStateBytes = 1_000_000 } = this.options
    const owner = caller.instance ?? this
    if (stateBytes <= warnStateBytes || this.warned.has(owner)) return
    this.warned.add(owner)
    const whose = caller.instance === undefined ? "" : ` of ${caller.instance.instanceId}`
    this.warn(
      `The state${whose} is ${stateBytes} bytes of JSON, more than ${warnStateBytes}, and goes in and out with each call of ${name}. Keep less in it, or raise warnStateBytes.`,
      caller
    )
  }

  /** Of a call that nothing ends: one warning, if it has not come back after a while. What it returns is called when it has. */
  watch(kind: CallKind, caller: Pick<Caller, "action" | "host" | "instance">): () => void {
    if (this.warnedOfSlow) return () => {}
    const call = { kind, caller }
    this.out.add(call)
    if (!this.isWatching) this.lookLater(undefined)
    return () => this.out.delete(call)
  }

  /** One timer for all calls, which nobody stops: to start and stop one for each call costs more than a microsecond. */
  private lookLater(seen: Out | undefined): void {
    this.isWatching = true
    const timer = setTimeout(() => {
      this.isWatching = false
      const [oldest] = this.out
      if (oldest === undefined) return
      if (oldest !== seen) return this.lookLater(oldest)
      this.warnedOfSlow = true
      this.out.clear()
      const { action, instance } = oldest.caller
      const whose = instance === undefined ? "" : ` for ${instance.instanceId}`
      this.warn(
        `${action?._tag ?? oldest.kind} of ${this.options.name}${whose} has not come back for more than ${slowMs / 1000} seconds, and nothing ends it. Declare limits.callMs, or limits.fuel.`,
        oldest.caller
      )
    }, slowMs)
    // Node's timers have it, a browser's have not: no process goes on for this.
    ;(timer as { readonly unref?: () => void }).unref?.()
  }

  private warn(text: string, caller: Pick<Caller, "host" | "instance">): void {
    this.line({ level: "warn", text }, caller)
    Effect.runFork(Effect.logWarning(text))
  }

  private at(instance: HandledInstance | undefined) {
    return { at: Date.now(), handler: this.options.name, instanceId: instance?.instanceId }
  }
}

const outcomeOf = (returned: Ran["returned"], error: CallError | undefined): CallRecord["outcome"] => {
  if (returned._tag === "Fault") return returned.kind
  if (returned._tag === "Err") return "err"
  return error === undefined ? "ok" : "mismatch"
}

export const recordOf = (
  { call: { kind, params, tag }, granted }: Job,
  { returned }: Ran,
  error: CallError | undefined
): CallRecord => ({
  kind,
  action: tag,
  params,
  granted,
  outcome: outcomeOf(returned, error),
  error: error?.message
})
