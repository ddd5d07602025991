/** Bundles the app with each contender as for production, once for each React, and serves them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"
import type { ContenderName } from "./contenders.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

/** Where the package of a version of React is, under the name that the manifest gives it. */
const packagesOf = {
  19: { react: "react", "react-dom": "react-dom" },
  18: { react: "react-18", "react-dom": "react-dom-18" }
} as const

export type ReactMajor = keyof typeof packagesOf
export const reactMajors: ReadonlyArray<ReactMajor> = [19, 18]

const folderOf = (name: string): string => join(root, "node_modules", name)

export const versionOf = (name: string): string => {
  const { version } = JSON.parse(readFileSync(join(folderOf(name), "package.json"), "utf8")) as {
    readonly version: string
  }
  return version
}

export const reactVersion = (major: ReactMajor): string => versionOf(packagesOf[major].react)

const buildWith = async (outDir: string, major: ReactMajor, names: ReadonlyArray<ContenderName>) => {
  process.env["NODE_ENV"] = "production"
  await build({
    configFile: false,
    root,
    // Its warnings are of "use client", which says nothing where all is for a client.
    logLevel: "error",
    mode: "production",
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    // Whoever imports React, from wherever: the same one.
    resolve: {
      alias: Object.entries(packagesOf[major]).map(([name, actual]) => ({
        find: new RegExp(`^${name}(?=/|$)`),
        replacement: folderOf(actual)
      }))
    },
    build: {
      outDir,
      emptyOutDir: true,
      target: "esnext",
      reportCompressedSize: false,
      rolldownOptions: {
        input: Object.fromEntries(names.map((name) => [name, join(root, "src/contenders", `${name}.tsx`)])),
        output: { entryFileNames: "[name].js" }
      }
    }
  })
}

export interface Site {
  /** The page of a contender. */
  readonly url: (major: ReactMajor, name: ContenderName) => string
  readonly close: () => void
}

export const serve = async (
  majors: ReadonlyArray<ReactMajor>,
  names: ReadonlyArray<ContenderName>
): Promise<Site> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-tearing-"))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once("exit", remove)
  for (const major of majors) await buildWith(join(folder, String(major)), major, names)

  const server = createServer(({ url = "/" }, response) => {
    if (url.endsWith(".js")) {
      response.writeHead(200, { "Content-Type": "text/javascript" })
      response.end(readFileSync(join(folder, new URL(url, "http://localhost").pathname)))
      return
    }
    response.writeHead(200, { "Content-Type": "text/html" })
    response.end(`<!doctype html><meta charset="utf-8"><title>tearing</title><link rel="icon" href="data:,">
<div id="app"></div><script type="module" src="${url}.js"></script>`)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: (major, name) => `http://127.0.0.1:${port}/${major}/${name}`,
    close: () => {
      server.close()
      remove()
    }
  }
}
