/** What a page and a devtools panel say to each other, and the two ends of it. */
export {
  connect,
  type ConnectOptions,
  type Notice,
  type RemoteAdapter,
  type RequestOptions
} from "./connect.ts"
export * from "./errors.ts"
export type { Form, FormNode, Issue } from "../form/Form.ts"
export {
  Call,
  type CallTag,
  Condition,
  Counts,
  Cursor,
  type Filter,
  Instance,
  type Moment,
  PageMessage,
  PanelMessage,
  type Payload,
  type Root,
  Row,
  type Rows,
  RuntimeInfo,
  type Step,
  type Success,
  TravelState,
  type Value,
  version
} from "./messages.ts"
export { type Arrival, gather } from "./gather.ts"
export { makePort, type Port, type Wire } from "./port.ts"
export { type AcceptOptions, type Refusals, serve, type Served } from "./serve.ts"
export { download, upload } from "./text.ts"
export type { ServedRuntime, ServeOptions } from "./served.ts"
export { connections, type ConnectionsOptions } from "./reconnect.ts"
