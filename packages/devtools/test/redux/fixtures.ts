/**
 * Messages of the Redux DevTools extension, as its source has them (https://github.com/reduxjs/redux-devtools).
 * `of` names the file and the revision whose format each is of. Data alone: this is what the stand-in sends, and
 * nothing here is made from what the bridge says.
 */

const contentScript = "extension/src/contentScript/index.ts@071b411cf385a460f02bb9ba8c2d272193683146"
const background = "extension/src/background/store/apiMiddleware.ts@08eeb5ad962e4ac468d8c7453ada05f75ddad98d"
const actions =
  "packages/redux-devtools-app-core/src/actions/index.ts@2abc558ea0430c4359081b5e1558c2755d1db2b1"
const instrument =
  "packages/redux-devtools-instrument/src/instrument.ts@05e3d898a251abe39b1507f8281fc2116e9b6e21"
const dispatcher =
  "packages/redux-devtools-app-core/src/containers/monitors/Dispatcher.tsx@61632768a7670061d662fa52c6444135b38f1ffd"
const pageScript = "extension/src/pageScript/api/index.ts@01c28d23901afc3b8f06684c08aa0b7fe724d976"
const monitorActions =
  "packages/redux-devtools-app/src/utils/monitorActions.ts@250f8123559a500e24a266dd6c39134f2d3fd9fd"

interface Fixture {
  readonly of: ReadonlyArray<string>
  readonly message: object
}

const source = "@devtools-extension"
const id = "1"

const dispatched = (payload: object, state: string | undefined, ...of: ReadonlyArray<string>): Fixture => ({
  of: [contentScript, ...of],
  message: { type: "DISPATCH", payload, state, id, source }
})

export const start: Fixture = {
  of: [contentScript, background],
  message: { type: "START", state: undefined, id: undefined, source }
}

export const stop: Fixture = {
  of: [contentScript, background],
  message: { type: "STOP", state: undefined, id: undefined, source }
}

/** The connection to the background is gone. */
export const failed: Fixture = { of: [contentScript], message: { type: "STOP", failed: true, source } }

export const update: Fixture = {
  of: [contentScript],
  message: { type: "UPDATE", state: undefined, id, source }
}

export const exporting: Fixture = {
  of: [contentScript, background],
  message: { type: "EXPORT", payload: undefined, state: undefined, id, source }
}

export const options: Fixture = {
  of: [contentScript, "extension/src/options/syncOptions.ts"],
  message: { type: "OPTIONS", options: { maxAge: 50, filter: "DO_NOT_FILTER" }, id: undefined, source }
}

/** `state` is the monitor's own copy of that state; the slider sends the index alone. */
export const jumpToState = (index: number, state = "{}"): Fixture =>
  dispatched({ type: "JUMP_TO_STATE", index }, state, instrument, monitorActions)

export const jumpToAction = (actionId: number, state = "{}"): Fixture =>
  dispatched({ type: "JUMP_TO_ACTION", actionId }, state, instrument, monitorActions)

/** `state` is all that the monitor has, as text. */
export const toggle = (actionId: number, state = "{}"): Fixture =>
  dispatched({ type: "TOGGLE_ACTION", id: actionId }, state, instrument, monitorActions)

export const setActive = (start: number, end: number, active: boolean): Fixture =>
  dispatched({ type: "SET_ACTIONS_ACTIVE", start, end, active }, undefined, instrument)

export const reorder = (actionId: number, beforeActionId: number, state = "{}"): Fixture =>
  dispatched({ type: "REORDER_ACTION", actionId, beforeActionId }, state, instrument, monitorActions)

export const commit: Fixture = dispatched({ type: "COMMIT", timestamp: 1700000000000 }, undefined, instrument)
export const rollback: Fixture = dispatched({ type: "ROLLBACK", timestamp: 1700000000000 }, "{}", instrument)
export const reset: Fixture = dispatched({ type: "RESET", timestamp: 1700000000000 }, undefined, instrument)
export const sweep: Fixture = dispatched({ type: "SWEEP" }, undefined, instrument)

export const lock = (status: boolean): Fixture =>
  dispatched({ type: "LOCK_CHANGES", status }, undefined, instrument, actions)

export const pause = (status: boolean): Fixture =>
  dispatched({ type: "PAUSE_RECORDING", status }, undefined, instrument, actions)

/** What was typed into the dispatcher, whatever it is. */
export const typed = (text: string): Fixture => ({
  of: [contentScript, dispatcher],
  message: { type: "ACTION", payload: text, state: undefined, id, source }
})

/** One of the action creators that are offered, with its arguments as they were typed. */
export const called = (name: string, ...args: ReadonlyArray<string>): Fixture => ({
  of: [contentScript, dispatcher, actions],
  message: { type: "ACTION", payload: { name, selected: 0, args, rest: "[]" }, state: undefined, id, source }
})

/** The text of a file, as the monitor has read it. */
export const importing = (text: string): Fixture => ({
  of: [contentScript, background, pageScript],
  message: { type: "IMPORT", payload: undefined, state: text, id, source }
})

/** One of a version to come. */
export const unknown: Fixture = dispatched({ type: "FAST_FORWARD", by: 3 }, undefined, instrument)

/** Of SerializedExportMessage, in the page script's api/index.ts at the revision above; both texts are JSON. */
export const answerFields = ["type", "payload", "committedState", "source", "instanceId"]

/** The files that the monitor writes: what EXPORT was answered, or, where it does that itself, its own list. */
export const exportedFile = {
  of: [
    "packages/redux-devtools-app-core/src/middlewares/exportState.ts@11140c49520939ca62cd7886c1df55f27429ba89"
  ],
  text: (payload: string, preloadedState: string) => JSON.stringify({ payload, preloadedState }, null, "\t")
}
