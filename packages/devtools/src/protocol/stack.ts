/** Stacks as hosts write them, read. */
import type { Site } from "./insight.ts"

const maxSites = 8

const inV8 =
  /^\s*at (?:(?:async )?(?:new )?(.*?) \()?((?:[a-z][a-z\d+.-]*:|\/).*?|<anonymous>):(\d+):(\d+)\)?$/i
const inOthers = /^(.*?)@(.*?):(\d+):(\d+)$/

const siteOf = (line: string): Site | undefined => {
  const [, name = "", file, at, column] = inV8.exec(line) ?? inOthers.exec(line) ?? []
  if (file === undefined) return undefined
  return {
    ...(name === "" ? {} : { name }),
    file,
    line: Number(at),
    column: Number(column)
  }
}

const folderOf = (file: string): string => file.slice(0, file.lastIndexOf("/") + 1)

/** Where Sluice itself is: it took the stack, so its first frame is one of its own. */
const ownFolders = (file: string): ReadonlyArray<string> => {
  const folder = folderOf(file)
  const packages = /^(.*\/)core\/(src|dist)\/$/.exec(folder)
  const [, root, kind] = packages ?? []
  return root === undefined ? [folder] : ["core", "react", "testing"].map((name) => `${root}${name}/${kind}/`)
}

/** The app's own places of the stack, innermost first; of what is not the app's, where there is nothing else. */
export const sitesOf = (stack: string): ReadonlyArray<Site> => {
  const sites = stack.split("\n").flatMap((line) => siteOf(line) ?? [])
  const [first] = sites
  if (first === undefined) return []
  const own = ownFolders(first.file)
  const foreign = ({ file }: Site) =>
    own.some((folder) => file.startsWith(folder)) ||
    file.includes("/node_modules/") ||
    // As Vite serves packages, from wherever it keeps them.
    /[?&]v=[\da-f]{8}\b/.test(file) ||
    file.startsWith("node:") ||
    file === "<anonymous>"
  const apps = sites.filter((site) => !foreign(site))
  return apps.slice(0, maxSites)
}
