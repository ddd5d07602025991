import { writeFileSync } from "node:fs"
import { recovery } from "./suite/recovery.ts"

const expected = new URL("./suite/recovery.expected.json", import.meta.url)

recovery(
  process.env["SLUICE_WRITE_EXPECTED"] === "1" ? (content) => writeFileSync(expected, content) : undefined
)
