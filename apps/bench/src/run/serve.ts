/** Serves files from memory to a page that is isolated, as precise clocks and exact memory need. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export interface Served {
  readonly type: "text/html" | "text/javascript" | "text/css"
  readonly body: string | Uint8Array
}

export interface Site {
  /** Ends in a slash. */
  readonly url: string
  readonly close: () => void
}

// An isolated page has a clock of 5 us; without these it steps by 100 us.
const isolated = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp"
}

/** By path, with its leading slash. */
export const serve = (files: ReadonlyMap<string, Served>): Promise<Site> =>
  new Promise((resolve) => {
    const server = createServer(({ url = "/" }, response) => {
      const [path = "/"] = url.split("?")
      const file = files.get(path)
      response.writeHead(file === undefined ? 404 : 200, {
        ...isolated,
        "Content-Type": `${file?.type ?? "text/html"}; charset=utf-8`
      })
      response.end(file?.body)
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resolve({ url: `http://127.0.0.1:${port}/`, close: () => void server.close() })
    })
  })
