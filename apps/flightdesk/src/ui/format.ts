/** Numbers, times and delays as text. The flights' times are local and have no zone: they are shown as they are. */
const whole = new Intl.NumberFormat("en-US")
const oneDigit = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const share = new Intl.NumberFormat("en-US", { style: "percent" })
const day = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", timeZone: "UTC" })
const minute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" })
const monthName = new Intl.DateTimeFormat("en-US", { month: "short", year: "numeric", timeZone: "UTC" })

export const formatCount = (count: number): string => whole.format(count)
export const formatShare = (part: number): string => share.format(part)
export const formatDay = (time: number): string => day.format(time)
export const formatTime = (time: number): string => minute.format(time)
export const formatMoment = (time: number): string => `${formatDay(time)} ${formatTime(time)}`
export const formatMonth = (month: string): string => monthName.format(Date.parse(`${month}-01T00:00Z`))

/** `12.3 min`, with a real minus sign; a dash where there is no mean. */
export const formatMean = (mean: number | null | undefined): string =>
  mean === null || mean === undefined ? "–" : `${oneDigit.format(mean).replace("-", "−")} min`

export const formatDelay = (minutes: number): string => {
  if (minutes === 0) return "on time"
  return minutes > 0 ? `${minutes} min late` : `${-minutes} min early`
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`
