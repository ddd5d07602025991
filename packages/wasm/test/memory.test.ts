import { memorySuite } from "./suite/memory.ts"

memorySuite()
