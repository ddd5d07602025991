import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: { target: "es2023", sourcemap: true, chunkSizeWarningLimit: 1_500 },
  // For work on the desk: `vite` beside a running `node server/main.ts`.
  server: { proxy: { "/data": "http://127.0.0.1:4173", "/api": "http://127.0.0.1:4173" } }
})
