import { lua } from "./suite/lua.ts"

lua()
