/** What is asked of the process behind an address, and how it can fail. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"
import type { FaultKind } from "../Machine.ts"
import * as Protocol from "./Protocol.ts"

export class Broken extends Data.Error<{ readonly kind: FaultKind; readonly detail: string }> {}

/** It is at another version than it was asked for. */
export class Elsewhere extends Data.Error<{ readonly at: Protocol.Version }> {}

export interface Wire {
  readonly describe: Effect.Effect<Protocol.Described, Broken>
  readonly compute: (call: Protocol.Compute) => Effect.Effect<Protocol.Computed, Broken | Elsewhere>
  readonly snapshot: (asked: Protocol.Snapshot) => Effect.Effect<Protocol.Snapped, Broken | Elsewhere>
  readonly restore: (given: Protocol.Restore) => Effect.Effect<Protocol.Restored, Broken>
}

type Codec<A> = Schema.ConstraintCodec<A, unknown, never, never>

const unreachable = (error: { readonly message: string }) =>
  new Broken({ kind: "unreachable", detail: error.message })

/** Asked again once where nothing came back: a call's id sees to it that it is computed once. */
export const make = (client: HttpClient.HttpClient, base: URL | string): Wire => {
  const address = String(base).replace(/\/$/, "")
  const send = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.flatMap(client.execute(request), (response) =>
      Effect.map(response.text, (text) => ({ status: response.status, text }))
    ).pipe(Effect.retry({ times: 1 }), Effect.mapError(unreachable))

  const read = <A>(schema: Codec<A>, what: string, text: string): Effect.Effect<A, Broken> =>
    Effect.try({
      try: () => Schema.decodeUnknownSync(schema)(JSON.parse(text)),
      catch: (error) =>
        new Broken({ kind: "abi", detail: `what it answered to ${what} is no answer: ${String(error)}` })
    })

  const ask = <A>(schema: Codec<A>, what: string, body: unknown): Effect.Effect<A, Broken | Elsewhere> => {
    const request = HttpClientRequest.post(`${address}/${what}`).pipe(HttpClientRequest.bodyJsonUnsafe(body))
    return Effect.flatMap(send(request), ({ status, text }) => {
      if (status === 200) return read(schema, what, text)
      if (status === 409)
        return Effect.flatMap(read(Protocol.Elsewhere, what, text), ({ at }) =>
          Effect.fail(new Elsewhere({ at }))
        )
      // A gateway's, where the process behind it does not answer.
      const kind = status >= 502 && status <= 504 ? "unreachable" : "abi"
      return Effect.fail(
        new Broken({ kind, detail: `${what} was answered with status ${status}: ${text.slice(0, 200)}` })
      )
    })
  }

  return {
    describe: Effect.flatMap(send(HttpClientRequest.get(`${address}/describe`)), ({ status, text }) =>
      status === 200
        ? read(Protocol.Described, "describe", text)
        : Effect.fail(new Broken({ kind: "abi", detail: `describe was answered with status ${status}` }))
    ),
    compute: (call) => ask(Protocol.Computed, "compute", call),
    snapshot: (asked) => ask(Protocol.Snapped, "snapshot", asked),
    restore: (given) =>
      Effect.catchIf(
        ask(Protocol.Restored, "restore", given),
        (error) => error instanceof Elsewhere,
        ({ at }) =>
          Effect.fail(new Broken({ kind: "abi", detail: `it is at ${at ?? "nothing"} and was not restored` }))
      )
  }
}
