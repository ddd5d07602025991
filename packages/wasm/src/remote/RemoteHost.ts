/** A process as a place where machines run: its memory is snapshotted here, and belongs to the version of the state. */
import * as Cause from "effect/Cause"
import * as Base64 from "effect/encoding/Base64"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as HttpClient from "effect/http/HttpClient"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { HashMismatch, LoadFailed, type LoadError, ModuleRefused } from "../Errors.ts"
import type { Job, Ran } from "../host/Host.ts"
import type { WorkerHost } from "../host/WorkerHost.ts"
import type { Image } from "../Image.ts"
import type { CallKind, FaultKind, LoadOptions, Returned } from "../Machine.ts"
import { empty } from "../memory/Delta.ts"
import * as Protocol from "./Protocol.ts"
import * as Wire from "./Wire.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> => encoder.encode(JSON.stringify(value ?? null))
const valueOf = (bytes: Uint8Array<ArrayBuffer> | null): unknown =>
  bytes === null ? null : (JSON.parse(decoder.decode(bytes)) as unknown)

const refused = (handler: string, feature: string, reason: string) =>
  Effect.fail(new ModuleRefused({ handler, feature, reason }))

/** Asks the process what it is. Its hash is what it says of itself: it is trusted to be what it says. */
export const connect = (
  client: HttpClient.HttpClient,
  address: URL | string,
  options: LoadOptions
): Effect.Effect<WorkerHost, LoadError> =>
  Effect.gen(function* () {
    const { handler, limits, sha256: expected } = options
    if (limits.fuel !== undefined && limits.fuel > 0)
      return yield* refused(
        handler,
        "limits.fuel",
        "what a process does is not counted here. Limit its callMs."
      )
    const wire = Wire.make(client, address, limits)
    const { kinds, sha256 } = yield* Effect.mapError(
      within(limits.callMs, wire.describe),
      ({ detail }) => new LoadFailed({ handler, reason: `${String(address)}: ${detail}` })
    )
    if (sha256 !== expected) return yield* new HashMismatch({ handler, expected, actual: sha256 })
    return new RemoteHost(wire, new Set(kinds), options)
  })

class RemoteHost implements WorkerHost {
  readonly sha256: string
  readonly kinds: ReadonlySet<CallKind>
  readonly fresh: Image
  private readonly wire: Wire.Wire
  private readonly options: LoadOptions
  /** Other runtimes' units have other names in the same process. */
  private readonly session = crypto.randomUUID()
  private calls = 0
  private closed = false
  /** By unit: how often a call of it was given up. What it may still do there is then another unit's. Written by `run`. */
  private readonly givenUp = new Map<number, number>()
  private readonly turns = new Map<number, Semaphore.Semaphore>()
  private readonly running = new Set<Fiber.Fiber<unknown, unknown>>()
  /** Of images that came from the process, or went there. */
  private readonly versions = new WeakMap<Image, string>()

  constructor(wire: Wire.Wire, kinds: ReadonlySet<CallKind>, options: LoadOptions) {
    this.wire = wire
    this.kinds = kinds
    this.options = options
    this.sha256 = options.sha256
    this.fresh = empty(options.sha256)
  }

  readonly run = (job: Job, budgetMs: number, done: (ran: Ran) => void): (() => void) => {
    const since = performance.now()
    let begun = since
    const computing = Effect.andThen(
      Effect.sync(() => (begun = performance.now())),
      this.compute(job)
    )
    let isTakenBack = false
    const timely = within(budgetMs, computing)
    const fiber = Effect.runFork(this.turnOf(job.unit).withPermits(1)(timely))
    this.running.add(fiber)
    fiber.addObserver((exit) => {
      this.running.delete(fiber)
      if (isGivenUp(exit)) this.givenUp.set(job.unit, (this.givenUp.get(job.unit) ?? 0) + 1)
      if (isTakenBack) return
      const times = { ranMs: performance.now() - begun, waitedMs: begun - since, fuel: undefined }
      if (Exit.isSuccess(exit)) done({ ...exit.value, ...times })
      else done({ ...faultOf(job, exit), ...times })
    })
    if (this.closed) fiber.interruptUnsafe()
    return () => {
      isTakenBack = true
      fiber.interruptUnsafe()
    }
  }

  readonly close = (): void => {
    this.closed = true
    for (const fiber of this.running) fiber.interruptUnsafe()
  }

  private turnOf(unit: number): Semaphore.Semaphore {
    const turn = this.turns.get(unit) ?? Semaphore.makeUnsafe(1)
    this.turns.set(unit, turn)
    return turn
  }

  private compute({ call, granted, image, line, unit }: Job): Effect.Effect<Outcome, Wire.Broken> {
    return Effect.gen({ self: this }, function* () {
      const at = `${this.session}/${unit}/${this.givenUp.get(unit) ?? 0}`
      const version = yield* this.versionOf(image)
      const asked: Protocol.Compute = {
        id: `${at}/${++this.calls}`,
        unit: at,
        version,
        kind: call.kind,
        tag: call.tag ?? null,
        state: valueOf(call.state),
        params: valueOf(call.params),
        granted: { clock: granted.clock ?? null, seed: granted.seed ?? null }
      }
      const computed = yield* Effect.catchIf(
        this.wire.compute(asked),
        (error) => error instanceof Wire.Elsewhere,
        () => Effect.andThen(this.restore(at, image, version), strictly(this.wire.compute(asked)))
      )
      for (const given of computed.console) line(given)
      if (computed._tag === "Fault") return yield* new Wire.Broken({ kind: "trap", detail: computed.detail })
      if (computed._tag === "Err") return unchanged({ _tag: "Err", error: computed.error }, image)
      const returned = this.within(bytesOf(computed.state), bytesOf(computed.response))
      if ("kind" in returned) return yield* returned
      if (this.options.memory === "none" || computed.version === version) return unchanged(returned, image)
      const after = yield* this.snapshot(at, computed.version, image)
      const before = image.parts[0]?.pages
      const pages = after.parts[0]?.pages ?? []
      const { memoryPages = 0 } = this.options.limits
      if (memoryPages > 0 && pages.length > memoryPages) {
        const detail = `Its snapshot takes ${pages.length} pages, and ${memoryPages} are allowed`
        return yield* new Wire.Broken({ kind: "memory", detail })
      }
      const pagesChanged = pages.filter((page, index) => page !== before?.[index]).length
      return { returned, image: after, pages: pages.length, pagesChanged }
    })
  }

  private within(state: Uint8Array<ArrayBuffer>, response: Uint8Array<ArrayBuffer>): Returned | Wire.Broken {
    const { resultBytes = 0 } = this.options.limits
    const bytes = state.length + response.length
    return resultBytes > 0 && bytes > resultBytes
      ? new Wire.Broken({
          kind: "result-bytes",
          detail: `It gave ${bytes} bytes, and ${resultBytes} are allowed`
        })
      : { _tag: "Ok", state, response }
  }

  private versionOf(image: Image): Effect.Effect<Protocol.Version> {
    const known = this.versions.get(image)
    const snapshot = known === undefined ? Protocol.snapshotOf(image) : undefined
    if (snapshot === undefined) return Effect.succeed(known ?? null)
    return Effect.map(
      Effect.promise(() => Protocol.hexOf(snapshot)),
      (version) => {
        this.versions.set(image, version)
        return version
      }
    )
  }

  private restore(unit: string, image: Image, version: Protocol.Version): Effect.Effect<void, Wire.Broken> {
    const snapshot = Protocol.snapshotOf(image)
    if (version === null || snapshot === undefined)
      return Effect.fail(
        new Wire.Broken({ kind: "abi", detail: "it does not begin anew where no version is asked for" })
      )
    const given = { unit, version, snapshot: Base64.encode(snapshot) }
    return Effect.flatMap(this.wire.restore(given), (restored) =>
      restored.version === version
        ? Effect.void
        : Effect.fail(
            new Wire.Broken({
              kind: "abi",
              detail: `it was restored to ${version} and says it is at ${restored.version}`
            })
          )
    )
  }

  /** Held against its own hash. */
  private snapshot(unit: string, version: string, before: Image): Effect.Effect<Image, Wire.Broken> {
    return Effect.gen({ self: this }, function* () {
      const snapped = yield* strictly(this.wire.snapshot({ unit, version }))
      const bytes = Base64.decode(snapped.snapshot)
      const broken = (detail: string) => new Wire.Broken({ kind: "abi", detail })
      if (Result.isFailure(bytes)) return yield* broken("its snapshot is no base64")
      const snapshot = new Uint8Array(bytes.success)
      const actual = yield* Effect.promise(() => Protocol.hexOf(snapshot))
      if (actual !== version || snapped.version !== version)
        return yield* broken(`it is at ${version}, and its snapshot is of ${actual}`)
      const image = Protocol.imageOf(this.sha256, snapshot, before)
      this.versions.set(image, version)
      return image
    })
  }
}

const within = <A, E>(
  budgetMs: number | undefined,
  asked: Effect.Effect<A, E>
): Effect.Effect<A, E | Wire.Broken> =>
  budgetMs === undefined || !(budgetMs > 0)
    ? asked
    : Effect.timeoutOrElse(asked, {
        duration: budgetMs,
        orElse: () =>
          Effect.fail(new Wire.Broken({ kind: "timeout", detail: `It took more than ${budgetMs} ms` }))
      })

type Outcome = Pick<Ran, "returned" | "image" | "pages" | "pagesChanged">

const unchanged = (returned: Returned, image: Image): Outcome => ({
  returned,
  image,
  pages: image.parts[0]?.pages.length ?? 0,
  pagesChanged: 0
})

const strictly = <A>(asked: Effect.Effect<A, Wire.Broken | Wire.Elsewhere>): Effect.Effect<A, Wire.Broken> =>
  Effect.catchIf(
    asked,
    (error) => error instanceof Wire.Elsewhere,
    ({ at }) =>
      Effect.fail(new Wire.Broken({ kind: "abi", detail: `it is at ${at ?? "nothing"} all the same` }))
  )

const isGivenUp = (exit: Exit.Exit<Outcome, Wire.Broken>): boolean => {
  if (Exit.isSuccess(exit)) return false
  const error: unknown = Cause.squash(exit.cause)
  return error instanceof Wire.Broken ? error.kind === "timeout" : true
}

const faultOf = ({ image }: Job, exit: Exit.Failure<Outcome, Wire.Broken>): Outcome => {
  const error: unknown = Cause.squash(exit.cause)
  const fault: { readonly kind: FaultKind; readonly detail: string } =
    error instanceof Wire.Broken
      ? error
      : Cause.hasInterruptsOnly(exit.cause)
        ? { kind: "trap", detail: "The handler's scope has ended" }
        : { kind: "abi", detail: String(error) }
  return {
    returned: { _tag: "Fault", kind: fault.kind, detail: fault.detail, at: undefined },
    image,
    pages: 0,
    pagesChanged: 0
  }
}
