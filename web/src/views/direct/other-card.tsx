// The other person of a conversation, and the way to be left alone by them.

import { useState } from 'react'
import type { Community } from '../../../../src/sdk/types.ts'
import { shortText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Card } from '../../ui/parts.tsx'
import { communityName } from '../community/core.ts'
import { useUnblock } from './blocked.tsx'
import { wordsText } from './core.ts'
import { BlockConfirm } from './requests.tsx'

export function OtherCard({ community }: { community: Community }) {
  const { peerhood } = useDaemon()
  const { say, warn } = useShell()
  const unblock = useUnblock()
  const [asking, setAsking] = useState(false)
  const { value } = useReading(`conversation ${community.id}`, community, (options) => peerhood.direct.list(options))
  const words = value?.find((one) => one.community === community.id)?.words ?? []
  const name = communityName(community)
  const person = community.direct?.person ?? null
  if (person === null) return null
  const block = () => {
    peerhood.direct.block(person).then(
      () => say(`${name} is blocked`),
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <Card title="The other person">
      <dl className="pairs">
        <Pair name="Name">
          <bdi>{name}</bdi>
        </Pair>
        <Pair name="Words">
          <span className="person-words">{wordsText(words)}</span>
        </Pair>
        <CopyPair name="Person" text={person} what="person id" shown={shortText(person, 20, 8)} />
      </dl>
      <p className="soft small">
        Names are whatever people call themselves. The words belong to this person alone: when in doubt, compare them by
        another way.
      </p>
      <div className="actions">
        {community.direct?.blocked === true ? (
          <Button about={name} onClick={() => void unblock(person, name)}>
            Unblock
          </Button>
        ) : (
          <Button look="danger" icon="close" about={name} onClick={() => setAsking(true)}>
            Block
          </Button>
        )}
      </div>
      {asking && <BlockConfirm name={name} onConfirm={block} onClose={() => setAsking(false)} />}
    </Card>
  )
}
