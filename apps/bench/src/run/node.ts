/** Runs a work in a Node process of its own. */
import { fork } from "node:child_process"
import { join } from "node:path"
import type { Samples } from "../harness.ts"
import type { Bundle, Ran } from "./bundle.ts"
import type { Request } from "./entry.ts"

/** `profile`: where V8 writes what its sampling found. */
export const runInNode = ({ folder, file }: Bundle, request: Request, profile?: string): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const flags = ["--expose-gc", "--max-old-space-size=8192"]
    const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`]
    const child = fork(new URL("nodeChild.ts", import.meta.url), [join(folder, file)], {
      execArgv: [...flags, ...profiling],
      env: { ...process.env, NODE_ENV: "production" },
      serialization: "advanced"
    })
    child.on("message", (samples: ReadonlyArray<Samples>) =>
      resolve({ samples, version: process.versions.node })
    )
    child.on("error", reject)
    child.on("exit", (code) => reject(new Error(`${request.work}: the process ended with code ${code}`)))
    child.send(request)
  })
