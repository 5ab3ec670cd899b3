// `api-token`: what local programs show to be let into the API; `confirm-key`: what the page and the CLI show beside it when the
// person confirms something (spending), so that a program that was given the token alone can't. Made at the first start, kept
// after that so that the page's address stays the same; 0600. What others could have read is worth nothing: it is replaced.

import { chmodSync, readFileSync, statSync } from 'node:fs'
import type { Random } from '../base/ports.ts'
import { type Home, writeFileAtomic } from './home.ts'
import type { Notice } from './notices.ts'

/** 32 bytes in base64url: 256 bits, 43 characters. */
const tokenPattern = /^[A-Za-z0-9_-]{43}$/

export function loadToken(home: Home, random: Random): { token: string; notices: readonly Notice[] } {
  const { secret, notices } = loadSecret(home.token, random, 'the API has a new token')
  return { token: secret, notices }
}

export function loadConfirmKey(home: Home, random: Random): { confirmKey: string; notices: readonly Notice[] } {
  const { secret, notices } = loadSecret(home.confirmKey, random, 'there is a new key to confirm with')
  return { confirmKey: secret, notices }
}

function loadSecret(path: string, random: Random, what: string): { secret: string; notices: readonly Notice[] } {
  const present = readSecret(path)
  if (present !== undefined && !readableByOthers(path)) return { secret: present, notices: [] }
  const secret = Buffer.from(random.bytes(32)).toString('base64url')
  writeFileAtomic(path, `${secret}\n`)
  chmodSync(path, 0o600)
  return { secret, notices: present === undefined ? [] : [replaced(path, what)] }
}

function readSecret(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return tokenPattern.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

function readableByOthers(path: string): boolean {
  return process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0
}

function replaced(path: string, what: string): Notice {
  return {
    code: 'token_replaced',
    sentence: `Others on this computer could read ${path}, so ${what}.`,
    advice: 'Open the page anew with `peerhood open`. Keep the file at mode 0600.',
  }
}
