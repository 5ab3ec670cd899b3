// The first visit: the two steps that matter, until they are done or put aside.

import { useState } from 'react'
import { useShell } from '../../shell/hooks.tsx'
import { useWorld } from '../../store/hooks.tsx'
import { readStored, writeStored } from '../../store/storage.ts'
import { Button, ButtonLink } from '../../ui/button.tsx'

const doneKey = 'peerhood.welcomed'

/** Undefined once it is over. */
export function useWelcome(): { finish: () => void } | undefined {
  const [done, setDone] = useState(() => readStored(doneKey) !== null)
  const used = useWorld((world) => world.shares.size + world.transfers.size + world.communities.size > 0)
  if (done || used) return undefined
  const finish = () => {
    writeStored(doneKey, 'yes')
    setDone(true)
  }
  return { finish }
}

export function Welcome({ onFinish }: { onFinish: () => void }) {
  const { show } = useShell()
  return (
    <section className="welcome" aria-labelledby="welcome-title">
      <div className="welcome-head">
        <h2 id="welcome-title">Welcome to Peerhood</h2>
        <Button look="quiet" icon="close" iconOnly onClick={onFinish}>
          Hide the welcome
        </Button>
      </div>
      <p>
        Your files go straight from this computer to the people you choose: no cloud, no account, nothing in between.
      </p>
      <p className="welcome-invited">
        <strong>Did somebody send you an invite?</strong>{' '}
        <Button look="primary" icon="people" onClick={() => show({ kind: 'join', link: '' })}>
          Join with it
        </Button>{' '}
        <Button look="quiet" icon="voice" onClick={() => show({ kind: 'enter' })}>
          I was told a code
        </Button>
      </p>
      <ol>
        <li>
          <span className="step" aria-hidden="true">
            1
          </span>
          <div>
            <strong>Write down your recovery phrase</strong>
            <p>24 words that bring back who you are if this computer breaks. Nobody else has them.</p>
            <ButtonLink href="#/settings" icon="key">
              Show me the words
            </ButtonLink>
          </div>
        </li>
        <li>
          <span className="step" aria-hidden="true">
            2
          </span>
          <div>
            <strong>Share your first file</strong>
            <p>You get a link to send. Whoever opens it fetches the file from you, encrypted.</p>
            <Button icon="share" onClick={() => show({ kind: 'share' })}>
              Share a file
            </Button>
          </div>
        </li>
      </ol>
    </section>
  )
}
