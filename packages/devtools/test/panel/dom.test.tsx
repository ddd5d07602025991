// @vitest-environment happy-dom
/** In a made-up document, as an app's own tests have it. */
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { flushSync } from "react-dom"
import { createRoot } from "react-dom/client"
import { expect, test } from "vitest"
import { SluiceDevtools } from "../../src/index.ts"

test("it is mounted and taken out, and disturbs nothing", async () => {
  const Empty = Module.make("Empty", { state: Schema.Struct({}), actions: {} })
  await using runtime = Runtime.make(Empty.implement({ initial: {} }))
  const root = createRoot(document.body.appendChild(document.createElement("div")))
  flushSync(() => root.render(<SluiceDevtools runtime={runtime} />))
  expect(document.querySelector("sluice-devtools")).not.toBeNull()
  root.unmount()
  expect(document.querySelector("sluice-devtools")).toBeNull()
})
