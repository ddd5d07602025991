import type { ReactNode } from "react"

const paths = {
  play: "M5 3.5v13l11-6.5z",
  pause: "M5 3.5h3.5v13H5zM11.5 3.5H15v13h-3.5z",
  step: "M4 3.5v13l8.5-6.5zM13.5 3.5H16v13h-2.5z",
  restart: "M10 4a6 6 0 1 1-5.7 4.1l1.8.6A4.1 4.1 0 1 0 10 5.9v2.6L5.6 5 10 1.5z",
  close: "M5.3 4 10 8.7 14.7 4 16 5.3 11.3 10l4.7 4.7-1.3 1.3L10 11.3 5.3 16 4 14.7 8.7 10 4 5.3z",
  plus: "M9 4h2v5h5v2h-5v5H9v-5H4V9h5z"
} as const

export const Icon = ({ name }: { readonly name: keyof typeof paths }): ReactNode => (
  <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
    <path d={paths[name]} fill="currentColor" />
  </svg>
)
