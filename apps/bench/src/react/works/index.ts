import type { ReactWork } from "../work.ts"
import { ops } from "./ops.ts"

export const reactWorks = { ops } satisfies Readonly<Record<string, ReactWork>>

export type ReactWorkName = keyof typeof reactWorks

export const reactWorkNames = Object.keys(reactWorks) as ReadonlyArray<ReactWorkName>

export const workOf = (name: ReactWorkName): ReactWork => reactWorks[name]
