/**
 * A panel of the page at `?frame=<address>`, in a frame of this one; of the one at `?window=<address>`, in a window of
 * its own; or of the process that serves at `?socket=<address>&nonce=<invitation>`.
 */
import { invitedBy, openSocket } from "@sluice/devtools/adapters"
import { type Connections, mountPanel } from "@sluice/devtools/panel"
import { connections, gather } from "@sluice/devtools/protocol"

const query = new URLSearchParams(location.search)

const inFrame = (address: string): Window | null => {
  const frame = document.createElement("iframe")
  frame.src = address
  document.body.append(frame)
  return frame.contentWindow
}

const find = (): Connections => {
  const socket = query.get("socket")
  if (socket !== null) return connections(openSocket(socket), { nonce: query.get("nonce") ?? "" })
  const address = query.get("frame") ?? query.get("window") ?? ""
  const shown = query.has("frame") ? inFrame(address) : window.open(address)
  if (shown === null) throw new Error(`No window was opened for ${address}`)
  return gather(invitedBy(shown, { origin: new URL(address).origin }))
}

const panel = document.getElementById("panel")
if (panel !== null) mountPanel(panel, { connections: find() })
