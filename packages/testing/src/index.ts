/** Tests of Sluice modules. */
export { ModelMismatch, NeverSettles, UnexpectedReports } from "./Errors.ts"
export * as Faults from "./Faults.ts"
export * as ModelTest from "./ModelTest.ts"
export * as Recorder from "./Recorder.ts"
export * as TestRuntime from "./TestRuntime.ts"
