// One share: what it is, how it is doing, and its link.

import { useState } from 'react'
import type { Copies, Share } from '../../../../src/sdk/types.ts'
import { bytesText, countText, rateText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Badge, Facts, ProblemNote, Progress } from '../../ui/parts.tsx'
import { CopiesLine } from '../copies/copies-line.tsx'
import { originText, shareName, sizeText, stateBadge, versionText } from './core.ts'
import { ShareDetails } from './share-details.tsx'
import { Unshare } from './unshare.tsx'

interface Props {
  readonly share: Share
  /** Undefined until they have been read. */
  readonly copies: Copies | undefined
  readonly onCopies: () => void
}

export function ShareCard({ share, copies, onCopies }: Props) {
  const [open, setOpen] = useState(false)
  const { show } = useShell()
  const name = shareName(share)
  return (
    <li className="card item">
      <div className="item-head">
        <span className="item-icon">
          <Icon name={share.origin === 'kept' ? 'keep' : share.kind === 'folder' ? 'folder' : 'file'} />
        </span>
        <div className="item-title">
          <h2 dir="auto" title={name}>
            {name}
          </h2>
          <ShareFacts share={share} />
        </div>
        <div className="actions">
          <Button
            icon="link"
            disabled={share.link === null}
            about={`of ${name}`}
            onClick={() => show({ kind: 'link', share: share.id })}
          >
            Link
          </Button>
          <Button look="quiet" expanded={open} about={`of ${name}`} onClick={() => setOpen(!open)}>
            Details
          </Button>
          <Unshare share={share} />
        </div>
      </div>
      <ShareState share={share} />
      <CopiesLine share={share} copies={copies} onChanged={onCopies} />
      {open && <ShareDetails share={share} />}
    </li>
  )
}

function ShareFacts({ share }: { share: Share }) {
  const badge = stateBadge(share)
  return (
    <Facts>
      {[
        <Badge
          key="visibility"
          icon={share.visibility === 'public' ? 'globe' : 'lock'}
          tone={share.visibility === 'public' ? 'warn' : 'calm'}
        >
          {share.visibility === 'public' ? 'Public' : 'Private'}
        </Badge>,
        badge && (
          <Badge key="state" tone={badge.tone}>
            {badge.text}
          </Badge>
        ),
        sizeText(share),
        originText(share),
        versionText(share),
        share.uploadedBytes > 0 && `${bytesText(share.uploadedBytes)} sent`,
      ]}
    </Facts>
  )
}

function ShareState({ share }: { share: Share }) {
  const { scan, problem, fetching, skippedCount } = share
  return (
    <>
      {scan !== null && <Progress label={`Reading ${shareName(share)}`} done={scan.bytes} all={scan.bytesTotal} />}
      {problem !== null && <ProblemNote problem={problem} />}
      {skippedCount > 0 && (
        <p className="soft item-line">
          <Icon name="info" size={16} /> {countText(skippedCount, 'file')} left out; the details say why.
        </p>
      )}
      {fetching.length > 0 && (
        <p className="item-line item-live">
          <span className="dot dot-live" aria-hidden="true" />
          {countText(fetching.length, 'peer is fetching', 'peers are fetching')} this now
          <span className="figures">
            {rateText(fetching.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0))}
          </span>
        </p>
      )}
    </>
  )
}
