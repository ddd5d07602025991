/** The dispatch work at each level of the trace. */
import { sluiceTraceFull, sluiceTraceLight, sluiceTraceOff } from "../contenders/sluice.ts"
import type { Work } from "../work.ts"
import { casesOf } from "./dispatch.ts"

export const trace: Work = {
  cases: casesOf([sluiceTraceOff, sluiceTraceLight, sluiceTraceFull]),
  plan: () => ({ rounds: 101, warmUps: 6, sample: { ms: 3 } }),
  baselines: ["trace off"]
}
