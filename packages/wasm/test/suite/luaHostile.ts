/** Scripts that mean harm, each in its own thread. The same in Node and in Chromium. */
import { describe, expect, it } from "vitest"
import { ask, loadLua, machineOf, script, silent } from "../luaFixture.ts"

/** In Node and in Chromium; another prelude takes another amount. */
const fuelOfWell = 472_494

export const luaHostile = (): void => {
  describe("a hostile script", () => {
    const limits = { memoryPages: 64 }

    it("is stopped at its memory's limit, and the next machine works", async () => {
      const program = await loadLua(await script("hostile.lua"), { limits })
      for (const tag of ["rep", "grow"]) {
        expect(ask(program.instantiate(silent), tag), tag).toMatchObject({ fault: "memory" })
      }
      expect(ask(program.instantiate(silent), "caught").response).toBe("not enough memory")
      const machine = program.instantiate(silent)
      expect(machine.parts[0]?.memory?.buffer.byteLength).toBeLessThan(64 * 65_536)
      expect(ask(machine, "well").response).toBe("well")
    })

    it("is stopped where it goes too deep", async () => {
      const program = await loadLua(await script("hostile.lua"), { limits: { memoryPages: 2048 } })
      for (const tag of ["recursion", "coroutines", "gsub", "compare"]) {
        expect(ask(program.instantiate(silent), tag), tag).toMatchObject({ fault: "stack" })
      }
    })

    it("is stopped by its fuel, which no pcall catches, after as much in every engine", async () => {
      const program = await loadLua(await script("hostile.lua"), { limits: { fuel: 3_000_000 } })
      for (const tag of ["pcall", "pattern"]) {
        expect(ask(program.instantiate(silent), tag), tag).toMatchObject({ fault: "fuel" })
      }
      const machine = program.instantiate(silent)
      expect(ask(machine, "well").response).toBe("well")
      expect(machine.fuelUsed()).toBe(fuelOfWell)
    })

    it("gives no more bytes than allowed", async () => {
      const machine = await machineOf(
        `Handlers.add("ask", function(msg) Kept = ("x"):rep(msg.kept); return ("x"):rep(msg.given) end)`,
        {
          limits: { resultBytes: 1000 }
        }
      )
      expect(ask(machine, "ask", { kept: 10, given: 900 })).toMatchObject({ response: "x".repeat(900) })
      expect(ask(machine, "ask", { kept: 10, given: 1100 })).toMatchObject({ fault: "result-bytes" })
      expect(ask(machine, "ask", { kept: 500, given: 600 })).toMatchObject({ fault: "result-bytes" })
    })
  })
}
