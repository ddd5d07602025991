/** Finds where modules are made without saying in which file. */
import type { Insertion } from "./sourceMap.ts"

/** A node of an ESTree. */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

const nodeIn = (node: Node | undefined, field: string): Node | undefined => {
  const value = node?.[field]
  return isNode(value) ? value : undefined
}

const nodesIn = (node: Node | undefined, field: string): ReadonlyArray<Node> => {
  const value = node?.[field]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** Of an identifier, or of a string where a name may be one. */
const nameOf = (node: Node | undefined): string | undefined => {
  const name = node?.["name"] ?? node?.["value"]
  return typeof name === "string" ? name : undefined
}

function* allNodes(node: Node): Generator<Node> {
  yield node
  for (const value of Object.values(node)) {
    for (const inner of Array.isArray(value) ? (value as ReadonlyArray<unknown>) : [value])
      if (isNode(inner)) yield* allNodes(inner)
  }
}

const core = "@sluice/core"

/** The names by which a file has `Module`, and all of core. */
const namesIn = (program: Node) => {
  const modules = new Set<string>()
  const cores = new Set<string>()
  for (const declaration of nodesIn(program, "body")) {
    if (declaration.type !== "ImportDeclaration") continue
    const from = nameOf(nodeIn(declaration, "source"))
    for (const specifier of nodesIn(declaration, "specifiers")) {
      const local = nameOf(nodeIn(specifier, "local"))
      if (local === undefined) continue
      const isWhole = specifier.type === "ImportNamespaceSpecifier"
      if (isWhole && from === `${core}/Module`) modules.add(local)
      else if (isWhole && from === core) cores.add(local)
      else if (from === core && nameOf(nodeIn(specifier, "imported")) === "Module") modules.add(local)
    }
  }
  return { modules, cores }
}

/** `Module.make`, by whatever name. */
const isMake = (callee: Node | undefined, { cores, modules }: ReturnType<typeof namesIn>): boolean => {
  if (callee?.type !== "MemberExpression" || callee["computed"] === true) return false
  if (nameOf(nodeIn(callee, "property")) !== "make") return false
  const object = nodeIn(callee, "object")
  if (object?.type === "Identifier") return modules.has(nameOf(object) ?? "")
  return (
    object?.type === "MemberExpression" &&
    object["computed"] !== true &&
    nameOf(nodeIn(object, "property")) === "Module" &&
    nodeIn(object, "object")?.type === "Identifier" &&
    cores.has(nameOf(nodeIn(object, "object")) ?? "")
  )
}

/** What is to be inserted so that each says `source`, in order; nothing where it says so already. */
export const sourcesToAdd = (program: unknown, source: string): ReadonlyArray<Insertion> => {
  if (!isNode(program)) return []
  const names = namesIn(program)
  if (names.modules.size === 0 && names.cores.size === 0) return []
  const insertions: Array<Insertion> = []
  for (const node of allNodes(program)) {
    if (node.type !== "CallExpression" || !isMake(nodeIn(node, "callee"), names)) continue
    const options = nodesIn(node, "arguments")[1]
    if (options?.type !== "ObjectExpression") continue
    const properties = nodesIn(options, "properties")
    if (properties.some((property) => nameOf(nodeIn(property, "key")) === "source")) continue
    // First, so that what is spread there may say it better.
    const text = ` source: ${JSON.stringify(source)}${properties.length > 0 ? "," : " "}`
    insertions.push({ at: options.start + 1, text })
  }
  return insertions.toSorted((a, b) => a.at - b.at)
}
