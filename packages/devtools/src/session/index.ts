/** Recorded sessions: what was, what if, was it so again, and as a file. Needs no page. */
export { type Alone, ModuleNotExported, startAlone } from "./alone.ts"
export { decoded, type StateCodec, stateCodec } from "./codec.ts"
export { type Difference, firstDifference, sameValue } from "./compare.ts"
export {
  defaultMaxLength,
  exportSession,
  type ExportOptions,
  importSession,
  type ImportOptions,
  InvalidSession
} from "./document.ts"
export {
  causedBy,
  type CauseNode,
  causeTree,
  defaultHistoryCapacity,
  extentOf,
  History,
  type InstanceLife,
  type InstanceState,
  type RecordingOptions
} from "./history.ts"
export { makeTest, ModuleFileUnknown, TestNotMade, type TestOptions } from "./makeTest.ts"
export type { Conflict } from "./merge.ts"
export { formatPath, type Path, valueAt } from "./paths.ts"
export {
  type Changes,
  type Outcome,
  recompute,
  type Recomputed,
  type RecomputedEntry,
  show,
  type Showing,
  UnknownTransaction
} from "./recompute.ts"
export { record, type Recordable } from "./record.ts"
export type { BaseState, RecordedCommit, Recording } from "./recording.ts"
export {
  isRedacted,
  makeRedaction,
  redacted,
  type RedactedPath,
  type Redaction,
  type RedactionRule,
  redactRecording
} from "./redact.ts"
export { type ModulesOf, type Reducers, reducersOf } from "./reducers.ts"
export { type Divergence, replay, type Replayed } from "./replay.ts"
export { whoChanged } from "./whoChanged.ts"
