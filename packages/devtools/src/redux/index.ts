/** Sluice in the Redux DevTools extension. */
export { reduxDevtools, type ReduxDevtoolsOptions } from "./bridge.ts"
export { ExportUnavailable, ImportRefused, NoSuchEntry, NotAnAction, NotUnderstood } from "./errors.ts"
