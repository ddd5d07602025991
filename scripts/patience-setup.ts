/** Before every test. vitest's own second is too short where other things run on the machine. */
import { vi } from "vitest"
import { patienceMs } from "./patience.ts"

const { waitFor } = vi
vi.waitFor = (callback, options) =>
  waitFor(callback, {
    timeout: patienceMs,
    interval: 10,
    ...(typeof options === "number" ? { timeout: options } : options)
  })
