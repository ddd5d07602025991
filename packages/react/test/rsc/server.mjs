/** A server component: writes its page in React's own format. */
import { Runtime } from "@sluice/core"
import * as Sluice from "@sluice/react"
import { createElement } from "react"
import { renderToPipeableStream } from "react-server-dom-webpack/server"
import { Count, Providing } from "./client.mjs"
import { Counter, CounterLive } from "./counter.mjs"

const reference = Symbol.for("react.client.reference")
for (const [name, value] of Object.entries(Sluice)) {
  if (value.$$typeof !== reference) throw new Error(`${name} of @sluice/react is no client reference`)
}

const Page = async () => {
  const runtime = Runtime.make(CounterLive, { server: true })
  await runtime.runPromise(runtime.resolve(Counter.tag).actions.add(21))
  const snapshot = runtime.dehydrate()
  await runtime.dispose()
  return createElement(
    "main",
    null,
    createElement("h1", null, `${snapshot.instances.length} module`),
    createElement(Providing, { snapshot }, createElement(Count))
  )
}

// Every reference is found under its own name.
const manifest = new Proxy(
  {},
  {
    get: (_, id) => ({
      id: id.slice(0, id.lastIndexOf("#")),
      name: id.slice(id.lastIndexOf("#") + 1),
      chunks: []
    })
  }
)
renderToPipeableStream(createElement(Page), manifest, { onError: (error) => console.error(error) }).pipe(
  process.stdout
)
