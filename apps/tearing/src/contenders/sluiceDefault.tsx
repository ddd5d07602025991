import { startSluice } from "./sluice.tsx"

startSluice({ concurrent: false })
