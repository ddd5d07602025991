/** What is asked of the process behind an address, and how it can fail. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { pageSize } from "../Image.ts"
import type { FaultKind, Limits } from "../Machine.ts"
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

/** Of an answer, where no limit says it: what would not fit into a page's memory is not read to its end. */
const mostBytes = 256 * 2 ** 20
/** Of an answer, for the lines that it has and what is around what it gives. */
const besides = 2 ** 20

/** JSON takes at most six bytes for one, and base64 four for three. */
const mostOf = (what: string, { memoryPages = 0, resultBytes = 0 }: Limits): number => {
  if (what === "compute" && resultBytes > 0) return 6 * resultBytes + besides
  if (what === "snapshot" && memoryPages > 0) return Math.ceil((memoryPages * pageSize * 4) / 3) + besides
  return mostBytes
}

const decoder = new TextDecoder()

const textOf = (
  what: string,
  limits: Limits,
  { status, stream }: HttpClientResponse.HttpClientResponse
): Effect.Effect<{ readonly status: number; readonly text: string }, Broken> =>
  Effect.suspend(() => {
    const most = mostOf(what, limits)
    const chunks: Array<Uint8Array> = []
    let length = 0
    const reading = Stream.runForEach(Stream.mapError(stream, unreachable), (chunk) => {
      chunks.push(chunk)
      length += chunk.length
      if (length <= most) return Effect.void
      const kind = what === "compute" ? "result-bytes" : "memory"
      return Effect.fail(new Broken({ kind, detail: `its answer to ${what} has more than ${most} bytes` }))
    })
    return Effect.map(reading, () => {
      const bytes = new Uint8Array(length)
      let at = 0
      for (const chunk of chunks) {
        bytes.set(chunk, at)
        at += chunk.length
      }
      return { status, text: decoder.decode(bytes) }
    })
  })

/** Asked again once where nothing came back: a call's id sees to it that it is computed once. */
export const make = (client: HttpClient.HttpClient, base: URL | string, limits: Limits): Wire => {
  const address = String(base).replace(/\/$/, "")
  const send = (what: string, request: HttpClientRequest.HttpClientRequest) =>
    Effect.flatMap(Effect.mapError(client.execute(request), unreachable), (response) =>
      textOf(what, limits, response)
    ).pipe(Effect.retry({ times: 1, while: ({ kind }) => kind === "unreachable" }))

  const read = <A>(schema: Codec<A>, what: string, text: string): Effect.Effect<A, Broken> =>
    Effect.try({
      try: () => Schema.decodeUnknownSync(schema)(JSON.parse(text)),
      catch: (error) =>
        new Broken({ kind: "abi", detail: `what it answered to ${what} is no answer: ${String(error)}` })
    })

  const ask = <A>(schema: Codec<A>, what: string, body: unknown): Effect.Effect<A, Broken | Elsewhere> => {
    const request = HttpClientRequest.post(`${address}/${what}`).pipe(HttpClientRequest.bodyJsonUnsafe(body))
    return Effect.flatMap(send(what, request), ({ status, text }) => {
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
    describe: Effect.flatMap(
      send("describe", HttpClientRequest.get(`${address}/describe`)),
      ({ status, text }) =>
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
