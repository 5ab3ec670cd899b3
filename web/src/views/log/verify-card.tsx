// Checks every signature and hash of the log on this computer, and gives six words that two people can compare by voice.

import { useState } from 'react'
import type { Verification } from '../../../../src/sdk/types.ts'
import { agoText, shortText } from '../../format/core.ts'
import { useAction, useDaemon, useNow } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyPair } from '../../ui/pairs.tsx'
import { Card, Note, ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { useCommunity } from '../community/context.tsx'
import { verdictText } from './core.ts'

export function VerifyCard() {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [verdict, setVerdict] = useState<Verification>()
  const action = useAction()
  const verify = () =>
    action.run(async () => {
      setVerdict(await peerhood.communities.verify(community.id))
    })
  return (
    <Card
      title="Check it"
      actions={
        <Button look="primary" icon="shield" busy={action.busy} onClick={() => void verify()}>
          Verify
        </Button>
      }
    >
      <p className="soft">
        Looks at every signature and hash on this computer. The six words stand for all of it: who hears the same words
        from another member holds the same log.
      </p>
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      {verdict !== undefined && <Verdict verdict={verdict} />}
    </Card>
  )
}

function Verdict({ verdict }: { verdict: Verification }) {
  const nowMs = useNow()
  const { ok, words, merkleRoot, problems, problemsCount, checkedMs } = verdict
  return (
    <div className="verdict" role="status">
      <Note tone={ok ? 'good' : 'bad'} title={verdictText(verdict)}>
        <p>{agoText(checkedMs, nowMs)}</p>
      </Note>
      <ol className="words verdict-words" aria-label="Six words">
        {words.map((word, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a word may stand twice; its place is its meaning
          <li key={at}>{word}</li>
        ))}
      </ol>
      <dl className="pairs">
        <CopyPair name="Root" text={merkleRoot} what="Merkle root" shown={shortText(merkleRoot, 16, 8)} />
      </dl>
      {problems.length > 0 && (
        <ul className="lines">
          {problems.slice(0, 10).map(({ entry, code, sentence }) => (
            <li key={`${entry} ${code}`}>
              <span className="mono cut">{entry === null ? '' : shortText(entry, 8, 6)}</span>
              <Said text={sentence} />
            </li>
          ))}
          {problemsCount > 10 && <li className="soft">… and {(problemsCount - 10).toLocaleString('en')} more.</li>}
        </ul>
      )}
    </div>
  )
}
