/** A plugin for Vite: modules say in which file they are, and the panel's links open an editor. */
import { editorPath } from "../protocol/editor.ts"
import { sourcesToAdd } from "./addSource.ts"
import { insert, mapOf, originalOf, type SourceMap } from "./sourceMap.ts"

export interface SluiceVitePluginOptions {
  /**
   * Whether builds say it as well: then as a path in the project, `/src/Cart.ts`. Default false: only the dev server
   * does, as a `file:` URL.
   */
  readonly build?: boolean
}

/** The parts of Vite that are used, as its types have them. */
interface Module {
  readonly file: string | null
  readonly transformResult?: { readonly map?: object | null } | null
}

interface Graph {
  readonly getModuleByUrl: (url: string) => Promise<Module | undefined>
  readonly getModulesByFile: (file: string) => ReadonlySet<Module> | undefined
}

interface Response {
  statusCode: number
  readonly setHeader: (name: string, value: string) => unknown
  readonly end: (text?: string) => unknown
}

interface Server {
  readonly config: { readonly base: string }
  readonly environments: Readonly<Record<string, { readonly moduleGraph: Graph }>>
  readonly middlewares: {
    readonly use: (
      path: string,
      handle: (request: { readonly url?: string | undefined }, response: Response) => void
    ) => unknown
  }
}

/** As Vite takes it. */
export interface SluiceVitePlugin {
  readonly name: string
  readonly apply?: "serve"
  readonly configResolved: (config: { readonly root: string; readonly command: string }) => void
  readonly configureServer: (server: Server) => void
  readonly transform: (
    this: { readonly parse: (code: string) => unknown },
    code: string,
    id: string
  ) => { readonly code: string; readonly map: SourceMap } | undefined
}

/** Nothing of what is no program yet, such as a page of docs that a later plugin makes one of. */
const parsed = (code: string, parse: (code: string) => unknown): unknown => {
  try {
    return parse(code)
  } catch {
    return undefined
  }
}

/** Also of a path with what would end a URL's. */
const fileUrl = (path: string): string =>
  `file://${encodeURI(withSlash(path)).replaceAll(/[?#]/g, encodeURIComponent)}`

const withSlash = (path: string): string => (path.startsWith("/") ? path : `/${path}`)

/**
 * Adds `source` to each `Module.make("Name", { … })` that has none: the panel then shows the module's file and opens
 * it, and tests that it makes import it. Answers `/__sluice/open`, which opens a place of the served code where it
 * is in its source, in the editor that Vite opens.
 */
export const sluice = ({ build = false }: SluiceVitePluginOptions = {}): SluiceVitePlugin => {
  let sourceOf = fileUrl
  return {
    name: "sluice-devtools",
    ...(build ? {} : { apply: "serve" }),
    configResolved: ({ command, root }) => {
      if (command === "serve") return
      sourceOf = (file) => (file.startsWith(`${root}/`) ? file.slice(root.length) : withSlash(file))
    },
    configureServer: (server) => {
      server.middlewares.use(editorPath, ({ url = "" }, response) => {
        // Any page of the browser can ask for anything here.
        const found = locate(server, url).catch(() => undefined)
        void found.then((place) => {
          response.statusCode = place === undefined ? 404 : 302
          if (place === undefined) return response.end("This server has served no such file.")
          const { base } = server.config
          response.setHeader("Location", `${base}__open-in-editor?file=${encodeURIComponent(place)}`)
          return response.end()
        })
      })
    },
    transform(code, id) {
      const [file = ""] = id.split("?")
      if (!code.includes("@sluice/core") || file.startsWith("\0") || file.includes("/node_modules/"))
        return undefined
      const insertions = sourcesToAdd(
        parsed(code, (text) => this.parse(text)),
        sourceOf(file)
      )
      if (insertions.length === 0) return undefined
      return { code: insert(code, insertions), map: mapOf(file, code, insertions) }
    }
  }
}

const pathOf = (file: string): string | undefined => {
  if (!file.startsWith("file:")) return file.startsWith("/") ? file : undefined
  const path = decodeURIComponent(new URL(file).pathname)
  // On Windows they begin with a drive.
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path
}

const mappingsOf = (map: object | null | undefined): string | undefined =>
  map !== null && map !== undefined && "mappings" in map && typeof map.mappings === "string"
    ? map.mappings
    : undefined

/** As Vite's own way to open an editor takes it. Only of files that the server has served. */
const locate = async ({ config, environments }: Server, requested: string): Promise<string | undefined> => {
  const { searchParams: asked } = new URL(requested, "http://localhost")
  const file = asked.get("file") ?? ""
  const position = { line: Number(asked.get("line") ?? 1), column: Number(asked.get("column") ?? 1) }
  const graphs = Object.values(environments).map(({ moduleGraph }) => moduleGraph)
  const path = pathOf(file)
  if (path !== undefined) {
    const isServed = graphs.some((graph) => (graph.getModulesByFile(path)?.size ?? 0) > 0)
    return isServed ? written(path, position) : undefined
  }
  if (!URL.canParse(file)) return undefined
  const { pathname, search } = new URL(file)
  const url = pathname.startsWith(config.base) ? `/${pathname.slice(config.base.length)}` : pathname
  for (const graph of graphs) {
    const module = await graph.getModuleByUrl(url + search)
    if (module?.file === undefined || module.file === null) continue
    const mappings = mappingsOf(module.transformResult?.map)
    return written(
      module.file,
      mappings === undefined ? position : (originalOf(mappings, position) ?? position)
    )
  }
  return undefined
}

const written = (
  path: string,
  { column, line }: { readonly line: number; readonly column: number }
): string => `${path}:${line}:${column}`
