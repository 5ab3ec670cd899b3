// A set of very many paths, in parts: a `Set` that grows past a hundred thousand entries holds the thread for 50 ms.

const parts = 64

export interface PathSet {
  add(path: string): void
  has(path: string): boolean
}

export function createPathSet(): PathSet {
  const sets = Array.from({ length: parts }, () => new Set<string>())
  const setOf = (path: string) => sets[partOf(path)] as Set<string>
  return {
    add: (path) => void setOf(path).add(path),
    has: (path) => setOf(path).has(path),
  }
}

/** Names of one folder differ near their ends. */
function partOf(path: string): number {
  let sum = 0
  for (let at = Math.max(0, path.length - 12); at < path.length; at++) sum = (sum * 31 + path.charCodeAt(at)) >>> 0
  return sum % parts
}
