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

    it.each([
      [
        "metatables of the globals",
        `setmetatable(_G, { __index = function(_, key) error(key) end, __newindex = error, __pairs = error, __metatable = 1 })
        Handlers.add("ask", function() rawset(_G, "A", 1) return A end)`,
        { state: { A: 1 }, response: 1 }
      ],
      [
        "metatables of strings",
        `local of = getmetatable("") of.__index = error of.__eq = error of.__concat = error
        Handlers.add("ask", function(msg) return msg.x end)`,
        { state: {}, response: "y" }
      ],
      [
        "an error whose text never comes",
        `Handlers.add("ask", function()
        error(setmetatable({ a = 1 }, { __tostring = function() while true do end end })) end)`,
        { error: '{"a":1}' }
      ],
      [
        "an error that is no text",
        `Handlers.add("ask", function() error(nil) end)`,
        { fault: "trap", line: 1 }
      ],
      [
        "an error within itself",
        `Handlers.add("ask", function() local t = {} t.t = t error(t) end)`,
        { fault: "abi" }
      ],
      [
        "finalizers that write what is read",
        `Handlers.add("ask", function() T = {}
        for i = 1, 3000 do T["k" .. i] = i setmetatable({}, { __gc = function() T = { n = 1 } _G["k" .. i] = nil end }) end
        return #T end)`,
        { state: { T: expect.anything() as unknown }, response: 0 }
      ],
      [
        "finalizers that fail",
        `Handlers.add("ask", function()
        for _ = 1, 2000 do setmetatable({}, { __gc = error }) end collectgarbage() return 1 end)`,
        { state: {}, response: 1 }
      ],
      [
        "a finalizer that never ends",
        `Handlers.add("ask", function()
        setmetatable({}, { __gc = function() while true do end end }) collectgarbage() end)`,
        { fault: "fuel" }
      ],
      [
        "a closing that never ends",
        `Handlers.add("ask", function()
        local it <close> = setmetatable({}, { __close = function() while true do end end }) error("a") end)`,
        { fault: "fuel" }
      ],
      ["a goto", `Handlers.add("ask", function() ::again:: goto again end)`, { fault: "fuel" }],
      [
        "a width",
        `Handlers.add("ask", function() return ("%999d"):format(1) end)`,
        { fault: "trap", line: 1 }
      ],
      [
        "a comparison that is none",
        `Handlers.add("ask", function() local t = {}
        for i = 1, 500 do t[i] = i end table.sort(t, function() return true end) end)`,
        { fault: "trap" }
      ],
      [
        "a length that is a lie",
        `Handlers.add("ask", function()
        return table.concat(setmetatable({}, { __len = function() return 1e9 end, __index = function() return "x" end })) end)`,
        { fault: "fuel" }
      ],
      [
        "names of Lua's own that are gone",
        `type, error, tostring, rawget, xpcall, print, next, table, string, math = nil
        Handlers.add("ask", function() return 7 end) Handlers = nil`,
        { state: {}, response: 7 }
      ],
      [
        "keys that are no names",
        `Handlers.add("ask", function()
        T = { [1.5] = 1, [true] = 2, [{}] = 3, ["\\255"] = 4, ok = 5 } end)`,
        { state: { T: { ok: 5 } } }
      ],
      [
        "numbers that are none of JSON's",
        `Handlers.add("ask", function()
        A, B, C, D = math.mininteger, 0/0, 1/0, 2^53 + 1 end)`,
        { state: { A: "-9223372036854775808", D: 9007199254740992 } }
      ],
      [
        "tables that share each other",
        `Handlers.add("ask", function() local t = {}
        for _ = 1, 60 do t = { t, t } end S = t end)`,
        { fault: "fuel" }
      ],
      [
        "depth",
        `Handlers.add("ask", function() local top = {} local t = top
        for _ = 1, 5000 do t.t = {} t = t.t end return top end)`,
        { fault: "abi" }
      ]
    ])("is as any other, or is stopped: %s", async (_, text, came) => {
      const program = await loadLua(text, { limits: { memoryPages: 256, fuel: 100_000_000 } })
      expect(ask(program.instantiate(silent), "ask", { x: "y" })).toMatchObject(came)
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
