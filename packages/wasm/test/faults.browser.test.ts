import { faults } from "./suite/faults.ts"

faults()
