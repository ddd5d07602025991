/** The dispatch suites: increment one field of a small state, with 0, 1 and 100 subscribers. */
import { atoms, atomsInFiber } from "./contenders/atoms.ts"
import { floor } from "./contenders/floor.ts"
import { redux } from "./contenders/redux.ts"
import { sluice, sluiceInFiber, sluiceTraceFull, sluiceTraceOff } from "./contenders/sluice.ts"
import type { Contender, Probe } from "./contenders/store.ts"
import { zustand } from "./contenders/zustand.ts"
import type { Case } from "./harness.ts"

const subscriberCounts = [0, 1, 100] as const

/** Called from plain code. */
export const plain: ReadonlyArray<Contender> = [
  floor,
  zustand,
  redux,
  atoms,
  sluice,
  sluiceTraceOff,
  sluiceTraceFull
]

/** Run by a fiber: another job, since each time goes through Effect's own loop. */
export const inFiber: ReadonlyArray<Contender> = [atomsInFiber, sluiceInFiber]

export const plainBaselines = [zustand.name, floor.name]
export const fiberBaselines = [atomsInFiber.name]

const workOf = (subscribers: number): string =>
  `${subscribers} ${subscribers === 1 ? "subscriber" : "subscribers"}`

export const toCase = (contender: Contender, subscribers: number): Case => {
  const store = contender.make()
  const probes = Array.from({ length: subscribers }, (): Probe => ({ told: 0, count: 0 }))
  for (const probe of probes) store.watch(probe)
  const work = workOf(subscribers)
  return {
    work,
    contender: contender.name,
    run: store.run,
    verify: (times) => {
      const counts = [store.count(), ...probes.flatMap(({ told, count }) => [told, count])]
      const wrong = counts.find((count) => count !== times)
      if (wrong === undefined) return
      throw new Error(`${contender.name} with ${work}: after ${times} increments something counts ${wrong}`)
    }
  }
}

export const casesOf = (contenders: ReadonlyArray<Contender>): ReadonlyArray<Case> =>
  subscriberCounts.flatMap((subscribers) => contenders.map((contender) => toCase(contender, subscribers)))
