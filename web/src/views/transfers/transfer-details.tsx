// A transfer's particulars: where it goes, from whom it comes, and every file.

import type { Transfer } from '../../../../src/sdk/types.ts'
import { bytesText, percent, rateText, shortText } from '../../format/core.ts'
import { CopyButton } from '../../ui/copy.tsx'
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
      {path !== null && (
        <div>
          <dt>On this computer</dt>
          <dd className="copy-line">
            <span className="mono cut" title={path}>
              {path}
            </span>
            <CopyButton text={path} what="path" look="quiet" iconOnly />
          </dd>
        </div>
      )}
      {only !== null && (
        <div>
          <dt>Only</dt>
          <dd className="mono">{only}</dd>
        </div>
      )}
      {bytesReused > 0 && (
        <div>
          <dt>Found here already</dt>
          <dd className="figures">{bytesText(bytesReused)}</dd>
        </div>
      )}
      {blocks > 0 && (
        <div>
          <dt>Blocks checked</dt>
          <dd className="figures">
            {blocksDone.toLocaleString('en')} of {blocks.toLocaleString('en')}
          </dd>
        </div>
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
