import { existsSync } from "node:fs"
import { join } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { builtApp, deskServer } from "./DeskServer.ts"
import { clientFolder } from "./FirstPages.ts"

/** `PORT` is taken at its word; without it, 4173 or the next one that is free. */
const chosenPort = (): { readonly port: number; readonly fallbacks: number } => {
  const text = process.env["PORT"]
  if (text === undefined || text === "") return { port: 4173, fallbacks: 50 }
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return { port, fallbacks: 0 }
  throw new Error(
    `PORT is ${JSON.stringify(text)}, which is no port. Set it to a number from 0 to 65535, or unset it.`
  )
}

const announce = Effect.gen(function* () {
  const server = yield* HttpServer.HttpServer
  const { port } = new URL(HttpServer.formatAddress(server.address))
  if (!existsSync(join(clientFolder(builtApp), "index.html"))) {
    yield* Console.log("The app is not built yet: run `npx --yes pnpm@12 start` in the workspace's root.")
  }
  yield* Console.log(`The flight desk is at http://localhost:${port}/ (Ctrl+C stops it)`)
})

const host = process.env["HOST"]

Layer.effectDiscard(announce).pipe(
  Layer.provide(deskServer({ ...chosenPort(), ...(host === undefined || host === "" ? {} : { host }) })),
  Layer.launch,
  NodeRuntime.runMain
)
