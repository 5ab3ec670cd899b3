// Which entries of a shared folder its ignore files leave out: `.gitignore` and `.peerhoodignore`, in any folder, the
// nearest rules last, as git does (gitignore(5)). Pure over the files' text. What must stay true: rules of a folder
// reach only what lies below it, and nothing inside an ignored folder comes back.

import createIgnore, { type Ignore } from 'ignore'

export const ignoreFileNames: readonly string[] = ['.gitignore', '.peerhoodignore']

/** `ignore` remembers each path that it was asked about; a new matcher after so many keeps that within a few MB. */
const testsPerMatcherMax = 20_000

/** Immutable to its users: the rules of a folder are its parent's and its own. */
export class IgnoreRules {
  readonly #patterns: readonly string[]
  #matcher: Ignore | undefined
  #tests = 0

  constructor(patterns: readonly string[] = []) {
    this.#patterns = patterns
  }

  /** The rules inside `folder` (names from the share's root down) that holds ignore files with these texts. */
  within(folder: readonly string[], texts: readonly string[]): IgnoreRules {
    const added = texts.flatMap((text) => text.split(/\r?\n/)).map((line) => anchor(folder, line))
    const patterns = added.filter((pattern) => pattern !== undefined)
    return patterns.length === 0 ? this : new IgnoreRules([...this.#patterns, ...patterns])
  }

  /** Whether an entry is left out. Ask for its folders first: what lies below an ignored one is ignored too. */
  ignores(path: readonly string[], isFolder: boolean): boolean {
    if (this.#patterns.length === 0) return false
    if (this.#matcher === undefined || this.#tests++ > testsPerMatcherMax) {
      this.#matcher = createMatcher(this.#patterns)
      this.#tests = 0
    }
    return this.#matcher.ignores(path.join('/') + (isFolder ? '/' : ''))
  }
}

function createMatcher(patterns: readonly string[]): Ignore {
  return createIgnore({ ignorecase: false, allowRelativePaths: true }).add(patterns.map(plainStars))
}

/**
 * The same pattern with stars that say nothing more left out: three and more are one, and so are several `**` in a row
 * (gitignore(5)). As regular expressions they would be tried in every way to share a name among them: for ever.
 */
function plainStars(pattern: string): string {
  const single = pattern.replace(/\\.|\*{3,}/g, (found) => (found.startsWith('*') ? '*' : found))
  return single.replace(/(^!?|\/)(?:\*\*\/){2,}/g, '$1**/')
}

/** Rewrites a line of `folder`'s ignore file as one of the root's; undefined for comments and blank lines. */
function anchor(folder: readonly string[], line: string): string | undefined {
  if (line.trim() === '' || line.startsWith('#')) return undefined
  if (folder.length === 0) return line
  const negative = line.startsWith('!')
  const pattern = negative ? line.slice(1) : line
  // gitignore(5): a separator at the beginning or middle ties the pattern to the folder of the file.
  const tied = pattern.replace(/\s+$/, '').slice(0, -1).includes('/')
  const below = tied ? pattern.replace(/^\//, '') : `**/${pattern}`
  return `${negative ? '!' : ''}/${folder.map(escapeName).join('/')}/${below}`
}

function escapeName(name: string): string {
  return name.replace(/[\\*?[\]!# ]/g, '\\$&')
}

/** Compiles an `--only` pattern (one line of gitignore syntax); the result says whether a path is wanted. */
export function compileOnly(pattern: string): (path: readonly string[]) => boolean {
  const rules = new IgnoreRules([pattern])
  return (path) => rules.ignores(path, false)
}
