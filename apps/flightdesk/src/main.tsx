import { lazy, StrictMode, Suspense } from "react"
import { createRoot, hydrateRoot } from "react-dom/client"
import type { DeskHandle } from "./desk/handle.ts"
import { readOpening } from "./desk/opening.ts"
import { makeDeskRuntime } from "./desk/runtime.ts"
import * as modules from "./modules/index.ts"
import { DeskRoot, isConcurrent } from "./ui/DeskRoot.tsx"
import "./ui/desk.css"

/** The desk runs without them where they cannot be loaded. */
const Devtools = lazy(() =>
  import("@sluice/devtools/production").then(
    ({ SluiceDevtools }) => ({ default: SluiceDevtools }),
    () => ({ default: () => null })
  )
)

const opening = readOpening()
const runtime = makeDeskRuntime({ hydrate: opening })
const handle: DeskHandle = { runtime, modules }
window.flightdesk = handle

const root = document.getElementById("root")
if (root === null) throw new Error("index.html has no #root to render the desk in")

const desk = <DeskRoot runtime={runtime} concurrent={isConcurrent(new URLSearchParams(location.search))} />
if (opening === undefined) createRoot(root).render(desk)
else hydrateRoot(root, desk)

// A root of their own: the server knows nothing of them.
const devtools = document.body.appendChild(document.createElement("div"))
createRoot(devtools).render(
  <StrictMode>
    <Suspense fallback={null}>
      <Devtools runtime={runtime} callSites={import.meta.env.DEV} />
    </Suspense>
  </StrictMode>
)
