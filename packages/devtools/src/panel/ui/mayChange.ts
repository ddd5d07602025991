import type { Root } from "../../protocol/index.ts"

/** Whether what is there may be otherwise when it is asked for again: the past is not. */
export const mayChange = (root: Root): boolean => root._tag === "State" && root.moment === "live"
