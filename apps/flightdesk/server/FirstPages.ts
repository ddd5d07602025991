/** The desk's first page, rendered from the data for each request. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type * as FirstPageBundle from "./firstPage.tsx"
import { AirportReports } from "./AirportReports.ts"
import { DeskData } from "./DeskData.ts"

/** Where `vite build` puts what the browser loads, and what renders the page here. */
export const clientFolder = (dist: string): string => join(dist, "client")
const bundleFile = (dist: string): string => join(dist, "server/firstPage.js")

class NoReport extends Data.TaggedError("NoReport")<{ readonly code: string }> {
  override get message() {
    return `There is no airport ${this.code}.`
  }
}

class CannotRender extends Data.TaggedError("CannotRender")<{ readonly cause: unknown }> {
  override get message() {
    return this.cause instanceof Error ? this.cause.message : String(this.cause)
  }
}

const attempt = <A>(promise: () => Promise<A>): Effect.Effect<A, CannotRender> =>
  Effect.tryPromise({ try: promise, catch: (cause) => new CannotRender({ cause }) })

const load = (dist: string) =>
  Effect.gen(function* () {
    const data = yield* DeskData
    const { makeFirstPage } = yield* attempt(
      // What vite made of that file.
      () => import(pathToFileURL(bundleFile(dist)).href) as Promise<typeof FirstPageBundle>
    )
    const template = yield* attempt(() => readFile(join(clientFolder(dist), "index.html"), "utf8"))
    const airports = yield* data.airports
    const flights = yield* data.flights
    // The map is not needed for the rest of the page.
    const states = yield* Effect.orElseSucceed(data.states, () => undefined)
    const reports = yield* AirportReports
    const report = (code: string) =>
      Effect.runPromise(
        Effect.flatMap(reports.on(code), (report) =>
          report === undefined ? Effect.fail(new NoReport({ code })) : Effect.succeed(report)
        )
      )
    const page = makeFirstPage({ airports, flights, report, states })
    return (query: URLSearchParams) => attempt(() => page.render(template, query))
  })

const queryOf = Effect.map(HttpServerRequest.HttpServerRequest, (request) =>
  Option.match(HttpServerRequest.toURL(request), {
    onNone: () => new URLSearchParams(),
    onSome: (url) => url.searchParams
  })
)

/**
 * Where the page cannot be rendered, because a data file is missing say, the browser gets it empty: it asks for
 * the data itself, and tells the person at the desk what is wrong.
 */
export const firstPageRoute = (dist: string) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const services = yield* Effect.context<DeskData | AirportReports>()
      const page = yield* Effect.cached(Effect.provideContext(load(dist), services))
      yield* router.add(
        "GET",
        "/",
        Effect.gen(function* () {
          const render = yield* page
          const html = yield* render(yield* queryOf)
          return HttpServerResponse.raw(html, { contentType: "text/html; charset=utf-8" })
        }).pipe(
          Effect.catch((error) =>
            Effect.logWarning("The first page could not be rendered:", error.message).pipe(
              Effect.andThen(HttpServerResponse.file(join(clientFolder(dist), "index.html")))
            )
          ),
          Effect.catch(() => Effect.succeed(HttpServerResponse.empty({ status: 404 })))
        )
      )
    })
  )
