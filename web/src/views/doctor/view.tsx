// The doctor: what works, what does not, and what to do about it.

import { useCallback, useEffect, useState } from 'react'
import type { DoctorReport } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon, useWorld } from '../../store/hooks.tsx'
import { announce } from '../../ui/announce.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Icon } from '../../ui/icon.tsx'
import { PageHead, ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { checkLooks, reportText, sortChecks, summaryText } from './core.ts'
import './style.css'

export function DoctorView() {
  const { report, busy, failure, examine } = useReport()
  const version = useWorld((world) => world.status?.version ?? '')
  return (
    <>
      <PageHead
        title="Doctor"
        actions={
          <>
            {report !== undefined && <CopyButton text={reportText(report, version)} what="report" />}
            <Button look="primary" icon="refresh" busy={busy} onClick={examine}>
              Check again
            </Button>
          </>
        }
      >
        {report === undefined ? 'Looking at ports, router, relays, clock and disk…' : summaryText(report)}
      </PageHead>
      {failure !== undefined && <ProblemNote problem={failure} />}
      {report === undefined ? (
        failure === undefined && <progress className="progress" aria-label="Checking" />
      ) : (
        <ul className={busy ? 'checks checks-old' : 'checks'} aria-label="Checks">
          {sortChecks(report.checks).map((check) => (
            <CheckLine key={check.id} check={check} />
          ))}
        </ul>
      )}
    </>
  )
}

function CheckLine({ check }: { check: DoctorReport['checks'][number] }) {
  const { icon, tone, word } = checkLooks[check.state]
  return (
    <li className="check">
      <span className={`check-icon check-${tone}`} title={word}>
        <Icon name={icon} size={18} />
        <span className="visually-hidden">{word}:</span>
      </span>
      <div>
        <h2>{check.title}</h2>
        <p>
          <Said text={check.finding} />
        </p>
        {check.advice !== null && (
          <p className="check-advice">
            <Said text={check.advice} />
          </p>
        )}
      </div>
    </li>
  )
}

function useReport() {
  const { peerhood } = useDaemon()
  const [report, setReport] = useState<DoctorReport>()
  const { busy, failure, run } = useAction()
  const examine = useCallback(() => {
    void run(async () => {
      const next = await peerhood.doctor()
      setReport(next)
      announce(summaryText(next))
    })
  }, [peerhood, run])
  useEffect(examine, [examine])
  return { report, busy, failure, examine }
}
