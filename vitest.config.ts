import { playwright } from "@vitest/browser-playwright"
import { defineConfig } from "vitest/config"
import { chromiumArgs, findChromium } from "./scripts/chromium.ts"

const chromium = findChromium()
const ignored = ["**/node_modules/**", "**/dist/**", "**/.types/**"]
const tests = (suffix: string): Array<string> =>
  ["packages/*/test", "apps/*/test"].flatMap((folder) =>
    ["ts", "tsx"].map((extension) => `${folder}/**/*.${suffix}.${extension}`)
  )

// groupOrder: one project after another, so that a browser does not share two cores with the properties
export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      {
        test: {
          name: "node",
          include: [...tests("test"), "scripts/**/*.test.ts"],
          exclude: [...ignored, ...tests("browser.test"), ...tests("e2e.test")],
          environment: "node",
          sequence: { groupOrder: 0 }
        }
      },
      {
        test: {
          name: "browser",
          include: tests("browser.test"),
          exclude: ignored,
          sequence: { groupOrder: 1 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                args: [...chromiumArgs],
                ...(chromium === undefined ? {} : { executablePath: chromium })
              }
            }),
            instances: [{ browser: "chromium" }]
          }
        }
      },
      {
        test: {
          name: "e2e",
          include: tests("e2e.test"),
          exclude: ignored,
          environment: "node",
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 }
        }
      }
    ]
  }
})
