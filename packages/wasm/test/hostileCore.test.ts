import { hostileCore } from "./suite/hostileCore.ts"

hostileCore()
