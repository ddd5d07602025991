/** The rendering server: makes HTML of the page that it reads. */
const modules = new Map()
globalThis.__webpack_chunk_load__ = () => Promise.resolve()
globalThis.__webpack_require__ = (id) => modules.get(id)
const client = new URL("./client.mjs", import.meta.url).href
modules.set(client, await import(client))

const { createFromNodeStream } = await import("react-server-dom-webpack/client")
const { renderToPipeableStream } = await import("react-dom/server")
const moduleMap = new Proxy(
  {},
  {
    get: (_, id) => new Proxy({}, { get: (_, name) => ({ id, name, chunks: [] }) })
  }
)
const page = createFromNodeStream(process.stdin, { moduleMap, moduleLoading: null, serverModuleMap: null })
const { pipe } = renderToPipeableStream(await page, {
  onAllReady: () => pipe(process.stdout),
  onError: (error) => console.error(error)
})
