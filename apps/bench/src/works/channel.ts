/** One producer, one handler that suspends every 16th time, and 256 places between them. */
import { queue, queueForever, queueOnSluice } from "../contenders/channel/queue.ts"
import { reduxListener } from "../contenders/channel/reduxListener.ts"
import { sluiceFeed } from "../contenders/channel/sluice.ts"
import { Tally } from "../contenders/channel/tally.ts"
import type { Case } from "../harness.ts"
import { grouped, type Scale, type Work } from "../work.ts"

const actions = (scale: Scale): number => 100_000 * scale

export const channel: Work = {
  cases: (scale) =>
    [queue, queueForever, queueOnSluice, reduxListener, sluiceFeed].map(({ name, make, share = 1 }): Case => {
      const tally = new Tally()
      const send = make(tally)
      return {
        name: `${grouped(actions(scale))} actions through one handler`,
        contender: name,
        share,
        run: async (times) => {
          const done = tally.awaiting(times)
          await send(times)
          await done
        },
        verify: (times) => tally.verify(name, times)
      }
    }),
  plan: (scale) => ({
    rounds: scale > 1 ? 5 : 15,
    warmUps: scale > 1 ? 1 : 3,
    sample: { times: actions(scale) }
  }),
  baselines: [queue.name, queueForever.name, reduxListener.name]
}
