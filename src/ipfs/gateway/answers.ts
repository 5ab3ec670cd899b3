// What the gateway answers: a request in, status, headers and a body to stream out. No socket is touched here.

import { isPeerhoodError, toPeerhoodError } from '../../base/errors.ts'
import { parseRange } from '../../base/http-range.ts'
import type { GetBlock } from '../blocks.ts'
import { carBytes } from '../car.ts'
import { dagBlocks, listFolder, type Resolved, readFile, resolvePath } from '../dag.ts'
import { listingEntriesMax } from '../limits.ts'
import type { NamedLink, Node } from '../unixfs-wire.ts'
import { gatewayErrors } from './errors.ts'
import { contentHeaders, contentType, disposition, immutable, ownHeaders, pdfHeaders } from './headers.ts'
import { folderPage, listingVersion, problemPage } from './listing.ts'
import { type GatewayRequest, matchesEtag } from './request-core.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  /** Undefined: none. */
  readonly body: AsyncIterable<Uint8Array> | Uint8Array | undefined
}

export interface AskedHeaders {
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly ifNoneMatch: string | undefined
}

/** Throws what reading blocks throws, until the body is streamed. */
export async function answer(
  get: GetBlock,
  request: GatewayRequest,
  headers: AskedHeaders,
  signal: AbortSignal,
): Promise<Answer> {
  if (request.format === 'raw') return rawAnswer(get, request, headers, signal)
  const resolved = await resolvePath(get, request.root, request.path, { signal })
  if (request.format === 'car') return carAnswer(get, request, resolved, headers, signal)
  const { node } = resolved
  if (node.type === 'file') return fileAnswer(get, request, resolved, node, headers, signal)
  if (node.type === 'symlink') throw gatewayErrors.gateway_not_here('This is a symbolic link, which is not followed.')
  return folderAnswer(get, request, resolved, headers, signal)
}

function baseHeaders(request: GatewayRequest, roots: Resolved['roots'], etag: string) {
  return {
    etag,
    'cache-control': immutable,
    'x-ipfs-path': request.pathname,
    'x-ipfs-roots': roots.join(','),
    ...(request.isNegotiated ? { 'content-location': locationOf(request) } : {}),
    vary: 'Accept',
  }
}

function locationOf({ pathname, query, format }: GatewayRequest): string {
  return `${pathname}?${query === '' ? '' : `${query}&`}format=${format}`
}

function notModified(headers: Readonly<Record<string, string>>): Answer {
  return { status: 304, headers: { ...contentHeaders, ...headers }, body: undefined }
}

async function rawAnswer(
  get: GetBlock,
  request: GatewayRequest,
  asked: AskedHeaders,
  signal: AbortSignal,
): Promise<Answer> {
  const { root } = request
  const bytes = await get(root, { signal })
  const base = baseHeaders(request, [root], `"${root}.raw"`)
  if (matchesEtag(asked.ifNoneMatch, base.etag)) return notModified(base)
  const range = rangeOf(asked, bytes.length, base.etag)
  return {
    status: range.status,
    headers: {
      ...contentHeaders,
      ...base,
      ...range.headers,
      'content-type': 'application/vnd.ipld.raw',
      'content-disposition': disposition('attachment', request.filename ?? `${root}.bin`),
    },
    body: bytes.subarray(range.start, range.end),
  }
}

function carAnswer(
  get: GetBlock,
  request: GatewayRequest,
  resolved: Resolved,
  asked: AskedHeaders,
  signal: AbortSignal,
): Answer {
  const { scope, order, root } = request
  const { bytes, dups } = scope
  const range = bytes === undefined ? '' : `.${bytes.from}-${bytes.to ?? 'end'}`
  // The order is always the same, so the bytes are.
  const etag = `"${resolved.cid}.car.${request.path.length}.${scope.scope}${range}.${dups ? 'y' : 'n'}"`
  const base = baseHeaders(request, resolved.roots, etag)
  if (matchesEtag(asked.ifNoneMatch, etag)) return notModified(base)
  return {
    status: 200,
    headers: {
      ...contentHeaders,
      ...base,
      'content-type': `application/vnd.ipld.car; version=1; order=${order}; dups=${dups ? 'y' : 'n'}`,
      'content-disposition': disposition('attachment', request.filename ?? `${resolved.cid}.car`),
      'accept-ranges': 'none',
    },
    body: carBytes(root, dagBlocks(get, resolved, scope, { signal })),
  }
}

async function fileAnswer(
  get: GetBlock,
  request: GatewayRequest,
  resolved: Resolved,
  file: Extract<Node, { type: 'file' }>,
  asked: AskedHeaders,
  signal: AbortSignal,
): Promise<Answer> {
  const base = baseHeaders(request, resolved.roots, `"${resolved.cid}"`)
  if (matchesEtag(asked.ifNoneMatch, base.etag)) return notModified(base)
  const name = request.filename ?? request.path.at(-1) ?? ''
  const type = contentType(name, await firstBytes(get, file, signal))
  const range = rangeOf(asked, file.bytes, base.etag)
  const shown = request.download ? 'attachment' : 'inline'
  const isNamed = request.download || request.filename !== undefined
  return {
    status: range.status,
    headers: {
      ...(type === 'application/pdf' ? pdfHeaders : contentHeaders),
      ...base,
      ...range.headers,
      'content-type': type,
      ...(isNamed ? { 'content-disposition': disposition(shown, name === '' ? resolved.cid.toString() : name) } : {}),
    },
    body: readFile(get, file, range, { signal }),
  }
}

async function firstBytes(get: GetBlock, file: Node, signal: AbortSignal): Promise<Uint8Array> {
  for await (const chunk of readFile(get, file, { start: 0, end: 512 }, { signal })) return chunk
  return new Uint8Array(0)
}

/** The range asked for. Throws `gateway_range_outside`. */
function rangeOf({ range, ifRange }: AskedHeaders, bytes: number, etag: string) {
  // RFC 9110 §13.1.5: a range of another version than this one is not what is asked for.
  const verdict = parseRange(ifRange === undefined || ifRange === etag ? range : undefined, bytes)
  if (verdict.type === 'unsatisfiable') {
    throw gatewayErrors.gateway_range_outside('The range lies outside the file.', { details: { bytes } })
  }
  const { start, end } = verdict.type === 'whole' ? { start: 0, end: bytes } : verdict
  const headers = { 'accept-ranges': 'bytes', 'content-length': end - start }
  if (verdict.type === 'whole') return { status: 200, start, end, headers }
  return { status: 206, start, end, headers: { ...headers, 'content-range': `bytes ${start}-${end - 1}/${bytes}` } }
}

/** Its index.html, or a listing. Addresses of folders end in "/", or the links in them would lead elsewhere. */
async function folderAnswer(
  get: GetBlock,
  request: GatewayRequest,
  resolved: Resolved,
  asked: AskedHeaders,
  signal: AbortSignal,
): Promise<Answer> {
  if (!request.isFolderUrl) {
    const location = `${request.pathname}/${request.query === '' ? '' : `?${request.query}`}`
    return { status: 301, headers: { ...ownHeaders, location, 'content-length': 0 }, body: undefined }
  }
  const indexed = await resolvePath(get, resolved.cid, ['index.html'], { signal }).catch((error: unknown) => {
    if (isPeerhoodError(error) && error.code === 'ipfs_path_unknown') return undefined
    throw error
  })
  if (indexed?.node.type === 'file') {
    const page = { ...request, path: [...request.path, 'index.html'] }
    return fileAnswer(get, page, { ...indexed, roots: resolved.roots }, indexed.node, asked, signal)
  }
  const etag = `"DirIndex-${listingVersion}_CID-${resolved.cid}"`
  const base = baseHeaders(request, resolved.roots, etag)
  if (matchesEtag(asked.ifNoneMatch, etag)) return notModified(base)
  const entries: NamedLink[] = []
  let isCut = false
  for await (const entry of listFolder(get, resolved.node, { signal })) {
    if (entries.length >= listingEntriesMax) {
      isCut = true
      break
    }
    entries.push(entry)
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
  const shown = `/ipfs/${[request.root.toString(), ...request.path].join('/')}`
  return htmlAnswer(200, folderPage(shown, entries, isCut), { ...base, 'cache-control': 'public, max-age=604800' })
}

export function htmlAnswer(status: number, html: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = Buffer.from(html)
  const type = { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length }
  return { status, headers: { ...ownHeaders, ...headers, ...type }, body }
}

const statusOfCode: Readonly<Record<string, number>> = {
  ...{ cid_malformed: 400, cid_unsupported: 400, gateway_request_wrong: 400, gateway_format_unknown: 406 },
  ...{ gateway_not_here: 404, ipfs_path_unknown: 404, ipfs_block_not_found: 404, ipfs_dag_too_large: 404 },
  ...{ gateway_method_unknown: 405, gateway_not_cached: 412, gateway_host_refused: 403, gateway_source_refused: 403 },
  ...{ gateway_range_outside: 416, gateway_busy: 503, gateway_late: 504, ipfs_block_late: 504 },
  ...{ ipfs_block_wrong: 502, ipfs_node_malformed: 502, ipfs_block_too_large: 502 },
}

/** A refusal in words, for whatever was thrown. */
export function problemAnswer(thrown: unknown): Answer {
  const { code, message, hint, details } = toPeerhoodError(thrown)
  const status = statusOfCode[code] ?? 500
  const body = Buffer.from(problemPage(status, message, hint))
  const headers: Record<string, string | number> = {
    ...ownHeaders,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
  }
  if (status === 405) headers.allow = 'GET, HEAD'
  if (status === 416) headers['content-range'] = `bytes */${details.bytes}`
  if (status === 503 || status === 504) headers['retry-after'] = 5
  return { status, headers, body }
}
