// Who may call: decided for every request before anything else happens, from its head alone. Pure but for hashing.
//
//   Host  must name us (DNS rebinding: a page of evil.example that resolves to 127.0.0.1 still sends its own name)
//   Origin, Sec-Fetch-Site  must say our own page, or nothing at all (other pages in the person's browser)
//   token  as Bearer (programs) or as the page's cookie (browsers)
//   confirm key  beside the token, in a header (the CLI) or as a second cookie (the page): says that it is the person who acts.
//     It lies in the data folder and is in no program's settings; whoever can read that folder has everything anyway
//
// Cookies know no ports: every other server that the person opens as http://127.0.0.1:<port> in the same browser is
// sent our cookie, too. So the cookie is named after our port, holds a value derived from the token and never the token
// itself, and what changes something needs a sign that only a browser on our own page gives.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { apiErrors } from './errors.ts'

export interface Gate {
  /** Throws `host_refused`. */
  checkHost(incoming: IncomingMessage): void
  /**
   * For what other pages may call: no Origin (programs), our own, or one that `isAllowed` lets in. Throws `origin_refused`.
   * Browsers send an Origin with every request by a script to another origin, and with every WebSocket.
   */
  checkOpenOrigin(incoming: IncomingMessage, isAllowed: (origin: string) => boolean): void
  /** Throws `host_refused` or `origin_refused`. `isPage`: the page itself may be navigated to from anywhere. */
  checkSource(incoming: IncomingMessage, isPage: boolean): void
  /** Throws `unauthenticated` or `origin_refused`. */
  checkCaller(incoming: IncomingMessage): void
  /** Compares in constant time. */
  isToken(candidate: string): boolean
  /** Whether the caller has also shown the confirm key; call it after {@link Gate.checkCaller}. */
  isPerson(incoming: IncomingMessage): boolean
  /** The `Set-Cookie`s that let the page in: with the right confirm key it may confirm, too. */
  setCookies(confirmKey: string | undefined): readonly string[]
}

/** In which the CLI shows the confirm key; sdk/http.ts has the same. */
const confirmHeader = 'peerhood-confirm'

/** Methods that change nothing (RFC 9110 §9.2.1). */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Paths that want the token; all others are the page, which holds nothing worth hiding. */
export function isApiPath(path: string): boolean {
  return path === '/api' || path.startsWith('/api/') || path === '/metrics'
}

export function createGate(options: {
  readonly token: string
  readonly confirmKey?: string | undefined
  readonly port: number
}): Gate {
  const { token, confirmKey, port } = options
  const hosts = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`))
  const cookieName = `peerhood-${port}`
  const cookieValue = hmac(token, `peerhood/page-cookie/1/${port}`).toString('base64url')
  const confirmName = `peerhood-confirm-${port}`
  const confirmValue = confirmKey && hmac(confirmKey, `peerhood/confirm-cookie/1/${port}`).toString('base64url')
  const attributes = 'Path=/; HttpOnly; SameSite=Strict'
  const isEqual = (candidate: string, secret: string) => timingSafeEqual(digest(candidate), digest(secret))

  function checkHost(incoming: IncomingMessage): string {
    const host = onlyHeader(incoming, 'host')?.toLowerCase()
    if (host === undefined || !hosts.has(host)) {
      throw apiErrors.host_refused('This request names a host that is not this daemon.')
    }
    return host
  }

  function checkSource(incoming: IncomingMessage, isPage: boolean): void {
    checkOrigin(incoming, checkHost(incoming))
    checkFetchSite(incoming, isPage)
  }

  function checkOpenOrigin(incoming: IncomingMessage, isAllowed: (origin: string) => boolean): void {
    if (incoming.headers.origin === undefined) {
      checkFetchSite(incoming, false)
      return
    }
    const origin = onlyHeader(incoming, 'origin')
    const isOwn = origin !== undefined && hosts.has(origin.toLowerCase().replace(/^http:\/\//, ''))
    if (origin !== undefined && ((isOwn && origin.startsWith('http://')) || isAllowed(origin))) return
    throw apiErrors.origin_refused('A page that is not allowed to ask this ledger sent this request.', {
      hint: 'Allow its origin with `peerhood ledger rpc --allow ORIGIN`, if you trust it.',
    })
  }

  function checkCaller(incoming: IncomingMessage): void {
    const { authorization } = incoming.headers
    if (authorization !== undefined) {
      const candidate = /^Bearer ([!-~]{1,256})$/i.exec(authorization)?.[1]
      if (candidate === undefined || !isEqual(candidate, token)) throw unauthenticated()
      return
    }
    const cookies = cookiesNamed(incoming.headers.cookie, cookieName)
    if (!cookies.some((candidate) => isEqual(candidate, cookieValue))) throw unauthenticated()
    if (!safeMethods.has(incoming.method ?? '')) checkOwnPage(incoming)
  }

  function isPerson(incoming: IncomingMessage): boolean {
    if (confirmKey === undefined || confirmValue === undefined) return false
    const shown = onlyHeader(incoming, confirmHeader)
    if (shown !== undefined) return isEqual(shown, confirmKey)
    return cookiesNamed(incoming.headers.cookie, confirmName).some((candidate) => isEqual(candidate, confirmValue))
  }

  return {
    checkHost,
    checkOpenOrigin,
    checkSource,
    checkCaller,
    isToken: (candidate) => isEqual(candidate, token),
    isPerson,
    setCookies(shown) {
      const page = `${cookieName}=${cookieValue}; ${attributes}`
      const isRight = confirmKey !== undefined && shown !== undefined && isEqual(shown, confirmKey)
      return isRight ? [page, `${confirmName}=${confirmValue}; ${attributes}`] : [page]
    },
  }
}

function unauthenticated() {
  return apiErrors.unauthenticated('This request does not show the token of this daemon.')
}

/** Any Origin must be ours, whatever the method; `null` (sandboxed documents, data: URLs) is not. */
function checkOrigin(incoming: IncomingMessage, host: string): void {
  if (incoming.headers.origin === undefined) return
  if (onlyHeader(incoming, 'origin')?.toLowerCase() === `http://${host}`) return
  throw apiErrors.origin_refused('Another page sent this request.')
}

/**
 * Fetch Metadata: browsers say where a request comes from even when they send no Origin (images, scripts, links).
 * `same-site` is other ports of this computer, so it is foreign too. `none` is what the person typed or opened.
 */
function checkFetchSite(incoming: IncomingMessage, isPage: boolean): void {
  const site = incoming.headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return
  const isNavigation =
    incoming.headers['sec-fetch-mode'] === 'navigate' && incoming.headers['sec-fetch-dest'] === 'document'
  if (isPage && isNavigation && incoming.method === 'GET') return
  throw apiErrors.origin_refused('Another page sent this request.')
}

/** With a cookie, silence is no proof: an Origin (checked before) or Fetch Metadata must say that it is our page. */
function checkOwnPage(incoming: IncomingMessage): void {
  if (incoming.headers.origin !== undefined) return
  if (incoming.headers['sec-fetch-site'] === 'same-origin') return
  throw apiErrors.origin_refused('This request does not show that it comes from the daemon’s own page.')
}

/** A header's value when it was sent once; `incoming.headers` hides repetitions. */
function onlyHeader(incoming: IncomingMessage, name: string): string | undefined {
  const values = incoming.headersDistinct[name]
  return values?.length === 1 ? values[0] : undefined
}

function cookiesNamed(header: string | undefined, name: string): string[] {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1))
}

function hmac(key: string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** Equal lengths for the comparison; the key only separates this use from others. */
function digest(text: string): Buffer {
  return hmac('peerhood/compare/1', text)
}
