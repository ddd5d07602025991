import { core } from "./suite/core.ts"

core()
