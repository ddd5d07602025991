/** Links that open a place of the code in an editor. */
import type { Site } from "./insight.ts"

/** What the Vite plugin of `@sluice/devtools/vite` answers. */
export const editorPath = "/__sluice/open"
const ofPlugin = `${editorPath}?file={file}&line={line}&column={column}`

/** The absolute path of a file's URL, or of a path. */
const pathOf = (file: string): string | undefined => {
  if (file.startsWith("/")) return file
  if (/^[A-Za-z]:[\\/]/.test(file)) return `/${file.replaceAll("\\", "/")}`
  if (!file.startsWith("file:///")) return undefined
  try {
    return decodeURIComponent(file.slice("file://".length))
  } catch {
    // It is as someone has written it.
    return undefined
  }
}

const isAbsolute = (url: string): boolean => /^[a-z][a-z\d+.-]*:/i.test(url)

/** None where the template takes a path and the file has none, or where it is relative and there is no page. */
export const editorLink = (
  { column = 1, file, line = 1 }: Site,
  template = ofPlugin,
  base: string | undefined = globalThis.location?.href
): string | undefined => {
  const path = pathOf(file)
  if (path === undefined && template.includes("{path}")) return undefined
  const values: Readonly<Record<string, string>> = {
    file: encodeURIComponent(file),
    path: (path ?? "").split("/").map(encodeURIComponent).join("/").replace(/^\//, ""),
    line: String(line),
    column: String(column)
  }
  const link = template.replaceAll(/\{(file|path|line|column)\}/g, (_, name: string) => values[name] ?? "")
  if (isAbsolute(link)) return link
  return base !== undefined && /^https?:/.test(base) ? new URL(link, base).href : undefined
}

const editors = new Set([
  "http:",
  "https:",
  "vscode:",
  "vscode-insiders:",
  "vscodium:",
  "cursor:",
  "windsurf:",
  "zed:",
  "idea:",
  "webstorm:",
  "jetbrains:",
  "subl:",
  "txmt:",
  "mvim:",
  "emacs:",
  "nova:"
])

/** Whether a panel may follow it. A page is not believed: its link could be a script. */
export const isEditorLink = (href: string): boolean =>
  editors.has(/^[a-z][a-z\d+.-]*:/i.exec(href)?.[0].toLowerCase() ?? "")
