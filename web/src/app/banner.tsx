// Says that the daemon is away, or that this browser has no key to it; goes by itself when that is over.

import { useWorld } from '../store/hooks.tsx'
import { Note } from '../ui/parts.tsx'

export function ConnectionBanner() {
  const connection = useWorld((world) => world.connection)
  const locked = useWorld((world) => world.identity?.passphrase === true)
  return (
    <div aria-live="polite" className="banner">
      {connection === 'gone' && (
        <Note tone="warn" title="Peerhood has stopped">
          <p>
            Start it with <code>peerhood start</code>
            {locked && ', which asks for the passphrase of your keys'}. This page goes on by itself as soon as it runs.
          </p>
        </Note>
      )}
      {connection === 'barred' && (
        <Note tone="bad" title="This browser may not look at this peer yet">
          <p>
            Open the address that <code>peerhood start</code> printed: it carries the key. <code>peerhood status</code>{' '}
            shows it again.
          </p>
        </Note>
      )}
    </div>
  )
}
