import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { ask, askHidden, confirm, readSecret } from './ask.ts'
import type { CliContext } from './context.ts'

function setup(options: { isTTY: boolean }) {
  const stdin = Object.assign(new PassThrough(), options)
  const written: string[] = []
  const output = { isTTY: options.isTTY, write: (text: string) => written.push(text) }
  const controller = new AbortController()
  const context: CliContext = {
    terminal: {
      stdout: output,
      stderr: output,
      stdin: stdin as unknown as NodeJS.ReadStream,
      canAsk: options.isTTY,
      colour: false,
    },
    environment: { home: '/none', passphrase: undefined, logLevel: undefined },
    workFolder: '/',
    signal: controller.signal,
    outliveReader: () => undefined,
    daemon: () => Promise.reject(new Error('no daemon in this test')),
  }
  return { context, stdin, controller, written: () => written.join('') }
}

test('an answer is echoed, a hidden one is not', async () => {
  const open = setup({ isTTY: true })
  const shown = ask(open.context, 'Name: ')
  open.stdin.write('Ada\r')
  assert.equal(await shown, 'Ada')
  assert.match(open.written(), /Name: .*Ada/s)

  const secret = setup({ isTTY: true })
  const hidden = askHidden(secret.context, 'Passphrase: ')
  secret.stdin.write('open sesame\r')
  assert.equal(await hidden, 'open sesame')
  assert.match(secret.written(), /Passphrase: /)
  assert.doesNotMatch(secret.written(), /sesame/)
})

test('only yes is yes', async () => {
  for (const [answer, expected] of [
    ['yes', true],
    [' YES ', true],
    ['y', false],
    ['', false],
  ] as const) {
    const { context, stdin } = setup({ isTTY: true })
    const asked = confirm(context, 'Sure?')
    stdin.write(`${answer}\r`)
    assert.equal(await asked, expected)
  }
})

test('Ctrl-C, an end of input and a signal all interrupt the question', async () => {
  for (const end of ['key', 'input', 'signal'] as const) {
    const { context, stdin, controller } = setup({ isTTY: true })
    const asked = askHidden(context, 'Passphrase: ')
    if (end === 'key') stdin.write('\u0003')
    if (end === 'input') stdin.end()
    if (end === 'signal') controller.abort()
    await assert.rejects(asked, { code: 'interrupted', kind: 'interrupted' })
  }
})

test('nobody is asked where nobody sits; secrets may come from stdin there', async () => {
  const { context, stdin } = setup({ isTTY: false })
  assert.throws(() => ask(context, 'Name: '), { code: 'cannot_ask', kind: 'usage' })
  stdin.end('word word word\n')
  assert.equal(await readSecret(context, 'Phrase: '), 'word word word')

  const endless = setup({ isTTY: false })
  endless.stdin.end('x'.repeat(5000))
  await assert.rejects(readSecret(endless.context, ''), { code: 'usage' })
})
