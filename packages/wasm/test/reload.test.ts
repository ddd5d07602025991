import { reload } from "./suite/reload.ts"

reload()
