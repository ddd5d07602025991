/** What a page does for devtools that are open, with 5 MB of state. */
import { changedAt, makeRows, rowCount } from "../devtools/rows.ts"
import { keptActions, type Sender, senders } from "../devtools/senders.ts"
import type { Case } from "../harness.ts"
import type { Scale, Work } from "../work.ts"

const cases = (scale: Scale): ReadonlyArray<Case> => {
  const count = rowCount * scale
  return Object.entries(senders).flatMap(([contender, make]) => {
    let made: Sender | undefined
    let raises = 0
    const values = new Map<number, number>()
    const sender = () => {
      if (made !== undefined) return made
      made = make(makeRows(count))
      for (let i = 0; i < keptActions; i++) raise(made)
      return made
    }
    const raise = (to: Sender): number => {
      const at = changedAt(raises++, count)
      const value = (values.get(at) ?? 0) + 1
      values.set(at, value)
      to.raise(at)
      return value
    }
    /** `once` returns what is wrong. */
    const work = (name: string, once: (sender: Sender) => string | undefined, share = 1): Case => {
      const wrong: Array<string> = []
      return {
        name,
        contender,
        share,
        before: () => void sender(),
        run: (times) => {
          for (let time = 0; time < times; time++) {
            const problem = once(sender())
            if (problem !== undefined) wrong.push(problem)
          }
        },
        verify: () => {
          if (wrong.length > 0) throw new Error(`${contender}, ${name}: ${wrong[0]}`)
        }
      }
    }
    return [
      work("one action", (sender) => {
        const value = raise(sender)
        const told = sender.sendLast()
        return told === value ? undefined : `told ${told}, not ${value}`
      }),
      work(
        `opened on ${keptActions} actions`,
        (sender) => {
          const told = sender.open()
          return told === keptActions ? undefined : `told of ${told} actions`
        },
        0.1
      ),
      work("all of the state, written", (sender) => {
        const length = sender.write()
        return length > count * 400 ? undefined : `wrote ${length} characters`
      })
    ]
  })
}

export const serialise: Work = {
  cases,
  plan: () => ({ rounds: 11, warmUps: 1, sample: { ms: 5 } }),
  baselines: ["Redux extension", "Redux extension, serialize: true"],
  // Of ten times that, fifty states are more than a string can hold
  sizes: [1]
}
