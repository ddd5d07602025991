/** Says by name which tests were skipped where, and fails the run if one was for another reason than its React. */
import type { Reporter } from "vitest/node"
import { needsReact19 } from "./react-projects.ts"

export default class SkippedReporter implements Reporter {
  onTestRunEnd: NonNullable<Reporter["onTestRunEnd"]> = (modules) => {
    const skipped = modules
      .flatMap((module) => [...module.children.allTests("skipped")])
      .filter((test) => test.result().state === "skipped")
    for (const project of new Set(skipped.map((test) => test.project.name))) {
      const tests = skipped.filter((test) => test.project.name === project)
      console.log(`\n${tests.length} tests skipped in ${project}:`)
      for (const test of tests) console.log(`  ${test.fullName}`)
    }
    const unexplained = skipped.filter(
      (test) => !test.tags.includes(needsReact19) || !test.project.name.startsWith("react-18")
    )
    if (unexplained.length === 0) return
    console.error(`\n${unexplained.length} tests were skipped without being tagged for another React:`)
    for (const test of unexplained) console.error(`  ${test.project.name}: ${test.fullName}`)
    process.exitCode = 1
  }
}
