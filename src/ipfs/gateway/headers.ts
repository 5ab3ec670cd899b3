// Headers of the gateway's answers, and which type a file is served as.
//
// What a stranger made is served by an origin of its own (another port than the API's), which has nothing to steal: no
// cookie, no token, no storage of the page. Three locks keep it from more: no script runs in it (`sandbox`), it loads
// nothing but from this gateway, and other pages can't embed or read it.

import { basename } from 'node:path'

const common: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
}

const onlyOwn =
  "default-src 'none'; img-src 'self' data:; media-src 'self'; font-src 'self' data:; style-src 'self' 'unsafe-inline'; " +
  "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

/** `allow-same-origin` gives no right to a document without scripts; its pictures and films could not be loaded without. */
export const contentHeaders: Readonly<Record<string, string>> = {
  ...common,
  'content-security-policy': `sandbox allow-same-origin allow-popups; ${onlyOwn}`,
}

/** Browsers refuse to start their own viewer in a sandboxed document; it has a process and origin of its own. */
export const pdfHeaders: Readonly<Record<string, string>> = {
  ...common,
  'content-security-policy': "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}

/** Our own words: listings and refusals. */
export const ownHeaders: Readonly<Record<string, string>> = {
  ...common,
  'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}

/** What never changes (path-gateway, "Cache-Control"). */
export const immutable = 'public, max-age=29030400, immutable'

const text = 'text/plain; charset=utf-8'
const typeOfExtension: Readonly<Record<string, string>> = {
  ...{ html: 'text/html; charset=utf-8', htm: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8' },
  ...{ js: 'text/javascript; charset=utf-8', mjs: 'text/javascript; charset=utf-8', json: 'application/json' },
  ...{ svg: 'image/svg+xml', xml: text, wasm: 'application/wasm', pdf: 'application/pdf' },
  ...{ apng: 'image/apng', avif: 'image/avif', bmp: 'image/bmp', gif: 'image/gif', ico: 'image/x-icon' },
  ...{ jpeg: 'image/jpeg', jpg: 'image/jpeg', png: 'image/png', webp: 'image/webp' },
  ...{ aac: 'audio/aac', flac: 'audio/flac', m4a: 'audio/mp4', mp3: 'audio/mpeg', oga: 'audio/ogg', ogg: 'audio/ogg' },
  ...{ opus: 'audio/ogg', wav: 'audio/wav', weba: 'audio/webm' },
  ...{ m4v: 'video/mp4', mkv: 'video/x-matroska', mov: 'video/quicktime', mp4: 'video/mp4', ogv: 'video/ogg' },
  ...{ webm: 'video/webm', otf: 'font/otf', ttf: 'font/ttf', woff: 'font/woff', woff2: 'font/woff2' },
  ...{ zip: 'application/zip', gz: 'application/gzip', tar: 'application/x-tar', car: 'application/vnd.ipld.car' },
  ...{
    txt: text,
    md: text,
    csv: text,
    log: text,
    srt: text,
    yaml: text,
    yml: text,
    toml: text,
    ini: text,
    vtt: 'text/vtt',
  },
  ...{
    c: text,
    cpp: text,
    go: text,
    h: text,
    java: text,
    py: text,
    rs: text,
    sh: text,
    sql: text,
    ts: text,
    tsx: text,
  },
}

/** From the name alone, and from the first bytes where there is no telling name. */
export function contentType(name: string, first: Uint8Array): string {
  const dot = name.lastIndexOf('.')
  const extension = dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
  if (Object.hasOwn(typeOfExtension, extension)) return typeOfExtension[extension] ?? text
  return magicType(first) ?? 'application/octet-stream'
}

const magics: readonly (readonly [string, readonly number[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['application/pdf', [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ['application/zip', [0x50, 0x4b, 0x03, 0x04]],
  ['audio/ogg', [0x4f, 0x67, 0x67, 0x53]],
]

/** Pictures and the like by how they begin; plain text when nothing in it is binary. Never HTML: a name has to say that. */
function magicType(first: Uint8Array): string | undefined {
  const found = magics.find(([, magic]) => magic.every((byte, place) => first[place] === byte))
  if (found !== undefined) return found[0]
  if (first.length === 0) return text
  const isText = first.subarray(0, 512).every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d)
  return isText ? text : undefined
}

/** RFC 6266, with both forms of the name where it is not ASCII (path-gateway, "Content-Disposition"). */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const safe = basename(name.toWellFormed()).replace(/["\\\r\n]/g, '_')
  const ascii = safe.replace(/[^\u0020-\u007e]/g, '_')
  const encoded = encodeURIComponent(safe).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return ascii === safe ? `${kind}; filename="${ascii}"` : `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
