/** Bundles the cases as an app is for production, so that each contender runs without its development checks. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"
import { handlersPlugin } from "../handlers/plugin.ts"
import type { Samples } from "../harness.ts"

export interface Bundle {
  readonly folder: string
  /** A module in the folder that exports what `entry.ts` does. */
  readonly file: string
}

/** What a runtime gives back of a work, and which version it is. */
export interface Ran {
  readonly samples: ReadonlyArray<Samples>
  readonly version: string
}

const file = "bench.js"

/** Not minified, the names in a profile are those of the source. */
export const bundle = async ({ minify }: { readonly minify: boolean }): Promise<Bundle> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  process.env["NODE_ENV"] = "production"
  await build({
    configFile: false,
    logLevel: "warn",
    mode: "production",
    plugins: [handlersPlugin()],
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "esnext",
      minify,
      reportCompressedSize: false,
      rolldownOptions: { output: { codeSplitting: false } },
      lib: {
        entry: fileURLToPath(new URL("entry.ts", import.meta.url)),
        formats: ["es"],
        fileName: () => file
      }
    }
  })
  return { folder, file }
}
