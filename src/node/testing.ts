// What the tests of this folder share.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Home, homeAt, prepareHome } from './home.ts'

/** A data folder that goes with the test. */
export function temporaryHome(t: TestContext): Home {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'peerhood-node-')))
  t.after(() => rmSync(home.folder, { recursive: true, force: true }))
  prepareHome(home)
  return home
}
