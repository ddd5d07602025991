import { recorded } from "./suite/recorded.ts"

recorded()
