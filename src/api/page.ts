// The built page (dist/web). Only files that a listing of the folder has found are ever served, looked up by their
// whole path, so no request can name anything else: not by "..", not by links, not by what lies beside it.

import { createReadStream, type Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { apiErrors } from './errors.ts'
import { pageHeaders } from './headers.ts'
import { pageFilesMax } from './limits.ts'

export interface Page {
  /** Answers GET or HEAD of `path` (decoded). Rejects with `page_file_unknown` or `page_not_built`. */
  serve(incoming: IncomingMessage, outgoing: ServerResponse, path: string, signal: AbortSignal): Promise<void>
}

interface PageFile {
  readonly file: string
  readonly bytes: number
  readonly etag: string
}

type Listing = ReadonlyMap<string, PageFile>

const typeOfExtension: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  webmanifest: 'application/manifest+json',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  webp: 'image/webp',
  woff2: 'font/woff2',
  txt: 'text/plain; charset=utf-8',
}

export function createPage(root: string): Page {
  let listing: Listing = new Map()

  /** Listed anew for what isn't known and for every navigation: the page may have been rebuilt meanwhile. */
  async function find(path: string): Promise<[string, PageFile]> {
    const known = listing.get(path)
    if (known !== undefined && path !== '/index.html') return [path, known]
    listing = await list(root)
    const name = isNavigation(path) ? '/index.html' : path
    const found = listing.get(path) ?? listing.get(name)
    if (found !== undefined) return [listing.has(path) ? path : name, found]
    if (listing.has('/index.html')) throw apiErrors.page_file_unknown('The page has no such file.')
    throw apiErrors.page_not_built('The page is not built yet.')
  }

  return {
    async serve(incoming, outgoing, path, signal) {
      const [name, file] = await find(path === '/' ? '/index.html' : path)
      const headers = headersOf(name, file)
      if (incoming.headers['if-none-match'] === file.etag) {
        outgoing.writeHead(304, headers).end()
        return
      }
      outgoing.writeHead(200, { ...headers, 'content-length': file.bytes })
      if (incoming.method === 'HEAD') outgoing.end()
      else await send(file, outgoing, signal)
    },
  }
}

async function send(file: PageFile, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  // `end`: a file that grows meanwhile must not exceed the announced length.
  const source = createReadStream(file.file, { end: Math.max(0, file.bytes - 1) })
  try {
    await pipeline(source, outgoing, { signal })
  } catch {
    // The head is out: cutting the connection is all that is left to say.
    outgoing.destroy()
  } finally {
    // An answer that was closed before is refused by `pipeline`, which then leaves the file open.
    source.destroy()
  }
}

/** Paths of the page's own router have no extension. */
function isNavigation(path: string): boolean {
  return !path.slice(path.lastIndexOf('/')).includes('.')
}

function headersOf(name: string, file: PageFile): Record<string, string> {
  const extension = name.slice(name.lastIndexOf('.') + 1)
  // Vite puts a hash of the content into the names under assets/: what a name stands for never changes.
  const isHashed = name.startsWith('/assets/')
  return {
    ...pageHeaders,
    'content-type': typeOfExtension[extension] ?? 'application/octet-stream',
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: file.etag,
  }
}

/** Plain files below `root` by URL path; empty when there is no such folder. Symbolic links are left out. */
async function list(root: string): Promise<Listing> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile())
  // Without it there is no page, however many files lie around it.
  const index = files.findIndex((entry) => entry.parentPath === root && entry.name === 'index.html')
  if (index > 0) files.unshift(...files.splice(index, 1))
  const pairs = await Promise.all(
    files.slice(0, pageFilesMax).map((entry) => describe(root, join(entry.parentPath, entry.name))),
  )
  return new Map(pairs.filter((pair) => pair !== undefined))
}

async function describe(root: string, file: string): Promise<[string, PageFile] | undefined> {
  const stats: Stats | undefined = await stat(file).catch(() => undefined)
  if (stats === undefined) return undefined
  const etag = `"${stats.size.toString(36)}-${Math.trunc(stats.mtimeMs).toString(36)}"`
  return [`/${relative(root, file).split(sep).join('/')}`, { file, bytes: stats.size, etag }]
}
