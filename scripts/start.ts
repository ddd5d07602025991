import { join } from "node:path"
import { root, run, start } from "./run.ts"

const desk = join(root, "apps/flightdesk")

const built = await run(["vite", "build", "--logLevel", "warn"], { cwd: desk })
if (built !== 0) process.exit(built)

const { child, exit } = start([process.execPath, "server/main.ts"], { cwd: desk })

// Ctrl-C in a terminal reaches the server by itself; a second one would ask it to stop at once
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal)
  })
}

process.exit(await exit)
