/** The panel of `@sluice/devtools`, on all pages of the inspected tab. */
import { mountPanel } from "@sluice/devtools/panel"
import { gather } from "@sluice/devtools/protocol"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { arrivals } from "./arrivals.ts"

const element = document.getElementById("panel")
if (element === null) throw new Error("panel.html has no #panel to show the panel in")

const { inspectedWindow, network, panels } = chrome.devtools

// The developer tools have a scheme of their own.
const takeTheme = (theme: string): void => {
  element.dataset["scheme"] = theme === "dark" ? "dark" : "light"
}
takeTheme(panels.themeName)
panels.setThemeChangeHandler(takeTheme)

mountPanel(element, {
  connections: Stream.tapError(gather(arrivals(inspectedWindow.tabId)), () =>
    // The page is of another version. The next one may not be.
    Effect.sync(() => network.onNavigated.addListener(() => location.reload()))
  ),
  waiting:
    "No page here has let the extension in yet. One does that shows <SluiceDevtools>, or calls acceptExtension(serve(runtime))."
})
