import { pageState } from "@sluice/react/hydrate"
import * as Effect from "effect/Effect"
import { hydrateRoot } from "react-dom/client"
import { makeRuntime, Page, type PageOptions } from "./app.tsx"

declare global {
  interface Window {
    readonly options: PageOptions
    /** What went wrong, and what was loaded here. */
    report: { readonly errors: Array<string>; readonly loads: Array<string> }
  }
}

const report: Window["report"] = (window.report = { errors: [], loads: [] })
const load = (name: string) =>
  Effect.suspend(() => {
    report.loads.push(name)
    return Effect.succeed(`browser's ${name}`)
  })

const runtime = makeRuntime(load, { hydrate: await pageState() })
hydrateRoot(document, <Page {...window.options} runtime={runtime} />, {
  onRecoverableError: (error) => report.errors.push(String(error))
})
