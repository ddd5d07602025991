import { expect, test } from "vitest"
import { duration } from "../../src/panel/ui/format.ts"

test.each([
  [0, "<0.1 ms"],
  [0.1, "0.10 ms"],
  [0.2999999, "0.30 ms"],
  [4.2, "4.20 ms"],
  [12.34, "12.3 ms"],
  [999, "999.0 ms"],
  [1500, "1.50 s"]
])("a duration of %f ms is written %s", (ms, text) => {
  expect(duration(ms)).toBe(text)
})
