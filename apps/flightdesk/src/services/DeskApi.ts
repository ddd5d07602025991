/** The desk's server, as the desk calls it. An interrupted call cancels its request. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { GeometryCollection, Topology } from "topojson-specification"
import { parseAirports, type Airport } from "../domain/Airport.ts"
import { AirportReport } from "../domain/AirportReport.ts"
import { type Alert, AlertRecord } from "../domain/Alert.ts"
import { type Fault, FaultSetting } from "../domain/Fault.ts"
import { ApiError } from "./ApiError.ts"

/** `us-10m.json`. */
export type StatesTopology = Topology<{ states: GeometryCollection }>

/** An answer that took longer is given up, and asked for again. */
const patience = { ms: 5_000, text: "5 s" }

const unreachable = () => new ApiError({ problem: "unreachable", detail: "" })
const nonsense = (detail: string) => new ApiError({ problem: "nonsense", detail })

const Problem = Schema.Struct({ problem: Schema.String })

const decodeProblem = Schema.decodeUnknownEffect(Schema.fromJsonString(Problem))

const readText = (response: Response) => Effect.tryPromise({ try: () => response.text(), catch: unreachable })

const send = (path: string, init?: RequestInit) =>
  Effect.gen(function* () {
    const response = yield* Effect.tryPromise({
      try: (signal) => fetch(path, { ...init, signal }),
      catch: unreachable
    })
    const text = yield* readText(response)
    if (response.ok) return text
    if (response.status >= 500) {
      return yield* new ApiError({ problem: "down", detail: `it answered ${response.status}` })
    }
    const { problem } = yield* Effect.orElseSucceed(decodeProblem(text), () => ({ problem: text }))
    return yield* new ApiError({ problem: "refused", detail: problem })
  }).pipe(
    Effect.timeoutOrElse({
      duration: patience.ms,
      orElse: () => Effect.fail(new ApiError({ problem: "slow", detail: patience.text }))
    })
  )

const post = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body)
})

const parseJson = (text: string): Effect.Effect<unknown, ApiError> =>
  Effect.try({ try: (): unknown => JSON.parse(text), catch: () => nonsense("it is not JSON") })

/** Sends, and reads the answer by its schema. */
const ask = <A>(
  schema: Schema.ConstraintCodec<A, unknown, never, never>,
  path: string,
  init?: RequestInit
) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return send(path, init).pipe(
    Effect.flatMap(parseJson),
    Effect.flatMap((json) =>
      Effect.mapError(decode(json), (error) => nonsense(error.message.replaceAll(/\s*\n\s*/g, " ")))
    )
  )
}

export const isStates = (json: unknown): json is StatesTopology =>
  typeof json === "object" &&
  json !== null &&
  "type" in json &&
  json.type === "Topology" &&
  "objects" in json &&
  typeof json.objects === "object" &&
  json.objects !== null &&
  "states" in json.objects

const inSession = (session: string): string => `/api/alerts?session=${encodeURIComponent(session)}`

export class DeskApi extends Context.Service<
  DeskApi,
  {
    /** The elements of the file, each still to be decoded. */
    readonly flights: Effect.Effect<ReadonlyArray<unknown>, ApiError>
    readonly airports: Effect.Effect<ReadonlyMap<string, Airport>, ApiError>
    readonly states: Effect.Effect<StatesTopology, ApiError>
    /** May be called again with the same alert: the server keeps one record of it. */
    readonly record: (alert: Alert) => Effect.Effect<AlertRecord, ApiError>
    readonly forget: (session: string) => Effect.Effect<void, ApiError>
    readonly report: (code: string) => Effect.Effect<AirportReport, ApiError>
    readonly fault: Effect.Effect<Fault, ApiError>
    readonly setFault: (fault: Fault) => Effect.Effect<Fault, ApiError>
  }
>()("flightdesk/DeskApi") {
  static readonly layer = Layer.succeed(
    DeskApi,
    DeskApi.of({
      flights: ask(Schema.Array(Schema.Unknown), "/data/flights.json"),
      airports: send("/data/airports.csv").pipe(
        Effect.flatMap((text) => {
          const airports = parseAirports(text)
          return airports === undefined
            ? Effect.fail(nonsense("there is no table of airports in it"))
            : Effect.succeed(airports)
        })
      ),
      states: send("/data/us-10m.json").pipe(
        Effect.flatMap(parseJson),
        Effect.flatMap((json) =>
          isStates(json) ? Effect.succeed(json) : Effect.fail(nonsense("there is no map in it"))
        )
      ),
      record: (alert) => ask(AlertRecord, "/api/alerts", post(alert)),
      forget: (session) => Effect.asVoid(send(inSession(session), { method: "DELETE" })),
      report: (code) => ask(AirportReport, `/api/airports/${encodeURIComponent(code)}`),
      fault: Effect.map(ask(FaultSetting, "/api/faults"), ({ fault }) => fault),
      setFault: (fault) => Effect.map(ask(FaultSetting, "/api/faults", post({ fault })), ({ fault }) => fault)
    })
  )
}
