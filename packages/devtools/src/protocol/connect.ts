/** The panel's side of a port: asks, is told, and closes cleanly. */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import {
  type ConnectError,
  InvalidReply,
  NoAnswer,
  NotInvited,
  PortClosed,
  type RequestError,
  VersionMismatch
} from "./errors.ts"
import {
  type CallOf,
  type CallTag,
  type Counts,
  type Cursor,
  decodeAnswer,
  decodePageMessage,
  type PageMessage,
  type PanelMessage,
  type Payload,
  type Rows,
  type RuntimeInfo,
  type Success,
  type TravelState,
  version
} from "./messages.ts"
import type { Port } from "./port.ts"

export interface ConnectOptions {
  /** The page's invitation, or the `next` of the last connection to the same page. */
  readonly nonce?: string
  /** How long to wait for the page's first answer. Default 5,000. */
  readonly timeoutMs?: number
}

/** What a page tells without being asked. */
export type Notice =
  | { readonly _tag: "Changed"; readonly runtime: string; readonly travel: TravelState }
  | { readonly _tag: "Runtimes"; readonly runtimes: ReadonlyArray<RuntimeInfo> }
  | { readonly _tag: "Closed" }

export interface RequestOptions {
  /** Told how far the page is, of what it answers in steps. */
  readonly onProgress?: (progress: { readonly done: number; readonly of: number }) => void
}

/** A page, as a panel has it. */
export interface RemoteAdapter {
  /** The same as long as the page is: another means that its history begins anew. */
  readonly page: string
  /** Invites the next connection to this page. */
  readonly next: string
  /** As last told. */
  readonly runtimes: () => ReadonlyArray<RuntimeInfo>
  /** Interrupted, the page is told that the answer is not wanted any more. */
  readonly request: <Tag extends CallTag>(
    tag: Tag,
    payload: Payload<Tag>,
    options?: RequestOptions
  ) => Effect.Effect<Success<Tag>, RequestError>
  /**
   * Entries of the runtime after a cursor, or from now on. Whoever takes them slowly is given more at once, and
   * told in `gap` what had left the history meanwhile. Ends with PortClosed.
   */
  readonly rows: (runtime: string, after?: Cursor) => Stream.Stream<Rows, RequestError>
  /** Tells the counts whenever there is more to read, or more is known of what was read, but no rows. */
  readonly progress: (runtime: string) => Stream.Stream<Counts, RequestError>
  /** Returns the function that ends it. */
  readonly onNotice: (listener: (notice: Notice) => void) => () => void
  /** Messages of the page that could not be read, and why the last could not. */
  readonly refused: () => { readonly messages: number; readonly last: string | undefined }
  readonly close: () => void
  /** Ends when the port has closed, at either side. */
  readonly closed: Effect.Effect<void>
}

/** Greets the page. The connection is closed with the scope. */
export const connect = (
  port: Port,
  options: ConnectOptions = {}
): Effect.Effect<RemoteAdapter, ConnectError, Scope.Scope> =>
  Effect.acquireRelease(greet(port, options), (remote) => Effect.sync(remote.close), { interruptible: true })

/** As `connect`; who asks closes it. */
export const greet = (
  port: Port,
  { nonce, timeoutMs = 5000 }: ConnectOptions
): Effect.Effect<RemoteAdapter, ConnectError> =>
  Effect.callback<RemoteAdapter, ConnectError>((resume) => {
    let remote: Remote | undefined
    const fail = (error: ConnectError) => {
      resume(Effect.fail(error))
      port.close()
    }
    const timer = setTimeout(() => fail(new NoAnswer({ afterMs: timeoutMs })), timeoutMs)
    port.onClose(() => {
      clearTimeout(timer)
      if (remote === undefined) resume(Effect.fail(new PortClosed({ request: "the hello" })))
      else remote.portClosed()
    })
    port.onMessage((given) => {
      if (remote !== undefined) return remote.receive(given)
      const decoded = decodePageMessage(given)
      if ("issue" in decoded) return
      const message = decoded.value
      if (message._tag === "Unwelcome") {
        return fail(
          message.reason === "version"
            ? new VersionMismatch({ page: message.version, panel: version })
            : new NotInvited({ reason: message.message })
        )
      }
      if (message._tag !== "Welcome") return
      clearTimeout(timer)
      if (message.version !== version)
        return fail(new VersionMismatch({ page: message.version, panel: version }))
      remote = new Remote(port, message)
      resume(Effect.succeed(remote))
    })
    const hello: PanelMessage = { _tag: "Hello", version, ...(nonce === undefined ? {} : { nonce }) }
    port.send(hello)
    return Effect.sync(() => {
      clearTimeout(timer)
      port.close()
    })
  })

interface Pending {
  readonly tag: CallTag
  readonly resume: (answer: Effect.Effect<unknown, RequestError>) => void
  readonly onProgress: RequestOptions["onProgress"]
}

/** Of one subscription: what has come and was not taken, and who waits for it. */
interface Inbox {
  readonly batches: Array<Rows>
  wake: (() => void) | undefined
}

class Remote implements RemoteAdapter {
  readonly page: string
  readonly next: string
  readonly #port: Port
  #runtimes: ReadonlyArray<RuntimeInfo>
  readonly #pending = new Map<number, Pending>()
  readonly #inboxes = new Map<number, Inbox>()
  readonly #listeners = new Set<(notice: Notice) => void>()
  #requests = 0
  #isClosed = false
  #refused = 0
  #lastRefusal: string | undefined

  constructor(port: Port, welcome: Extract<PageMessage, { readonly _tag: "Welcome" }>) {
    this.#port = port
    this.page = welcome.page
    this.next = welcome.next
    this.#runtimes = welcome.runtimes
  }

  readonly runtimes = () => this.#runtimes

  readonly request = <Tag extends CallTag>(
    tag: Tag,
    payload: Payload<Tag>,
    { onProgress }: RequestOptions = {}
  ): Effect.Effect<Success<Tag>, RequestError> =>
    Effect.callback<Success<Tag>, RequestError>((resume) => {
      if (this.#isClosed) return resume(Effect.fail(new PortClosed({ request: tag })))
      const id = ++this.#requests
      this.#pending.set(id, {
        tag,
        onProgress,
        // It is decoded by the schema of this tag's answer.
        resume: (answer) => resume(answer as Effect.Effect<Success<Tag>, RequestError>)
      })
      // A call is its tag and its payload; the compiler does not put the two together again.
      const call = { _tag: tag, ...payload } as unknown as CallOf<Tag>
      this.#send({ _tag: "Request", id, call })
      return Effect.sync(() => {
        if (this.#pending.delete(id)) this.#send({ _tag: "Cancel", id })
      })
    })

  readonly rows = (runtime: string, after?: Cursor): Stream.Stream<Rows, RequestError> =>
    this.#subscribe({ runtime, ...(after === undefined ? {} : { after }) })

  readonly progress = (runtime: string): Stream.Stream<Counts, RequestError> =>
    Stream.map(this.#subscribe({ runtime, rows: false }), ({ counts }) => counts)

  #subscribe(call: Payload<"Subscribe">): Stream.Stream<Rows, RequestError> {
    const begin = Effect.map(this.request("Subscribe", call), ({ subscription }) => subscription)
    const end = (subscription: number) =>
      Effect.sync(() => {
        this.#inboxes.delete(subscription)
        this.#send({
          _tag: "Request",
          id: ++this.#requests,
          call: { _tag: "Unsubscribe", subscription }
        })
      })
    return Stream.unwrap(
      Effect.map(Effect.acquireRelease(begin, end), (subscription) =>
        Stream.fromPull(Effect.succeed(this.#pull(subscription)))
      )
    )
  }

  /** The next batch. The page may send another for each that is taken. */
  #pull(subscription: number): Effect.Effect<readonly [Rows], RequestError | Cause.Done> {
    const inbox = this.#inboxes.get(subscription) ?? { batches: [], wake: undefined }
    const pull: Effect.Effect<readonly [Rows], RequestError | Cause.Done> = Effect.suspend(() => {
      const batch = inbox.batches.shift()
      if (batch !== undefined) {
        this.#send({ _tag: "Ack", subscription })
        return Effect.succeed([batch] as const)
      }
      if (this.#isClosed) return Effect.fail(new PortClosed({ request: "Rows" }))
      const arrival = Effect.callback<void>((resume) => {
        inbox.wake = () => resume(Effect.void)
        return Effect.sync(() => {
          inbox.wake = undefined
        })
      })
      return Effect.andThen(arrival, pull)
    })
    return pull
  }

  readonly onNotice = (listener: (notice: Notice) => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly refused = () => ({ messages: this.#refused, last: this.#lastRefusal })

  readonly close = () => {
    this.#send({ _tag: "Bye" })
    this.#port.close()
  }

  readonly closed = Effect.callback<void>((resume) => {
    if (this.#isClosed) return resume(Effect.void)
    const end = this.onNotice(({ _tag }) => {
      if (_tag === "Closed") resume(Effect.void)
    })
    return Effect.sync(end)
  })

  portClosed(): void {
    this.#isClosed = true
    for (const { resume, tag } of this.#pending.values())
      resume(Effect.fail(new PortClosed({ request: tag })))
    this.#pending.clear()
    for (const inbox of this.#inboxes.values()) inbox.wake?.()
    this.#tell({ _tag: "Closed" })
  }

  receive(given: unknown): void {
    const decoded = decodePageMessage(given)
    if ("issue" in decoded) return this.#refuse(decoded.issue)
    const message = decoded.value
    switch (message._tag) {
      case "Reply": {
        const pending = this.#take(message.id)
        if (pending === undefined) return
        const answer = decodeAnswer[pending.tag](message.value)
        // Now: its first rows may be next.
        if (
          "value" in answer &&
          "subscription" in answer.value &&
          typeof answer.value.subscription === "number"
        )
          this.#inboxes.set(answer.value.subscription, { batches: [], wake: undefined })
        return pending.resume(
          "issue" in answer
            ? Effect.fail(new InvalidReply({ request: pending.tag, issue: answer.issue }))
            : Effect.succeed(answer.value)
        )
      }
      case "Progress": {
        const { done, id, of } = message
        return this.#pending.get(id)?.onProgress?.({ done, of })
      }
      case "Failure":
        return this.#take(message.id)?.resume(Effect.fail(message.error))
      case "Rows": {
        const inbox = this.#inboxes.get(message.subscription)
        // One that has ended since; nothing more comes for it.
        if (inbox === undefined) return
        inbox.batches.push(message)
        return inbox.wake?.()
      }
      case "Changed":
        return this.#notice({ _tag: "Changed", runtime: message.runtime, travel: message.travel })
      case "Runtimes":
        this.#runtimes = message.runtimes
        return this.#notice({ _tag: "Runtimes", runtimes: message.runtimes })
      case "Ping":
        return this.#send({ _tag: "Pong" })
      case "Bye":
        return this.#port.close()
      case "Welcome":
      case "Unwelcome":
        return this.#refuse(`a second ${message._tag}`)
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #notice(notice: Notice): void {
    this.#send({ _tag: "Ack", subscription: 0 })
    this.#tell(notice)
  }

  #tell(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice)
  }

  #refuse(issue: string): void {
    this.#refused++
    this.#lastRefusal = issue
  }

  #send(message: PanelMessage): void {
    this.#port.send(message)
  }
}
