import type { ReactWork } from "../work.ts"
import { form } from "./form.ts"
import { live } from "./live.ts"
import { mount } from "./mount.ts"
import { ops } from "./ops.ts"
import { rows } from "./rows.ts"

export const reactWorks = { ops, rows, live, form, mount } satisfies Readonly<Record<string, ReactWork>>

export type ReactWorkName = keyof typeof reactWorks

export const reactWorkNames = Object.keys(reactWorks) as ReadonlyArray<ReactWorkName>

export const workOf = (name: ReactWorkName): ReactWork => reactWorks[name]
