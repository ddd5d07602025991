import { sluice } from "@sluice/devtools/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"
import { delayModel } from "./model/plugin.ts"

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), sluice(), delayModel()],
  build: { target: "es2023", sourcemap: true, chunkSizeWarningLimit: 1_500 },
  environments: {
    client: { build: { outDir: "dist/client" } },
    // With all that it uses: it runs from wherever it was built to.
    ssr: {
      build: { outDir: "dist/server", rolldownOptions: { input: "server/firstPage.tsx" } },
      resolve: { noExternal: true },
      define: { "process.env.NODE_ENV": JSON.stringify("production") }
    }
  },
  // `vite build` builds both.
  builder: {},
  // For work on the desk: `vite` beside a running `node server/main.ts`.
  server: { proxy: { "/data": "http://127.0.0.1:4173", "/api": "http://127.0.0.1:4173" } }
})
