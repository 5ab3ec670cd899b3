// One question and one answer of JSON-RPC 2.0, strictly: the answer may come from anybody. Pure.

import type { PeerhoodError } from '../../base/errors.ts'
import { clientErrors } from './errors.ts'
import { refusalCharsMax } from './limits.ts'

export function writeQuestion(id: number, method: string, params: readonly unknown[]): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}

/** The result. Throws `ledger_answer_malformed`, or `ledger_refused` with `details.rpcCode` and `details.data`. */
export function readAnswer(text: string, id: number): unknown {
  const answer = parse(text)
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw malformed('it is no object')
  const { jsonrpc, id: answered, result, error } = answer as Readonly<Record<string, unknown>>
  if (jsonrpc !== '2.0') throw malformed('it is no JSON-RPC 2.0')
  if (error !== undefined && error !== null) throw refusalOf(error)
  if (answered !== id) throw malformed('it answers another question')
  if (result === undefined) throw malformed('it has no result')
  return result
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('it is no JSON')
  }
}

function refusalOf(error: unknown): PeerhoodError {
  const { code, message, data } = (typeof error === 'object' ? error : {}) as Readonly<Record<string, unknown>>
  if (typeof code !== 'number' || typeof message !== 'string') return malformed('its error has no code and message')
  const said = shownLine(message, refusalCharsMax) || 'nothing'
  return clientErrors.ledger_refused(`The node says: ${said}`, { details: { rpcCode: code, rpcMessage: said, data } })
}

/** One line of a stranger's text: cut, without what can't be seen. */
export function shownLine(text: string, charsMax: number): string {
  const line = text
    .slice(0, 4 * charsMax)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  return line.length > charsMax ? `${line.slice(0, charsMax - 1).trimEnd()}…` : line
}

const malformed = (why: string) => clientErrors.ledger_answer_malformed(`The answer of the node can’t be used: ${why}.`)
