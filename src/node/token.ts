// `api-token`: what local programs show to be let into the API. Made at the first start, kept after that so that the
// page's address stays the same; 0600. A token that others could have read is worth nothing: it is replaced.

import { chmodSync, readFileSync, statSync } from 'node:fs'
import type { Random } from '../base/ports.ts'
import { type Home, writeFileAtomic } from './home.ts'
import type { Notice } from './notices.ts'

/** 32 bytes in base64url: 256 bits, 43 characters. */
const tokenPattern = /^[A-Za-z0-9_-]{43}$/

export function loadToken(home: Home, random: Random): { token: string; notices: readonly Notice[] } {
  const present = readToken(home)
  if (present !== undefined && !readableByOthers(home)) return { token: present, notices: [] }
  const token = Buffer.from(random.bytes(32)).toString('base64url')
  writeFileAtomic(home.token, `${token}\n`)
  chmodSync(home.token, 0o600)
  return { token, notices: present === undefined ? [] : [replaced(home)] }
}

function readToken(home: Home): string | undefined {
  try {
    const text = readFileSync(home.token, 'utf8').trim()
    return tokenPattern.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

function readableByOthers(home: Home): boolean {
  return process.platform !== 'win32' && (statSync(home.token).mode & 0o077) !== 0
}

function replaced(home: Home): Notice {
  return {
    code: 'token_replaced',
    sentence: `Others on this computer could read ${home.token}, so the API has a new token.`,
    advice: 'Open the page anew with `peerhood open`. Keep the file at mode 0600.',
  }
}
