import type { Able, Contender } from "../contender.ts"
import { alienSignals } from "./alienSignals.ts"
import { atoms } from "./atoms.ts"
import { effector } from "./effector.ts"
import { floor } from "./floor.ts"
import { jotai } from "./jotai.ts"
import { mobx } from "./mobx.ts"
import { nanostores } from "./nanostores.ts"
import { preactSignals } from "./preactSignals.ts"
import { redux } from "./redux.ts"
import { reduxToolkit } from "./reduxToolkit.ts"
import { sluice } from "./sluice.ts"
import { tanstackStore } from "./tanstackStore.ts"
import { valtio } from "./valtio.ts"
import { xstate } from "./xstate.ts"
import { xstateStore } from "./xstateStore.ts"
import { zustand } from "./zustand.ts"

export const contenders: ReadonlyArray<Contender> = [
  floor,
  zustand,
  redux,
  reduxToolkit,
  jotai,
  xstateStore,
  xstate,
  mobx,
  effector,
  nanostores,
  preactSignals,
  alienSignals,
  valtio,
  tanstackStore,
  atoms,
  sluice
]

/** Those that do a job. */
export const able = <Job extends keyof Contender>(job: Job): ReadonlyArray<Able<Job>> =>
  contenders.filter((contender): contender is Able<Job> => contender[job] !== undefined)
