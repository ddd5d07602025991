import { spawn } from "node:child_process"
import { constants } from "node:os"
import { delimiter, dirname, join } from "node:path"

export const root = dirname(import.meta.dirname)

/** pnpm as the README starts it, so that nothing global is needed. */
export const pnpm: ReadonlyArray<string> = ["npx", "--yes", "pnpm@12"]

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

const environment = (extra: RunOptions["env"]): NodeJS.ProcessEnv => ({
  ...process.env,
  // The workspace's own node and tools first, however this script was started
  PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
  ...extra
})

/** Runs a command with this process's output. Its exit code, as a shell gives it: 128 + n for signal n. */
export const run = (command: ReadonlyArray<string>, options: RunOptions = {}): Promise<number> => {
  const { child, exit } = start(command, options)
  const stop = () => child.kill()
  process.once("exit", stop)
  return exit.finally(() => process.off("exit", stop))
}

/** Starts a command with this process's input and output. */
export const start = ([program = "", ...args]: ReadonlyArray<string>, options: RunOptions = {}) => {
  const child = spawn(program, args, {
    cwd: options.cwd ?? root,
    env: environment(options.env),
    stdio: "inherit",
    shell: process.platform === "win32"
  })
  const exit = new Promise<number>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`${program} could not be started`, { cause: error })))
    child.once("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    )
  })
  return { child, exit }
}
