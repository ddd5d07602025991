import { expect, it } from "vitest"
import { component, loadComponent } from "./suite/component.ts"

component()

it("a component of more than 8 MB is refused on a page's main thread, which could not instantiate it", async () => {
  await expect(loadComponent("notes-component")).rejects.toThrow(
    /^notes-component was not loaded because of a core module of \d+ bytes: .* isolation: "worker"/
  )
})
