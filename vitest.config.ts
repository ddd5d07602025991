import { fileURLToPath } from "node:url"
import { playwright } from "@vitest/browser-playwright"
import { defineConfig } from "vitest/config"
import { chromiumArgs, findChromium } from "./scripts/chromium.ts"
import { patienceMs } from "./scripts/patience.ts"
import { forConcurrent, reactProjects, tags, type Base } from "./scripts/react-projects.ts"

const chromium = findChromium()
/** Of what runs tests of packages/wasm. */
const fixtures = fileURLToPath(new URL("packages/wasm/test/build/setup.ts", import.meta.url))
const ignored = ["**/node_modules/**", "**/dist/**", "**/.types/**"]
const tests = (suffix: string): Array<string> =>
  ["packages/*/test", "apps/*/test"].flatMap((folder) =>
    ["ts", "tsx"].map((extension) => `${folder}/**/*.${suffix}.${extension}`)
  )

/** Of every test: what comes later than that does not come. A machine that is busy makes nothing fail. */
const patient = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: patienceMs, interval: 20 } },
  setupFiles: [fileURLToPath(new URL("scripts/patience-setup.ts", import.meta.url))]
}

/** New each time: vitest names the instances of each project in place. */
const base: Base = {
  node: () => ({
    ...patient,
    // By itself vitest leaves one core of two to itself, which has next to nothing to do
    maxWorkers: 2,
    include: tests("test"),
    exclude: [...ignored, ...tests("browser.test"), ...tests("e2e.test")],
    environment: "node",
    sequence: { groupOrder: 0 }
  }),
  browser: () => ({
    ...patient,
    setupFiles: [...patient.setupFiles, fileURLToPath(new URL("scripts/collect-setup.ts", import.meta.url))],
    include: tests("browser.test"),
    exclude: ignored,
    sequence: { groupOrder: 1 },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          args: [...chromiumArgs, "--js-flags=--expose-gc"],
          ...(chromium === undefined ? {} : { executablePath: chromium })
        }
      }),
      instances: [{ browser: "chromium" }]
    }
  })
}

// Of the projects that all packages share; packages/react has more of them
const provide = {
  concurrent: false,
  compiled: false,
  react: 19,
  screenshots: process.env["SLUICE_SCREENSHOTS"] === "1"
} as const

// groupOrder: one kind after another, so that a browser does not share two cores with the properties
export default defineConfig({
  test: {
    allowOnly: false,
    reporters: ["default", "./scripts/skipped-reporter.ts"],
    projects: [
      {
        test: {
          ...base.node(),
          name: "node",
          globalSetup: fixtures,
          include: [...tests("test"), "scripts/**/*.test.ts"],
          tags,
          provide
        }
      },
      {
        test: {
          ...base.browser(),
          name: "browser",
          globalSetup: fixtures,
          exclude: [...ignored, forConcurrent],
          tags,
          provide
        }
      },
      ...reactProjects(base),
      {
        test: {
          ...patient,
          name: "e2e",
          include: tests("e2e.test"),
          exclude: ignored,
          environment: "node",
          fileParallelism: false,
          globalSetup: fileURLToPath(new URL("apps/flightdesk/test/sharedBuild.ts", import.meta.url)),
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 100 }
        }
      }
    ]
  }
})
