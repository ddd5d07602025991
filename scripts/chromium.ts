import { spawnSync } from "node:child_process"
import { accessSync, constants, existsSync, statSync } from "node:fs"
import { delimiter, join } from "node:path"

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]

const fixedPaths: Partial<Record<NodeJS.Platform, ReadonlyArray<string>>> = {
  darwin: [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
  ],
  linux: [
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium"
  ],
  win32: [
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe"
  ]
}

/**
 * Arguments every test browser gets. `--headless` is the whole browser without a window (the "new"
 * mode), so pass `headless: true` to Playwright with them, or nothing: the two agree.
 */
export const chromiumArgs: ReadonlyArray<string> = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The path of an installed Chromium or Chrome. A path given by the environment must exist. */
export const findChromium = (): string | undefined => {
  for (const variable of ["CHROME_PATH", "CHROMIUM_PATH"]) {
    const path = process.env[variable]
    if (path === undefined || path === "") continue
    if (!isExecutable(path)) {
      throw new Error(
        `${variable} is set to ${path}, which is not an executable file. Correct it or unset it.`
      )
    }
    return path
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "")
  const onPath = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  return [...onPath, ...(fixedPaths[process.platform] ?? [])].find(isExecutable)
}

const advice = `No Chromium was found, and the browser tests do not run without one.
Install it, then run the tests again:
  Debian, Ubuntu   sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium
  Fedora           sudo dnf install chromium
  Arch             sudo pacman -S chromium
  macOS            brew install --cask chromium
or set CHROME_PATH to the executable of a Chromium or Chrome that you have.`

const aptGet = (...args: ReadonlyArray<string>): void => {
  const result = spawnSync("apt-get", args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  })
  if (result.status !== 0) {
    const reason = result.error?.message ?? `exit code ${result.status ?? result.signal}`
    throw new Error(`apt-get ${args.join(" ")} failed: ${reason}\n\n${advice}`)
  }
}

/** Finds a Chromium; where none is and this is root on a Debian, installs one; else says how to. */
export const ensureChromium = (): string => {
  const found = findChromium()
  if (found !== undefined) return found
  const isRoot = process.getuid?.() === 0
  if (!isRoot || !existsSync("/etc/debian_version")) throw new Error(advice)
  console.log("No Chromium found: installing Debian's")
  aptGet("update", "-qq")
  aptGet("install", "-y", "-qq", "--no-install-recommends", "chromium")
  const installed = findChromium()
  if (installed === undefined)
    throw new Error(`apt-get installed no Chromium that can be found.\n\n${advice}`)
  return installed
}
