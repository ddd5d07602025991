/** Machines in a worker, with another one that is warm for when it must be ended. */
import type { LoadError } from "../Errors.ts"
import type { Image } from "../Image.ts"
import type { CallKind, ConsoleLine, ProgramSource } from "../Machine.ts"
import { type HostOptions, type Job, type Loaded, Places, type Ran } from "./Host.ts"
import { refusedOf } from "./refused.ts"
import type { Faulted, Stepped } from "./Step.ts"
import type { Spawn, Thread } from "./Thread.ts"
import { type FromWorker, ofStep, toStepped, type WireStepped } from "./wire.ts"

export interface WorkerHost extends Loaded {
  /** Answers `done` once, never at once. What it returns takes the job back, and what it gives is then not told. */
  readonly run: (job: Job, budgetMs: number, done: (ran: Ran) => void) => () => void
  readonly close: () => void
}

/** Where workers run on this machine. */
export interface SparedHost extends WorkerHost {
  /** When there is a spare that has the program: the calls after one that must be ended then do not wait for it. */
  readonly warm: () => Promise<void>
}

interface Waiting {
  readonly job: Job
  readonly budgetMs: number
  readonly since: number
  /** Undefined when it was taken back. Written by what `run` returns. */
  done: ((ran: Ran) => void) | undefined
}

type Loading = Extract<FromWorker, { readonly _tag: "Loaded" }>

/** A worker with the program, or on its way to have it. */
interface Seat {
  readonly thread: Thread
  readonly ready: Promise<Loading>
  /** Written by what its thread tells. */
  state: "loading" | "ready" | "ended"
  /** Who hears what it answers, and of its end. Written by the host that it works for. */
  onStepped: (stepped: Stepped) => void
  onLine: (line: ConsoleLine) => void
  onEnd: (reason: string) => void
}

const isStepped = (message: FromWorker): message is WireStepped => Array.isArray(message)

const seat = (spawn: Spawn, source: ProgramSource, { load }: HostOptions): Seat => {
  let resolve: (loaded: Loading) => void = () => {}
  let reject: (error: LoadError) => void = () => {}
  const promise = new Promise<Loading>((onLoaded, onRefused) => {
    resolve = onLoaded
    reject = onRefused
  })
  const thread = spawn({
    onMessage: (message) => {
      if (isStepped(message)) made.onStepped(toStepped(message))
      else if (message._tag === "Loaded") {
        made.state = "ready"
        resolve(message)
      } else if (message._tag === "Refused") ended(refusedOf(load.handler, message.error))
      else if (message._tag === "Line") made.onLine(message.line)
    },
    onEnd: (reason) => ended(refusedOf(load.handler, { reason }), reason)
  })
  const ended = (error: LoadError, reason = error.message) => {
    made.state = "ended"
    reject(error)
    made.onEnd(reason)
  }
  // That of a spare is looked at when it is needed.
  promise.catch(() => {})
  const made: Seat = {
    thread,
    ready: promise,
    state: "loading",
    onStepped: () => {},
    onLine: () => {},
    onEnd: () => {}
  }
  thread.post({ _tag: "Load", source, options: load }, [])
  return made
}

/** Rejects with a LoadError. */
export const worker = async (spawn: Spawn, options: HostOptions): Promise<SparedHost> => {
  const first = seat(spawn, options.source, options)
  first.thread.hold(true)
  try {
    const loaded = await first.ready
    const source = loaded.prepared ?? options.source
    return new Crew(first, loaded, () => seat(spawn, source, options), options)
  } catch (error) {
    first.thread.terminate()
    throw error
  } finally {
    first.thread.hold(false)
  }
}

class Crew implements SparedHost {
  readonly sha256: string
  readonly kinds: ReadonlySet<CallKind>
  readonly fresh: Image
  private readonly hire: () => Seat
  private readonly options: HostOptions
  private readonly queue: Array<Waiting> = []
  /** Written by `succeed`; `spare` by `work` and `end` too. */
  private current: Seat
  private spare: Seat | undefined
  private running:
    | {
        readonly waiting: Waiting
        readonly begun: number
        /** Ends its deadlines. Written by `abandon`. */
        ended: () => void
      }
    | undefined
  private places: Places
  private closed = false

  constructor(first: Seat, { kinds, sha256 }: Loading, hire: () => Seat, options: HostOptions) {
    this.sha256 = sha256
    this.kinds = kinds
    this.hire = hire
    this.options = options
    this.places = new Places(sha256, options.load.memory)
    this.fresh = this.places.fresh
    this.current = first
    this.employ(first)
    this.spare = hire()
  }

  readonly run = (job: Job, budgetMs: number, done: (ran: Ran) => void): (() => void) => {
    const waiting: Waiting = { job, budgetMs, since: performance.now(), done }
    if (this.closed) queueMicrotask(() => waiting.done?.(scopeEnded(job)))
    else this.queue.push(waiting)
    this.work()
    return () => {
      waiting.done = undefined
      const at = this.queue.indexOf(waiting)
      if (at >= 0) this.queue.splice(at, 1)
      if (this.running?.waiting === waiting) this.abandon(this.running)
      else this.work()
    }
  }

  readonly warm = async (): Promise<void> => {
    await this.spare?.ready
  }

  readonly close = (): void => {
    this.closed = true
    this.current.thread.terminate()
    this.spare?.thread.terminate()
    const { running } = this
    this.running = undefined
    running?.ended()
    for (const { done, job } of [...(running ? [running.waiting] : []), ...this.queue.splice(0)])
      done?.(scopeEnded(job))
  }

  private employ(next: Seat): void {
    // What one has posted can arrive after it was made to end: it is no answer to what runs by then.
    const isCurrent = () => this.current === next
    next.onStepped = (stepped) => void (isCurrent() && this.stepped(stepped))
    next.onLine = (line) => void (isCurrent() && this.running?.waiting.job.line(line))
    next.onEnd = (reason) => {
      // With nothing to do it fails nobody's call: another takes its place when there is one.
      const isWanted = this.running !== undefined || this.queue.length > 0
      if (isCurrent() && isWanted) this.end("trap", reason)
    }
  }

  private work(): void {
    if (this.running !== undefined || this.closed) return
    if (this.queue.length === 0) return this.current.thread.hold(false)
    const isGone = this.current.state === "ended"
    if (isGone) this.succeed()
    const { current } = this
    current.thread.hold(true)
    if (current.state === "ready") this.post(current)
    else current.ready.then(this.resume, this.resume)
    if (isGone) this.spare ??= this.hire()
  }

  private readonly resume = (): void => this.work()

  private post({ thread }: Seat): void {
    const waiting = this.queue.shift()!
    const { budgetMs, job } = waiting
    const step = this.places.step(job)
    const passed = () => this.end("timeout", `It ran for more than ${budgetMs} ms`)
    const ended = budgetMs > 0 ? deadline(budgetMs, passed) : () => {}
    this.running = { waiting, begun: performance.now(), ended }
    thread.post(ofStep(step), buffersOf(job))
  }

  private stepped(stepped: Stepped): void {
    const { running } = this
    if (running === undefined) return
    const { begun, ended, waiting } = running
    ended()
    this.running = undefined
    this.current.thread.hold(false)
    const ran = this.places.after(waiting.job, stepped, begun - waiting.since)
    waiting.done?.(ran)
    this.work()
  }

  /** The worker is gone, or is made to go: what it ran has failed, and the others' calls go to the next one. */
  private end(kind: Faulted["kind"], reason: string): void {
    if (this.closed) return
    const now = performance.now()
    // One that does not load fails the call that waits for it, so that not every call waits for yet another.
    const waiting = this.running?.waiting ?? this.queue.shift()
    const begun = this.running?.begun ?? now
    this.running?.ended()
    this.running = undefined
    this.succeed()
    waiting?.done?.({
      ...failed(waiting.job, kind, reason),
      ranMs: now - begun,
      waitedMs: begun - waiting.since
    })
    this.work()
    // To start a thread takes a while: first those that wait go on.
    if (!this.closed) this.spare ??= this.hire()
  }

  /** Nobody waits for it any more: it may end by itself, and else its worker does. */
  private abandon(running: NonNullable<typeof this.running>): void {
    const { ended } = running
    const gone = deadline(graceMs, () => this.end("timeout", "Nobody waited for it any more"))
    running.ended = () => {
      ended()
      gone()
    }
  }

  /** The spare takes the place of the worker, or where there is none a new one. */
  private succeed(): void {
    this.current.thread.terminate()
    const { spare } = this
    this.spare = undefined
    if (spare?.state === "ended") spare.thread.terminate()
    const next = spare === undefined || spare.state === "ended" ? this.hire() : spare
    this.current = next
    this.places = new Places(this.sha256, this.options.load.memory, this.fresh)
    this.employ(next)
  }
}

/** The params are kept: they are what is recorded of a call. */
const buffersOf = ({ call: { params, state } }: Job): Array<ArrayBuffer> =>
  state === null || state.buffer === params.buffer ? [] : [state.buffer]

/** Milliseconds that a call may go on which was taken back. */
const graceMs = 100

const failed = ({ image }: Job, kind: Faulted["kind"], detail: string): Ran => ({
  returned: { _tag: "Fault", kind, detail, at: undefined },
  image,
  ranMs: 0,
  waitedMs: 0,
  pages: 0,
  pagesChanged: 0,
  fuel: undefined
})

const scopeEnded = (job: Job): Ran => failed(job, "trap", "The handler's scope has ended")

/** More than that passes at once. */
const longestTimer = 2 ** 31 - 1

/** An answer that has already arrived when the time is up, while this thread was busy, is heard first. */
const deadline = (ms: number, passed: () => void): (() => void) => {
  let timer = setTimeout(
    () => {
      timer = setTimeout(passed, 0)
    },
    Math.min(ms, longestTimer)
  )
  return () => clearTimeout(timer)
}
