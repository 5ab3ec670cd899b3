// One entry of the log: what it did, and its proof.

import { useState } from 'react'
import type { ActivityEntry } from '../../../../src/sdk/types.ts'
import { agoText, bytesText, shortText } from '../../format/core.ts'
import { useNow } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Badge, Note } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { momentText } from '../chat/core.ts'
import { Avatar } from '../community/avatar.tsx'
import { useCommunity } from '../community/context.tsx'
import { authorName, countsBadge, deviceName, holdersText } from './core.ts'

export function EntryItem({ entry }: { entry: ActivityEntry }) {
  const { members } = useCommunity()
  const nowMs = useNow()
  const [isOpen, setOpen] = useState(false)
  const name = authorName(entry)
  const badge = countsBadge(entry)
  return (
    <li className="entry">
      <div className="entry-line">
        <Avatar id={entry.person ?? entry.device} name={name} size="small" />
        <div className="entry-title">
          <p dir="auto">
            <Said text={entry.sentence} />
          </p>
          <p className="small soft">
            <bdi>{deviceName(entry.device, members) ?? shortText(entry.device, 6, 4)}</bdi>,{' '}
            <span title={momentText(entry.atMs)}>{agoText(entry.atMs, nowMs)}</span>
          </p>
        </div>
        {badge !== undefined && <Badge tone={badge.tone}>{badge.text}</Badge>}
        <Button look="quiet" expanded={isOpen} about={`of: ${entry.sentence}`} onClick={() => setOpen(!isOpen)}>
          Proof
        </Button>
      </div>
      {entry.void !== null && (
        <p className="small entry-void">
          <Said text={entry.void.sentence} />
        </p>
      )}
      {isOpen && <Proof entry={entry} />}
    </li>
  )
}

function Proof({ entry }: { entry: ActivityEntry }) {
  const { members } = useCommunity()
  const { device, cid, signature } = entry
  return (
    <div className="details">
      <dl className="pairs">
        <Pair name="Author">
          <bdi className="cut">{authorName(entry)}</bdi>
        </Pair>
        {entry.person !== null && (
          <CopyPair name="Person" text={entry.person} what="person id" shown={shortText(entry.person, 20, 8)} />
        )}
        <CopyPair name="Device" text={device} what="device key" shown={shortText(device, 12, 8)} />
        <Pair name="Time">{momentText(entry.atMs)}</Pair>
        <Pair name="What">{entry.app === null ? 'sealed here' : `${entry.app}, ${entry.kind}`}</Pair>
        <Pair name="Number">
          <span className="figures">
            {entry.seq.toLocaleString('en')} of this device, key {entry.epoch + 1}, {bytesText(entry.bytes)}
          </span>
        </Pair>
        <CopyPair name="Entry" text={cid} what="CID" shown={shortText(cid, 14, 8)} />
        <CopyPair name="Signature" text={signature} what="signature" shown={shortText(signature, 14, 8)} />
        <Pair name="Held by">
          <bdi>{holdersText(entry.holders, members)}</bdi>
        </Pair>
      </dl>
      {entry.counts === false && entry.void === null && <Note tone="warn" title="It has no effect" />}
    </div>
  )
}
