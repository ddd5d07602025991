/** Lets Node read modules as a bundler for server components does: what says "use client" becomes a reference. */
import { register } from "node:module"

// React's loader wants text, where Node gives bytes, and cannot find source maps.
const asText = `export const load = async (url, context, next) => {
  const result = await next(url, context)
  if (result.format !== "module") return result
  return { ...result, source: result.source.toString().replace("//# sourceMappingURL=", "// ") }
}`
register(`data:text/javascript,${encodeURIComponent(asText)}`)
register("react-server-dom-webpack/node-loader", import.meta.url)
