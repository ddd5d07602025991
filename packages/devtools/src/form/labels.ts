/** What parts of a form are called. */
import type { FormNode } from "./Form.ts"

const maxText = 200
/** Of names and literals, which must be sent whole. */
export const maxName = 1000

export const clip = (text: string): string => (text.length > maxText ? `${text.slice(0, maxText)}…` : text)

type Option = Extract<FormNode, { readonly _tag: "Choice" }>["options"][number]

/** A literal to choose; nothing where it cannot be sent. */
export const optionOf = (value: unknown): Option | undefined => {
  if (typeof value === "string" && value.length <= maxName) return { label: clip(value), value }
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)))
    return { label: String(value), value }
  return undefined
}

/** Of a member of a union, by what it is. */
export const labelOf = (node: FormNode | undefined): string => {
  const said = node?.name ?? node?.as
  if (said !== undefined) return said
  switch (node?._tag) {
    case "Choice":
      return node.options.length === 1 ? (node.options[0]?.label ?? "") : "one of"
    case "Struct":
      return `{ ${node.fields
        .slice(0, 3)
        .map(({ key }) => clip(key))
        .join(", ")}${node.fields.length > 3 ? ", …" : ""} }`
    case "List":
    case "Tuple":
      return "list"
    case "Json":
      return "JSON"
    default:
      return node?._tag.toLowerCase() ?? "JSON"
  }
}
