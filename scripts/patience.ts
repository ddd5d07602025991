/** How long what a test waits for may take, in milliseconds. Nothing is measured by it. */
export const patienceMs = 20_000
