/** The recipe of docs/guide/handlers-remote.md, as it stands there. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test } from "vitest"
import { sha256 } from "./fixture.ts"
import { scoped } from "./suite/cases.ts"

const page = readFileSync(new URL("../../../docs/guide/handlers-remote.md", import.meta.url), "utf8")
const [, program = ""] = /^```python\n(.*?)^```$/ms.exec(page) ?? []

const start = async (
  path: string,
  port: number
): Promise<{ readonly process: ChildProcess; readonly port: number }> => {
  const started = spawn("python3", [path, String(port)], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void started.kill("SIGKILL"))
  const [line] = (await once(started.stdout, "data")) as [Buffer]
  return { process: started, port: Number(line.toString()) }
}

test.skipIf(spawnSync("python3", ["--version"]).status !== 0)(
  "a Python process computes, refuses, is killed and goes on from the memory of the state",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, "ledger.py")
    writeFileSync(path, program)
    const { port, process: first } = await start(path, 0)
    const ledger = await scoped(
      Handler.make({
        name: "Ledger",
        abi: "remote",
        isolation: "remote",
        source: `http://127.0.0.1:${port}`,
        sha256: await sha256(new TextEncoder().encode(program)),
        state: Schema.Struct({ last: Schema.String }),
        params: Schema.Struct({ owner: Schema.String, amount: Schema.Number }),
        response: Schema.Number
      })
    )
    const book = (state: { readonly last: string }, amount: number) =>
      ledger.request(state, { owner: "Ada", amount })
    const one = await Effect.runPromise(book({ last: "" }, 5))
    const two = await Effect.runPromise(book(one.state, 2))
    expect([one.response, two.response]).toEqual([5, 7])
    expect((await Effect.runPromise(Effect.flip(book(two.state, -9)))).message).toContain(
      "Ada has too little"
    )
    expect((await Effect.runPromise(book(two.state, 1))).response).toBe(8)
    const exited = once(first, "exit")
    first.kill("SIGKILL")
    await exited
    await start(path, port)
    expect((await Effect.runPromise(book(one.state, 1))).response).toBe(6)
    expect((await Effect.runPromise(book(two.state, 1))).response).toBe(8)
  }
)
