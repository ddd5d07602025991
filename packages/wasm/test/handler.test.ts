import { handler } from "./suite/handler.ts"

handler()
