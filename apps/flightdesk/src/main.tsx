import { RuntimeProvider } from "@sluice/react"
import { lazy, StrictMode, Suspense } from "react"
import { createRoot } from "react-dom/client"
import type { DeskHandle } from "./desk/handle.ts"
import { makeDeskRuntime } from "./desk/runtime.ts"
import * as modules from "./modules/index.ts"
import { App } from "./ui/App.tsx"
import "./ui/desk.css"

/** The desk runs without them where they cannot be loaded. */
const Devtools = lazy(() =>
  import("@sluice/devtools").then(
    ({ SluiceDevtools }) => ({ default: SluiceDevtools }),
    () => ({ default: () => null })
  )
)

const runtime = makeDeskRuntime()
const handle: DeskHandle = { runtime, modules }
window.flightdesk = handle

const root = document.getElementById("root")
if (root === null) throw new Error("index.html has no #root to render the desk in")

createRoot(root).render(
  <StrictMode>
    <RuntimeProvider runtime={runtime} fallback={<p className="starting">Starting the desk…</p>}>
      <App />
    </RuntimeProvider>
    <Suspense fallback={null}>
      <Devtools runtime={runtime} />
    </Suspense>
  </StrictMode>
)
