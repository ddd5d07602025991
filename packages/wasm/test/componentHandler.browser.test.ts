import { componentHandler } from "./suite/componentHandler.ts"

componentHandler()
