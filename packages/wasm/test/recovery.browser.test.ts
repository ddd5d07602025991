import { recovery } from "./suite/recovery.ts"

recovery()
