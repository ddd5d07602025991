import { expect, it } from "vitest"
import { Errors } from "@sluice/wasm"

it("errors name the handler and the next move", () => {
  const refused = new Errors.ImportRefused({ handler: "Risk", import: "env.now", granted: [] })
  expect(refused.message).toBe(
    "Risk imports env.now, which is not granted (granted: none). Name it in imports, or build the code without it."
  )
})
