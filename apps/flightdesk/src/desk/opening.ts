/** What the server's page was rendered from, on its way to the browser within the page. */

const id = "opening"

/** As an element to be put after what was rendered. No text in it can end it. */
export const writeOpening = (snapshot: unknown): string =>
  `<script id="${id}" type="application/json">${JSON.stringify(snapshot).replaceAll("<", "\\u003c")}</script>`

/** Undefined where the page did not come rendered. */
export const readOpening = (): unknown => {
  const text = document.getElementById(id)?.textContent
  return text === undefined ? undefined : (JSON.parse(text) as unknown)
}
