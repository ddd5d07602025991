import { RuntimeProvider } from "@sluice/react"
import { type ReactNode, StrictMode } from "react"
import type { DeskRuntime } from "../desk/runtime.ts"
import { App } from "./App.tsx"

/** What the server renders and the browser takes over. */
export const DeskRoot = ({ runtime }: { readonly runtime: DeskRuntime }): ReactNode => (
  <StrictMode>
    <RuntimeProvider runtime={runtime} fallback={<p className="starting">Starting the desk…</p>}>
      <App />
    </RuntimeProvider>
  </StrictMode>
)
