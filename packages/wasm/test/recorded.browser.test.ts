import { carried } from "./suite/carried.ts"
import { recorded } from "./suite/recorded.ts"

recorded()
carried()
