import { expect, it } from "vitest"
import { Errors } from "@sluice/wasm"

it("errors name the handler and the next move", () => {
  const refused = new Errors.ImportRefused({ handler: "Risk", import: "env.now", granted: [] })
  expect(refused.message).toBe(
    "Risk imports env.now, which is not granted (granted: none). Name it in imports, or build the code without it."
  )
})

it("a policy that forbids WebAssembly is to be opened no further than for that", () => {
  const reason = "CompileError: ... because 'unsafe-eval' is not allowed in the Content Security Policy"
  const { message } = new Errors.LoadFailed({ handler: "Risk", reason })
  expect(message).toContain("'wasm-unsafe-eval' in script-src is enough")
  expect(new Errors.LoadFailed({ handler: "Risk", reason: "no module" }).message).toBe(
    "Risk could not be loaded: no module"
  )
})
