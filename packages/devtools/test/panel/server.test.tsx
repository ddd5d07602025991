import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { renderToString } from "react-dom/server"
import { expect, test } from "vitest"
import { SluiceDevtools } from "../../src/index.ts"

test("on a server it renders nothing", async () => {
  const Empty = Module.make("Empty", { state: Schema.Struct({}), actions: {} })
  await using runtime = Runtime.make(Empty.implement({ initial: {} }))
  expect(renderToString(<SluiceDevtools runtime={runtime} initialOpen />)).toBe("")
})
