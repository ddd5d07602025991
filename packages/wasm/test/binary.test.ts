import { binary } from "./suite/binary.ts"

binary()
