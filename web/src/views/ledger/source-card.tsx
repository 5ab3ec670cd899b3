// A contract's source: the one that was checked against its code, or ways to give one; and an ABI that nobody checked.

import { useState } from 'react'
import type { ExplorerAccount, ExplorerSource } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Badge, Card, Note, ProblemNote } from '../../ui/parts.tsx'
import { momentText } from '../chat/core.ts'
import { useCommunity } from '../community/context.tsx'
import { shortHash } from './core.ts'
import { AbiDialog, VerifyDialog } from './source-dialogs.tsx'
import { Who } from './who.tsx'

interface SourceProps {
  readonly account: ExplorerAccount
  readonly onChanged: () => void
}

export function SourceCard({ account, onChanged }: SourceProps) {
  return account.source === null ? (
    <NoSource account={account} onChanged={onChanged} />
  ) : (
    <CheckedSource account={account} onChanged={onChanged} />
  )
}

function NoSource({ account, onChanged }: SourceProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [open, setOpen] = useState<'source' | 'abi'>()
  const action = useAction()
  const done = () => {
    setOpen(undefined)
    onChanged()
  }
  const remove = () =>
    action.run(async () => {
      await peerhood.explorer.setAbi(community.id, account.address, null)
      onChanged()
    })
  return (
    <Card title="Source">
      <div className="stack">
        <p className="soft">
          Nobody has given its source on this computer. Given one, it is compiled here and compared with the contract’s
          code, byte for byte; nothing is sent anywhere.
        </p>
        {account.hasAddedAbi && (
          <Note
            tone="warn"
            title="An ABI that nobody checked names its functions and events here."
            actions={
              <Button busy={action.busy} onClick={() => void remove()}>
                Take it away
              </Button>
            }
          />
        )}
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions">
          <Button look="primary" icon="check" onClick={() => setOpen('source')}>
            Check its source
          </Button>
          {!account.hasAddedAbi && <Button onClick={() => setOpen('abi')}>Add an ABI</Button>}
        </div>
      </div>
      {open === 'source' && <VerifyDialog address={account.address} onClose={() => setOpen(undefined)} onDone={done} />}
      {open === 'abi' && <AbiDialog address={account.address} onClose={() => setOpen(undefined)} onDone={done} />}
    </Card>
  )
}

function CheckedSource({ account, onChanged }: SourceProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const action = useAction()
  const { value, failure } = useReading(
    `source ${community.id} ${account.address} ${account.source?.checkedMs ?? ''}`,
    undefined,
    (options) => peerhood.explorer.source(community.id, account.address, options),
  )
  const forget = () =>
    action.run(async () => {
      await peerhood.explorer.forgetSource(community.id, account.address)
      onChanged()
    })
  if (value === undefined) return failure === undefined ? null : <ProblemNote problem={failure} />
  return (
    <Card
      title="Source"
      actions={
        <Badge tone="good" icon="check">
          {value.match === 'exact' ? 'Exact' : 'Apart from metadata'}
        </Badge>
      }
    >
      <SourceFacts source={value} />
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions ledger-source-actions">
        <CopyButton text={value.abi} what="ABI" />
        <Button look="quiet" busy={action.busy} onClick={() => void forget()}>
          Forget the source
        </Button>
      </div>
      <details className="get-options">
        <summary>{countText(value.files.length, 'file')}</summary>
        {value.files.map(({ path, text }) => (
          <section key={path} className="ledger-source-file" aria-label={path}>
            <h3>
              <bdi>{path}</bdi>
            </h3>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by the keyboard */}
            <pre tabIndex={0}>{text}</pre>
          </section>
        ))}
      </details>
    </Card>
  )
}

function SourceFacts({ source }: { source: ExplorerSource }) {
  const { creation } = source
  return (
    <div className="stack">
      <p>{source.sentence}</p>
      {creation.kind === 'other' ? (
        <Note tone="warn" title={creation.sentence} />
      ) : (
        <p className="soft">{creation.sentence}</p>
      )}
      {creation.lines.length > 0 && (
        <dl className="request-lines">
          {creation.lines.map((line) => (
            <div key={line.label}>
              <dt>{line.label}</dt>
              <dd>
                <bdi>{line.value}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {!source.bundled && (
        <Note tone="warn" title="It was compiled with a compiler that was given by hand.">
          <p>Compare its hash with that of the release: the result is worth as much as that file.</p>
        </Note>
      )}
      <dl className="pairs">
        <Pair name="Contract">
          <bdi>
            {source.contract}, <span className="soft">{source.file}</span>
          </bdi>
        </Pair>
        <Pair name="Compiler">
          <bdi>solc {source.compiler}</bdi>
        </Pair>
        <CopyPair
          name="Its hash"
          text={source.compilerHash}
          what="hash of the compiler"
          shown={shortHash(source.compilerHash)}
        />
        {source.immutables.length > 0 && (
          <Pair name="Fixed in its code">
            <span className="mono ledger-fixed">
              {/* As many as it has immutable variables, in the compiler's order. */}
              {source.immutables.map((value) => value.replace(/^0x0+(?=.)/, '0x')).join(', ')}
            </span>
          </Pair>
        )}
        {source.libraries.map(({ name, address }) => (
          <Pair key={name} name={`Library ${name.split(':').at(-1) ?? ''}`}>
            <Who address={address} name={null} />
          </Pair>
        ))}
        <Pair name="Checked">{momentText(source.checkedMs)}</Pair>
      </dl>
    </div>
  )
}
