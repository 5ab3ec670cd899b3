// A transfer's particulars: where it goes, from whom it comes, and every file.

import type { Transfer } from '../../../../src/sdk/types.ts'
import { bytesText, percent, rateText, shortText } from '../../format/core.ts'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { FileList } from '../viewer/file-list.tsx'
import { isEnded } from './core.ts'

export function TransferDetails({ transfer }: { transfer: Transfer }) {
  return (
    <div className="details">
      <Particulars transfer={transfer} />
      {transfer.peers.length > 0 && <Peers transfer={transfer} />}
      {transfer.mode === 'get' && transfer.name !== null && (
        <section>
          <h3>Files</h3>
          <FileList of={{ transfer: transfer.id }} live={!isEnded(transfer)} />
        </section>
      )}
    </div>
  )
}

function Particulars({ transfer }: { transfer: Transfer }) {
  const { path, only, bytesReused, blocks, blocksDone } = transfer
  return (
    <dl className="pairs">
      {path !== null && <CopyPair name="On this computer" text={path} what="path" />}
      {only !== null && (
        <Pair name="Only">
          <span className="mono">{only}</span>
        </Pair>
      )}
      {bytesReused > 0 && (
        <Pair name="Found here already">
          <span className="figures">{bytesText(bytesReused)}</span>
        </Pair>
      )}
      {blocks > 0 && (
        <Pair name="Blocks checked">
          <span className="figures">
            {blocksDone.toLocaleString('en')} of {blocks.toLocaleString('en')}
          </span>
        </Pair>
      )}
    </dl>
  )
}

function Peers({ transfer }: { transfer: Transfer }) {
  return (
    <section>
      <h3>From whom</h3>
      <div className="table-frame">
        <table>
          <thead>
            <tr>
              <th scope="col">Peer</th>
              <th scope="col">How</th>
              <th scope="col">Has</th>
              <th scope="col">Received</th>
              <th scope="col">Speed</th>
            </tr>
          </thead>
          <tbody>
            {transfer.peers.map((peer) => (
              <tr key={peer.peerId}>
                <th scope="row" className="mono" title={peer.peerId}>
                  {shortText(peer.peerId, 6, 6)}
                </th>
                <td>{peer.path === 'relayed' ? 'through a relay' : peer.path === 'direct' ? 'direct' : '–'}</td>
                <td className="figures">
                  {transfer.blocks > 0 ? `${percent(peer.blocksHave, transfer.blocks)} %` : '–'}
                </td>
                <td className="figures">{bytesText(peer.bytesIn)}</td>
                <td className="figures">{rateText(peer.bytesPerSecond) || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
