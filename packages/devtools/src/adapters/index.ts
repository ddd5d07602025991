/** The ports that lead from a panel to a page. */
export { acceptExtension } from "./acceptExtension.ts"
export { invitedBy, inviteWindow } from "./invitation.ts"
export { messagePort, type MessagePortLike } from "./messagePort.ts"
export { pair } from "./pair.ts"
export { knock, listen, type ListenOptions, type Turned } from "./window.ts"
export {
  acceptSocket,
  openSocket,
  SocketFailed,
  socketPort,
  type SocketLike,
  type SocketRequest
} from "./webSocket.ts"
