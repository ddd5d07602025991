import { load } from "../../abi/lua.ts"
import { serve } from "../serve.ts"

serve(load)
