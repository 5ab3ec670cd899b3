// One get, import or export: how far it is, what came of it, and how to stop it.

import { useEffect, useRef } from 'react'
import type { IpfsJob } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon } from '../../store/hooks.tsx'
import { announce } from '../../ui/announce.ts'
import { Button } from '../../ui/button.tsx'
import { Badge, Facts, ProblemNote, Progress } from '../../ui/parts.tsx'
import { jobBadge, jobFacts, jobName, shareText, spokenJob } from './core.ts'

export function JobItem({ job, onChanged }: { job: IpfsJob; onChanged: () => void }) {
  const name = jobName(job)
  const badge = jobBadge(job)
  useSpoken(spokenJob(job))
  return (
    <li>
      <div className="row-title">
        <strong className="cut" dir="auto" title={job.cid ?? name}>
          {name}
        </strong>
        <Facts>
          {[
            <Badge key="state" tone={badge.tone}>
              {badge.text}
            </Badge>,
            ...jobFacts(job),
          ]}
        </Facts>
        {job.state === 'running' && <Progress label={`Progress of ${name}`} done={job.bytesDone} all={job.bytes} />}
        {job.state === 'done' && job.path !== null && (
          <p className="soft item-line">
            Saved as{' '}
            <bdi className="mono cut" title={job.path}>
              {job.path}
            </bdi>
          </p>
        )}
        {job.shareId !== null && <p className="soft">{shareText(job)}</p>}
        {job.problem !== null && <ProblemNote problem={job.problem} tone={job.state === 'failed' ? 'bad' : 'warn'} />}
      </div>
      {job.state === 'running' && <StopButton job={job} onChanged={onChanged} />}
    </li>
  )
}

/** What has arrived stays for the next try, so nobody is asked twice. */
function StopButton({ job, onChanged }: { job: IpfsJob; onChanged: () => void }) {
  const { peerhood } = useDaemon()
  const { say, warn } = useShell()
  const stop = async () => {
    try {
      await peerhood.ipfs.cancel(job.id)
      onChanged()
      say(job.kind === 'export' ? 'It is stopped' : 'It is stopped; the same goes on from what has arrived')
    } catch (error) {
      warn(toFailure(error))
    }
  }
  return (
    <Button icon="close" about={jobName(job)} onClick={() => void stop()}>
      Stop
    </Button>
  )
}

function useSpoken(text: string): void {
  const spoken = useRef(text)
  useEffect(() => {
    if (spoken.current === text) return
    spoken.current = text
    announce(text)
  }, [text])
}
