// One account or contract: whose it is, what it holds, what it is.

import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Badge, Card, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { figureText } from './core.ts'
import { useLedgerNews } from './hooks.ts'

export function AccountCard({ address }: { address: string }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const news = useLedgerNews(community.id)
  const { value, failure } = useReading(`account ${community.id} ${address}`, news, (options) =>
    peerhood.explorer.account(community.id, address, options),
  )
  if (value === undefined)
    return failure === undefined ? <p className="soft">Reading…</p> : <ProblemNote problem={failure} />
  const isContract = value.codeBytes > 0
  return (
    <Card
      title={value.name ?? (isContract ? 'Contract' : 'Account')}
      actions={
        <span className="ledger-badges">
          {value.isOwn && <Badge tone="good">Yours</Badge>}
          <Badge>{isContract ? 'Contract' : 'Account'}</Badge>
        </span>
      }
    >
      <dl className="pairs">
        <CopyPair name="Address" text={value.address} what="address" />
        <Pair name="Holds">
          <bdi className="figures">{value.text}</bdi>
        </Pair>
        {value.token !== null && (
          <Pair name="Token">
            <bdi>
              {value.token.name} ({value.token.symbol}), {value.token.kind.toUpperCase().replace('ERC', 'ERC-')}
            </bdi>
          </Pair>
        )}
        {isContract ? (
          <Pair name="Code">{figureText(String(value.codeBytes))} bytes</Pair>
        ) : (
          <Pair name="Sent">{figureText(String(value.nonce))} transactions</Pair>
        )}
      </dl>
    </Card>
  )
}
