/** The panel of `@sluice/devtools`, on all pages of the inspected tab. */
import { mountPanel } from "@sluice/devtools/panel"
import { gather } from "@sluice/devtools/protocol"
import { arrivals } from "./arrivals.ts"

const element = document.getElementById("panel")
if (element === null) throw new Error("panel.html has no #panel to show the panel in")

mountPanel(element, {
  connections: gather(arrivals(chrome.devtools.inspectedWindow.tabId)),
  waiting:
    "No page here has let the extension in yet. One does that shows <SluiceDevtools>, or calls acceptExtension(serve(runtime))."
})
