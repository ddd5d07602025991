/**
 * Mean delay as a colour: blue below the usual, grey about it, orange to red above. The hues stay apart for
 * the common forms of colour blindness, and every place that uses them also says the number. The colours
 * themselves are in desk.css, for the light and the dark.
 */
const steps = [
  { below: 0, color: "var(--delay-early)", label: "early" },
  { below: 4, color: "var(--delay-0)", label: "0–4" },
  { below: 8, color: "var(--delay-4)", label: "4–8" },
  { below: 12, color: "var(--delay-8)", label: "8–12" },
  { below: 16, color: "var(--delay-12)", label: "12–16" },
  { below: 20, color: "var(--delay-16)", label: "16–20" },
  { below: Infinity, color: "var(--delay-20)", label: "over 20" }
] as const

export const delaySteps: ReadonlyArray<{ readonly color: string; readonly label: string }> = steps

/** For airports where nothing has arrived yet. */
export const noDelayColor = "var(--delay-none)"

export const delayColor = (mean: number | undefined): string =>
  mean === undefined ? noDelayColor : (steps.find(({ below }) => mean < below)?.color ?? noDelayColor)

export type Severity = "early" | "fine" | "late" | "bad"

/** How a single flight's delay is marked. 15 minutes is where the US DOT starts to count a flight as late. */
export const severity = (delay: number): Severity => {
  if (delay <= 0) return "early"
  if (delay <= 15) return "fine"
  return delay <= 60 ? "late" : "bad"
}
