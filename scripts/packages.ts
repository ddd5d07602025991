import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { pnpm, root, run } from "./run.ts"

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly devDependencies?: Readonly<Record<string, string>>
}

export interface PublicPackage {
  readonly folder: string
  readonly manifest: Manifest
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest

/** The packages that are published: those under packages/ that are not private. */
export const publicPackages = (): Array<PublicPackage> =>
  globSync("packages/*/package.json", { cwd: root })
    .toSorted()
    .map((path) => {
      const folder = join(root, dirname(path))
      return { folder, manifest: readManifest(folder) }
    })
    .filter(({ manifest }) => manifest.private !== true)

/** The file that `pnpm pack` makes of a package. */
export const tarballOf = ({ manifest }: PublicPackage, folder: string): string =>
  join(folder, `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`)

/** Packs what `tsc -b` built. */
export const pack = (one: PublicPackage, destination: string): Promise<number> =>
  run([...pnpm, "pack", "--pack-destination", destination], { cwd: one.folder })
