/** What the panel's logics have of the page that they show. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import {
  type CallTag,
  type Counts,
  type Cursor,
  type Payload,
  type RemoteAdapter,
  type RequestError,
  type RequestOptions,
  type Rows,
  type Success
} from "../protocol/index.ts"

/** There is no page, or it serves no runtime: what was asked for can only be asked again. */
export class NotConnected extends Data.TaggedError("NotConnected")<{ readonly request: string }> {
  override get message() {
    return `${this.request} was asked of no page. Wait until the panel is connected, and ask again.`
  }
}

/** One connection after the other, as `connections` of the protocol gives them. */
export type Connections = Stream.Stream<RemoteAdapter, { readonly message: string }>

/** What a request is made of, besides the runtime. */
export type Asked<Tag extends CallTag> = Omit<Payload<Tag>, "runtime">

export type PageError = RequestError | NotConnected

export interface PageShape {
  readonly connections: Connections
  /** From now on requests go to this runtime of this page. Only the module Connection calls it. */
  readonly turnTo: (remote: RemoteAdapter | undefined, runtime: string | undefined) => void
  /** Asks the page that is connected now; the runtime is the chosen one, where the request is about one. */
  readonly request: <Tag extends CallTag>(
    tag: Tag,
    payload: Asked<Tag>,
    options?: RequestOptions
  ) => Effect.Effect<Success<Tag>, PageError>
  /** New entries of the chosen runtime, after a cursor or from now on. Ends with the connection. */
  readonly rows: (after?: Cursor) => Stream.Stream<Rows, PageError>
  /** The counts of the chosen runtime, whenever there is more to read, or more is known of what was. Ends with the connection. */
  readonly progress: Stream.Stream<Counts, PageError>
  /** The states that are shown have changed. Only the module Connection calls it. */
  readonly moved: () => void
  /** Whenever they have; only the newest counts. */
  readonly moves: Stream.Stream<void>
}

/** A page of the protocol as a service, so that logics of any module can ask it. */
export class Page extends Context.Service<Page, PageShape>()("@sluice/devtools/Page") {}

export const makePage = (connections: Connections): PageShape => {
  // Written by `turnTo`.
  let remote: RemoteAdapter | undefined
  let runtime: string | undefined
  const listeners = new Set<() => void>()

  const target = (request: string) =>
    Effect.suspend(() =>
      remote === undefined || runtime === undefined
        ? Effect.fail(new NotConnected({ request }))
        : Effect.succeed({ remote, runtime })
    )

  return {
    connections,
    turnTo: (to, chosen) => {
      remote = to
      runtime = chosen
    },
    request: <Tag extends CallTag>(tag: Tag, payload: Asked<Tag>, options?: RequestOptions) =>
      Effect.flatMap(target(tag), ({ remote, runtime }) =>
        // Every payload is of a runtime, but for a few that pass it over; the compiler does not put the two together.
        remote.request(tag, { runtime, ...payload } as unknown as Payload<Tag>, options)
      ),
    rows: (after) =>
      Stream.unwrap(Effect.map(target("Rows"), ({ remote, runtime }) => remote.rows(runtime, after))),
    progress: Stream.unwrap(
      Effect.map(target("Subscribe"), ({ remote, runtime }) => remote.progress(runtime))
    ),
    moved: () => {
      for (const listener of listeners) listener()
    },
    moves: Stream.callback<void>(
      (queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const listener = () => void Queue.offerUnsafe(queue, undefined)
            listeners.add(listener)
            return listener
          }),
          (listener) => Effect.sync(() => void listeners.delete(listener))
        ),
      { bufferSize: 1, strategy: "sliding" }
    )
  }
}
