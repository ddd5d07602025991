import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { publicPackages, readManifest, tarballOf } from "./packages.ts"
import { pnpm, root, run } from "./run.ts"

/**
 * What a user gets: an empty project outside the workspace that installs the packages from their tarballs,
 * type-checks a small program against them and runs it, and makes a handler with the command line. Its old schemas are in a package of their own, with
 * effect 3. Returns the first failing exit code.
 */
export const consumeTarballs = async (tarballs: string): Promise<number> => {
  const packages = publicPackages()
  const tarball = (name: string): string => {
    const one = packages.find(({ manifest }) => manifest.name === name)
    if (one === undefined) throw new Error(`${name} is not a public package of the workspace`)
    return `file:${tarballOf(one, tarballs)}`
  }
  const rootVersions = readManifest(root).devDependencies
  const reactVersions = readManifest(join(root, "packages/react")).devDependencies
  const version = (name: string): string => {
    const found = reactVersions?.[name] ?? rootVersions?.[name]
    if (found === undefined) throw new Error(`${name} is no devDependency of packages/react or of the root`)
    return found
  }
  const names = [
    "effect",
    "react",
    "react-dom",
    "typescript",
    "@types/react",
    "@types/react-dom",
    "@types/node"
  ]
  const project = mkdtempSync(join(tmpdir(), "sluice-consumer-"))
  try {
    cpSync(join(root, "scripts/consumer"), project, { recursive: true })
    const manifest = {
      name: "consumer",
      private: true,
      type: "module",
      dependencies: {
        "@sluice/core": tarball("@sluice/core"),
        "@sluice/react": tarball("@sluice/react"),
        "@sluice/testing": tarball("@sluice/testing"),
        "@sluice/wasm": tarball("@sluice/wasm"),
        "old-schemas": "workspace:*",
        ...Object.fromEntries(names.map((name) => [name, version(name)]))
      }
    }
    const legacyVersions = readManifest(join(root, "packages/legacy-schema")).devDependencies
    const old = {
      name: "old-schemas",
      version: "0.0.0",
      private: true,
      type: "module",
      exports: { types: "./out/index.d.ts", default: "./out/index.js" },
      dependencies: {
        "@sluice/legacy-schema": tarball("@sluice/legacy-schema"),
        "@effect/schema": legacyVersions?.["@effect/schema"],
        effect: legacyVersions?.["effect"]
      }
    }
    const write = (path: string, value: unknown) =>
      writeFileSync(join(project, path), JSON.stringify(value, null, 2))
    write("package.json", manifest)
    write("old-schemas/package.json", old)
    // YAML has JSON in it.
    write("pnpm-workspace.yaml", { packages: ["old-schemas"] })
    const steps = [
      [...pnpm, "install", "--prefer-offline", "--strict-peer-dependencies"],
      [process.execPath, "node_modules/typescript/bin/tsc", "--project", "old-schemas/tsconfig.json"],
      [process.execPath, "node_modules/typescript/bin/tsc", "--project", "tsconfig.json"],
      [process.execPath, "out/main.js"],
      [...pnpm, "exec", "sluice-handler", "new", "counter", "--language", "lua"],
      [...pnpm, "exec", "sluice-handler", "test", "counter"]
    ]
    for (const step of steps) {
      const code = await run(step, { cwd: project })
      if (code !== 0) return code
    }
    return 0
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}
