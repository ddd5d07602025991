import { versions } from "./suite/versions.ts"

versions()
