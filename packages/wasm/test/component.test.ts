import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { wit } from "../src/Component.ts"
import { track } from "../src/memory/Tracker.ts"
import { component, faultOf } from "./suite/component.ts"
import { call, loadComponent, silent } from "./suite/loadComponent.ts"

component()

describe("a component made by componentize-js", () => {
  it("keeps closures and Maps in an image, asks for nothing, and fails by throwing", async () => {
    const program = await loadComponent("notes-component")
    const tracker = track(program.instantiate(silent), program.sha256)
    const first = call(tracker.machine, "init", null, { first: "one" })
    expect(first).toEqual({ state: { newest: "one", count: 0 }, response: undefined })
    call(tracker.machine, "send", { newest: "one", count: 0 }, { text: "to the lake" })
    tracker.changes()
    const restored = program.instantiate(silent)
    track(restored, program.sha256, tracker.image())
    expect(call(restored, "send", { newest: "", count: 1 }, { text: "and back" })).toMatchObject({
      state: { newest: "and back", count: 2 }
    })
    expect(call(restored, "request", null, {})).toMatchObject({ response: { words: [3, 2], total: 5 } })
    expect(call(restored, "send", null, { text: " " })).toEqual({ _tag: "Err", error: "an empty note" })
    expect(faultOf({})(restored)).toBe("trap")
  })

  it("stops at its fuel", async () => {
    const program = await loadComponent("notes-component", { limits: { fuel: 20_000_000 } })
    const machine = program.instantiate(silent)
    expect(() => call(machine, "request", null, { spin: true })).toThrow("20000000 units of fuel")
  })
})

it("the WIT that tools are given is the WIT that is published", () => {
  expect(wit).toBe(readFileSync(new URL("../wit/handler.wit", import.meta.url), "utf8"))
})
