import { supervision } from "./suite/supervision.ts"

supervision()
