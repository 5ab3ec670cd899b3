// Deletes a community from this computer, after asking.

import { useState } from 'react'
import type { Community } from '../../../../src/sdk/types.ts'
import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon, useLearn } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { communityName } from './core.ts'

export function ForgetButton({ community }: { community: Community }) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say, warn } = useShell()
  const [asking, setAsking] = useState(false)
  const name = communityName(community)
  const forget = async () => {
    try {
      await peerhood.communities.forget(community.id)
      learn({ type: 'community-removed', id: community.id })
      navigate({ place: 'communities' })
      say(`${name} is deleted from this computer`)
    } catch (error) {
      warn(toFailure(error))
    }
  }
  return (
    <>
      <Button icon="trash" onClick={() => setAsking(true)}>
        Delete from this computer
      </Button>
      {asking && (
        <Confirm
          title={`Delete ${name} from this computer?`}
          verb="Delete it"
          onConfirm={() => void forget()}
          onClose={() => setAsking(false)}
        >
          <p>{forgetText(community)}</p>
        </Confirm>
      )}
    </>
  )
}

function forgetText({ phase }: Community): string {
  switch (phase) {
    case 'keeping':
      return 'What is held for its members goes from this disk. They keep what they have, and lose one who kept it for them.'
    case 'joining':
      return 'The invite is not used. You can try it again later.'
    case 'open':
      return 'Its log goes from this disk. You stay a member for the others; leave it first if you do not want that.'
    case 'left':
    case 'removed':
      return 'Its log goes from this disk, and with it what you could still read. The others keep it.'
  }
}
