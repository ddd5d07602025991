import { withState } from "@sluice/react/server"
import * as Effect from "effect/Effect"
import type { ServerResponse } from "node:http"
import { renderToPipeableStream } from "react-dom/server"
import { makeRuntime, Page, type PageOptions } from "./app.tsx"

/** Answers one request. Settles when the response has ended. */
export const answer = async (
  response: ServerResponse,
  options: PageOptions,
  load: (name: string) => Promise<string>
): Promise<void> => {
  const runtime = makeRuntime(
    (name) => Effect.tryPromise({ try: () => load(name), catch: (error) => String(error) }),
    { server: true }
  )
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" })
  await new Promise<void>((resolve) => {
    response.on("close", resolve)
    const { pipe } = renderToPipeableStream(<Page {...options} runtime={runtime} />, {
      bootstrapScriptContent: `window.options = ${JSON.stringify(options)}`,
      bootstrapModules: ["/client.js"],
      onShellReady: () => void pipe(withState(response, runtime)),
      onError: () => {}
    })
  })
  await runtime.dispose()
}
