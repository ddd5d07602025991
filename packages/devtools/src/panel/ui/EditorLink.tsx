import { type MouseEvent, type ReactNode, useState } from "react"
import { isEditorLink } from "../../protocol/editor.ts"

/** A place in the code. */
export interface Place {
  readonly name?: string
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly href?: string
}

/** The last two steps of the path, and the place in the file. */
const shortOf = ({ column, file, line }: Place): string => {
  const [path = file] = file.split(/[?#]/)
  const short = path.split("/").slice(-2).join("/")
  const place = [line, column].filter((number) => number !== undefined).join(":")
  return place === "" ? short : `${short}:${place}`
}

/** Opens the place in an editor, where the page says how and the link is one to an editor. */
export const EditorLink = ({ place }: { readonly place: Place }): ReactNode => {
  const [problem, setProblem] = useState<string>()
  const { file, href } = place
  const text = shortOf(place)
  if (href === undefined || !isEditorLink(href)) {
    return (
      <span className="place" title={file}>
        {text}
      </span>
    )
  }
  const isServed = /^https?:/i.test(href)
  const open = (event: MouseEvent) => {
    if (!isServed) return
    // The server answers with nothing to look at.
    event.preventDefault()
    const opened = ({ headers, ok, type }: Response) =>
      // A server that knows nothing of it may answer with the app's page.
      type === "opaque" || (ok && headers.get("content-type")?.includes("text/html") !== true)
    const failed = () =>
      setProblem(
        "The page's server opens no editor. Add the plugin of @sluice/devtools/vite, or give `editor`."
      )
    fetch(href, { mode: "no-cors" }).then(
      (response) => (opened(response) ? setProblem(undefined) : failed()),
      failed
    )
  }
  return (
    <span className="place">
      <a href={href} title={`Open ${file} in an editor`} onClick={open}>
        {text}
      </a>
      {problem === undefined ? null : <em role="alert">{problem}</em>}
    </span>
  )
}
