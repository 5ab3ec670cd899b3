// Where the program's own files lie. It runs from its source, or from what scripts/build-program.mjs made of it in a folder of
// dist/: there each module that runs by itself has the same path as in src/, and all that they share lies in the folder itself.

import { readFileSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** The package's own folder. */
export const packageRoot = new URL('../../', import.meta.url)

/** As package.json says it. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')).version
}

/** The file of a module that runs by itself, by its path in src/: `content/worker/thread`. One of those that scripts/build-program.mjs names. */
export function programFile(path: string): URL {
  return new URL(import.meta.url.endsWith('.ts') ? `../${path}.ts` : `./${path}.mjs`, import.meta.url)
}

/** A thread that runs such a module; its modules come from the cache too, or starting takes three times as long. */
export function openThread(path: string, options: WorkerOptions = {}): Worker {
  const cache = getCompileCacheDir()
  return new Worker(programFile(path), {
    ...options,
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
  })
}
