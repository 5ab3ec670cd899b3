// Who transacts free by the chain: it follows the community by itself; what is on its way stands first.

import type { Ledger, LedgerMember } from '../../../../src/sdk/types.ts'
import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Badge, Card, Facts, type Tone } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { Avatar } from '../community/avatar.tsx'
import { useCommunity } from '../community/context.tsx'
import { figureText, ledgerHref, shortHash } from './core.ts'
import { useLedgerNews } from './hooks.ts'

/** The rest is in the command line's list. */
const shownMax = 20

const states: Readonly<Record<LedgerMember['state'], { readonly text: string; readonly tone: Tone }>> = {
  member: { text: 'Free', tone: 'good' },
  joining: { text: 'Joins', tone: 'calm' },
  leaving: { text: 'Leaves', tone: 'warn' },
  bound: { text: 'Leaves later', tone: 'warn' },
  unknown: { text: 'Not known here', tone: 'calm' },
}

export function MembersCard({ ledger }: { ledger: Ledger }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { membership } = ledger
  const news = useLedgerNews(community.id)
  const version = `${news} ${JSON.stringify(membership)}`
  // A light member holds no chain that could say it.
  const isKnown = membership !== null
  const { value } = useReading(`members ${community.id}`, version, async (options) =>
    isKnown ? peerhood.ledger.members(community.id, { limit: shownMax }, options) : undefined,
  )
  if (!isKnown) return null
  const { members = [], total = 0 } = value ?? {}
  return (
    <Card title="Members of the chain">
      <p className="soft">
        <Said text={membership.sentence} /> It follows the community by itself: who comes is let in by a validator, who
        goes loses the free quota once enough of them have signed it.
      </p>
      <ul className="rows ledger-rows" aria-label="Members of the chain">
        {members.map((one) => (
          <MemberRow key={one.address} one={one} />
        ))}
      </ul>
      {total > members.length && (
        <p className="soft">
          And {figureText(String(total - members.length))} more; <code>peerhood ledger members</code> lists all.
        </p>
      )}
    </Card>
  )
}

function MemberRow({ one }: { one: LedgerMember }) {
  const { community } = useCommunity()
  const name = one.name === '' ? shortHash(one.address) : one.name
  const { text, tone } = states[one.state]
  return (
    <li>
      <Avatar id={one.person ?? one.address} name={name} />
      <div className="row-title">
        <span>
          <bdi>{name}</bdi>
          {one.isSelf && <span className="soft"> (you)</span>}
        </span>
        <Facts>
          {[
            <a key="address" className="mono" href={ledgerHref(community.id, 'explorer', 'account', one.address)}>
              {shortHash(one.address)}
            </a>,
            one.validator ? 'validates' : '',
            one.state === 'member' ? '' : one.sentence,
          ]}
        </Facts>
      </div>
      <Badge tone={tone}>{text}</Badge>
    </li>
  )
}
