import { startSluice } from "./sluice.tsx"

startSluice({ concurrent: true })
