/** Increment one field of a small state, with 0, 1 and 100 subscribers. */
import type { Able, Probe } from "../contender.ts"
import { able } from "../contenders/index.ts"
import type { Case } from "../harness.ts"
import { grouped, type Scale, type Work } from "../work.ts"

const caseName = (subscribers: number): string =>
  `${grouped(subscribers)} ${subscribers === 1 ? "subscriber" : "subscribers"}`

export const toCase = (contender: Able<"counter">, subscribers: number): Case => {
  const counter = contender.counter()
  const probes = Array.from({ length: subscribers }, (): Probe => ({ told: 0, count: 0 }))
  for (const probe of probes) counter.watch(probe)
  const name = caseName(subscribers)
  return {
    name,
    contender: contender.name,
    run: counter.run,
    verify: (times) => {
      const counts = [counter.count(), ...probes.flatMap(({ told, count }) => [told, count])]
      const wrong = counts.find((count) => count !== times)
      if (wrong === undefined) return
      throw new Error(`${contender.name} with ${name}: after ${times} increments something counts ${wrong}`)
    }
  }
}

export const casesOf =
  (contenders: ReadonlyArray<Able<"counter">>) =>
  (scale: Scale): ReadonlyArray<Case> =>
    [...new Set([0, 1, 100].map((count) => Math.round(count * scale)))].flatMap((subscribers) =>
      contenders.map((contender) => toCase(contender, subscribers))
    )

export const dispatch: Work = {
  cases: casesOf(able("counter")),
  plan: () => ({ rounds: 101, warmUps: 6, sample: { ms: 3 } }),
  baselines: ["zustand", "five lines by hand"]
}
