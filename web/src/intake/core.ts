// What a drop or a file picker gave, as the relative paths of one share. Pure.

/** A file that a person chose, and where it lay below what they chose. */
export interface Chosen<Body> {
  /** Names joined with "/": `Photos/2024/a.jpg`, or `a.jpg` alone. */
  readonly path: string
  readonly body: Body
}

export interface Bundle<Body> {
  /** What the share is called until the daemon says. */
  readonly name: string
  readonly files: readonly Chosen<Body>[]
}

/** One share is one file or one folder: several things at once become a folder. */
export function bundle<Body>(chosen: readonly Chosen<Body>[]): Bundle<Body> | undefined {
  const roots = new Set(chosen.map(({ path }) => rootOf(path)))
  const [root] = roots
  if (root === undefined) return undefined
  if (roots.size === 1) return { name: root, files: chosen }
  const name = `${roots.size} items`
  return { name, files: chosen.map(({ path, body }) => ({ path: `${name}/${path}`, body })) }
}

function rootOf(path: string): string {
  return path.split('/', 1)[0] ?? path
}

/** Whether a text, as pasted, holds a Peerhood link; line breaks that mail programs put in do not matter. */
export function findLink(text: string): string | undefined {
  return /peerhood:[a-z2-7]+/i.exec(text.replace(/\s+/g, ''))?.[0]
}
