/**
 * Measures by size-limit, minified and gzipped, and fails where a limit of `.size-limit.json` is passed.
 *
 *     node scripts/size.ts [--write]
 *
 * `--write` also keeps the figures in docs/benchmarks/size.json, and quotes them in docs/benchmarks.md.
 *
 * What an app's bundle adds to Effect is its size without that of `effect.js`: a file that is written here,
 * and uses just what the small app and the core in it use of Effect.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { root } from "./run.ts"

interface Measured {
  readonly name: string
  readonly size: number
  readonly sizeLimit: number
  readonly passed: boolean
}

interface Bundler {
  readonly build: (
    options: object
  ) => Promise<{ readonly outputFiles: ReadonlyArray<{ readonly text: string }> }>
}

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } })

const names = {
  index: "own code, everything",
  app: "own code in a small app",
  bundle: "a small app's bundle",
  effect: "its Effect imports",
  added: "a small app's bundle without its Effect imports",
  react: "own code of @sluice/react"
} as const
/** To reach, in bytes. */
const targets: Readonly<Record<string, number>> = {
  [names.index]: 12_000,
  [names.app]: 12_000,
  [names.added]: 12_000,
  [names.react]: 4000
}
/** Of `names.added`, which size-limit does not subtract by itself. In bytes. */
const addedLimit = 46_300

// size-limit brings its bundler along.
const require = createRequire(createRequire(import.meta.url).resolve("@size-limit/esbuild"))
const { build } = require("esbuild") as Bundler

/** Writes a module that uses the members of Effect's modules that the app and the core in it name. */
const writeEffectImports = async (): Promise<void> => {
  const { outputFiles } = await build({
    entryPoints: [join(root, "apps/bench/src/size/app.ts")],
    bundle: true,
    format: "esm",
    treeShaking: true,
    write: false,
    external: ["effect/*", "mutative"]
  })
  const [own] = outputFiles
  if (own === undefined) throw new Error("The small app gave no bundle")
  const used = new Map<string, Set<string>>()
  for (const [, alias, specifier] of own.text.matchAll(/^import \* as (\w+) from "(effect\/[\w/]+)";$/gm)) {
    const members = used.get(specifier!) ?? new Set()
    used.set(specifier!, members)
    for (const [, member] of own.text.matchAll(new RegExp(`\\b${alias}\\.(\\w+)`, "g"))) members.add(member!)
  }
  const lines = Array.from(
    used,
    ([specifier, members], i) =>
      `import * as m${i} from "${specifier}"\nexport const used${i} = [${Array.from(members, (member) => `m${i}.${member}`).join(", ")}]`
  )
  mkdirSync(join(root, "apps/bench/node_modules/.size"), { recursive: true })
  writeFileSync(join(root, "apps/bench/node_modules/.size/effect.js"), `${lines.join("\n")}\n`)
}

const measure = (): ReadonlyArray<Measured> => {
  const cli = join(root, "node_modules/size-limit/bin.js")
  const { stderr, stdout } = spawnSync(process.execPath, [cli, "--json"], { cwd: root, encoding: "utf8" })
  if (stdout === "") throw new Error(stderr)
  return JSON.parse(stdout) as ReadonlyArray<Measured>
}

const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`

await writeEffectImports()
const measured = measure()
const sizeOf = (name: string): number => {
  const found = measured.find((each) => each.name === name)
  if (found === undefined) throw new Error(`.size-limit.json has no entry ${JSON.stringify(name)}`)
  return found.size
}
const rows = [
  ...measured.filter(({ name }) => name !== names.effect),
  { name: names.added, size: sizeOf(names.bundle) - sizeOf(names.effect), sizeLimit: addedLimit }
]
for (const { name, size, sizeLimit } of rows) {
  console.log(`${name.padEnd(50)} ${kB(size).padStart(9)}, limit ${kB(sizeLimit).padStart(9)}`)
  if (size > sizeLimit) process.exitCode = 1
}

if (values.write) {
  const figures = Object.fromEntries(rows.map(({ name, size }) => [name, size]))
  writeFileSync(join(root, "docs/benchmarks/size.json"), `${JSON.stringify(figures, undefined, 2)}\n`)
  const table = [
    "| min+gzip | measured | to reach |",
    "| --- | ---: | ---: |",
    ...rows.map(({ name, size }) => {
      const target = targets[name]
      return `| ${name} | ${kB(size)} | ${target === undefined ? "" : kB(target)} |`
    })
  ].join("\n")
  const path = join(root, "docs/benchmarks.md")
  const quoted = /<!-- size -->\n[^]*?<!-- \/size -->/
  const page = readFileSync(path, "utf8")
  if (!quoted.test(page)) throw new Error("docs/benchmarks.md has no place for the sizes")
  writeFileSync(path, page.replace(quoted, `<!-- size -->\n${table}\n<!-- /size -->`))
}
