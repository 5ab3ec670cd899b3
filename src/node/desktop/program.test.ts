import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDesktopProgram, desktopOnly, findOnPath } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'peerhood-notify-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

function program(name: string, script: string): string {
  const bin = join(folder, name)
  mkdirSync(bin)
  writeFileSync(join(bin, 'notify-send'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, 'notify-send'), 0o755)
  return bin
}

test('the program is a file that may be run, in a folder of PATH that does not depend on where one is', () => {
  const bin = program('found', 'exit 0')
  const plain = join(folder, 'plain')
  mkdirSync(join(plain, 'notify-send'), { recursive: true })
  assert.equal(findOnPath('notify-send', `:.:relative:${plain}:/nowhere:${bin}`), join(bin, 'notify-send'))
  assert.equal(findOnPath('notify-send', plain), undefined)
  chmodSync(join(bin, 'notify-send'), 0o644)
  assert.equal(findOnPath('notify-send', bin), undefined)
  assert.equal(findOnPath('notify-send', ''), undefined)
})

test('texts are arguments and nothing else, and no secret of ours goes along', async () => {
  const out = join(folder, 'out')
  const bin = program('shows', `for one in "$@"; do echo "[$one]"; done > "${out}"; env >> "${out}"`)
  const desktop = createDesktopProgram({
    ...{ PATH: `${bin}:/usr/bin:/bin`, PEERHOOD_PASSPHRASE: 'open sesame', DISPLAY: ':7', NODE_OPTIONS: '--inspect' },
  })
  assert.ok(desktop.hasSession())
  await desktop.show({ title: '--help', body: '$(touch pwned) `id` <b>&' })
  const lines = readFileSync(out, 'utf8').split('\n')
  assert.deepEqual(lines.slice(0, 4), [
    '[--app-name=Peerhood]',
    '[--]',
    '[--help]',
    '[$(touch pwned) `id` &lt;b&gt;&amp;]',
  ])
  assert.ok(lines.includes('DISPLAY=:7'))
  assert.ok(!lines.some((line) => line.includes('sesame') || line.startsWith('NODE_OPTIONS')))
  assert.deepEqual(desktopOnly({ LC_ALL: 'C', XDG_RUNTIME_DIR: '/run/user/1', AWS_SECRET: 'x', HOME: undefined }), {
    ...{ LC_ALL: 'C', XDG_RUNTIME_DIR: '/run/user/1' },
  })
})

test('one that is missing or fails says so', async () => {
  const none = createDesktopProgram({ PATH: folder })
  assert.ok(!none.hasSession())
  await assert.rejects(none.show({ title: 'x', body: '' }), { code: 'notify_unavailable' })
  const failing = createDesktopProgram({ PATH: program('fails', 'exit 3') })
  await assert.rejects(failing.show({ title: 'x', body: '' }), { code: 'notify_failed', message: /exit code 3/ })
})
