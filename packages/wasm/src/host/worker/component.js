// Not TypeScript, so that `new URL("./worker/component.js", import.meta.url)` is right in the sources and in what is published.
import { load } from "../../abi/component.ts"
import { serve } from "../serve.ts"

serve(load)
