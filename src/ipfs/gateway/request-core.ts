// What a request to the gateway asks for, from its URL and headers alone (specs.ipfs.tech: path-gateway,
// trustless-gateway). Pure: no block is looked at here.

import type { CID } from 'multiformats/cid'
import { parseCid } from '../cid.ts'
import type { DagScope } from '../dag.ts'
import { gatewayErrors } from './errors.ts'

export type GatewayFormat = 'unixfs' | 'raw' | 'car'

export interface GatewayRequest {
  readonly root: CID
  readonly path: readonly string[]
  /** As it was asked for, without the query, percent-encoded. */
  readonly pathname: string
  /** Whether the path ends in "/". */
  readonly isFolderUrl: boolean
  readonly query: string
  readonly format: GatewayFormat
  /** The format came from `Accept` alone, so `Content-Location` says where it is by URL. */
  readonly isNegotiated: boolean
  readonly scope: DagScope
  readonly order: 'dfs' | 'unk'
  readonly filename: string | undefined
  readonly download: boolean
  readonly onlyIfCached: boolean
}

export interface RequestHead {
  /** Path and query. */
  readonly url: string
  readonly accept: string | undefined
  readonly cacheControl: string | undefined
}

const types: Readonly<Record<string, GatewayFormat>> = {
  'application/vnd.ipld.raw': 'raw',
  'application/vnd.ipld.car': 'car',
}
/** Known to the specification, and not made here. */
const otherTypes: ReadonlySet<string> = new Set([
  'application/x-tar',
  'application/vnd.ipld.dag-json',
  'application/vnd.ipld.dag-cbor',
  'application/cbor',
  'application/vnd.ipfs.ipns-record',
])

/** Throws the gateway's refusals, `cid_malformed`, `cid_unsupported`. */
export function parseRequest({ url, accept, cacheControl }: RequestHead): GatewayRequest {
  const mark = url.indexOf('?')
  const pathname = mark < 0 ? url : url.slice(0, mark)
  const query = mark < 0 ? '' : url.slice(mark + 1)
  const params = new URLSearchParams(query)
  const { root, path, isFolderUrl } = parsePath(pathname)
  const wished = acceptOf(accept)
  const format = formatOf(params.get('format'), wished)
  const isNegotiated = params.get('format') === null && format !== 'unixfs'
  if (format === 'raw' && path.length > 0) {
    throw gatewayErrors.gateway_request_wrong('A raw block is asked for by its own CID, without a path.')
  }
  const carParams = wished?.format === 'car' ? wished.params : new Map<string, string>()
  const setting = (name: string) => params.get(`car-${name}`) ?? carParams.get(name)
  return {
    ...{ root, path, pathname, isFolderUrl, query, format, isNegotiated },
    scope: format === 'car' ? scopeOf(params, setting) : wholeScope,
    order: orderOf(setting('order')),
    filename: filenameOf(params.get('filename')),
    download: params.get('download') === 'true',
    onlyIfCached: /\bonly-if-cached\b/i.test(cacheControl ?? ''),
  }
}

const wholeScope: DagScope = { scope: 'all', bytes: undefined, dups: false }

function parsePath(pathname: string) {
  const parts = pathname.split('/')
  const [before, space, cid, ...rest] = parts
  if (before !== '' || space !== 'ipfs' || cid === undefined || cid === '') {
    const where = space === 'ipns' ? 'Names under /ipns/ are not looked up here.' : 'There is nothing at this address.'
    throw gatewayErrors.gateway_not_here(where)
  }
  const names = rest.filter((name) => name !== '').map(decodeName)
  return { root: parseCid(decodeName(cid)), path: names, isFolderUrl: rest.at(-1) === '' }
}

function decodeName(name: string): string {
  try {
    const text = decodeURIComponent(name)
    if (!text.includes('\0') && !text.includes('/')) return text
  } catch {}
  throw gatewayErrors.gateway_request_wrong('The path is not written as a path is.')
}

interface Wished {
  readonly format: GatewayFormat
  readonly params: ReadonlyMap<string, string>
}

/** The first type that is known; undefined: any will do. Weights are passed over: nobody asks for both. */
function acceptOf(accept: string | undefined): Wished | undefined {
  let isOther = false
  for (const entry of (accept ?? '').split(',')) {
    const [type = '', ...params] = entry.split(';').map((part) => part.trim().toLowerCase())
    const format = Object.hasOwn(types, type) ? types[type] : undefined
    if (format !== undefined) return { format, params: new Map(params.map(paramOf)) }
    isOther ||= otherTypes.has(type)
    if (type === '*/*' || type.startsWith('text/') || type.startsWith('image/')) return undefined
  }
  if (isOther) throw gatewayErrors.gateway_format_unknown('This format is not made here.')
  return undefined
}

function paramOf(text: string): [string, string] {
  const mark = text.indexOf('=')
  return mark < 0 ? [text, ''] : [text.slice(0, mark), text.slice(mark + 1).replace(/^"|"$/g, '')]
}

/** The query goes before `Accept` (path-gateway, "format"). */
function formatOf(wanted: string | null, wished: Wished | undefined): GatewayFormat {
  if (wanted === null) return wished?.format ?? 'unixfs'
  if (wanted === 'raw' || wanted === 'car') return wanted
  throw gatewayErrors.gateway_format_unknown(`The format ${JSON.stringify(wanted.slice(0, 32))} is not made here.`)
}

function scopeOf(params: URLSearchParams, setting: (name: string) => string | undefined): DagScope {
  const version = setting('version') ?? '1'
  if (version !== '1') throw gatewayErrors.gateway_request_wrong('CAR files are made in version 1 only.')
  const dups = setting('dups') ?? 'n'
  if (dups !== 'y' && dups !== 'n') throw gatewayErrors.gateway_request_wrong('`dups` is "y" or "n".')
  const range = params.get('entity-bytes')
  const scope = range === null ? (params.get('dag-scope') ?? 'all') : 'entity'
  if (scope !== 'block' && scope !== 'entity' && scope !== 'all') {
    throw gatewayErrors.gateway_request_wrong('`dag-scope` is "block", "entity" or "all".')
  }
  return { scope, dups: dups === 'y', bytes: range === null ? undefined : entityBytes(range) }
}

function entityBytes(text: string): { from: number; to: number | undefined } {
  const match = /^(-?\d{1,15}):(-?\d{1,15}|\*)$/.exec(text)
  if (match === null)
    throw gatewayErrors.gateway_request_wrong('`entity-bytes` is "from:to", of numbers or "*" for the end.')
  return { from: Number(match[1]), to: match[2] === '*' ? undefined : Number(match[2]) }
}

function orderOf(text: string | undefined): 'dfs' | 'unk' {
  if (text === undefined || text === '' || text === 'dfs') return 'dfs'
  if (text === 'unk') return 'unk'
  throw gatewayErrors.gateway_request_wrong('`order` is "dfs" or "unk".')
}

function filenameOf(text: string | null): string | undefined {
  return text === null || text === '' || text.length > 255 ? undefined : text.toWellFormed()
}

/** Whether an `If-None-Match` names this tag (RFC 9110 §13.1.2: compared weakly). */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  const bare = (tag: string) => tag.trim().replace(/^W\//, '')
  return header.split(',').some((tag) => bare(tag) === bare(etag))
}
