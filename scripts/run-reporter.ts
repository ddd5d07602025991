/** Writes what a run came to where the environment says, for scripts/test.ts to print at the end of all it does. */
import { writeFileSync } from "node:fs"
import { relative } from "node:path"
import type { Reporter, SerializedError, TestModule } from "vitest/node"
import { root } from "./run.ts"

/** The variable with the path of the report. */
export const reportVariable = "SLUICE_RUN_REPORT"

export interface Failure {
  /** Project, file and full name, as far as there are any. */
  readonly where: string
  /** The first line of the error. */
  readonly error: string
}

/** The tests and hooks of a file, by themselves, in milliseconds. */
export interface FileTime {
  readonly project: string
  readonly file: string
  readonly ms: number
}

export interface RunReport {
  readonly passed: number
  readonly failures: ReadonlyArray<Failure>
  readonly times: ReadonlyArray<FileTime>
}

const messageOf = ({ message, name = "Error" }: Partial<SerializedError> = {}): string => {
  const [first = ""] = (message ?? "").split("\n", 1)
  return first === "" ? name : first
}

const fileOf = ({ moduleId }: TestModule): string => relative(root, moduleId)

const failuresOf = (module: TestModule): Array<Failure> => {
  const place = `${module.project.name}: ${fileOf(module)}`
  const hooks = [...module.children.allSuites()].flatMap((suite) =>
    suite.errors().map((error) => ({ where: `${place}: ${suite.fullName}`, error: messageOf(error) }))
  )
  const tests = [...module.children.allTests("failed")].map((test) => ({
    where: `${place}: ${test.fullName}`,
    error: messageOf(test.result().errors?.[0])
  }))
  return [...module.errors().map((error) => ({ where: place, error: messageOf(error) })), ...hooks, ...tests]
}

/** An error that no test waited for; which test ran then is what vitest knows. */
const unhandled = (error: SerializedError): Failure => {
  const name: unknown = error["VITEST_TEST_NAME"]
  const path: unknown = error["VITEST_TEST_PATH"]
  const place = [path, name].filter((part) => typeof part === "string")
  return { where: ["unhandled", ...place].join(": "), error: messageOf(error) }
}

export default class RunReporter implements Reporter {
  onTestRunEnd: NonNullable<Reporter["onTestRunEnd"]> = (modules, errors) => {
    const path = process.env[reportVariable]
    if (path === undefined) return
    const passed = modules.reduce((sum, { children }) => sum + [...children.allTests("passed")].length, 0)
    const report: RunReport = {
      passed,
      failures: [...modules.flatMap(failuresOf), ...errors.map(unhandled)],
      times: modules.map((module) => ({
        project: module.project.name,
        file: fileOf(module),
        ms: module.diagnostic().duration
      }))
    }
    writeFileSync(path, JSON.stringify(report))
  }
}
