/** Sluice in the Redux DevTools extension. */
export { reduxDevtools, type ReduxDevtoolsOptions } from "./bridge.ts"
export { MonitorRefused } from "./errors.ts"
