import { hostileRecords } from "./suite/hostileRecords.ts"

hostileRecords()
