// A share's particulars: who fetches it, its files, what was left out, and its addresses.

import type { Share } from '../../../../src/sdk/types.ts'
import { agoText, bytesText, countText, rateText, shortText } from '../../format/core.ts'
import { useNow } from '../../store/hooks.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Said } from '../../ui/said.tsx'
import { SharePart } from '../ipfs/share-part.tsx'
import { FileList } from '../viewer/file-list.tsx'

export function ShareDetails({ share }: { share: Share }) {
  return (
    <div className="details">
      <Particulars share={share} />
      {share.fetching.length > 0 && <Fetching share={share} />}
      {share.skippedCount > 0 && <Skipped share={share} />}
      {share.visibility === 'public' && share.cid !== null && <SharePart share={share} cid={share.cid} />}
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
      {share.path !== null && <CopyPair name="On this computer" text={share.path} what="path" />}
      {share.cid !== null && (
        <CopyPair name="Content id" text={share.cid} what="content id" shown={shortText(share.cid, 14, 8)} />
      )}
      {share.keepLink !== null && (
        <CopyPair name="Keep link" text={share.keepLink} what="keep link" shown={shortText(share.keepLink, 16, 6)} />
      )}
      <Pair name="Changed">{agoText(share.updatedMs, nowMs)}</Pair>
    </dl>
  )
}

function Fetching({ share }: { share: Share }) {
  return (
    <section>
      <h3>Fetching now</h3>
      <ul className="lines lines-columns figures">
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
            <span className="soft">
              <Said text={sentence} />
            </span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="soft">… and {countText(more, 'more file')}.</p>}
    </section>
  )
}
