import { RuntimeProvider } from "@sluice/react"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { Page } from "./Page.tsx"
import { runtime } from "./runtime.ts"

Object.assign(globalThis, { runtime })
const container = document.getElementById("root")
if (container === null) throw new Error("There is no #root")
createRoot(container).render(
  <StrictMode>
    <RuntimeProvider runtime={runtime}>
      <Page />
    </RuntimeProvider>
  </StrictMode>
)
