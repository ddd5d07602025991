/** A worker, where a component may be of any size. It is told the component's name and what it is loaded from. */
import type { ComponentSource } from "../../src/component/Manifest.ts"
import { componentOutcomes } from "./componentOutcomes.ts"

export interface Asked {
  readonly name: string
  readonly source: ComponentSource
}

// Of a worker's global scope, whose types exclude those of a page
const scope = globalThis as unknown as {
  readonly addEventListener: (name: "message", listener: (event: { readonly data: Asked }) => void) => void
  readonly postMessage: (message: unknown, transfer: ReadonlyArray<never>) => void
}

scope.addEventListener("message", ({ data: { name, source } }) => {
  componentOutcomes(name, source).then(
    (outcomes) => scope.postMessage(outcomes, []),
    (error: unknown) => scope.postMessage(String(error), [])
  )
})
