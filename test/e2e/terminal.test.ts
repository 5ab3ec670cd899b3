// The command line between a person, a pipe and a signal: a second Ctrl-C, readers that go away, a terminal against a pipe.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stopMsMax } from '../../src/node/limits.ts'
import { defaultArgs, program, runCommand } from '../support/daemon.ts'
import { fileHash, mebibyte, peersOf, sampleBytes, share, until, writeFiles } from './support.ts'

/** Sends the signal again and again, as an impatient person does; resolves when the process has ended. */
async function interruptUntilGone(child: ChildProcess): Promise<number | null> {
  await until('the process to end', () => {
    child.kill('SIGINT')
    return child.exitCode !== null || child.signalCode !== null
  })
  return child.exitCode
}

/** Makes the API of a daemon never finish closing: a step of its stop that hangs. */
const hangingClose = `data:text/javascript,${encodeURIComponent(
  "import { Server } from 'node:http'; Server.prototype.close = function () { return this }",
)}`

test('a second Ctrl-C during a stop that takes long ends the daemon at once, with 130', async (t) => {
  const peers = peersOf(t)
  const env = { NODE_OPTIONS: `--import=${hangingClose}` }
  const patient = await peers.start({ env })
  const begunMs = performance.now()
  assert.equal(await patient.stop(), 0)
  assert.ok(performance.now() - begunMs >= stopMsMax - 50, 'a single signal waits for the stop, up to its limit')

  const impatient = await peers.restart(patient, { env })
  // By its limit it would end with 0.
  assert.equal(await interruptUntilGone(impatient.process), 130)
  // Nothing was lost, and the next start finds the folder free.
  const next = await peers.restart(impatient)
  assert.equal(next.peerId, impatient.peerId)
})

test('a second Ctrl-C ends a get whose daemon does not answer', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const { link } = await share(author, writeFiles(join(peers.folder(), 'a'), { 'a.txt': 10 }))
  await author.stop()
  const running = reader.spawn('get', link, '--to', peers.folder(), '--json')
  await until('the transfer to begin', async () => (await reader.client.transfers.list()).length > 0)
  reader.process.kill('SIGSTOP')
  t.after(() => reader.process.kill('SIGCONT'))
  assert.equal(await interruptUntilGone(running.process), 130)
  reader.process.kill('SIGCONT')
})

test('a reader that goes away ends a command quietly, and a daemon not at all', async (t) => {
  const peers = peersOf(t)
  const [author, peer] = await Promise.all([peers.start(), peers.start()])
  const { link } = await share(author, writeFiles(join(peers.folder(), 'a'), { 'a.txt': 10 }))
  await author.stop()
  // The last one would wait for someone who has it, and say so to nobody.
  const waits = ['get', link, '--to', peers.folder(), '--json']
  for (const args of [['status'], ['--help'], waits]) {
    assert.equal(intoClosedPipe(peer.home, args), 'ended with 0\n', args.join(' '))
  }

  const home = peers.folder()
  const env = { ...process.env, PEERHOOD_HOME: home }
  const daemon = runCommand(['start', '--port', '0', ...defaultArgs], env)
  t.after(() => daemon.process.kill('SIGKILL'))
  daemon.process.stdout?.destroy()
  await until('the daemon to be ready', () => existsSync(join(home, 'daemon.json')))
  assert.equal((await runCommand(['status', '--json'], env).done).code, 0)
  daemon.process.kill('SIGTERM')
  assert.equal((await daemon.done).code, 0)
  assert.equal(existsSync(join(home, 'daemon.json')), false)
})

/** Runs a command whose reader has gone before it writes anything; gives what it wrote to stderr, and how it ended. */
function intoClosedPipe(home: string, args: readonly string[]): string {
  const env = { ...process.env, PEERHOOD_HOME: home }
  const script = '{ "$@"; echo "ended with $?" >&2; } | true'
  const command = ['-c', script, 'sh', process.execPath, program, ...args]
  return spawnSync('sh', command, { env, encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' }).stderr
}

const escapeCode = '\u001b'

test('progress of a get: plain lines into a pipe, one line rewritten on a terminal, the result on stdout', async (t) => {
  const peers = peersOf(t)
  const [author, reader] = await Promise.all([peers.start(), peers.start()])
  const file = join(peers.folder(), 'film.bin')
  writeFileSync(file, sampleBytes('film', 8 * mebibyte))
  const { link } = await share(author, file)

  const piped = await reader.run('get', link, '--to', peers.folder())
  assert.equal(piped.code, 0, piped.stderr)
  assert.doesNotMatch(piped.stdout + piped.stderr, new RegExp(`${escapeCode}|\r`))
  assert.match(piped.stderr, /^\S.*\n/)
  assert.match(piped.stdout, /film\.bin\n1 file, 8\.39 MB in /)

  if (!hasScript()) return t.skip('there is no `script` of util-linux to give a command a terminal')
  const to = peers.folder()
  const shown = await onTerminal(t, reader.home, ['get', link, '--to', to])
  assert.equal(shown.code, 0, shown.text)
  // Erased by going to the start of the line and clearing what follows; no line of progress stays behind.
  assert.ok(shown.text.includes(`\r${escapeCode}[J`), JSON.stringify(shown.text))
  const left = shown.text.slice(shown.text.lastIndexOf(`${escapeCode}[J`) + 3)
  assert.match(left, /^\S*film\.bin\r\n1 file, 8\.39 MB in .*\r\n$/)
  assert.equal(fileHash(join(to, 'film.bin')), fileHash(file))

  // Neither mixes into JSON.
  const json = await onTerminal(t, reader.home, ['status', '--json'])
  assert.equal(JSON.parse(json.text).peerId, reader.peerId)
})

/** util-linux's `script`; that of the BSDs takes other arguments. */
function hasScript(): boolean {
  const { status, stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  return status === 0 && stdout.includes('util-linux')
}

/** Runs a command of the program in a terminal of 80 columns; `text` is all that the terminal got. */
async function onTerminal(t: TestContext, home: string, args: readonly string[]) {
  const words = [process.execPath, program, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`)
  const env = { ...process.env, PEERHOOD_HOME: home, TERM: 'xterm' }
  const command = ['-qec', `stty cols 80 && exec ${words.join(' ')}`, '/dev/null']
  const child = spawn('script', command, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += String(chunk)
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, text }
}
