import { recordedTurns } from "./suite/recordedTurns.ts"

recordedTurns()
