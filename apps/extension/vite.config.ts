import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: { target: "chrome123", modulePreload: false, chunkSizeWarningLimit: 1_500 },
  environments: {
    client: { build: { rolldownOptions: { input: ["devtools.html", "panel.html"] } } },
    // A content script is one file, and no module.
    content: {
      consumer: "client",
      build: {
        emptyOutDir: false,
        copyPublicDir: false,
        rolldownOptions: { input: "src/content.ts", output: { format: "iife", entryFileNames: "content.js" } }
      }
    }
  },
  // `vite build` builds both.
  builder: {}
})
