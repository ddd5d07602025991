#!/usr/bin/env node
import { parseArgs } from "node:util"
import { check } from "./check.ts"
import { create, languages } from "./create.ts"
import { Refusal } from "./project.ts"
import { test } from "./test.ts"

const usage = `sluice-handler new <folder> --language ${languages.join("|")}
    writes a handler's folder: its code, handler.json, cases.json and how to build it
sluice-handler check [<folder>]
    loads it as handler.json declares, and tells its hash, imports, memory, what is refused, and
    whether equal calls are answered equally
sluice-handler test [<folder>]
    runs the cases of cases.json`

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const run = async (): Promise<number> => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { language: { type: "string", short: "l" }, help: { type: "boolean", short: "h" } }
  })
  const [command, folder] = positionals
  if (values.help === true || command === undefined) {
    say(usage)
    return values.help === true ? 0 : 2
  }
  if (command === "check") return check(folder ?? ".", say)
  if (command === "test") return (await test(folder ?? ".", say)) === 0 ? 0 : 1
  if (command === "new" && folder !== undefined) return create(folder, values.language, say)
  throw new Refusal(`there is no such command\n${usage}`)
}

try {
  process.exitCode = await run()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
