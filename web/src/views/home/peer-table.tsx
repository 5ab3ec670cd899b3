// Every peer in words: what the picture shows, and more.

import { useState } from 'react'
import { bytesText, rateText, shortText } from '../../format/core.ts'
import type { PeerEntry } from '../../store/core.ts'
import { CopyButton } from '../../ui/copy.tsx'
import { pageRows } from '../../ui/core.ts'
import { Pager } from '../../ui/pager.tsx'
import { isBusy, latencyText, pathText, sourceText } from './core.ts'

const rowsPerPage = 12

export function PeerTable({ entries }: { entries: ReadonlyMap<string, PeerEntry> }) {
  const [page, setPage] = useState(0)
  const sorted = [...entries.values()].sort(byState)
  const { from, to } = pageRows(sorted.length, rowsPerPage, page)
  if (sorted.length === 0) return null
  return (
    <>
      <div className="table-frame">
        <table>
          <caption className="visually-hidden">Peers</caption>
          <thead>
            <tr>
              <th scope="col">Peer</th>
              <th scope="col">Connection</th>
              <th scope="col">Delay</th>
              <th scope="col">Traffic</th>
            </tr>
          </thead>
          <tbody>
            {sorted.slice(from, to).map((entry) => (
              <Row key={entry.peer.peerId} entry={entry} />
            ))}
          </tbody>
        </table>
      </div>
      <Pager what="peers" total={sorted.length} perPage={rowsPerPage} page={page} onPage={setPage} />
    </>
  )
}

function Row({ entry }: { entry: PeerEntry }) {
  const { peer } = entry
  const transport = peer.state === 'connected' ? `${peer.transport}, ${peer.encryption}` : ''
  return (
    <tr>
      <th scope="row">
        <span className="copy-line">
          <span className="mono" title={peer.peerId}>
            {shortText(peer.peerId, 4, 6)}
          </span>
          <CopyButton text={peer.peerId} what="peer id" look="quiet" iconOnly />
        </span>
      </th>
      <td title={peer.pathSentence ?? undefined}>
        {pathText(peer)}
        <small>
          {sourceText(peer)}
          {transport !== '' && ` · ${transport}`}
          {peer.path === 'relayed' && peer.pathSentence !== null && ` · ${peer.pathSentence}`}
          {isBusy(entry) && ` · ${rateText(entry.bytesPerSecond)} now`}
        </small>
      </td>
      <td className="figures">{latencyText(peer)}</td>
      <td className="figures">
        {bytesText(peer.bytesIn)} in
        <small>{bytesText(peer.bytesOut)} out</small>
      </td>
    </tr>
  )
}

/** Connected first, then by id, so that rows stay where they are. */
function byState(a: PeerEntry, b: PeerEntry): number {
  if (a.peer.state !== b.peer.state) return a.peer.state === 'connected' ? -1 : 1
  return a.peer.peerId < b.peer.peerId ? -1 : 1
}
