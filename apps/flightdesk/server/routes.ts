/** The desk's HTTP interface. Everything under `/data` and `/api` but the fault switch itself can be in trouble. */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Alert } from "../src/domain/Alert.ts"
import { FaultSetting } from "../src/domain/Fault.ts"
import { AirportReports } from "./AirportReports.ts"
import { AlertBook } from "./AlertBook.ts"
import type { DataFiles } from "./DataFiles.ts"
import { Faults } from "./Faults.ts"

const problem = (status: number, text: string) => HttpServerResponse.jsonUnsafe({ problem: text }, { status })

/** What a body that does not fit its schema is answered with. */
const refuseBody = (error: { readonly message: string }) =>
  Effect.succeed(problem(400, `The body does not fit: ${error.message}`))

const sessionParam = Effect.map(HttpServerRequest.HttpServerRequest, (request) =>
  HttpServerRequest.toURL(request).pipe(
    Option.flatMap((url) => Option.fromNullishOr(url.searchParams.get("session"))),
    Option.getOrUndefined
  )
)

const dataRoutes = (files: DataFiles) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const faults = yield* Faults
      const serve = (path: `/${string}`, file: string, contentType: string) =>
        router.add(
          "GET",
          path,
          faults.apply(
            HttpServerResponse.file(file, { contentType }).pipe(
              Effect.catch((error) => Effect.succeed(problem(500, `${file}: ${error.message}`)))
            )
          )
        )
      yield* serve("/data/flights.json", files.flights, "application/json")
      yield* serve("/data/airports.csv", files.airports, "text/csv; charset=utf-8")
      yield* serve("/data/us-10m.json", files.states, "application/json")
    })
  )

const alertRoutes = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const book = yield* AlertBook
    const faults = yield* Faults
    yield* router.add(
      "POST",
      "/api/alerts",
      faults.apply(
        HttpServerRequest.schemaBodyJson(Alert).pipe(
          Effect.flatMap(book.record),
          Effect.map((record) => HttpServerResponse.jsonUnsafe(record)),
          Effect.catch(refuseBody)
        )
      )
    )
    yield* router.add(
      "GET",
      "/api/alerts",
      faults.apply(
        Effect.gen(function* () {
          const alerts = yield* book.list(yield* sessionParam)
          return HttpServerResponse.jsonUnsafe({ alerts, requests: yield* book.requests })
        })
      )
    )
    yield* router.add(
      "DELETE",
      "/api/alerts",
      faults.apply(Effect.as(Effect.flatMap(sessionParam, book.forget), HttpServerResponse.empty()))
    )
  })
)

const airportRoutes = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const faults = yield* Faults
    const reports = yield* AirportReports
    const code = HttpRouter.schemaPathParams(Schema.Struct({ code: Schema.String }))
    yield* router.add(
      "GET",
      "/api/airports/:code",
      faults.apply(
        Effect.gen(function* () {
          const params = yield* code
          const report = yield* reports.on(params.code.toUpperCase())
          return report === undefined
            ? problem(404, `There is no airport ${params.code}.`)
            : HttpServerResponse.jsonUnsafe(report)
        }).pipe(Effect.catch((error) => Effect.succeed(problem(500, error.message))))
      )
    )
  })
)

const faultRoutes = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const faults = yield* Faults
    const answer = Effect.map(faults.current, (fault) => HttpServerResponse.jsonUnsafe({ fault }))
    yield* router.add("GET", "/api/faults", answer)
    yield* router.add(
      "POST",
      "/api/faults",
      HttpServerRequest.schemaBodyJson(FaultSetting).pipe(
        Effect.flatMap(({ fault }) => faults.set(fault)),
        Effect.andThen(answer),
        Effect.catch(refuseBody)
      )
    )
  })
)

export const routes = (files: DataFiles) =>
  Layer.mergeAll(dataRoutes(files), alertRoutes, airportRoutes, faultRoutes)
