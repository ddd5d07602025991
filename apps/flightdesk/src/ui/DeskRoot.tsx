import { RuntimeProvider } from "@sluice/react"
import { type ReactNode, StrictMode } from "react"
import type { DeskRuntime } from "../desk/runtime.ts"
import { App } from "./App.tsx"

interface DeskRootProps {
  readonly runtime: DeskRuntime
  /** Whether transitions may show a commit later than the rest. */
  readonly concurrent: boolean
}

/** What a page may ask for: `/?concurrent=false`. */
export const isConcurrent = (query: URLSearchParams): boolean => query.get("concurrent") !== "false"

/** What the server renders and the browser takes over. */
export const DeskRoot = ({ concurrent, runtime }: DeskRootProps): ReactNode => (
  <StrictMode>
    <RuntimeProvider
      runtime={runtime}
      concurrent={concurrent}
      fallback={<p className="starting">Starting the desk…</p>}
    >
      <App />
    </RuntimeProvider>
  </StrictMode>
)
