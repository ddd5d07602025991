/** Makes the server really misbehave, for one request or until told otherwise. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { Fault } from "../src/domain/Fault.ts"

type Handler<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

const nonsense = HttpServerResponse.uint8Array(
  Uint8Array.from({ length: 64 }, (_, i) => (i * 97 + 13) % 256),
  { contentType: "application/json" }
)

const down = HttpServerResponse.text("The server is down, as it was asked to be.", { status: 503 })

const decodeFault = Schema.decodeUnknownOption(Fault)

/** `?fault=` or the `x-fault` header of this request. */
const requested = Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
  const query = HttpServerRequest.toURL(request).pipe(
    Option.flatMap((url) => Option.fromNullishOr(url.searchParams.get("fault")))
  )
  return Option.flatMap(
    Option.orElse(query, () => Option.fromNullishOr(request.headers["x-fault"])),
    decodeFault
  )
})

export class Faults extends Context.Service<
  Faults,
  {
    readonly current: Effect.Effect<Fault>
    readonly set: (fault: Fault) => Effect.Effect<void>
    readonly apply: <E, R>(handler: Handler<E, R>) => Handler<E, R | HttpServerRequest.HttpServerRequest>
  }
>()("flightdesk/server/Faults") {
  static readonly layer = (options: { readonly slowMs: number }) =>
    Layer.effect(
      Faults,
      Effect.gen(function* () {
        const setting = yield* Ref.make<Fault>("none")
        const apply = <E, R>(handler: Handler<E, R>) =>
          Effect.gen(function* () {
            const fault = Option.getOrElse(yield* requested, () => Ref.getUnsafe(setting))
            switch (fault) {
              case "none":
                return yield* handler
              case "down":
                return down
              case "nonsense":
                return nonsense
              case "slow":
                // The work is done at once: a client that gave up waiting and asks again must cope with that.
                return yield* Effect.tap(handler, () => Effect.sleep(options.slowMs))
            }
          })
        return Faults.of({ current: Ref.get(setting), set: (fault) => Ref.set(setting, fault), apply })
      })
    )
}
