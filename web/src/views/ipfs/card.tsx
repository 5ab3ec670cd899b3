// What comes from IPFS and goes there: how this computer is reached, and gets, imports and exports.

import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { BringDialog } from './bring-dialog.tsx'
import { sortJobs, statusText } from './core.ts'
import { useIpfs } from './hooks.ts'
import { JobItem } from './job-item.tsx'
import './style.css'

export function IpfsCard() {
  const { value, failure, reread } = useIpfs()
  const [open, setOpen] = useState(false)
  return (
    <Card
      title="IPFS"
      className="ipfs"
      actions={
        <div className="actions">
          <Button icon="download" onClick={() => setOpen(true)}>
            Get from IPFS
          </Button>
        </div>
      }
    >
      <p className="soft">
        Programs of IPFS fetch your public shares by their content id, and you get what others have there.
      </p>
      {failure !== undefined && <ProblemNote problem={failure} />}
      {value !== undefined && (
        <p className="soft ipfs-status">
          <Said text={statusText(value.status)} />
        </p>
      )}
      {value !== undefined && value.jobs.length > 0 && (
        <ul className="rows" aria-label="From and to IPFS">
          {sortJobs(value.jobs).map((job) => (
            <JobItem key={job.id} job={job} onChanged={reread} />
          ))}
        </ul>
      )}
      {open && <BringDialog onBegun={reread} onClose={() => setOpen(false)} />}
    </Card>
  )
}
