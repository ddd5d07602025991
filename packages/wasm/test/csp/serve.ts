import { createServer } from "node:http"
import { createReadStream } from "node:fs"
import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, extname, join } from "node:path"
import { build } from "vite"

/** The whole policy: scripts of the same origin, and WebAssembly. */
export const policy = "script-src 'self' 'wasm-unsafe-eval'"

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm"
}

/** The page, built as an app is built, under that policy. */
export const serve = async () => {
  const outDir = await mkdtemp(join(tmpdir(), "sluice-csp-"))
  await build({
    configFile: false,
    logLevel: "warn",
    root: import.meta.dirname,
    build: { outDir, emptyOutDir: true, assetsInlineLimit: 0, target: "es2022" }
  })
  // As an app has them in Vite's `public`: served as they are, beside each other
  await cp(join(import.meta.dirname, "../.built"), join(outDir, "handlers"), {
    recursive: true,
    filter: (path) => basename(path) === ".built" || basename(path).includes("-component.")
  })
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname
    const file = join(outDir, path === "/" ? "index.html" : path)
    response.setHeader("content-security-policy", policy)
    response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream")
    createReadStream(file)
      .on("error", () => response.writeHead(404).end())
      .pipe(response)
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, "127.0.0.1", resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("It listens nowhere")
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await rm(outDir, { recursive: true, force: true })
    }
  }
}
