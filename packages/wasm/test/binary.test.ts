import { binary } from "./suite/binary.ts"
import { refusals } from "./suite/refusals.ts"

binary()
refusals()
