/** Where a test and its modules are, as it was said the last time. */
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

const storageKey = "sluice-devtools-test-files"

const Files = Schema.Struct({ file: Schema.String, modules: Schema.Record(Schema.String, Schema.String) })
type Files = typeof Files.Type

const none: Files = { file: "test/session.test.ts", modules: {} }
const decode = Schema.decodeUnknownExit(Files)

/** Storage may be forbidden, or not be there. */
export const keptFiles = (): Files => {
  try {
    const kept = decode(JSON.parse(localStorage.getItem(storageKey) ?? "null"))
    return Exit.isSuccess(kept) ? kept.value : none
  } catch {
    return none
  }
}

export const keepFiles = (files: Files): void => {
  try {
    localStorage.setItem(storageKey, JSON.stringify(files))
  } catch {
    // Then it is asked for again.
  }
}
