import { existsSync } from "node:fs"
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { Refusal } from "./project.ts"

export const languages = ["assemblyscript", "wat", "lua"]

/** This package's, of which the templates are a part. */
const packageFolder = fileURLToPath(new URL("../../", import.meta.url))

interface Manifest {
  readonly version: string
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** What stands in braces in the templates. */
const values = async (name: string): Promise<Readonly<Record<string, string>>> => {
  const text = await readFile(join(packageFolder, "package.json"), "utf8")
  // Our own file
  const { version, peerDependencies, devDependencies } = JSON.parse(text) as Manifest
  const { assemblyscript = "*", wabt = "*" } = devDependencies
  return {
    name,
    sluice: `^${version}`,
    effect: peerDependencies["effect"] ?? "*",
    assemblyscript: `^${assemblyscript}`,
    wabt: `^${wabt}`
  }
}

/** Writes a folder that builds, and whose cases pass. */
export const create = async (
  path: string,
  language: string | undefined,
  say: (line: string) => void
): Promise<number> => {
  if (language === undefined || !languages.includes(language)) {
    throw new Refusal(`--language is one of ${languages.join(", ")}`)
  }
  const folder = resolve(path)
  if (existsSync(folder) && (await readdir(folder)).length > 0) throw new Refusal(`${folder} is not empty`)
  const given = await values(basename(folder).toLowerCase())
  const template = join(packageFolder, "kit", "templates", language)
  const entries = await readdir(template, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((one) => one.isFile())) {
    const from = join(entry.parentPath, entry.name)
    const target = join(folder, from.slice(template.length))
    const content = await readFile(from, "utf8")
    await mkdir(dirname(target), { recursive: true })
    await writeFile(
      target,
      content.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => given[key] ?? "")
    )
    say(`wrote  ${target}`)
  }
  say(`next   cd ${path} && npm install && npm run build --if-present && npm test`)
  return 0
}
