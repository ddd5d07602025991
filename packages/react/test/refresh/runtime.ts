import { Runtime } from "@sluice/core"

export const runtime = Runtime.make([])
