// Who this peer is to others.

import type { Identity } from '../../../../src/sdk/types.ts'
import { shortText } from '../../format/core.ts'
import { CopyPair } from '../../ui/pairs.tsx'
import { Card } from '../../ui/parts.tsx'

export function IdentityCard({ identity }: { identity: Identity }) {
  return (
    <Card title="Identity">
      <dl className="pairs">
        <CopyPair name="Person" text={identity.did} what="person id" shown={shortText(identity.did, 20, 8)} />
        <CopyPair
          name="Wallet address"
          text={identity.ethereumAddress}
          what="wallet address"
          shown={shortText(identity.ethereumAddress, 20, 8)}
        />
        <CopyPair name="This device" text={identity.peerId} what="peer id" shown={shortText(identity.peerId, 20, 8)} />
      </dl>
      <p className="soft small">
        This device’s certificate, signed by the person, was issued on{' '}
        {new Date(identity.certificate.issuedAtMs).toLocaleDateString('en', { dateStyle: 'long' })}.
      </p>
    </Card>
  )
}
