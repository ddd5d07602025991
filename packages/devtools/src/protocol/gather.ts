/** Several pages, such as a window's frames, as one. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { connect, type Notice, type RemoteAdapter, type RequestOptions } from "./connect.ts"
import { PortClosed, type RequestError, VersionMismatch } from "./errors.ts"
import type { CallTag, Payload, RuntimeInfo, Success } from "./messages.ts"
import type { Port } from "./port.ts"

/** A page that a panel can come in to. */
export interface Arrival {
  /** The same when the same page comes again, and of no other: who makes the port vouches for it, not the page. */
  readonly key: string
  readonly port: Port
  /** Stands after the labels of its runtimes, to tell pages apart. */
  readonly place?: string
  readonly nonce?: string
}

/**
 * All pages that arrive, as one connection to all of their runtimes: it lasts until the last of them has left, and
 * another begins with the next that comes. What names no runtime is asked of the page that was asked last. A page
 * that does not answer is passed over; one of another version fails the stream, where no other page is there.
 */
export const gather = <E>(
  arrivals: Stream.Stream<Arrival, E>
): Stream.Stream<RemoteAdapter, E | VersionMismatch> =>
  Stream.callback<RemoteAdapter, E | VersionMismatch>((queue) => {
    // Written by who comes and goes.
    let gathered: Gathered | undefined
    const stay = ({ key, nonce, place, port }: Arrival) =>
      Effect.gen(function* () {
        const remote = yield* connect(port, nonce === undefined ? {} : { nonce })
        const member = { prefix: `${key} `, remote, place }
        const isFirst = gathered === undefined
        const together = (gathered ??= new Gathered(key))
        together.add(member)
        if (isFirst) yield* Queue.offer(queue, together)
        yield* remote.closed
        if (together.leave(member) && gathered === together) gathered = undefined
      }).pipe(
        Effect.scoped,
        Effect.catch((error) =>
          error instanceof VersionMismatch && gathered === undefined ? Queue.fail(queue, error) : Effect.void
        )
      )
    return Stream.runForEach(arrivals, (arrival) => Effect.forkScoped(stay(arrival)))
  })

interface Member {
  readonly prefix: string
  readonly remote: RemoteAdapter
  readonly place: string | undefined
}

class Gathered implements RemoteAdapter {
  readonly page: string
  /** Each page invites its own. */
  readonly next = ""
  readonly #members = new Map<Member, () => void>()
  readonly #listeners = new Set<(notice: Notice) => void>()
  #last: Member | undefined
  #isClosed = false

  constructor(page: string) {
    this.page = page
  }

  add(member: Member): void {
    const end = member.remote.onNotice((notice) => {
      if (notice._tag === "Changed") this.#tell({ ...notice, runtime: member.prefix + notice.runtime })
      if (notice._tag === "Runtimes") this.#tellRuntimes()
    })
    this.#members.set(member, end)
    this.#tellRuntimes()
  }

  /** Whether it was the last. */
  leave(member: Member): boolean {
    this.#members.get(member)?.()
    this.#members.delete(member)
    if (this.#members.size > 0) {
      this.#tellRuntimes()
      return false
    }
    this.#isClosed = true
    this.#tell({ _tag: "Closed" })
    return true
  }

  readonly runtimes = (): ReadonlyArray<RuntimeInfo> =>
    [...this.#members.keys()].flatMap(({ place, prefix, remote }) =>
      remote.runtimes().map((info) => ({
        ...info,
        id: prefix + info.id,
        label: place === undefined ? info.label : `${info.label} (${place})`
      }))
    )

  readonly request = <Tag extends CallTag>(
    tag: Tag,
    payload: Payload<Tag>,
    options?: RequestOptions
  ): Effect.Effect<Success<Tag>, RequestError> =>
    Effect.suspend(() => {
      const runtime =
        "runtime" in payload && typeof payload.runtime === "string" ? payload.runtime : undefined
      const member = runtime === undefined ? this.#last : this.#memberOf(runtime)
      if (member === undefined) return Effect.fail(new PortClosed({ request: tag }))
      this.#last = member
      return member.remote.request(
        tag,
        runtime === undefined ? payload : { ...payload, runtime: runtime.slice(member.prefix.length) },
        options
      )
    })

  readonly rows: RemoteAdapter["rows"] = (runtime, after) =>
    this.#streamOf(runtime, (remote, id) => remote.rows(id, after))

  readonly progress: RemoteAdapter["progress"] = (runtime) =>
    this.#streamOf(runtime, (remote, id) => remote.progress(id))

  #streamOf<A>(
    runtime: string,
    of: (remote: RemoteAdapter, id: string) => Stream.Stream<A, RequestError>
  ): Stream.Stream<A, RequestError> {
    const member = this.#memberOf(runtime)
    return member === undefined
      ? Stream.fail(new PortClosed({ request: "Rows" }))
      : of(member.remote, runtime.slice(member.prefix.length))
  }

  readonly onNotice = (listener: (notice: Notice) => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  readonly refused = () => {
    let messages = 0
    let last: string | undefined
    for (const { remote } of this.#members.keys()) {
      const refused = remote.refused()
      messages += refused.messages
      last = refused.last ?? last
    }
    return { messages, last }
  }

  readonly close = () => {
    for (const { remote } of this.#members.keys()) remote.close()
  }

  readonly closed = Effect.callback<void>((resume) => {
    if (this.#isClosed) return resume(Effect.void)
    const end = this.onNotice(({ _tag }) => {
      if (_tag === "Closed") resume(Effect.void)
    })
    return Effect.sync(end)
  })

  #memberOf(runtime: string): Member | undefined {
    for (const member of this.#members.keys()) if (runtime.startsWith(member.prefix)) return member
    return undefined
  }

  #tellRuntimes(): void {
    this.#tell({ _tag: "Runtimes", runtimes: this.runtimes() })
  }

  #tell(notice: Notice): void {
    for (const listener of this.#listeners) listener(notice)
  }
}
