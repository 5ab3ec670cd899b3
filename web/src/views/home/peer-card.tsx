// This peer: what others know it by, and where they find it.

import { bytesText, durationText, shortText } from '../../format/core.ts'
import { useNow, useWorld } from '../../store/hooks.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
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
        <CopyPair name="Peer id" text={status.peerId} what="peer id" shown={shortText(status.peerId, 12, 6)} />
        {status.did !== null && (
          <CopyPair name="Person" text={status.did} what="person id" shown={shortText(status.did, 12, 6)} />
        )}
        <Pair name="Running for">{durationText((nowMs - status.startedAtMs) / 1000)}</Pair>
        <Pair name="Received, sent">
          <span className="figures">
            {bytesText(status.bytesIn)}, {bytesText(status.bytesOut)}
          </span>
        </Pair>
      </dl>
      <h3>Addresses</h3>
      <Addresses addresses={status.addresses} />
    </Card>
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
