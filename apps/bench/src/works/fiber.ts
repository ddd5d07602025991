/** The dispatch work in a fiber: another job, since each time goes through Effect's own loop. */
import { atomsInFiber } from "../contenders/atoms.ts"
import { sluiceInFiber } from "../contenders/sluice.ts"
import type { Work } from "../work.ts"
import { casesOf } from "./dispatch.ts"

export const fiber: Work = {
  cases: casesOf([atomsInFiber, sluiceInFiber]),
  plan: () => ({ rounds: 41, warmUps: 3, sample: { ms: 20 } }),
  baselines: ["effect/reactivity atoms"]
}
