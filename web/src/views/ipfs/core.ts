// What goes to and comes from IPFS, as people read it. Pure.

import type { IpfsJob, IpfsJobRequest, IpfsStatus } from '../../../../src/sdk/types.ts'
import { baseName, bytesText, countText, percent, shortText } from '../../format/core.ts'
import type { Tone } from '../../ui/parts.tsx'

/** What it is called on disk; before there is anything, what was asked for. */
export function jobName({ path, cid }: IpfsJob): string {
  if (path !== null) return baseName(path)
  return cid === null ? 'A CAR file' : shortText(cid, 14, 8)
}

const running: Readonly<Record<IpfsJob['kind'], string>> = { get: 'Arriving', import: 'Unpacking', export: 'Packing' }
const ended: Readonly<Record<Exclude<IpfsJob['state'], 'running'>, { text: string; tone: Tone }>> = {
  done: { text: 'Done', tone: 'good' },
  failed: { text: 'Failed', tone: 'bad' },
  cancelled: { text: 'Stopped', tone: 'calm' },
}

export function jobBadge({ kind, state }: IpfsJob): { text: string; tone: Tone } {
  return state === 'running' ? { text: running[kind], tone: 'calm' } : ended[state]
}

/** `bytes` of what arrives grows as folders are read, so a part of it means little before the end. */
export function jobFacts({ state, kind, bytes, bytesDone, bytesReused, files, left }: IpfsJob): string[] {
  const isPart = state === 'running' && kind !== 'export' && bytes > 0
  return [
    isPart ? `${bytesText(bytesDone)} of ${bytesText(bytes)} found so far` : bytes > 0 ? bytesText(bytesDone) : '',
    files > 1 ? countText(files, 'file') : '',
    bytesReused > 0 ? `${bytesText(bytesReused)} were here already` : '',
    left > 0 ? `${countText(left, 'symbolic link')} left out` : '',
  ]
}

/** What a person should know of the share that was made of it. */
export function shareText({ cid, shareId, shareCid }: IpfsJob): string {
  if (shareId === null) return ''
  if (shareCid === null || shareCid === cid) return 'It is a public share of yours now.'
  return `It is a public share of yours now, under another CID (${shortText(shareCid, 14, 8)}), as its blocks were cut otherwise.`
}

/** What screen readers hear of it: every change of state, and every quarter of what is known. */
export function spokenJob(job: IpfsJob): string {
  const part = job.state === 'running' ? Math.floor(percent(job.bytesDone, job.bytes) / 25) * 25 : 0
  return `${jobName(job)}: ${jobBadge(job).text}${part > 0 ? `, ${part} percent` : ''}`
}

/** Under way first, newest first within. */
export function sortJobs(jobs: readonly IpfsJob[]): IpfsJob[] {
  const isOver = ({ state }: IpfsJob) => Number(state !== 'running')
  return [...jobs].sort((a, b) => isOver(a) - isOver(b) || b.startedAtMs - a.startedAtMs)
}

export interface BringForm {
  readonly kind: 'get' | 'import'
  readonly cid: string
  readonly file: string
  readonly from: string
  readonly to: string
  readonly name: string
  readonly share: boolean
}

/** Undefined while something is missing. */
export function requestOf(form: BringForm, downloads: string): IpfsJobRequest | undefined {
  const { kind, share } = form
  const [what, to, name, from] = [kind === 'get' ? form.cid : form.file, form.to, form.name, form.from].map((text) =>
    text.trim(),
  ) as [string, string, string, string]
  const folder = to === '' ? downloads : to
  if (what === '' || folder === '') return undefined
  const common = { to: folder, share, ...(name === '' ? {} : { name }) }
  if (kind === 'import') return { kind, file: what, ...common }
  return { kind, cid: cidIn(what), ...common, ...(from === '' ? {} : { from }) }
}

/** People copy `ipfs://CID`, `/ipfs/CID` and gateway addresses, too. A path below the CID is left to the daemon to refuse. */
export function cidIn(text: string): string {
  const [, cid] = /^(?:ipfs:\/\/|(?:https?:\/\/[^/]+)?\/ipfs\/)(.+?)\/?$/i.exec(text.trim()) ?? []
  return cid ?? text.trim()
}

/** Where the gateway shows a share, and where it gives its CAR file. */
export function gatewayHref(gateway: string, cid: string): string {
  return `${gateway.replace(/\/$/, '')}/ipfs/${cid}`
}

export function carHref(gateway: string, cid: string, name: string): string {
  return `${gatewayHref(gateway, cid)}?format=car&download=true&filename=${encodeURIComponent(`${name}.car`)}`
}

/** How public shares are reached, in sentences. */
export function statusText({ gateway, publicDht, bytesSent, bytesReceived }: IpfsStatus): string {
  const at =
    gateway === null ? 'The gateway is off: `peerhood start --gateway` turns it on.' : `The gateway is at ${gateway}.`
  const dht =
    publicDht === null
      ? 'The public IPFS DHT is off, so name a peer that has what you want.'
      : `In the public IPFS DHT: ${countText(publicDht.peers, 'peer')}, ${publicDht.provided} of ${countText(publicDht.roots, 'public share')} told.`
  const moved =
    bytesSent + bytesReceived === 0
      ? ''
      : ` ${bytesText(bytesSent)} went out and ${bytesText(bytesReceived)} came in since Peerhood started.`
  return `${at} ${dht}${moved}`
}
