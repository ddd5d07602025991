// Not TypeScript, so that `new URL("./worker/core.js", import.meta.url)` is right in the sources and in what is published.
import { load } from "../../abi/core.ts"
import { serve } from "../serve.ts"

serve(load)
