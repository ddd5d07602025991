/** A recipe on a nested state: a transaction's `mutate` beside the draft library alone. */
import { type MutateContender, makeBoard } from "../contenders/mutate/board.ts"
import { immer } from "../contenders/mutate/immer.ts"
import { mutative, mutativeInFiber } from "../contenders/mutate/mutative.ts"
import { reduxToolkit } from "../contenders/mutate/reduxToolkit.ts"
import { sluice, sluiceInFiber } from "../contenders/mutate/sluice.ts"
import { zustand } from "../contenders/mutate/zustand.ts"
import type { Case } from "../harness.ts"
import { grouped, type Work } from "../work.ts"

const contenders: ReadonlyArray<MutateContender> = [
  mutative,
  immer,
  reduxToolkit,
  zustand,
  sluice,
  mutativeInFiber,
  sluiceInFiber
]

const toCase = ({ name, make }: MutateContender, cards: number): Case => {
  const { run, get } = make(makeBoard(cards))
  return {
    name: `three writes in ${grouped(4 * cards)} cards`,
    contender: name,
    run,
    verify: (times) => {
      const { changes, owner, columns } = get()
      const votes = columns.flatMap(({ cards }) => cards).reduce((sum, card) => sum + card.votes, 0)
      const counts = [changes, owner.address.visits, votes]
      if (counts.some((count) => count !== times))
        throw new Error(`${name}: ${times} changes count ${counts.join()}`)
    }
  }
}

export const mutate: Work = {
  cases: (scale) => contenders.map((contender) => toCase(contender, Math.round(25 * scale))),
  plan: () => ({ rounds: 61, warmUps: 4, sample: { ms: 5 } }),
  baselines: [mutative.name, mutativeInFiber.name]
}
