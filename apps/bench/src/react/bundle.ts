/** Bundles each contender's page as its app would be for production: alone, minified, without development checks. */
import { fileURLToPath } from "node:url"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { build, type Plugin } from "vite"

export interface PageBundle {
  readonly script: string
  /** Bytes of the script, minified and compressed. */
  readonly gzip: number
  readonly brotli: number
}

const folder = fileURLToPath(new URL("./", import.meta.url))
const entry = `${folder}entry.tsx`

/** The entry is text, whose imports start from `src/react`. */
const fromText = (text: string): Plugin => ({
  name: "entry-from-text",
  enforce: "pre",
  resolveId: (id) => (id === entry ? id : undefined),
  load: (id) => (id === entry ? text : undefined)
})

/** Not minified, the names in a profile are those of the source. */
export const bundlePage = async (
  text: string,
  { minify }: { readonly minify: boolean }
): Promise<PageBundle> => {
  process.env["NODE_ENV"] = "production"
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: "warn",
    mode: "production",
    plugins: [fromText(text)],
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    oxc: { jsx: { runtime: "automatic", development: false } },
    build: {
      write: false,
      target: "esnext",
      minify,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: entry,
        output: { codeSplitting: false },
        // "use client", which is for servers.
        onLog: (level, log, print) => {
          if (log.code !== "MODULE_LEVEL_DIRECTIVE") print(level, log)
        }
      }
    }
  })
  const output = [built].flat().flatMap((each) => ("output" in each ? each.output : []))
  const chunk = output.find((file) => file.type === "chunk")
  if (chunk === undefined) throw new Error(`No script was made of\n${text}`)
  return {
    script: chunk.code,
    gzip: gzipSync(chunk.code, { level: 9 }).length,
    brotli: brotliCompressSync(chunk.code).length
  }
}
