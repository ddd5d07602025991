/** What a browser extension needs for a panel; small, since a content script is loaded by every page. */
export { extensionPort, type ExtensionPort } from "./adapters/extension.ts"
export { findPages, type Pages, visit } from "./adapters/visit.ts"
export { joinPorts } from "./protocol/port.ts"
