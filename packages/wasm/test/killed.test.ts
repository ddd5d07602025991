/** A kill while a snapshot is written leaves the old one or the new one: shown by killing, again and again. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, statSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import * as Effect from "effect/Effect"
import { KeyValueStore } from "effect/persistence/KeyValueStore"
import { expect, it, onTestFinished } from "vitest"
import { hashOf } from "@sluice/wasm/memory/Hash"
import { read } from "@sluice/wasm/recovery/Read"
import { Slots } from "@sluice/wasm/recovery/Slots"
import { storeIn } from "./killed/files.ts"
import { loadSecretive, onFresh, runnerOn } from "./suite/recording.ts"
import { bytesOf, valueOf } from "./suite/core.ts"

const child = new URL("./killed/child.ts", import.meta.url).pathname

/** When it is killed: at once, when it has begun any new file, or when it has written some of a snapshot. */
type Moment = "at once" | "any file" | "a snapshot"

/** Comes in the middle of a write, if the other process does not end it in these microseconds. */
const momentIn = async (folder: string, moment: Moment): Promise<void> => {
  if (moment === "at once") return
  const before = new Set(readdirSync(folder))
  const isBegun = (file: string) =>
    moment === "any file" || (file.includes("snapshot") && statSync(join(folder, file)).size > 0)
  while (!readdirSync(folder).some((file) => !before.has(file) && isBegun(file)))
    await new Promise((resolve) => setImmediate(resolve))
}

/** Lets it store so many slots, and kills it while it writes the next. Gives the count that it said last. */
const killAfter = async (folder: string, slots: number, moment: Moment): Promise<number> => {
  const running = spawn(process.execPath, [child, folder], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void running.kill("SIGKILL"))
  const exited = once(running, "exit")
  const said: Array<number> = []
  for await (const line of createInterface({ input: running.stdout })) {
    // The others are warnings, of what was torn
    if (!/^\d+$/.test(line)) continue
    said.push(Number(line))
    if (said.length === slots) {
      await momentIn(folder, moment)
      running.kill("SIGKILL")
    }
  }
  const [, signal] = (await exited) as [number | null, string | null]
  expect(signal).toBe("SIGKILL")
  return said.at(-1) ?? Number.NaN
}

const moments: ReadonlyArray<Moment> = ["a snapshot", "any file", "at once"]

/** By count: the hash of the memory, from calls that nobody stored. */
const reference = async (most: number): Promise<ReadonlyArray<string>> => {
  const program = await loadSecretive()
  const granted = { clock: undefined, seed: undefined }
  const hashes: Array<string> = [""]
  let state: Uint8Array<ArrayBuffer> | null = null
  let image: Parameters<typeof onFresh>[2]
  for (let count = 1; count <= most; count++) {
    const kind = state === null ? ("init" as const) : ("send" as const)
    const call = { kind, state, params: bytesOf({ do: "fill", by: 1 }) }
    const done: ReturnType<typeof onFresh> = onFresh(program, call, image, granted)
    if (done.returned._tag !== "Ok") throw new Error(done.returned.error)
    ;({ image } = done)
    state = done.returned.state
    hashes.push(await hashOf(image))
  }
  return hashes
}

it("a process that is killed while it writes, 10 times, loses nothing that it had stored, and goes on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-killed-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  const runners = [runnerOn(await loadSecretive())]
  const found: Array<{ readonly count: number; readonly memory: string | null }> = []
  for (let kill = 0; kill < 10; kill++) {
    const stored = await killAfter(folder, 1 + (kill % 2), moments[kill % 3] ?? "at once")
    const newest = await Effect.gen(function* () {
      const slots = new Slots({ handler: "Secretive", instance: "killed" }, yield* KeyValueStore)
      return yield* read(slots, "newest", runners)
    }).pipe(Effect.provide(storeIn(folder)), Effect.runPromise)
    const { count } = valueOf(new TextEncoder().encode(newest.state)) as { readonly count: number }
    // Old or new: what it had said, or what it was writing
    expect([stored, stored + 1]).toContain(count)
    found.push({ count, memory: newest.memory })
  }
  const hashes = await reference(Math.max(...found.map(({ count }) => count)))
  expect(found.map(({ memory }) => memory)).toEqual(found.map(({ count }) => hashes[count]))
  expect(readdirSync(folder).length).toBeGreaterThan(10)
})
