import { globSync, readFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { parseSync, Visitor } from "oxc-parser"

/** Core's rooms, top to bottom, as in the architecture: a file imports only from rooms above its own. */
export const coreRooms = [
  "Errors",
  "internal/*",
  "Draft",
  "Collection",
  "Edits",
  "Commit",
  "Trace",
  "Trait",
  "Derivation",
  "Handle",
  "Children",
  "HandlerTypes",
  "HandlerActivity",
  "Module",
  "Plan",
  "Transaction",
  "Body",
  "Waits",
  "Caller",
  "Window",
  "Channel",
  "Arrival",
  "Sink",
  "Waiter",
  "Delivery",
  "Subscription",
  "Admission",
  "Spans",
  "Source",
  "Parts",
  "Publication",
  "Entries",
  "Handler",
  "Serial",
  "Instance",
  "InstanceGroup",
  "Snapshot",
  "Hydration",
  "Loaded",
  "ModuleRuntime",
  "Handled",
  "Group",
  "Derived",
  "Pace",
  "Task",
  "Runner",
  "Flow",
  "Logic",
  "Travel",
  "HandlerPort",
  "Sinks",
  "App",
  "Locals",
  "ModuleScope",
  "Replace",
  "Local",
  "Root",
  "Runtime",
  "Supervised",
  "Replay",
  "Devtools",
  "Watched",
  "ProfiledHandlers",
  "Profile",
  "Structure",
  "CallSites",
  "Undo",
  "Persist",
  "IndexedDb",
  "index"
]

/** Those of the devtools, top to bottom; all other files there are below. */
const devtoolsRooms = [
  "codec/*",
  "inspect",
  "print",
  "diff",
  "session/*",
  "form/*",
  "protocol/*",
  "adapters/*",
  "redux/*",
  "panel/*",
  "host/*"
]

/** Those of wasm, top to bottom; what is not here is below. */
const wasmRooms = [
  "Image",
  "Machine",
  "Errors",
  "internal/*",
  "binary/*",
  "memory/*",
  "component/*",
  "Component",
  "abi/*",
  "Recordable",
  "host/*",
  "Codec",
  "Restarts",
  "Escalation",
  "remote/*",
  "handler/*",
  "Handler",
  "Commands",
  "recovery/*",
  "Recovery",
  "supervision/*",
  "Supervision",
  "RemoteServer",
  "cli/*",
  "index"
]

/** Programs of Node, which may import its modules. */
const commandLines = ["packages/wasm/src/cli/"]

/** What each package's sources may import, besides their own files. Apps may import any package. */
const packageImports: Record<string, ReadonlyArray<string>> = {
  "packages/core": ["effect", "mutative"],
  "packages/react": ["@sluice/core", "effect", "react"],
  "packages/testing": ["@sluice/core", "effect"],
  "packages/wasm": ["@sluice/core", "effect", "wasmoon"],
  "packages/legacy-schema": ["@effect/schema"],
  "packages/devtools": [
    "@sluice/core",
    "@sluice/react",
    "@tanstack/react-virtual",
    "effect",
    "react",
    "react-dom"
  ]
}

export interface SourceFile {
  /** From the workspace's root, with forward slashes. */
  readonly path: string
  readonly text: string
}

interface Import {
  readonly specifier: string
  readonly line: number
}

/** Every module a source names: imports, re-exports, `import()` and `import("x").T`, type-only ones too. */
export const readImports = (file: SourceFile): Array<Import> => {
  const { errors, program } = parseSync(file.path, file.text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${file.path} does not parse: ${error.message}`)
  const imports: Array<Import> = []
  const add = (source: { readonly value?: unknown; readonly start: number } | null): void => {
    if (source === null || typeof source.value !== "string") return
    imports.push({ specifier: source.value, line: file.text.slice(0, source.start).split("\n").length })
  }
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source)
  }).visit(program)
  return imports
}

const packageOf = (path: string): string => path.split("/").slice(0, 2).join("/")

const packageName = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

const coreRoom = (path: string): number => {
  const room = path.replace(/^packages\/core\/src\//, "").replace(/\.tsx?$/, "")
  return coreRooms.indexOf(room.startsWith("internal/") ? "internal/*" : room)
}

/** Of packages whose folders are rooms. */
const roomsOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  "packages/devtools": devtoolsRooms,
  "packages/wasm": wasmRooms
}

const roomOf = (rooms: ReadonlyArray<string>, path: string): number => {
  const [first = "", ...rest] = path
    .replace(/^packages\/\w+\/src\//, "")
    .replace(/\.tsx?$/, "")
    .split("/")
  const room = rooms.indexOf(rest.length === 0 ? first : `${first}/*`)
  return room < 0 ? rooms.length : room
}

const cycles = (graph: ReadonlyMap<string, ReadonlyArray<string>>): Array<ReadonlyArray<string>> => {
  const found: Array<ReadonlyArray<string>> = []
  const done = new Set<string>()
  const trail: Array<string> = []
  const visit = (path: string): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      found.push([...trail.slice(start), path])
      return
    }
    if (done.has(path)) return
    trail.push(path)
    for (const next of graph.get(path) ?? []) visit(next)
    trail.pop()
    done.add(path)
  }
  for (const path of graph.keys()) visit(path)
  return found
}

/** One message for each import that may not be. Empty when the order holds. */
export const checkImports = (files: ReadonlyArray<SourceFile>): Array<string> => {
  const problems: Array<string> = []
  const graph = new Map<string, Array<string>>()
  for (const file of files) {
    const inPackage = file.path.startsWith("packages/")
    const inCore = file.path.startsWith("packages/core/src/")
    const home = packageOf(file.path)
    const rooms = roomsOf[home]
    const allowed = packageImports[home]
    const edges: Array<string> = []
    graph.set(file.path, edges)
    const room = inCore ? coreRoom(file.path) : -1
    if (inCore && room < 0) {
      problems.push(
        `${file.path}: no room of core. Add it to coreRooms in scripts/import-order.ts, below every room it imports from`
      )
    }
    for (const { line, specifier } of readImports(file)) {
      const report = (message: string): void => {
        problems.push(`${file.path}:${line}: "${specifier}" ${message}`)
      }
      if (specifier.startsWith(".")) {
        const target = posix.join(posix.dirname(file.path), specifier.replace(/\?.*$/, ""))
        // The workspace's own scripts are no package; an app is not published, and may use them.
        if (!inPackage && target.startsWith("scripts/")) continue
        if (!target.startsWith(`${home}/`)) {
          report("leaves its package: import the package by name")
          continue
        }
        if (/\.tsx?$/.test(target)) edges.push(target)
        if (rooms !== undefined && roomOf(rooms, target) > roomOf(rooms, file.path)) {
          report(
            `is below ${rooms[roomOf(rooms, file.path)]}: the rooms of ${home} import upwards only (scripts/import-order.ts)`
          )
        }
        if (!inCore || room < 0) continue
        const targetRoom = coreRoom(target)
        const bothInternal = coreRooms[room] === "internal/*" && targetRoom === room
        // A target without a room has its own message, on its own file
        if (targetRoom >= room && !bothInternal) {
          report(
            `is not above ${coreRooms[room]}: core's rooms import upwards only (coreRooms, scripts/import-order.ts)`
          )
        }
        continue
      }
      const name = packageName(specifier)
      const subpath = specifier.slice(name.length + 1)
      // Where a file of it is served, as vite gives it, is no import of its code.
      const isAddress = subpath.endsWith("?url")
      if (!isAddress && /^(?:src|dist|internal)(?:\/|$)/.test(subpath))
        report("is another package's internal")
      if (!inPackage) continue
      if (specifier.startsWith("node:") && commandLines.some((one) => file.path.startsWith(one))) continue
      if (specifier === "effect") report('is all of Effect: import the module, as in "effect/Effect"')
      if (allowed === undefined) {
        report(
          `is imported by ${home}, which is not in packageImports in scripts/import-order.ts: add it there`
        )
      } else if (!allowed.includes(name)) {
        report(
          `may not be imported by ${home}, only ${allowed.join(", ")} (packageImports, scripts/import-order.ts)`
        )
      }
    }
  }
  for (const cycle of cycles(graph)) problems.push(`a cycle of imports: ${cycle.join(" -> ")}`)
  return problems
}

const main = (): void => {
  const root = dirname(import.meta.dirname)
  const paths = globSync(["packages/*/src/**/*.{ts,tsx}", "apps/*/{src,server}/**/*.{ts,tsx}"], { cwd: root })
  const files = paths
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
  if (files.length === 0) throw new Error(`${root} holds no sources to check`)
  const problems = checkImports(files)
  for (const problem of problems) console.error(problem)
  console.log(`${files.length} files, ${problems.length} imports out of order`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

if (import.meta.main) main()
