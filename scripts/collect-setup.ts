/**
 * Before the tests of handlers in Chromium: a page has room for some hundred WebAssembly memories, and a worker cannot
 * make another collect those that are let go.
 */
import { afterEach, expect } from "vitest"

afterEach(({ task }) => {
  if (!task.file.filepath.includes("/packages/wasm/")) return
  expect(globalThis.gc, "Chromium was started without --expose-gc").toBeDefined()
  globalThis.gc?.()
})
