/** What is bundled, and run by Node and by Chromium: one work in a process or page of its own. */
import { measure, type Plan, type Samples } from "../harness.ts"
import type { Scale } from "../work.ts"
import { type WorkName, works } from "../works/index.ts"

export interface Request {
  readonly work: WorkName
  readonly scale: Scale
  /** `quick`: few rounds, for a first look. `check`: only that everyone does the work. */
  readonly pace: "full" | "quick" | "check"
  /** What a sample must last at least, in milliseconds: long to the steps of the host's clock. */
  readonly shortest: number
  /** Only this contender. */
  readonly contender?: string
}

/** Enough to verify what everyone does, and nothing else. */
export const checking: Plan = { rounds: 2, warmUps: 1, sample: { times: 12 } }

const adapted = ({ rounds, warmUps, sample }: Plan, { pace, shortest }: Request): Plan => {
  if (pace === "check") return checking
  const quick = pace === "quick"
  return {
    rounds: quick ? Math.min(rounds, 7) : rounds,
    warmUps: quick ? Math.min(warmUps, 2) : warmUps,
    sample: "ms" in sample ? { ms: Math.max(sample.ms, shortest) } : sample
  }
}

export const run = (request: Request): Promise<ReadonlyArray<Samples>> => {
  const { contender, scale, work } = request
  const { cases, plan } = works[work]
  const asked = cases(scale).filter((each) => contender === undefined || each.contender === contender)
  return measure(asked, adapted(plan(scale), request))
}
