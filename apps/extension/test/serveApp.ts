/** The small app of `test/app`, built, at two origins of this machine. */
import { createReadStream } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"

const root = fileURLToPath(new URL("app", import.meta.url))

const types: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript" }

export interface ServedApp {
  readonly origin: string
  /** The same server as another origin. */
  readonly otherOrigin: string
  readonly stop: () => Promise<void>
}

export const serveApp = async (): Promise<ServedApp> => {
  const dist = await mkdtemp(join(tmpdir(), "sluice-app-"))
  await build({
    root,
    configFile: false,
    logLevel: "error",
    build: {
      outDir: dist,
      emptyOutDir: true,
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: ["index.html", "host.html"].map((page) => join(root, page)) }
    }
  })
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    const file = pathname === "/" ? "/index.html" : pathname
    const type = types[file.slice(file.lastIndexOf(".") + 1)] ?? "text/plain"
    createReadStream(join(dist, file))
      .once("open", () => response.setHeader("content-type", type))
      .once("error", () => response.writeHead(404).end())
      .pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  // It listens at a port.
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    otherOrigin: `http://localhost:${port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(dist, { recursive: true, force: true })
    }
  }
}
