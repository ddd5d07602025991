/** The suites by name: what runs, how often, and beside what. */
import { actions, channelCases, queueName } from "./channel.ts"
import { collectionBaselines, collectionCases } from "./collection.ts"
import { casesOf, fiberBaselines, inFiber, plain, plainBaselines } from "./dispatch.ts"
import { type Case, measure, type Plan } from "./harness.ts"
import { type Results, type SuiteName, summarize } from "./results.ts"

export interface Suite {
  readonly cases: () => ReadonlyArray<Case>
  readonly plan: Plan
  /** Contenders that the ratios are taken to. */
  readonly baselines: ReadonlyArray<string>
}

export const suites: Readonly<Record<SuiteName, Suite>> = {
  dispatch: {
    cases: () => casesOf(plain),
    plan: { rounds: 101, warmUps: 6, sample: { ms: 2 } },
    baselines: plainBaselines
  },
  fiber: {
    cases: () => casesOf(inFiber),
    plan: { rounds: 41, warmUps: 3, sample: { ms: 20 } },
    baselines: fiberBaselines
  },
  collection: {
    cases: collectionCases,
    plan: { rounds: 31, warmUps: 3, sample: { ms: 3 } },
    baselines: collectionBaselines
  },
  channel: {
    cases: channelCases,
    plan: { rounds: 11, warmUps: 3, sample: { times: actions } },
    baselines: [queueName]
  }
}

export const isSuite = (name: string): name is SuiteName => Object.hasOwn(suites, name)

export const runSuite = async ({ cases, plan, baselines }: Suite): Promise<Results> =>
  summarize(await measure(cases(), plan), baselines)
