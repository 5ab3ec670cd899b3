// Questions to the person at the terminal. Never asked when nobody is there to answer: then `cannot_ask` says which
// option answers instead.

import { createInterface } from 'node:readline'
import { addAbortSignal, Writable } from 'node:stream'
import type { CliContext } from './context.ts'
import { cliErrors } from './errors.ts'

/** One line, shown as it is typed. */
export function ask(context: CliContext, question: string): Promise<string> {
  return readAnswer(context, question, false)
}

/** One line, not shown. */
export function askHidden(context: CliContext, question: string): Promise<string> {
  return readAnswer(context, question, true)
}

/** True only when the person typed `yes`. */
export async function confirm(context: CliContext, question: string): Promise<boolean> {
  const answer = await ask(context, `${question} Type yes to go on: `)
  return answer.trim().toLowerCase() === 'yes'
}

/** All of stdin when it is no terminal, else the answer to a question. For what must not stand in a shell's history. */
export async function readSecret(context: CliContext, question: string): Promise<string> {
  const { stdin } = context.terminal
  if (stdin.isTTY) return ask(context, question)
  let text = ''
  for await (const chunk of stdin) {
    text += String(chunk)
    if (text.length > secretCharsMax) throw cliErrors.usage('What comes from stdin is too long.')
  }
  return text.trim()
}

/** All of stdin as text, whoever writes it. */
export async function readInput(context: CliContext, charsMax: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of addAbortSignal(context.signal, context.terminal.stdin)) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    if (text.length > charsMax) throw cliErrors.usage(`What comes from stdin has more than ${charsMax} characters.`)
  }
  return text + decoder.decode()
}

/** More than any phrase or passphrase that the daemon takes. */
const secretCharsMax = 4096

function readAnswer(context: CliContext, question: string, hidden: boolean): Promise<string> {
  const { terminal, signal } = context
  if (!terminal.canAsk) throw cliErrors.cannot_ask('This needs an answer, and there is no terminal to ask on.')
  let muted = false
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!muted) terminal.stderr.write(String(chunk))
      done()
    },
  })
  const reader = createInterface({ input: terminal.stdin, output, terminal: true, historySize: 0 })
  return new Promise((resolve, reject) => {
    const interrupted = () => reject(cliErrors.interrupted('It was interrupted.', { hint: 'Nothing was changed.' }))
    reader.on('SIGINT', interrupted)
    reader.on('close', interrupted)
    signal.addEventListener('abort', interrupted, { once: true })
    reader.question(question, resolve)
    muted = hidden
  }).then(
    (answer) => closed(answer as string),
    (error) => {
      closed('')
      throw error
    },
  )

  function closed(answer: string): string {
    reader.close()
    if (hidden) terminal.stderr.write('\n')
    return answer
  }
}
