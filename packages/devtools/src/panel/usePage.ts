import * as Layer from "effect/Layer"
import { createContext, useContext } from "react"
import { Page, type PageShape } from "./Page.ts"

/** The page, for React: to give to a local module as `layer`, or to ask from an event handler. */
export interface PanelPage extends PageShape {
  readonly layer: Layer.Layer<Page>
}

export const panelPage = (page: PageShape): PanelPage => ({ ...page, layer: Layer.succeed(Page, page) })

const PageContext = createContext<PanelPage | undefined>(undefined)

export const PageProvider = PageContext.Provider

/** Throws outside of a panel. */
export const usePage = (): PanelPage => {
  const page = useContext(PageContext)
  if (page === undefined)
    throw new Error("A view of the devtools is rendered outside of a panel. Give it to `views`.")
  return page
}
