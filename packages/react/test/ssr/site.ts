/** Builds the page for both sides with one React, and serves it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build } from "vite"
import type { PageOptions } from "./app.tsx"

const here = fileURLToPath(new URL(".", import.meta.url))
const packageFolder = fileURLToPath(new URL("../..", import.meta.url))

/** Where React is, by its major version. */
const modulesOf = {
  19: join(packageFolder, "node_modules"),
  18: join(packageFolder, "react-18/node_modules")
} as const

export type ReactMajor = keyof typeof modulesOf

const bundle = (major: ReactMajor, side: "client" | "server", outDir: string, mode: string) =>
  build({
    configFile: false,
    root: here,
    logLevel: "error",
    mode,
    define: { "process.env.NODE_ENV": JSON.stringify(mode) },
    // Whoever imports React, from wherever: the same one.
    resolve: {
      alias: ["react", "react-dom"].map((name) => ({
        find: new RegExp(`^${name}(?=/|$)`),
        replacement: join(modulesOf[major], name)
      }))
    },
    ssr: { noExternal: true },
    build: {
      outDir,
      emptyOutDir: true,
      minify: false,
      target: "esnext",
      reportCompressedSize: false,
      ssr: side === "server",
      rolldownOptions: {
        input: join(here, `${side}.tsx`),
        output: { entryFileNames: `${side}.js` }
      }
    }
  })

/** One request for a page. */
export interface Request {
  readonly options: PageOptions
  /** What the server is loading, by name. */
  readonly load: (name: string) => Promise<string>
  /** Settled when the browser may have its script. */
  readonly script?: Promise<void>
}

export interface Site {
  readonly url: (request: Request) => string
  readonly close: () => void
}

type Answer = (response: ServerResponse, options: PageOptions, load: Request["load"]) => Promise<void>

export const serve = async (major: ReactMajor, mode: "development" | "production"): Promise<Site> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-ssr-"))
  const before = process.env["NODE_ENV"]
  process.env["NODE_ENV"] = mode
  for (const side of ["client", "server"] as const) await bundle(major, side, join(folder, side), mode)
  process.env["NODE_ENV"] = before
  const { answer } = (await import(
    /* @vite-ignore */ pathToFileURL(join(folder, "server/server.js")).href
  )) as { readonly answer: Answer }

  const requests: Array<Request> = []
  let last: Request | undefined
  const sendScript = async (response: ServerResponse) => {
    await last?.script
    response.writeHead(200, { "Content-Type": "text/javascript" })
    response.end(readFileSync(join(folder, "client/client.js")))
  }
  const server = createServer((request, response) => {
    if (request.url === "/client.js") return void sendScript(response)
    last = requests[Number(request.url?.slice(1))]
    if (last === undefined) return response.writeHead(404).end()
    return void answer(response, last.options, last.load)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: (request) => `http://127.0.0.1:${port}/${requests.push(request) - 1}`,
    close: () => {
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
