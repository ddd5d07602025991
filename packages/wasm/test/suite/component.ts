/** Components, as jco takes them apart and binary rewrites them. The same in Node and in Chromium. */
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Manifest, resolve } from "../../src/Component.ts"
import type { Machine } from "../../src/Machine.ts"
import { hashOf } from "../../src/memory/Hash.ts"
import { track } from "../../src/memory/Tracker.ts"
import { built, builtUrl, sha256 } from "../fixture.ts"
import { componentOutcomes } from "./componentOutcomes.ts"
import { bytesOf } from "./load.ts"
import { call, loadComponent, machineOf, read, silent, sourceOf } from "./loadComponent.ts"

const text = new TextDecoder()

const decodeManifest = Schema.decodeUnknownSync(Schema.fromJsonString(Manifest))

/** A manifest with another hash for one of its files. */
const changed = async (name: string, change: (manifest: Manifest) => Manifest) => {
  const manifest = decodeManifest(text.decode(await built(`${name}.json`)))
  const bytes = bytesOf(change(manifest))
  return resolve(bytes, builtUrl(`${name}.json`).href, { handler: name, sha256: await sha256(bytes), read })
}

export const component = (): void => {
  describe("a component made by embed", () => {
    it("gets null first, then its state, and gives a state and a response", async () => {
      const program = await loadComponent("counter-component")
      expect([...program.kinds]).toEqual(["init", "send", "request"])
      const machine = program.instantiate(silent)
      expect(call(machine, "init", null, { start: 3 })).toEqual({ state: { count: 3 }, response: undefined })
      expect(call(machine, "send", { count: 3 }, { by: 4 })).toEqual({
        state: { count: 7 },
        response: undefined
      })
      expect(call(machine, "request", { count: 7 }, {})).toEqual({
        state: { count: 7 },
        response: { calls: 3, steps: [4] }
      })
      expect(call(machine, "send", null, { by: 1 })).toEqual({ state: undefined, response: undefined })
    })

    it("fails with the err of its result, and its machine goes on", async () => {
      const machine = await machineOf("counter-component")
      expect(call(machine, "send", { count: 1 }, { by: -2 })).toEqual({
        _tag: "Err",
        error: "it only counts up"
      })
      expect(call(machine, "send", { count: 1 }, { by: 2 })).toMatchObject({ state: { count: 3 } })
    })

    it("faults by trap and by stack, and refuses calls it does not export", async () => {
      expect(await machineOf("counter-component").then(faultOf({ by: 0 }))).toBe("trap")
      expect(await machineOf("counter-component").then(faultOf({ by: 2_000_000 }))).toBe("stack")
      const machine = await machineOf("counter-component")
      expect(() => call(machine, "child-error", null, {})).toThrow(/supervisor-client/)
    })

    it("keeps its memory within the limit, and its result", async () => {
      const machine = await machineOf("counter-component", { limits: { memoryPages: 40, resultBytes: 11 } })
      const grown = (pages: number) => call(machine, "send", { count: 1 }, { by: 1, pages })
      expect(grown(30)).toMatchObject({ state: { count: 2 } })
      expect(grown(30)).toEqual({ _tag: "Err", error: "there is no more memory" })
      expect(faultOf({ by: 998 })(machine)).toBe("result-bytes")
    })

    it("counts its fuel, and faults when a call has used it up", async () => {
      const machine = await machineOf("counter-component", { limits: { fuel: 50_000 } })
      expect(call(machine, "send", { count: 1 }, { by: 2 })).toMatchObject({ state: { count: 3 } })
      const used = machine.fuelUsed()
      call(machine, "send", { count: 1 }, { by: 2 })
      expect(used).toBeGreaterThan(0)
      expect(machine.fuelUsed()).toBeLessThan(50_000)
      const spent = await machineOf("counter-component", { limits: { fuel: 1000 } })
      expect(faultOf({ by: 2_000_000 })(spent)).toBe("fuel")
      expect(spent.fuelUsed()).toBe(1000)
    })

    it("has what it hides in its parts: a fresh machine given back its image goes on as the first", async () => {
      const program = await loadComponent("counter-component")
      const original = await WebAssembly.compile(
        (await sourceOf("counter-component")).modules["counter-component.core.wasm"] ?? new Uint8Array()
      )
      expect(WebAssembly.Module.exports(original).filter(({ kind }) => kind === "global")).toEqual([])
      const tracker = track(program.instantiate(silent), program.sha256)
      call(tracker.machine, "send", { count: 0 }, { by: 5, pages: 39 })
      tracker.changes()
      const image = tracker.image()
      const restored = track(program.instantiate(silent), program.sha256, image)
      expect(call(restored.machine, "request", null, {})).toMatchObject({
        response: { calls: 2, steps: [5] }
      })
      call(tracker.machine, "request", null, {})
      tracker.changes()
      restored.changes()
      expect(await hashOf(restored.image())).toBe(await hashOf(tracker.image()))
      expect(await hashOf(restored.image())).not.toBe(await hashOf(image))
      expect(call(program.instantiate(silent), "request", null, {})).toMatchObject({
        response: { calls: 1, steps: [] }
      })
    })

    it("makes machines that share nothing, and loads again what another load has prepared", async () => {
      const first = await loadComponent("counter-component")
      const { prepared } = first
      if (prepared?.abi !== "component") throw new Error("it has prepared nothing")
      const second = await loadComponent("counter-component", {}, structuredClone(prepared))
      const machines = [first.instantiate(silent), first.instantiate(silent), second.instantiate(silent)]
      for (const machine of machines) {
        expect(call(machine, "request", null, {})).toMatchObject({ response: { calls: 1 } })
      }
    })
  })

  it("of the world supervisor is told of children that were given up", async () => {
    const program = await loadComponent("parent-component")
    expect([...program.kinds]).toEqual(["init", "send", "request", "child-error"])
    const machine = program.instantiate(silent)
    expect(call(machine, "child-error", { a: 1 }, { child: "desk", reason: "trap" })).toEqual({
      state: { told: { child: "desk", reason: "trap" }, before: { a: 1 } },
      response: undefined
    })
  })

  it("of several core instances has a part for each, and one fuel for all", async () => {
    const program = await loadComponent("two-component", { limits: { fuel: 1000 } })
    const tracker = track(program.instantiate(silent), program.sha256)
    const calls = (machine: Machine) => call(machine, "init", null, null)
    expect(calls(tracker.machine)).toMatchObject({ state: { count: 1 } })
    const alone = tracker.machine.fuelUsed() ?? 0
    tracker.changes()
    expect(tracker.image().parts.map(({ globals, pages }) => [pages.length, globals])).toEqual([
      [1, [1]],
      [2, [1]]
    ])
    const restored = program.instantiate(silent)
    track(restored, program.sha256, tracker.image())
    expect(calls(restored)).toMatchObject({ state: { count: 2 } })
    // Enough for either of them, and not for both
    const scarce = await machineOf("two-component", { limits: { fuel: alone - 1 } })
    expect(() => calls(scarce)).toThrow(`more than ${alone - 1} units of fuel`)
  })

  it("gives in each engine what Node gives: bytes, memory, globals and fuel", async () => {
    const expected: unknown = JSON.parse(text.decode(await built("counter-component.outcomes.json")))
    expect(await componentOutcomes("counter-component")).toEqual(expected)
  })

  describe("a component's manifest", () => {
    it("pins itself, the component, the glue and each core module, and names the one that is another", async () => {
      const name = "counter-component"
      const zero = "0".repeat(64)
      await expect(sourceOf(name, zero)).rejects.toMatchObject({ _tag: "HashMismatch", expected: zero })
      const cases: ReadonlyArray<readonly [string, (manifest: Manifest) => Manifest]> = [
        [`${name}.component.wasm`, (it) => ({ ...it, component: { ...it.component, sha256: zero } })],
        [`${name}.js`, (it) => ({ ...it, glue: { ...it.glue, sha256: zero } })],
        [
          `${name}.core.wasm`,
          (it) => ({
            ...it,
            modules: { [`${name}.core.wasm`]: { sha256: zero, offset: 0, length: 8 } }
          })
        ]
      ]
      for (const [file, change] of cases) {
        await expect(changed(name, change)).rejects.toMatchObject({ _tag: "HashMismatch", file })
      }
    })

    it("names no file outside its folder", async () => {
      const above = changed("counter-component", (it) => ({
        ...it,
        glue: { ...it.glue, file: "../glue.js" }
      }))
      await expect(above).rejects.toMatchObject({ _tag: "LoadFailed" })
    })
  })

  describe("what a component asks for", () => {
    it("is refused by name if it is not granted", async () => {
      for (const [imports, missing] of [
        [["clock", "random"], "console"],
        [["console", "random"], "clock"]
      ] as const) {
        await expect(loadComponent("greedy-component", { imports })).rejects.toMatchObject({
          _tag: "ImportRefused",
          import: missing
        })
      }
    })

    it("is given if it is", async () => {
      const lines: Array<unknown> = []
      const machine = await machineOf(
        "greedy-component",
        { imports: ["clock", "random", "console"] },
        { clock: () => 1234.5, random: () => 0.25, console: (line) => lines.push(line) }
      )
      expect(call(machine, "request", null, {})).toMatchObject({ response: [1234.5, 0.25] })
      call(machine, "send", null, { a: 1 })
      expect(lines).toEqual([{ level: "warn", text: 'sent {"a":1}' }])
    })

    it("cannot be a resource if its memory is to be kept: by its name, and where there is none", async () => {
      const source = await sourceOf("counter-component")
      const modules = { "kept.core.wasm": await built("kept.wasm") }
      await expect(loadComponent("counter-component", {}, { ...source, modules })).rejects.toMatchObject({
        _tag: "ModuleRefused",
        feature: "the resource thing"
      })
      await expect(loadComponent("tabled-component")).rejects.toMatchObject({
        _tag: "ModuleRefused",
        feature: "a resource"
      })
      const forgetful = await machineOf("tabled-component", { memory: "none" })
      expect(call(forgetful, "init", null, null)).toMatchObject({ state: { count: 1 } })
    })

    it("cannot be more bytes than the limit", async () => {
      await expect(
        loadComponent("counter-component", { limits: { moduleBytes: 1000 } })
      ).rejects.toMatchObject({ _tag: "LoadFailed" })
    })
  })
}

export const faultOf = (params: unknown) => (machine: Machine) => {
  try {
    return call(machine, "send", { count: 1 }, params)
  } catch (error) {
    return error instanceof Error && "kind" in error ? error.kind : error
  }
}
