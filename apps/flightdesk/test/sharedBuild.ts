/** Around all files of the run: a folder for the one build that they share. Who needs it first builds it. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The variable with the folder. */
export const sharedBuild = "FLIGHTDESK_TEST_BUILD"

export const setup = async (): Promise<() => Promise<void>> => {
  const folder = await mkdtemp(join(tmpdir(), "flightdesk-"))
  process.env[sharedBuild] = folder
  return () => rm(folder, { recursive: true, force: true })
}
