import { Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect, it } from "vitest"
import { built, builtUrl } from "./fixture.ts"
import { scoped } from "./suite/cases.ts"
import { componentHandler } from "./suite/componentHandler.ts"

componentHandler()

it("a component is loaded by its manifest's address", async () => {
  const counter = await scoped(
    Handler.make({
      name: "Counter",
      abi: "component",
      source: builtUrl("counter-component.json"),
      sha256: new TextDecoder().decode(await built("counter-component.hash")),
      isolation: "inline",
      state: Schema.Struct({ count: Schema.Finite }),
      params: Schema.Struct({ start: Schema.Finite })
    })
  )
  expect(await Effect.runPromise(counter.init(null, { start: 8 }))).toEqual({ count: 8 })
})
