// Who is muted now, for those who moderate, and a way to end it.

import type { Mute } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { muteText } from './core.ts'

export function MutesList() {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { value, failure } = useReading(`mutes ${community.id}`, community, (options) =>
    peerhood.chat.mutes(community.id, options),
  )
  return (
    <section className="pane-section">
      <h3>Muted</h3>
      {failure !== undefined && <ProblemNote problem={failure} />}
      {value?.length === 0 && <p className="soft">Nobody is muted.</p>}
      <ul className="stack" aria-label="Muted">
        {value?.map((mute) => (
          <MuteItem key={mute.person} mute={mute} />
        ))}
      </ul>
    </section>
  )
}

function MuteItem({ mute }: { mute: Mute }) {
  const { peerhood } = useDaemon()
  const { community, nameOf } = useCommunity()
  const { say, warn } = useShell()
  const name = nameOf(mute.person)
  const end = () => {
    peerhood.chat.unmute(community.id, mute.person).then(
      () => say(`${name} may write again`),
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <li className="report">
      <strong>
        <bdi>{name}</bdi>
      </strong>
      <p className="small soft">
        {muteText(mute)}, by <bdi>{nameOf(mute.by)}</bdi>
      </p>
      {mute.reason !== '' && <p dir="auto">{mute.reason}</p>}
      <div className="actions">
        <Button about={name} onClick={end}>
          Let them write
        </Button>
      </div>
    </li>
  )
}
