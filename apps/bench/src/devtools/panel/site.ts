/** The page of this folder, built as for production: the panel is a file of its own, loaded when it is opened. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"
import { serve, type Served, type Site } from "../../run/serve.ts"

const typeOf = (file: string): Served["type"] => (file.endsWith(".js") ? "text/javascript" : "text/html")

export const openSite = async (): Promise<Site> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-panel-bench-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  process.env["NODE_ENV"] = "production"
  await build({
    root: fileURLToPath(new URL("./", import.meta.url)),
    configFile: false,
    logLevel: "error",
    mode: "production",
    oxc: { jsx: { runtime: "automatic", development: false } },
    build: { outDir: folder, emptyOutDir: true, target: "esnext", modulePreload: false }
  })
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.(?:js|html)$/.test(file)
  )
  const paths = files.map((file): [string, Served] => [
    file === "index.html" ? "/" : `/${file}`,
    { type: typeOf(file), body: readFileSync(join(folder, file)) }
  ])
  return serve(new Map(paths))
}
