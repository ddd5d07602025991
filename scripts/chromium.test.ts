import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { ensureChromium, findChromium } from "./chromium.ts"

let folder = ""

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-chromium-"))
  for (const variable of ["CHROME_PATH", "CHROMIUM_PATH"]) vi.stubEnv(variable, "")
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const executable = (name: string): string => {
  const path = join(folder, name)
  writeFileSync(path, "", { mode: 0o755 })
  return path
}

describe("findChromium", () => {
  test("takes the environment's before any on PATH", () => {
    const path = executable("my-browser")
    executable("chromium")
    vi.stubEnv("PATH", folder)
    vi.stubEnv("CHROMIUM_PATH", path)
    expect(findChromium()).toBe(path)
    expect(ensureChromium()).toBe(path)
  })

  test("refuses an environment's path that is no executable, and takes no other in its place", () => {
    executable("chromium")
    vi.stubEnv("PATH", folder)
    vi.stubEnv("CHROME_PATH", join(folder, "missing"))
    expect(findChromium).toThrow("CHROME_PATH is set to")
    vi.stubEnv("CHROME_PATH", folder)
    expect(findChromium).toThrow("not an executable file")
  })

  test("finds the usual names on PATH", () => {
    const path = executable("google-chrome")
    vi.stubEnv("PATH", folder)
    expect(findChromium()).toBe(path)
  })
})
