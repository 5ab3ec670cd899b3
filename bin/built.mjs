// What scripts/build-program.mjs made of the source: the same program in few files. Node needs half a second for a thousand small
// ones, so commands and daemons start twice as fast from it. Whoever changes the source runs the source until the next build.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Says which folder of dist/ it is, and what it was made of: `{ folder, inputs: [[path, bytes, time of its last change]] }`. */
export const recordFile = 'dist/program.json'

/** The folder of what was made of the source as it is now; undefined where there is none. */
export function builtProgram(root) {
  try {
    const { folder, inputs } = JSON.parse(readFileSync(join(root, recordFile), 'utf8'))
    // A package that is installed brings no source.
    const isFresh = !existsSync(join(root, 'src')) || inputs.every((input) => isUnchanged(root, input))
    const built = join(root, 'dist', folder)
    return isFresh && existsSync(join(built, 'cli', 'main.mjs')) ? built : undefined
  } catch {
    // Nothing was made yet, or a file of the source is gone.
    return undefined
  }
}

function isUnchanged(root, [path, bytes, changedMs]) {
  const { size, mtimeMs } = statSync(join(root, path))
  return size === bytes && mtimeMs === changedMs
}
