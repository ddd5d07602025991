/** Lua scripts as handlers. The same in Node and in Chromium. */
import { describe, expect, it } from "vitest"
import type { Image } from "../../src/Image.ts"
import { hashOf } from "../../src/memory/Hash.ts"
import { track } from "../../src/memory/Tracker.ts"
import { ask, loadLua, machineOf, script, silent } from "../luaFixture.ts"

const containing = (text: string): unknown => expect.stringContaining(text)
const aNumber: unknown = expect.any(Number)

/** In Node and in Chromium: the same bytes of memory. Another prelude has others. */
const rememberedHash = "5e4ff34121ff1fe894a998e7892bdb35eb0939fcd01dc6c496b25ab178a929ac"

export const lua = (): void => {
  describe("a Lua handler", () => {
    it("keeps its state in global tables", async () => {
      const machine = await machineOf(await script("bank.lua"))
      expect(ask(machine, undefined, null, null, "init")).toEqual({ state: { Balances: {} }, response: null })
      const minted = ask(machine, "mint", { To: "ada", Qty: 10 }, { Balances: {} }, "send")
      expect(minted).toEqual({ state: { Balances: { ada: 10 } }, response: null })
      expect(ask(machine, "transfer", { From: "ada", To: "bob", Qty: 4 }, minted.state)).toEqual({
        state: { Balances: { ada: 6, bob: 4 } },
        response: { Data: "Transfer successful", transfers: 1 }
      })
    })

    it("goes on in a fresh machine from the state alone, and with an image from all it remembered", async () => {
      const program = await loadLua(await script("bank.lua"))
      const state = { Balances: { ada: 6, bob: 4 } }
      const move = { From: "ada", To: "bob", Qty: 1 }
      const tracker = track(program.instantiate(silent), program.sha256)
      ask(tracker.machine, "transfer", move, state)
      tracker.changes()
      const after = { Balances: { ada: 5, bob: 5 } }

      const fresh = program.instantiate(silent)
      expect(ask(fresh, "transfer", move, after).response).toEqual({
        Data: "Transfer successful",
        transfers: 1
      })
      const restored = track(program.instantiate(silent), program.sha256, tracker.image()).machine
      expect(ask(restored, "transfer", move, after)).toEqual({
        state: { Balances: { ada: 4, bob: 6 } },
        response: { Data: "Transfer successful", transfers: 2 }
      })
    })

    it("restores coroutines, closures, cycles, metatables and random numbers with its memory", async () => {
      const program = await loadLua(await script("remembers.lua"))
      const tracker = track(program.instantiate(silent), program.sha256)
      const images: Array<Image> = []
      const answers: Array<unknown> = []
      for (let amount = 1; amount <= 3; amount++) {
        answers.push(ask(tracker.machine, "go", { amount }).response)
        tracker.changes()
        images.push(tracker.image())
      }
      expect(answers[1]).toMatchObject({
        ticket: 102,
        count: 2,
        ring: true,
        sum: 3,
        weak: "held",
        interned: "found"
      })
      for (const at of [0, 1]) {
        const again = track(program.instantiate(silent), program.sha256, images[at])
        expect(ask(again.machine, "go", { amount: at + 2 }).response).toEqual(answers[at + 1])
        again.changes()
        expect(await hashOf(again.image())).toBe(await hashOf(images[at + 1] ?? again.image()))
      }
      expect(await hashOf(images[2] ?? tracker.image())).toBe(rememberedHash)
    })

    it("shows what JSON can hold of its globals, and what else they hold stays theirs", async () => {
      const machine = await machineOf(await script("remembers.lua"))
      const { state } = ask(machine, "go", { amount: 1 })
      expect(state).toEqual({ Kept: { sum: 1 }, Ring: { name: "ring", next: { name: "next" } } })
      // The same state in another order is what is there: the cycle stays
      const reordered = { Ring: { next: { name: "next" }, name: "ring" }, Kept: { sum: 1 } }
      expect(ask(machine, "go", { amount: 1 }, reordered).response).toMatchObject({ ring: true, sum: 2 })
      // Another entry has changed it: the table is that of the state
      const changed = { Ring: { name: "ring", next: { name: "next" } }, Kept: { sum: 7 } }
      expect(ask(machine, "go", { amount: 1 }, changed)).toMatchObject({ fault: "trap", line: 27 })
    })

    it("goes on from the state under another script", async () => {
      const first = await machineOf(await script("bank.lua"))
      const { state } = ask(first, "mint", { To: "ada", Qty: 3 })
      const text = `${await script("bank.lua")}\nHandlers.add("total", function() return Balances.ada end)`
      expect(ask(await machineOf(text), "total", {}, state)).toEqual({ state, response: 3 })
    })

    it("takes from the state what something else has changed", async () => {
      const machine = await machineOf(await script("bank.lua"))
      ask(machine, "mint", { To: "ada", Qty: 1 })
      expect(ask(machine, "mint", { To: "ada", Qty: 1 }, { Balances: { ada: 50, eve: 1 } }).state).toEqual({
        Balances: { ada: 51, eve: 1 }
      })
    })

    it("refuses a state that would take the place of Lua's own", async () => {
      const machine = await machineOf(await script("bank.lua"))
      expect(ask(machine, "mint", {}, { string: {} })).toMatchObject({ fault: "abi" })
      expect(ask(machine, "mint", {}, "[1]")).toMatchObject({ fault: "abi" })
    })

    it("tells an error of the domain from one of the code, whose line it names", async () => {
      const machine = await machineOf(
        [
          `Handlers.add("fail", function() fail("no funds") end)`,
          `Handlers.add("table", function() error({ code = 7 }) end)`,
          `Handlers.add("code", function(msg)`,
          `  return msg.none.field`,
          `end)`,
          `Handlers.add("text", function() error("said") end)`,
          `Handlers.add("value", function()`,
          `  error()`,
          `end)`,
          `Handlers.add("inner", function()`,
          `  local f = coroutine.wrap(function()`,
          `    local x = 1 + nil`,
          `  end)`,
          `  f()`,
          `end)`,
          `Handlers.add("sorted", function()`,
          `  table.sort({ 3, 2, 1 }, function(a, b) return a.x < b end)`,
          `end)`
        ].join("\n")
      )
      expect(ask(machine, "fail")).toEqual({ error: "no funds" })
      expect(ask(machine, "table")).toEqual({ error: `{"code":7}` })
      expect(ask(machine, "code")).toEqual({
        fault: "trap",
        message: "attempt to index a nil value (field 'none')",
        line: 4
      })
      expect(ask(machine, "text")).toEqual({ fault: "trap", message: "said", line: 6 })
      expect(ask(machine, "value")).toEqual({ fault: "trap", message: "nil", line: 8 })
      expect(ask(machine, "inner")).toMatchObject({ fault: "trap" })
      expect(ask(machine, "sorted")).toMatchObject({ fault: "trap", line: 17 })
      expect(ask(machine, "none")).toMatchObject({ error: containing("no handler is for none") })
    })

    it("is refused where it cannot be compiled, at the line, and where it fails when it begins", async () => {
      await expect(loadLua("local x = 1\nlocal = 2", {}, "rules.lua")).rejects.toMatchObject({
        _tag: "LoadFailed",
        reason: "rules.lua:2: <name> expected near '='"
      })
      await expect(loadLua("\u001bLua", {})).rejects.toMatchObject({ _tag: "LoadFailed" })
      const machine = await machineOf("\nlocal x = {} + 1")
      expect(ask(machine, "any")).toMatchObject({ fault: "trap", line: 2 })
    })

    it("is refused where its hash is another", async () => {
      await expect(loadLua("return 1", { sha256: "00" })).rejects.toMatchObject({ _tag: "HashMismatch" })
    })

    it("writes to the console, where that is granted", async () => {
      const lines: Array<unknown> = []
      const text = `Handlers.add("say", function() print("a", 1, nil); console.warn("b\\nc"); console.debug({} == 1) end)`
      const machine = await machineOf(text, { imports: ["console"] }, { console: (line) => lines.push(line) })
      ask(machine, "say")
      expect(lines).toEqual([
        { level: "log", text: "a\t1\tnil" },
        { level: "warn", text: "b\nc" },
        { level: "debug", text: "false" }
      ])
      const quiet = await machineOf(`Handlers.add("say", function() print("a") end)`)
      expect(ask(quiet, "say")).toMatchObject({ fault: "trap", message: containing("'print'") })
    })

    it("tells only so many lines of one call", async () => {
      let told = 0
      const text = `Handlers.add("say", function() for i = 1, 5000 do print(i) end end)`
      const machine = await machineOf(text, { imports: ["console"] }, { console: () => told++ })
      ask(machine, "say")
      expect(told).toBe(1001)
    })

    it("has a clock and random numbers that are granted, and otherwise the same ones always", async () => {
      const text = `Handlers.add("ask", function() return { clock and clock(), math.random(1 << 40) } end)`
      const granted = async (random: number) =>
        ask(
          await machineOf(
            text,
            { imports: ["clock", "random"] },
            { ...silent, clock: () => 1234, random: () => random }
          ),
          "ask"
        ).response
      expect(await granted(0.25)).toEqual(await granted(0.25))
      expect(await granted(0.5)).not.toEqual(await granted(0.25))
      expect(await granted(0.5)).toMatchObject([1234, aNumber])
      const draws = `Handlers.add("ask", function() return { math.random(1 << 40), tostring({}) } end)`
      const first = ask(await machineOf(draws), "ask").response
      expect(ask(await machineOf(draws), "ask").response).toEqual(first)
    })

    it("reaches nothing outside", async () => {
      const names = ["io", "os", "debug", "package", "require", "load", "loadstring", "loadfile", "dofile"]
      const machine = await machineOf(`
        Handlers.add("ask", function(msg)
          local found = {}
          for _, name in ipairs(msg.names) do if _G[name] ~= nil then found[#found + 1] = name end end
          if string.dump or ("").dump then found[#found + 1] = "dump" end
          return array(found)
        end)`)
      expect(ask(machine, "ask", { names }).response).toEqual([])
    })

    it("chooses a handler by its pattern, then by its name, then the default", async () => {
      const machine = await machineOf(`
        Handlers.add("large", { Qty = function(qty) return qty and qty > 100 end }, function() return "large" end)
        Handlers.add("from", function(msg) return msg.From == "eve" end, function() return "eve" end)
        Handlers.add("buy", function() return "bought" end)
        Handlers.add("default", function(msg) return "default for " .. tostring(msg.Action) end)
        Handlers.add("init", function() Begun = true end)
        Handlers.add("child-error", function(msg) return msg.child end)`)
      expect(ask(machine, undefined, null, null, "init").state).toEqual({ Begun: true })
      expect(ask(machine, "buy", { Qty: 101 }).response).toBe("large")
      expect(ask(machine, "buy", { From: "eve" }).response).toBe("eve")
      expect(ask(machine, "buy", { Qty: 1 }).response).toBe("bought")
      expect(ask(machine, undefined, { Action: "buy" }).response).toBe("bought")
      expect(ask(machine, "sell").response).toBe("default for sell")
      expect(ask(machine, undefined, { child: "a" }, null, "child-error")).toMatchObject({
        state: { Begun: true }
      })
    })
  })
}
