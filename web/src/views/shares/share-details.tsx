// A share's particulars: who fetches it, its files, what was left out, and its addresses.

import type { ReactNode } from 'react'
import type { Share } from '../../../../src/sdk/types.ts'
import { agoText, bytesText, countText, rateText, shortText } from '../../format/core.ts'
import { useNow } from '../../store/hooks.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { FileList } from '../viewer/file-list.tsx'

export function ShareDetails({ share }: { share: Share }) {
  return (
    <div className="details">
      <Particulars share={share} />
      {share.fetching.length > 0 && <Fetching share={share} />}
      {share.skippedCount > 0 && <Skipped share={share} />}
      {share.sequence > 0 && share.name !== null && (
        <section>
          <h3>Files</h3>
          <FileList of={{ share: share.id }} live={share.state === 'partial'} />
        </section>
      )}
    </div>
  )
}

function Particulars({ share }: { share: Share }) {
  const nowMs = useNow()
  return (
    <dl className="pairs">
      {share.path !== null && (
        <Pair name="On this computer">
          <span className="mono cut" title={share.path}>
            {share.path}
          </span>
          <CopyButton text={share.path} what="path" look="quiet" iconOnly />
        </Pair>
      )}
      {share.cid !== null && (
        <Pair name="Content id">
          <span className="mono" title={share.cid}>
            {shortText(share.cid, 14, 8)}
          </span>
          <CopyButton text={share.cid} what="content id" look="quiet" iconOnly />
        </Pair>
      )}
      {share.keepLink !== null && (
        <Pair name="Keep link">
          <span className="mono">{shortText(share.keepLink, 16, 6)}</span>
          <CopyButton text={share.keepLink} what="keep link" look="quiet" iconOnly />
        </Pair>
      )}
      <Pair name="Changed">{agoText(share.updatedMs, nowMs)}</Pair>
    </dl>
  )
}

function Pair({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="copy-line">{children}</dd>
    </div>
  )
}

function Fetching({ share }: { share: Share }) {
  return (
    <section>
      <h3>Fetching now</h3>
      <ul className="lines figures">
        {share.fetching.map(({ peerId, bytes, bytesPerSecond }) => (
          <li key={peerId}>
            <span className="mono" title={peerId}>
              {shortText(peerId, 6, 6)}
            </span>
            <span>{bytesText(bytes)}</span>
            <span>{rateText(bytesPerSecond)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Skipped({ share }: { share: Share }) {
  const more = share.skippedCount - share.skipped.length
  return (
    <section>
      <h3>Left out</h3>
      <ul className="lines">
        {share.skipped.map(({ path, sentence }) => (
          <li key={path}>
            <span className="mono cut" title={path}>
              {path}
            </span>
            <span className="soft">{sentence}</span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="soft">… and {countText(more, 'more file')}.</p>}
    </section>
  )
}
