/** Where the panel is docked and how large it is there, kept across reloads. */
export type Dock = "right" | "bottom" | "left"

export const docks: ReadonlyArray<Dock> = ["left", "bottom", "right"]

export interface Preferences {
  readonly dock: Dock
  /** CSS pixels, when docked at a side. */
  readonly width: number
  /** CSS pixels, when docked at the bottom. */
  readonly height: number
}

export const defaultPreferences: Preferences = { dock: "right", width: 560, height: 380 }

const storageKey = "sluice-devtools"

const isDock = (value: unknown): value is Dock => docks.some((dock) => dock === value)

const isLength = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value > 0

/** What was stored, as far as it makes sense; storage may be forbidden, full or written by someone else. */
export const readPreferences = (fallback: Preferences): Preferences => {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? "null")
    if (typeof stored !== "object" || stored === null) return fallback
    return {
      dock: "dock" in stored && isDock(stored.dock) ? stored.dock : fallback.dock,
      width: "width" in stored && isLength(stored.width) ? stored.width : fallback.width,
      height: "height" in stored && isLength(stored.height) ? stored.height : fallback.height
    }
  } catch {
    return fallback
  }
}

export const writePreferences = (preferences: Preferences): void => {
  try {
    localStorage.setItem(storageKey, JSON.stringify(preferences))
  } catch {
    // Then they last as long as the page.
  }
}
