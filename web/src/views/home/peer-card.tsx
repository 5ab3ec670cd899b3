// This peer: what others know it by, and where they find it.

import { bytesText, durationText, shortText } from '../../format/core.ts'
import { useNow, useWorld } from '../../store/hooks.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Card } from '../../ui/parts.tsx'

/** The best few; the rest hides until asked for. */
const addressesShown = 2

export function PeerCard() {
  const status = useWorld((world) => world.status)
  const nowMs = useNow()
  if (status === undefined) return null
  return (
    <Card title="This peer" className="peer-card">
      <dl className="pairs">
        <Pair name="Peer id" text={status.peerId} what="peer id" />
        {status.did !== null && <Pair name="Person" text={status.did} what="person id" />}
        <div>
          <dt>Running for</dt>
          <dd>{durationText((nowMs - status.startedAtMs) / 1000)}</dd>
        </div>
        <div>
          <dt>Received, sent</dt>
          <dd className="figures">
            {bytesText(status.bytesIn)}, {bytesText(status.bytesOut)}
          </dd>
        </div>
      </dl>
      <h3>Addresses</h3>
      <Addresses addresses={status.addresses} />
    </Card>
  )
}

function Pair({ name, text, what }: { name: string; text: string; what: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="copy-line">
        <span className="mono" title={text}>
          {shortText(text, 12, 6)}
        </span>
        <CopyButton text={text} what={what} look="quiet" iconOnly />
      </dd>
    </div>
  )
}

function Addresses({ addresses }: { addresses: readonly string[] }) {
  if (addresses.length === 0) return <p className="soft">None yet: nobody can dial this peer directly.</p>
  const rest = addresses.slice(addressesShown)
  return (
    <>
      <AddressList addresses={addresses.slice(0, addressesShown)} />
      {rest.length > 0 && (
        <details>
          <summary>{rest.length} more</summary>
          <AddressList addresses={rest} />
        </details>
      )}
      <p className="soft small">People you exchange files with can see these addresses.</p>
    </>
  )
}

function AddressList({ addresses }: { addresses: readonly string[] }) {
  return (
    <ul className="addresses">
      {addresses.map((address) => (
        <li key={address} className="copy-line">
          <span className="mono cut" title={address}>
            {address.replace(/\/p2p\/[^/]+$/, '')}
          </span>
          <CopyButton text={address} what="address" look="quiet" iconOnly />
        </li>
      ))}
    </ul>
  )
}
