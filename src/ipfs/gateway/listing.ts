// The pages that the gateway writes itself: a folder's entries, and what this peer shares. Plain HTML without scripts;
// every name in it came from a stranger.

import type { CID } from 'multiformats/cid'
import type { NamedLink } from '../unixfs-wire.ts'

/** Goes into the ETag of a listing: raise it when its form changes. */
export const listingVersion = 1

export function folderPage(path: string, entries: readonly NamedLink[], isCut: boolean): string {
  const rows = entries.map(({ name, cid }) => row(`./${encodeURIComponent(name)}`, name, cid))
  const more = isCut ? '<p>There are more entries than are shown here.</p>' : ''
  return page(path, `<p><a href="../">..</a></p><table>${rows.join('')}</table>${more}`)
}

export function rootPage(roots: readonly { readonly name: string; readonly cid: CID }[]): string {
  const rows = roots.map(({ name, cid }) => row(`/ipfs/${cid}`, name === '' ? cid.toString() : name, cid))
  const none = '<p>This peer shares nothing publicly.</p>'
  return page('Public shares of this peer', rows.length === 0 ? none : `<table>${rows.join('')}</table>`)
}

export function problemPage(status: number, sentence: string, hint: string): string {
  return `${status}: ${sentence}\n${hint}\n`
}

function row(href: string, name: string, cid: CID): string {
  const target = escapeHtml(href)
  return `<tr><td><a href="${target}">${escapeHtml(name)}</a></td><td><code>${escapeHtml(cid.toString())}</code></td></tr>`
}

function page(title: string, body: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    `<title>${escapeHtml(title)}</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}` +
    'td{padding:.1rem 1rem .1rem 0;overflow-wrap:anywhere}code{font-size:.8rem;opacity:.7}</style></head>' +
    `<body><h1>${escapeHtml(title)}</h1>${body}</body></html>`
  )
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.toWellFormed().replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
