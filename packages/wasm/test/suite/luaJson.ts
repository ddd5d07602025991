/** What of JSON becomes of Lua, and back. The same in Node and in Chromium. */
import { describe, expect, it } from "vitest"
import { answerText, ask, machineOf } from "../luaFixture.ts"

const containing = (text: string): unknown => expect.stringContaining(text)

export const luaJson = (): void => {
  describe("JSON in Lua", () => {
    it("knows no prototypes: names of JavaScript's are names like any other", async () => {
      const machine = await machineOf(`
        Handlers.add("ask", function(msg)
          Kept = msg
          return { __proto__ = { polluted = true }, constructor = { prototype = { polluted = true } }, given = msg.__proto__ }
        end)`)
      const params = `{"__proto__":{"polluted":true},"constructor":1,"toString":2}`
      const text = `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"given":{"polluted":true}}`
      expect(answerText(machine, "ask", params)).toBe(text)
      expect("polluted" in {}).toBe(false)
      expect(ask(machine, "ask", params, `{"__proto__":{"polluted":true},"constructor":1}`)).toMatchObject({
        response: { given: { polluted: true } }
      })
      expect("polluted" in {}).toBe(false)
    })

    it("gives JSON as it took it", async () => {
      const machine = await machineOf(`
        Handlers.add("echo", function(msg) return msg.Data end)
        Handlers.add("made", function()
          return { big = math.maxinteger, float = 2.0, tenth = 0.1, none = {}, list = array(), sparse = { [3] = 1, [10] = 2 } }
        end)`)
      const texts = [
        `[1,2.5,-0.001,1e+21,"ü\\n\\"\\\\\\u0001",null,true,false,[],{},{"a":[{"b":null}]}]`,
        `"${"x".repeat(100_000)}"`,
        `9007199254740991`,
        `${"[".repeat(99)}${"]".repeat(99)}`
      ]
      for (const text of texts) expect(answerText(machine, "echo", text)).toBe(text)
      expect(answerText(machine, "echo", `9007199254740993`)).toBe(`"9007199254740993"`)
      expect(answerText(machine, "made")).toBe(
        `{"big":"9223372036854775807","float":2,"list":[],"none":{},"sparse":{"10":2,"3":1},"tenth":0.1}`
      )
      for (const text of ["{", "[1,]", "01", "nul", `"a`, `{"a" 1}`, "1 2", "[".repeat(300)]) {
        expect(ask(machine, "echo", text)).toMatchObject({ fault: "abi" })
      }
    })

    it("refuses a response that JSON cannot hold, naming where", async () => {
      const machine = await machineOf(`
        local ring = {}; ring.a = { ring }
        local deep = {}; local at = deep; for i = 1, 300 do at.n = {}; at = at.n end
        local values = { nan = { x = 0/0 }, ring = ring, deep = deep, code = { { print } }, bytes = { b = "\\255" }, key = { [true] = 1 } }
        Handlers.add("ask", function(msg) return values[msg.which] end)`)
      expect(ask(machine, "ask", { which: "nan" })).toMatchObject({
        fault: "abi",
        message: containing("response.x is NaN")
      })
      expect(ask(machine, "ask", { which: "ring" })).toMatchObject({
        message: containing("response.a[1] is within itself")
      })
      expect(ask(machine, "ask", { which: "deep" })).toMatchObject({
        message: containing("levels deep")
      })
      expect(ask(machine, "ask", { which: "bytes" })).toMatchObject({
        message: containing("no UTF-8")
      })
      expect(ask(machine, "ask", { which: "key" })).toMatchObject({ message: containing("key") })
    })
  })
}
