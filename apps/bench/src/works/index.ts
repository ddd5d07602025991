import type { Work } from "../work.ts"
import { channel } from "./channel.ts"
import { collectionWork } from "./collection.ts"
import { components } from "./components.ts"
import { computed } from "./computed.ts"
import { dispatch } from "./dispatch.ts"
import { fiber } from "./fiber.ts"
import { handlers } from "./handlers.ts"
import { history } from "./history.ts"
import { instancesWork } from "./instances.ts"
import { keyed } from "./keyed.ts"
import { lua } from "./lua.ts"
import { mutate } from "./mutate.ts"
import { serialise } from "./serialise.ts"
import { snapshots } from "./snapshots.ts"
import { trace } from "./trace.ts"

export const works = {
  dispatch,
  fiber,
  keyed,
  collection: collectionWork,
  computed,
  channel,
  mutate,
  trace,
  instances: instancesWork,
  history,
  serialise,
  snapshots,
  components,
  handlers,
  lua
} satisfies Readonly<Record<string, Work>>

export type WorkName = keyof typeof works

export const workNames = Object.keys(works) as ReadonlyArray<WorkName>
