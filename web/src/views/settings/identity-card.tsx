// Who this peer is to others.

import type { Identity } from '../../../../src/sdk/types.ts'
import { shortText } from '../../format/core.ts'
import { CopyButton } from '../../ui/copy.tsx'
import { Card } from '../../ui/parts.tsx'

export function IdentityCard({ identity }: { identity: Identity }) {
  return (
    <Card title="Identity">
      <dl className="pairs">
        <Pair name="Person" text={identity.did} what="person id" />
        <Pair name="Wallet address" text={identity.ethereumAddress} what="wallet address" />
        <Pair name="This device" text={identity.peerId} what="peer id" />
      </dl>
      <p className="soft small">
        This device’s certificate, signed by the person, was issued on{' '}
        {new Date(identity.certificate.issuedAtMs).toLocaleDateString(undefined, { dateStyle: 'long' })}.
      </p>
    </Card>
  )
}

function Pair({ name, text, what }: { name: string; text: string; what: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="copy-line">
        <span className="mono cut" title={text}>
          {shortText(text, 20, 8)}
        </span>
        <CopyButton text={text} what={what} look="quiet" iconOnly />
      </dd>
    </div>
  )
}
