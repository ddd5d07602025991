/** The protocol's page says all that there is, and its messages are messages. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { Answered, Call, PageMessage, PanelMessage } from "../../src/protocol/index.ts"
import { decodePageMessage, decodePanelMessage } from "../../src/protocol/messages.ts"

const page = readFileSync(join(import.meta.dirname, "../../../../docs/devtools-protocol.md"), "utf8")

const fieldsOf = (cases: Readonly<Record<string, { readonly fields: object }>>) =>
  Object.entries(cases).map(
    ([tag, { fields }]) => [tag, Object.keys(fields).filter((field) => field !== "_tag")] as const
  )

const errors = Answered.members.map((error) => [error.identifier, Object.keys(error.fields)] as const)

test.each([
  ...fieldsOf(PanelMessage.cases),
  ...fieldsOf(PageMessage.cases),
  ...fieldsOf(Call.cases),
  ...errors.map(([tag, fields]) => [tag, fields.filter((field) => field !== "_tag")] as const)
])("%s is told with its fields", (tag, fields) => {
  const told = page
    .split("\n")
    .filter((line) => line.startsWith(`| \`${tag}\` |`))
    .map((line) => Array.from((line.split(" | ")[1] ?? "").matchAll(/`(\w+)\??`/g), ([, field]) => field))
  expect(told).toContainEqual(fields)
})

test("each message that it shows is one", () => {
  const shown = Array.from(page.matchAll(/^```json\n([\s\S]*?)^```$/gm), ([, text = ""]): unknown =>
    JSON.parse(text)
  )
  expect(shown.length).toBeGreaterThan(5)
  for (const message of shown) {
    const decoded = [decodePageMessage(message), decodePanelMessage(message)]
    expect(decoded.some((one) => "value" in one)).toBe(true)
  }
})
