/** Recorded sessions: what was, what if, was it so again, and as a file. Needs no page. */
export { type Alone, ModuleNotExported, startAlone } from "./alone.ts"
export { decoded, type StateCodec, stateCodec } from "./codec.ts"
export { type Difference, firstDifference, sameValue } from "./compare.ts"
export {
  defaultMaxLength,
  exporting,
  exportSession,
  type ExportOptions,
  importing,
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
export type { KeepOptions, KeepStorage } from "./keep.ts"
export { makeTest, makingTest, ModuleFileUnknown, TestNotMade, type TestOptions } from "./makeTest.ts"
export type { Conflict } from "./merge.ts"
export { formatPath, type Path, valueAt } from "./paths.ts"
export {
  type Changes,
  type Outcome,
  recompute,
  type Recomputed,
  type RecomputedEntry,
  recomputing,
  show,
  type Showing,
  UnknownTransaction
} from "./recompute.ts"
export { record, type Recordable, type Recorder, recorder } from "./record.ts"
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
export { type Divergence, replay, type Replayed, replaying } from "./replay.ts"
export { inSlices, type Progress, type SliceOptions, type Steps } from "./slices.ts"
export { whoChanged } from "./whoChanged.ts"
