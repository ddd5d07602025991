import type { ReactNode } from "react"
import { EditorLink, type Place } from "./EditorLink.tsx"

/** Where in the code an entry was made, innermost first. Nothing where the page does not keep that. */
export const CallSites = ({ sites }: { readonly sites: ReadonlyArray<Place> | undefined }): ReactNode =>
  sites === undefined || sites.length === 0 ? null : (
    <>
      <h3>Made at</h3>
      <ol className="sites" aria-label="Made at">
        {sites.map((site) => (
          <li key={`${site.file} ${site.line} ${site.column} ${site.name}`}>
            {site.name === undefined ? null : <code>{site.name}</code>} <EditorLink place={site} />
          </li>
        ))}
      </ol>
    </>
  )
