/** The desk's server: the built app, the data, and the API. */
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as HttpStaticServer from "effect/http/HttpStaticServer"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { AirportReports } from "./AirportReports.ts"
import { AlertBook } from "./AlertBook.ts"
import { type DataFiles, vegaFiles } from "./DataFiles.ts"
import { DeskData } from "./DeskData.ts"
import { Faults } from "./Faults.ts"
import { clientFolder, firstPageRoute } from "./FirstPages.ts"
import { routes } from "./routes.ts"

export interface DeskServerOptions {
  /** 0 for any free port. */
  readonly port: number
  /** Default: this machine only. */
  readonly host?: string
  /** When `port` is taken, try this many ports after it. Default 0. */
  readonly fallbacks?: number
  /** Files to serve in the place of those of vega-datasets. */
  readonly files?: Partial<DataFiles>
  /** What `vite build` made: the app, and what renders its first page. */
  readonly dist?: string
  /** How late an answer is under the fault `slow`. Default 2,500 ms. */
  readonly slowMs?: number
}

export const builtApp: string = fileURLToPath(new URL("../dist", import.meta.url))

const isTaken = (error: ServeError): boolean =>
  error.cause instanceof Error && "code" in error.cause && error.cause.code === "EADDRINUSE"

const listen = (
  port: number,
  host: string,
  fallbacks: number
): Layer.Layer<HttpServer.HttpServer, ServeError> =>
  NodeHttpServer.layerServer(createServer, { port, host, gracefulShutdownTimeout: "1 second" }).pipe(
    Layer.catch((error) =>
      fallbacks > 0 && isTaken(error)
        ? listen(port + 1, host, fallbacks - 1)
        : Layer.effect(HttpServer.HttpServer, Effect.fail(error))
    )
  )

export const deskServer = (options: DeskServerOptions): Layer.Layer<HttpServer.HttpServer, ServeError> => {
  const files = { ...vegaFiles, ...options.files }
  const dist = options.dist ?? builtApp
  const services = Layer.mergeAll(
    AlertBook.layer,
    AirportReports.layer,
    Faults.layer({ slowMs: options.slowMs ?? 2_500 })
  ).pipe(Layer.provideMerge(DeskData.layer(files)))
  const app = Layer.mergeAll(
    routes(files),
    firstPageRoute(dist),
    HttpStaticServer.layer({ root: clientFolder(dist), cacheControl: "no-cache" })
  ).pipe(Layer.provide(services))
  return HttpRouter.serve(app, {
    disableLogger: true,
    disableListenLog: true,
    // Unlike brotli it is quick enough for what is made anew for each request.
    middleware: HttpMiddleware.compression({ algorithms: ["gzip"] })
  }).pipe(
    Layer.provideMerge(listen(options.port, options.host ?? "127.0.0.1", options.fallbacks ?? 0)),
    Layer.provide(NodeHttpServer.layerHttpServices),
    Layer.orDie
  )
}

export interface RunningDesk {
  /** `http://127.0.0.1:4173`, without a slash at its end. */
  readonly address: string
  readonly stop: () => Promise<void>
}

/** Starts a server, for callers outside Effect. */
export const startDesk = async (options: DeskServerOptions): Promise<RunningDesk> => {
  const runtime = ManagedRuntime.make(deskServer(options))
  const server = await runtime.runPromise(HttpServer.HttpServer)
  return {
    address: HttpServer.formatAddress(server.address).replace(/\/$/, ""),
    stop: () => runtime.dispose()
  }
}
