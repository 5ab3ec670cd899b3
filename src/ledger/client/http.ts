// Carries JSON-RPC bodies to an outside node: one POST a question, no redirects, and no more of an answer than a limit.

import { isPeerhoodError } from '../../base/errors.ts'
import { clientErrors } from './errors.ts'
import { answerBytesMax } from './limits.ts'
import { shownAddress } from './settings-core.ts'
import type { Exchange } from './types.ts'

export function httpExchange(rpc: string, fetch: typeof globalThis.fetch): Exchange {
  const shown = shownAddress(rpc)
  const unreachable = (why: string) => clientErrors.ledger_unreachable(`${shown} can’t be asked: ${why}.`)
  return async (body, { signal }) => {
    try {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(rpc, { method: 'POST', headers, body, signal, redirect: 'error', credentials: 'omit' })
      const text = await readText(answer, shown)
      // Many nodes say what is wrong in JSON-RPC beside a status of 4xx.
      if (answer.ok || text.startsWith('{')) return text
      throw unreachable(`it answers with status ${answer.status}`)
    } catch (error) {
      if (isPeerhoodError(error)) throw error
      if (signal.aborted) throw signal.reason
      // The cause of a failed fetch may quote the address, and with it a key: its code says enough.
      throw unreachable(reasonOf(error))
    }
  }
}

async function readText(answer: Response, shown: string): Promise<string> {
  const reader = answer.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > answerBytesMax) {
      await reader.cancel().catch(() => undefined)
      throw clientErrors.ledger_answer_too_large(`${shown} answers with more than ${answerBytesMax} bytes.`)
    }
    text += decoder.decode(value, { stream: true })
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'its name can’t be looked up now',
    ECONNRESET: 'it broke the connection off',
    CERT_HAS_EXPIRED: 'its certificate has run out',
  }
  return reasons[code] ?? (code === '' ? 'the connection failed' : `the connection failed (${code})`)
}
