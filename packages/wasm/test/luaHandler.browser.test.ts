import { luaHandler } from "./suite/luaHandler.ts"

luaHandler()
