import { lua } from "./suite/lua.ts"
import { luaHostile } from "./suite/luaHostile.ts"
import { luaJson } from "./suite/luaJson.ts"

lua()
luaJson()
luaHostile()
