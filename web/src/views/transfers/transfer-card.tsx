// One transfer: how far it is, what it waits for, and what can be done about it.

import { useEffect, useRef, useState } from 'react'
import type { Transfer } from '../../../../src/sdk/types.ts'
import { percent } from '../../format/core.ts'
import { announce } from '../../ui/announce.ts'
import { Button } from '../../ui/button.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { Badge, Facts, ProblemNote, Progress } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { isActive, isEnded, stateBadge, transferFacts, transferName } from './core.ts'
import { TransferActions } from './transfer-actions.tsx'
import { TransferDetails } from './transfer-details.tsx'

export function TransferCard({ transfer }: { transfer: Transfer }) {
  const [open, setOpen] = useState(false)
  const name = transferName(transfer)
  useSpokenProgress(transfer)
  return (
    <li className="card item">
      <div className="item-head">
        <span className="item-icon">
          <Icon name={iconOf(transfer)} />
        </span>
        <div className="item-title">
          <h2 dir="auto" title={name}>
            {name}
          </h2>
          <TransferFacts transfer={transfer} />
        </div>
        <div className="actions">
          <TransferActions transfer={transfer}>
            <Button look="quiet" expanded={open} about={`of ${name}`} onClick={() => setOpen(!open)}>
              Details
            </Button>
          </TransferActions>
        </div>
      </div>
      <TransferProgress transfer={transfer} />
      {open && <TransferDetails transfer={transfer} />}
    </li>
  )
}

function iconOf({ mode, kind }: Transfer): IconName {
  if (mode === 'keep') return 'keep'
  return kind === 'folder' ? 'folder' : 'file'
}

function TransferFacts({ transfer }: { transfer: Transfer }) {
  const badge = stateBadge(transfer)
  return (
    <Facts>
      {[
        <Badge key="state" tone={badge.tone}>
          {badge.text}
        </Badge>,
        ...transferFacts(transfer),
      ]}
    </Facts>
  )
}

function TransferProgress({ transfer }: { transfer: Transfer }) {
  const { problem, sentence, path } = transfer
  return (
    <>
      {transfer.state === 'done' && transfer.mode === 'get' && path !== null && (
        <p className="soft item-line">
          Saved as{' '}
          <bdi className="mono cut" title={path}>
            {path}
          </bdi>
        </p>
      )}
      {hasProgress(transfer) && (
        <Progress
          label={`Progress of ${transferName(transfer)}`}
          done={transfer.bytesDone}
          all={transfer.bytes}
          tone={transfer.state === 'paused' ? 'calm' : 'good'}
        />
      )}
      {problem === null ? (
        isActive(transfer) && (
          <p className="soft item-line">
            <Said text={sentence} />
          </p>
        )
      ) : (
        <ProblemNote problem={problem} tone={transfer.state === 'failed' ? 'bad' : 'warn'} />
      )}
    </>
  )
}

/** What was paused before its size was known stands still, so a bar that moves would be wrong. */
function hasProgress(transfer: Transfer): boolean {
  return !isEnded(transfer) && (transfer.bytes > 0 || isActive(transfer))
}

/** Screen readers hear every quarter and every change of state; announce.ts keeps them apart. */
function useSpokenProgress(transfer: Transfer): void {
  const quarter =
    transfer.state === 'transferring' ? Math.floor(percent(transfer.bytesDone, transfer.bytes) / 25) * 25 : 0
  const text = `${transferName(transfer)}: ${stateBadge(transfer).text}${quarter > 0 ? `, ${quarter} percent` : ''}`
  const spoken = useRef(text)
  useEffect(() => {
    if (spoken.current === text) return
    spoken.current = text
    announce(text)
  }, [text])
}
