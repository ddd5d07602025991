import { expect, it, onTestFinished } from "vitest"
import { built } from "./fixture.ts"
import { component } from "./suite/component.ts"
import type { Asked } from "./suite/componentWorker.ts"
import { loadComponent, sourceOf } from "./suite/loadComponent.ts"

component()

it("a component of more than 8 MB is refused on a page's main thread, which could not instantiate it", async () => {
  await expect(loadComponent("notes-component")).rejects.toThrow(
    /^notes-component was not loaded because of a core module of \d+ bytes: .* isolation: "worker"/
  )
})

it("an engine of 12 MB does in Chromium what it does in Node: bytes, memory, globals and fuel", async () => {
  const worker = new Worker(new URL("./suite/componentWorker.ts", import.meta.url), { type: "module" })
  onTestFinished(() => worker.terminate())
  const asked: Asked = { name: "notes-component", source: await sourceOf("notes-component") }
  worker.postMessage(asked, [])
  const outcomes = await new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data))
    worker.addEventListener("error", ({ message }) => reject(new Error(message)))
  })
  const expected: unknown = JSON.parse(new TextDecoder().decode(await built("notes-component.outcomes.json")))
  expect(outcomes).toEqual(expected)
})
