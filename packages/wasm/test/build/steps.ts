import { createHash } from "node:crypto"
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

const testFolder = dirname(import.meta.dirname)
export const packageFolder = dirname(testFolder)
export const fixturesFolder = join(testFolder, "fixtures")
const builtFolder = join(testFolder, ".built")

export interface Step {
  readonly name: string
  /** Patterns of files, from the package's folder. It is built again when one of them has changed. */
  readonly sources: ReadonlyArray<string>
  /** Files by their names in `test/.built`. */
  readonly outputs: ReadonlyArray<string>
  readonly build: () => Promise<Readonly<Record<string, Uint8Array | string>>>
}

const hashOf = (step: Step): string => {
  const hash = createHash("sha256")
  const patterns = [...step.sources, "test/build/*.ts", "package.json"]
  for (const path of globSync(patterns, { cwd: packageFolder }).toSorted()) {
    hash.update(path)
    hash.update(readFileSync(join(packageFolder, path)))
  }
  return hash.digest("hex")
}

/** Two runs at once may write the same: a reader sees a whole file. */
const write = (path: string, content: Uint8Array | string): void => {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, content)
  renameSync(draft, path)
}

export const buildAll = async (steps: ReadonlyArray<Step>): Promise<void> => {
  mkdirSync(builtFolder, { recursive: true })
  for (const step of steps) {
    const stamp = join(builtFolder, `${step.name}.sha256`)
    const hash = hashOf(step)
    const isFresh =
      existsSync(stamp) &&
      readFileSync(stamp, "utf8") === hash &&
      step.outputs.every((file) => existsSync(join(builtFolder, file)))
    if (isFresh) continue
    const made = await step.build()
    for (const file of step.outputs) {
      const content = made[file]
      if (content === undefined) throw new Error(`${step.name} has not made ${file}`)
      write(join(builtFolder, file), content)
    }
    write(stamp, hash)
  }
}
