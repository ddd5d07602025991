import { pathToFileURL } from "node:url"
import type * as Entry from "./entry.ts"

const [, , bundle = ""] = process.argv
const { run } = (await import(pathToFileURL(bundle).href)) as typeof Entry

// Not `once`: a listener keeps the process alive while the work waits for timers that do not.
process.on("message", (request: Entry.Request) => {
  run(request).then(
    (samples) => process.send?.(samples, () => process.disconnect()),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    }
  )
})
